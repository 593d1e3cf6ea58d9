"""/why: what was read in the last message, and what the reply did with it."""

from __future__ import annotations

from affect import trajectory
from affect.types import EMOTIONS, Emotion, Reading, Risk, Strategy
from bot.commands.base import Answer, Ask
from bot.commands.mood import in_words

SHOWN_LABELS = 3
SECOND = 0.15  # the least probability of a second emotion that is worth a word


async def why(ask: Ask) -> Answer:
    """Explain the last turn of talk."""
    spoken = [turn for turn in ask.recent if turn.kind == "talk"]
    if not spoken:
        return Answer(ask.say("why_none"))
    last = spoken[-1]
    if last.notes.risk is not Risk.NONE:
        return Answer(ask.say("why_crisis"))
    if last.reading is None or last.plan is None:
        return Answer(ask.say("why_none"))
    if last.moment is None:
        refused = ask.profile.consents.get("text") is False
        return Answer(ask.say("why_refused" if refused else "why_none"))
    # What the reply shows, which a writer knows better than the plan that it was written for.
    worded = last.wording.strategy if last.wording else None
    shown = Strategy(worded) if worded else last.plan.strategy
    asked = bool(last.wording and last.wording.asked) and shown is not Strategy.QUESTION
    now = trajectory.affect_of(last.moment)
    spread = trajectory.spread_of(last.moment).valence
    told = {
        "sources": _sources(ask, last.reading),
        "moment": ask.say("why_moment", mood=in_words(ask, now, spread)),
        "strategy": ask.say(f"strategy_{shown.value}"),
        "ask": ask.say("why_ask") if asked else "",
    }
    heard = [ask.say("why_heard", words=last.notes.heard)] if last.notes.heard else []
    if last.reading.emotion is None:
        return Answer("\n".join([*heard, ask.say("why_unsure", **told)]))
    ranked = _ranked(last.reading)
    second = ""
    if last.reading.probabilities[ranked[1]] >= SECOND:
        second = ask.say(
            "why_second",
            emotion=ask.say(f"emotion_{ranked[1].value}"),
            confidence=round(100 * last.reading.probabilities[ranked[1]]),
        )
    explained = ask.say(
        "why",
        emotion=ask.say(f"emotion_{last.reading.emotion.value}"),
        confidence=round(100 * last.reading.probabilities[last.reading.emotion]),
        labels=_labels(ask, last.reading),
        second=second,
        **told,
    )
    return Answer("\n".join([*heard, explained]))


def _sources(ask: Ask, reading: Reading) -> str:
    """What the reading comes from, the weightiest first."""
    used = sorted(reading.weights, key=lambda modality: -reading.weights[modality])
    return ask.say("why_and").join(ask.say(f"from_{modality.value}") for modality in used)


def _ranked(reading: Reading) -> list[Emotion]:
    return sorted(EMOTIONS, key=lambda emotion: -reading.probabilities[emotion])


def _labels(ask: Ask, reading: Reading) -> str:
    strongest = sorted(reading.labels, key=lambda label: -reading.labels[label])
    strongest = [label for label in strongest if label != "neutral"]  # it tells nothing closer
    if not strongest:
        return ""
    named = [ask.say(f"label_{label}") for label in strongest[:SHOWN_LABELS]]
    return ask.say("why_labels", labels=", ".join(named))
