"""What kind of answer this moment wants: stage, strategy, target affect, length, whether to ask.

Rules, not a net: published strategy predictors hardly beat a turn counter, and rules can be read
and argued with (docs/decisions.md). Hill's stages as the ESC framework names them, ESConv's eight
strategies. Where several strategies fit, one is drawn by weight from a hash of the words, so the
same talk always gets the same plan. Knows no entry and no model: special turns of the talk
(`situation`) are recognised by the caller.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from affect import turning
from affect.answers import NO
from affect.matters import NEW_TOPIC, NEWS
from affect.pauses import lately, returns
from affect.shares import (
    Turned,
    intensity,
    is_sure,
    usual,
    weights,
)
from affect.special import SPECIAL, Special
from affect.types import Affect, Emotion, Moment, Plan, Reading, Shift, Stage, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXPLORE_TURNS = 3  # replies after which exploration may end without everything being known
ADVICE_TURNS = 2  # replies without advice, unless asked
LENGTH = {"low": 35, "middle": 30, "high": 22}  # words
GENTLE_LENGTH = 24
NEWS_TARGET = Affect(0.6, 0.2, 0.1)  # an outcome is celebrated, however the words read

TONES: Mapping[Emotion, str] = {
    Emotion.ANGER: "serious",
    Emotion.DISGUST: "level",
    Emotion.FEAR: "steady",
    Emotion.JOY: "bright",
    Emotion.SADNESS: "gentle",
    Emotion.SURPRISE: "open",
    Emotion.NEUTRAL: "light",
}

PARTING = 4.0  # times a strategy is likelier where the words call for it
_PARTING = frozenset({"thanks", "goodbye"})


def target(reading: Reading) -> Affect:
    """The affect that the reply should carry, per emotion (voice.md 2)."""
    felt = reading.affect
    match reading.emotion:
        case Emotion.ANGER:
            valence, arousal = -0.1, felt.arousal - 0.2
        case Emotion.DISGUST | Emotion.SADNESS:
            valence, arousal = -0.1, min(felt.arousal, -0.2)
        case Emotion.FEAR:
            valence, arousal = 0.0, min(felt.arousal - 0.5, 0.0)
        case Emotion.JOY:
            valence, arousal = 0.6, felt.arousal
        case Emotion.SURPRISE:
            valence, arousal = max(-0.3, min(0.3, felt.valence)), felt.arousal - 0.15
        case _:
            valence, arousal = 0.1, min(felt.arousal, 0.0)
    if felt.valence < -0.4:
        valence = min(valence, 0.0)
    return Affect(valence, max(-1.0, min(1.0, arousal)), 0.1)


def plan(
    reading: Reading,
    moment: Moment,
    history: Sequence[Turned],
    said: str,
    language: str,  # noqa: ARG001 - the rules so far are the same in every language
    *,
    situation: str | None = None,
    gentle: bool = False,
    persona: str = "companion",
    shift: Shift | None = None,
) -> Plan:
    """Plan the reply to `said`; `history` holds the earlier turns of this talk, oldest first.

    `situation` is what the caller recognised in the words. `gentle` holds in the day after a sign
    of danger: fewer questions, shorter, no advice unless asked, no humour. `shift` is one of the
    person's line that they were not asked about: an ordinary, calm turn asks, and nothing else.
    """
    strength = intensity(reading)
    if situation in {"greeting", "back"} and returns(history, moment.at):
        situation = "back_again"
    now = lately(history, moment.at)
    if persona == "support":
        situation = turning.of_support(history, said, situation, gentle)
    else:
        situation = turning.of_companion(reading, history, now, said, situation, strength, gentle)
    special = SPECIAL.get(situation) if situation else None
    stage = _stage(reading, moment, history, said, situation)
    asking = _may_ask(history, said, strength, gentle)
    if special and special.ask is not None:
        asking = special.ask
    question = None
    if shift and situation is None and strength != "high" and not gentle:
        question, asking = "shift_up" if shift.up else "shift_down", False
    strategy = special.strategy if special else _strategy(reading, history, said, stage, asking)
    if strategy is Strategy.QUESTION and special and not asking:
        strategy = Strategy.REFLECTION_OF_FEELINGS
    length = special.length if special else LENGTH[strength]
    if gentle and situation != "after_card":
        length = min(length, GENTLE_LENGTH)
    return Plan(
        stage=stage,
        strategy=strategy,
        tone=_tone(reading, special, gentle),
        target=NEWS_TARGET if situation in NEWS else target(reading),
        length=length,
        ask=asking,
        avoid=_avoid(reading, stage, situation, asking=asking, gentle=gentle),
        situation=situation,
        question=question,
    )


def ranking(history: Sequence[Turned], situation: str | None) -> tuple[Strategy, ...]:
    """What people who comfort would do here, likeliest first; `situation` as the plan has it.

    Almost all that can be known of it is the place in the talk: what is read in the words adds
    nothing that can be measured (docs/decisions.md). A plan departs from it where the house does:
    no advice unasked, more reflections than questions.
    """
    fitting = dict(usual(len(history) + 1))
    if situation in _PARTING:
        fitting[Strategy.OTHER] *= PARTING
    if situation == "asked_advice":
        fitting[Strategy.SUGGESTION] *= PARTING
    elif len(history) < ADVICE_TURNS:
        fitting.pop(Strategy.SUGGESTION)
    return tuple(sorted(fitting, key=lambda strategy: -fitting[strategy]))


def _stage(
    reading: Reading,
    moment: Moment,
    history: Sequence[Turned],
    said: str,
    situation: str | None,
) -> Stage:
    if situation in {"asked_advice", "asked_again"}:
        return Stage.ACT
    if not history or NEW_TOPIC.search(said.strip()) or _distress_rises(reading, moment):
        return Stage.EXPLORE
    if situation in {"permission", "after_crisis", "harsh_on_self"}:
        return Stage.COMFORT
    if history[-1].situation == "asked_advice" and not NO.search(said):
        return Stage.ACT
    since = _turns_on_topic(history)
    known = (
        since >= 1
        and is_sure(reading)
        and any(turning.WISH.search(t) for t in _told(history, said))
    )
    return Stage.COMFORT if known or since >= EXPLORE_TURNS else Stage.EXPLORE


def _strategy(
    reading: Reading, history: Sequence[Turned], said: str, stage: Stage, asking: bool
) -> Strategy:
    options = weights(reading, history, stage, ask=asking)
    if history and history[-1].strategy is Strategy.SUGGESTION:
        options.pop(Strategy.SUGGESTION, None)  # one idea at a time
    if len(history) < ADVICE_TURNS and stage is not Stage.ACT:
        options.pop(Strategy.INFORMATION, None)
    point = _draw(said, len(history), "strategy") * sum(options.values())
    for strategy, weight in options.items():
        point -= weight
        if point <= 0:
            return strategy
    return next(iter(options))


def _may_ask(history: Sequence[Turned], said: str, strength: str, gentle: bool) -> bool:
    """Questions in about half of the replies, none in at least two of any five."""
    asked = [turn.asked for turn in history]
    if sum(asked[-4:]) >= 3 or asked[-2:] == [True, True]:
        return False
    rate = 0.3 if asked[-1:] == [True] else 0.74
    if strength == "high" or gentle:
        rate /= 2
    return _draw(said, len(history), "ask") < rate


_MAY_ADVISE = frozenset(
    {"permission", "support", "support_first", "comfort", "advice_any", "like_me", "fact", "pick"}
    | {"off_tone", "unknown", "draft_plain", "draft_heated", "draft_unsure"}
)


def _avoid(
    reading: Reading, stage: Stage, situation: str | None, *, asking: bool, gentle: bool
) -> tuple[str, ...]:
    avoid = []
    if stage is not Stage.ACT and situation not in _MAY_ADVISE:
        avoid.append("advice")
    if not asking:
        avoid.append("question")
    if gentle or reading.affect.valence < 0:
        avoid.append("humour")
    if reading.affect.valence < -0.4 and situation not in NEWS:
        avoid.append("cheer")
    if not is_sure(reading):
        avoid.append("naming")
    return tuple(avoid)


def _tone(reading: Reading, special: Special | None, gentle: bool) -> str:
    if gentle:
        return "gentle"
    if special:
        return special.tone
    if not is_sure(reading) or reading.emotion is None:
        return "tentative"
    return TONES[reading.emotion]


def _distress_rises(reading: Reading, moment: Moment) -> bool:
    """Clearly worse than this person's own mood and home base would have it."""
    away = moment.valence.mean[0]
    return moment.count > 3 and reading.affect.valence < -0.5 and away < -0.3


def _turns_on_topic(history: Sequence[Turned]) -> int:
    """Replies since the last word that opened a new topic."""
    for back, turn in enumerate(reversed(history)):
        if NEW_TOPIC.search(turn.said.strip()):
            return back + 1
    return len(history)


def _told(history: Sequence[Turned], said: str) -> list[str]:
    return [*(turn.said.lower() for turn in history), said.lower()]


def _draw(said: str, turn: int, what: str) -> float:
    """A repeatable number in [0, 1): the same words at the same turn give the same."""
    return zlib.crc32(f"{what}\0{turn}\0{said}".encode(errors="replace")) / 2**32
