"""/why: what was read in a message, what the reply did with it, and a person's say on that.

/why                    explains the last message
/why right TURN         it was so: kept for calibration
/why wrong TURN         it was not: no longer counted, and asked what it was
/why felt sad [TURN]    what it was: kept, and the line goes by it
"""

from __future__ import annotations

from affect import trajectory
from affect.types import EMOTIONS, Emotion, Reading, Risk, Strategy
from bot import reports
from bot.commands.base import Answer, Ask
from bot.commands.mood import in_words
from bot.messages import Button
from storage import talks
from storage.records import Report, TurnView

SHOWN_LABELS = 3
SECOND = 0.15  # the least probability of a second emotion that is worth a word


async def why(ask: Ask) -> Answer:
    """Explain the last turn of talk, or take a person's word on a reading."""
    match ask.words:
        case (("right" | "wrong") as verdict, turn_id):
            return await _judged(ask, verdict, turn_id)
        case ("felt", *said):
            return await _felt(ask, said)
        case _:
            return _explained(ask)


async def _judged(ask: Ask, verdict: str, turn_id: str) -> Answer:
    """Keep that a reading was right or wrong."""
    turn = await talks.turn(ask.database, ask.profile.id, turn_id.upper())
    if turn is None or turn.reading is None:
        return Answer(ask.say("why_gone"))
    read = turn.reading.emotion
    agreed = read.value if read and verdict == "right" else None
    report = Report(turn.at, about=turn.id, verdict=verdict, emotion=agreed)
    if verdict == "right":
        return Answer(ask.say("why_right"), report=report)
    return Answer(ask.say("why_wrong"), buttons=_feelings(ask, turn), report=report)


async def _felt(ask: Ask, said: list[str]) -> Answer:
    """Keep what a person says they felt; ask again where it is no feeling that is known."""
    turn = await talks.turn(ask.database, ask.profile.id, said[-1].upper()) if said else None
    spoken = [one for one in ask.recent if one.reading is not None]
    about = turn or (spoken[-1] if spoken else None)
    if about is None or about.reading is None:
        return Answer(ask.say("why_gone"))
    feeling = reports.feeling(" ".join(said[:-1] if turn else said))
    if feeling is None:
        key = "why_felt_which" if len(said) <= bool(turn) else "why_felt_unknown"
        return Answer(ask.say(key), buttons=_feelings(ask, about))
    told = ask.say("why_felt", emotion=ask.say(f"emotion_{feeling.value}"))
    return Answer(told, report=reports.felt(feeling, about))


def _feelings(ask: Ask, turn: TurnView) -> tuple[Button, ...]:
    """The seven, without the one that was read."""
    read = turn.reading.emotion if turn.reading else None
    return tuple(
        Button(ask.say(f"emotion_{emotion.value}"), f"/why felt {emotion.value} {turn.id}")
        for emotion in EMOTIONS
        if emotion is not read
    )


def _explained(ask: Ask) -> Answer:
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
    buttons = (
        Button(ask.say("why_button_right"), f"/why right {last.id}"),
        Button(ask.say("why_button_wrong"), f"/why wrong {last.id}"),
        Button(ask.say("why_button_felt"), f"/why felt {last.id}"),
    )
    # What the reply shows, which a writer knows better than the plan that it was written for.
    worded = last.wording.strategy if last.wording else None
    shown = Strategy(worded) if worded else last.plan.strategy
    asked = bool(last.wording and last.wording.asked) and shown is not Strategy.QUESTION
    now = trajectory.affect_of(last.moment)
    spread = trajectory.spread_of(last.moment).valence
    told = {
        "sources": _sources(ask, last.reading),
        "parts": _parts(ask, last.reading),
        "moment": ask.say("why_moment", mood=in_words(ask, now, spread)),
        "strategy": ask.say(f"strategy_{shown.value}"),
        "ask": ask.say("why_ask") if asked else "",
    }
    heard = [ask.say("why_heard", words=last.notes.heard)] if last.notes.heard else []
    if last.reading.emotion is None:
        # There was nothing said that could be right; what it was can still be told.
        return Answer("\n".join([*heard, ask.say("why_unsure", **told)]), buttons=buttons[2:])
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
    return Answer("\n".join([*heard, explained]), buttons=buttons)


def _parts(ask: Ask, reading: Reading) -> str:
    """What each modality said by itself, how surely, and how much it counted."""
    lines = []
    for number, estimate in enumerate(reading.estimates):
        again = any(one.modality is estimate.modality for one in reading.estimates[:number])
        source = "from_llm" if again else f"from_{estimate.modality.value}"
        strongest = max(EMOTIONS, key=lambda emotion: estimate.probabilities[emotion])
        lines.append(
            ask.say(
                "why_part",
                source=ask.say(source),
                emotion=ask.say(f"emotion_{strongest.value}"),
                confidence=round(100 * estimate.probabilities[strongest]),
                weight=round(100 * reading.weights.get(estimate.modality, 0.0)),
            )
        )
    return "\n".join(lines)


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
