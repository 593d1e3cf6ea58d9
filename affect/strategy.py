"""What kind of answer this moment wants: stage, strategy, target affect, length, whether to ask.

Rules, not a net: published strategy predictors hardly beat a turn counter, and rules can be read
and argued with (docs/decisions.md). Hill's stages as the ESC framework names them, ESConv's eight
strategies. Where several strategies fit, one is drawn by weight from a hash of the words, so the
same talk always gets the same plan. Knows no entry and no model: special turns of the talk
(`situation`) are recognised by the caller.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from affect.types import Affect, Emotion, Moment, Plan, Reading, Stage, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HIGH_VALENCE = 0.6  # beyond this, or beyond HIGH_AROUSAL, a feeling is strong
HIGH_AROUSAL = 0.6
LOW_VALENCE = 0.3  # below this a feeling is slight
SURE = 0.4  # a reading less confident than this is only asked about, never named
CONFLICT = 0.25  # modalities that diverge more than this count as disagreeing
EXPLORE_TURNS = 3  # replies after which exploration may end without everything being known
ADVICE_TURNS = 2  # replies without advice, unless asked
OFFER_TURNS = 4  # replies before leave to advise is asked
HEAVY = -0.5  # valence below which no advice is offered: first the feeling
OFFER_PAUSE = 6  # replies between two such offers
LENGTH = {"low": 35, "middle": 30, "high": 22}  # words
GENTLE_LENGTH = 24


class Turned(Protocol):
    """What is needed of an earlier turn; `writers.base.Exchange` has it."""

    @property
    def said(self) -> str:
        """The person's words."""

    @property
    def strategy(self) -> Strategy | None:
        """The strategy of the reply."""

    @property
    def asked(self) -> bool:
        """Whether the reply held a question."""

    @property
    def situation(self) -> str | None:
        """The special turn it was, if any."""


@dataclass(frozen=True, slots=True)
class Special:
    """How a special turn of the talk is answered; `ask` None leaves it to the ordinary rule."""

    strategy: Strategy
    length: int
    tone: str
    ask: bool | None = None


_OTHER, _REFLECT = Strategy.OTHER, Strategy.REFLECTION_OF_FEELINGS
SPECIAL: Mapping[str, Special] = {
    "greeting": Special(_OTHER, 16, "light"),
    "thanks": Special(Strategy.AFFIRMATION, 18, "light", ask=False),
    "goodbye": Special(_OTHER, 18, "light", ask=False),
    "good_news": Special(Strategy.AFFIRMATION, 35, "bright"),
    "mixed_news": Special(Strategy.RESTATEMENT, 30, "plain"),
    "anger_at_bot": Special(_OTHER, 22, "plain"),
    "insult": Special(_OTHER, 18, "calm", ask=False),
    "silence": Special(_OTHER, 20, "calm", ask=False),
    "are_you_real": Special(Strategy.INFORMATION, 35, "plain"),
    "love_me": Special(Strategy.INFORMATION, 30, "plain"),
    "how_do_you_know": Special(Strategy.INFORMATION, 35, "plain"),
    "what_do_you_keep": Special(Strategy.INFORMATION, 35, "plain"),
    "cannot_serve": Special(Strategy.INFORMATION, 40, "plain"),
    "take_sides": Special(Strategy.QUESTION, 30, "plain"),
    "harsh_on_self": Special(_REFLECT, 30, "gentle"),
    "leaning": Special(Strategy.QUESTION, 30, "gentle"),
    "irony": Special(Strategy.QUESTION, 22, "tentative", ask=True),
    "unclear": Special(Strategy.QUESTION, 18, "plain", ask=True),
    "wrong_guess": Special(Strategy.QUESTION, 22, "plain"),
    "repeated_topic": Special(Strategy.QUESTION, 30, "plain"),
    "permission": Special(Strategy.SUGGESTION, 25, "plain", ask=True),
    "asked_advice": Special(Strategy.SUGGESTION, 40, "plain"),
    "after_crisis": Special(Strategy.AFFIRMATION, 24, "gentle"),
    "small_talk": Special(_OTHER, 28, "light"),
    "support": Special(Strategy.QUESTION, 40, "plain"),
}
"""What the special turns ask for (voice.md 4); anything else is the ordinary case."""

SHARES: Mapping[Stage, Mapping[Strategy, float]] = {
    Stage.EXPLORE: {
        Strategy.QUESTION: 0.34,
        Strategy.REFLECTION_OF_FEELINGS: 0.26,
        Strategy.RESTATEMENT: 0.19,
        Strategy.AFFIRMATION: 0.10,
        Strategy.COMMON_HUMANITY: 0.05,
        Strategy.OTHER: 0.06,
    },
    Stage.COMFORT: {
        Strategy.REFLECTION_OF_FEELINGS: 0.24,
        Strategy.AFFIRMATION: 0.22,
        Strategy.QUESTION: 0.18,
        Strategy.COMMON_HUMANITY: 0.16,
        Strategy.RESTATEMENT: 0.10,
        Strategy.INFORMATION: 0.06,
        Strategy.OTHER: 0.04,
    },
    Stage.ACT: {
        Strategy.SUGGESTION: 0.40,
        Strategy.AFFIRMATION: 0.18,
        Strategy.QUESTION: 0.14,
        Strategy.INFORMATION: 0.12,
        Strategy.REFLECTION_OF_FEELINGS: 0.08,
        Strategy.RESTATEMENT: 0.05,
        Strategy.OTHER: 0.03,
    },
}
"""Shares aimed at: ESConv's human shares per stage, moved from questions towards reflections
(MITI asks for at least one reflection a question) and from early advice to none."""

TONES: Mapping[Emotion, str] = {
    Emotion.ANGER: "serious",
    Emotion.DISGUST: "level",
    Emotion.FEAR: "steady",
    Emotion.JOY: "bright",
    Emotion.SADNESS: "gentle",
    Emotion.SURPRISE: "open",
    Emotion.NEUTRAL: "light",
}

# Small closed lists: each only moves a stage, so a miss costs little.
_WISH = re.compile(
    r"\b(i|we) (just )?(wish|want|need|hope|would like|'d like)\b|\bif only\b"
    r"|我?(真|好|只|就)?(希望|想要|盼着)|要是.{0,12}就好|我想(?!起|到|了)"
)
_NEW_TOPIC = re.compile(
    r"^(anyway|by the way|btw|on another note|something else|also, there'?s|different thing)\b"
    r"|^(对了|另外|还有(件|个)|话说|换个)",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(yes|yeah|yep|yup|sure|ok|okay|please|go ahead|go on|i'?d like that|why not|ideas?|"
    r"an idea)\b|^\W*(好|行|可以|嗯|要|想听|说吧|你说|来吧|听听)",
    re.IGNORECASE,
)
# A bare "yes, an idea would be good" or "no" may look like one of these to who reads by meaning.
_MAY_ANSWER = frozenset({None, "asked_advice", "wrong_guess", "small_talk", "irony", "silence"})
_NO = re.compile(r"\b(no|not|don'?t|just (listen|heard|vent))\b|不|别|算了|先听", re.IGNORECASE)


def intensity(reading: Reading) -> str:
    """How strong the feeling is: `low`, `middle` or `high` (voice.md 2)."""
    valence, arousal = abs(reading.affect.valence), reading.affect.arousal
    if reading.emotion is None or reading.emotion is Emotion.NEUTRAL:
        return "low" if valence < HIGH_VALENCE else "middle"
    if valence > HIGH_VALENCE or arousal > HIGH_AROUSAL:
        return "high"
    return "low" if valence < LOW_VALENCE else "middle"


def is_wish(said: str) -> bool:
    """Whether the words tell what is wished for; it reads as joy, and is mostly its absence."""
    return bool(_WISH.search(said.lower()))


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
) -> Plan:
    """Plan the reply to `said`; `history` holds the earlier turns of this talk, oldest first.

    `situation` is what the caller recognised in the words. `gentle` holds in the day after a sign
    of danger: fewer questions, shorter, no advice unless asked, no humour.
    """
    strength = intensity(reading)
    situation = _situation(reading, history, said, situation, strength, gentle, persona)
    special = SPECIAL.get(situation) if situation else None
    stage = _stage(reading, moment, history, said, situation)
    asking = _may_ask(history, said, strength, gentle)
    if special and special.ask is not None:
        asking = special.ask
    strategy = special.strategy if special else _strategy(reading, history, said, stage, asking)
    if strategy is Strategy.QUESTION and special and not asking:
        strategy = _REFLECT
    length = special.length if special else LENGTH[strength]
    if gentle:
        length = min(length, GENTLE_LENGTH)
    return Plan(
        stage=stage,
        strategy=strategy,
        tone=_tone(reading, special, gentle),
        target=target(reading),
        length=length,
        ask=asking,
        avoid=_avoid(reading, stage, situation, asking=asking, gentle=gentle),
        situation=situation,
    )


def weights(
    reading: Reading, history: Sequence[Turned], stage: Stage, *, ask: bool
) -> dict[Strategy, float]:
    """How much each strategy fits here, most fitting first; the sum is 1."""
    strength, sure = intensity(reading), _sure(reading)
    result = dict(SHARES[stage])
    for strategy in result:
        result[strategy] *= _fit(strategy, reading.emotion, strength, sure=sure, first=not history)
    if not ask:
        result.pop(Strategy.QUESTION)
    if history and (last := history[-1].strategy) in result:
        result[last] *= 0.35  # two replies of one kind in a row tire
    total = sum(result.values())
    ranked = sorted(result.items(), key=lambda item: -item[1])
    return {strategy: value / total for strategy, value in ranked}


def _fit(
    strategy: Strategy, emotion: Emotion | None, strength: str, *, sure: bool, first: bool
) -> float:
    """What moves a share up or down: the emotion, its strength, and how sure it is."""
    factor = 1.0
    plain = emotion is None or emotion is Emotion.NEUTRAL
    match strategy:
        case Strategy.REFLECTION_OF_FEELINGS:
            factor *= 0.7 if plain else 1.0  # events read as neutral, and are not
            factor *= 1.4 if strength == "high" else 1.0
            factor *= 1.0 if sure else 0.6
        case Strategy.QUESTION:
            factor *= 0.4 if strength == "high" else 1.0
            factor *= 1.0 if sure else 1.5
        case Strategy.AFFIRMATION:
            factor *= 2.5 if emotion is Emotion.JOY else 1.0
            factor *= 0.5 if first else 1.0
        case Strategy.COMMON_HUMANITY:
            # Before anything is known, "many people" belittles.
            factor *= 0.0 if first or strength == "high" else 1.0
        case Strategy.INFORMATION | Strategy.SUGGESTION:
            factor *= 0.3 if strength == "high" else 1.0
        case Strategy.OTHER:
            factor *= 1.5 if plain else 1.0
        case Strategy.RESTATEMENT:
            factor *= 1.0
    return factor


def _situation(
    reading: Reading,
    history: Sequence[Turned],
    said: str,
    found: str | None,
    strength: str,
    gentle: bool,
    persona: str,
) -> str | None:
    """The special turn: what the words say first, then what the talk so far says."""
    joyful = reading.emotion is Emotion.JOY and reading.affect.valence > 0.4
    # A wish or a friendly "yes" reads as joy, and is no news.
    joyful = joyful and not is_wish(said) and not _YES.search(said.strip())
    if found == "good_news" and reading.affect.valence < -LOW_VALENCE:
        found = None  # it only looks like good news
    answered = found in _MAY_ANSWER and bool(history) and history[-1].situation == "permission"
    rules = (
        ("asked_advice", answered and _says_yes(said)),
        (None, answered and bool(_NO.search(said))),
        (found, found is not None),
        ("after_crisis", gentle and not any(t.situation == "after_crisis" for t in history)),
        ("support", persona == "support"),
        ("good_news", joyful and _sure(reading)),
        ("permission", _time_to_offer(reading, history, strength, gentle)),
    )
    return next((name for name, holds in rules if holds), None)


def _stage(
    reading: Reading,
    moment: Moment,
    history: Sequence[Turned],
    said: str,
    situation: str | None,
) -> Stage:
    if situation == "asked_advice":
        return Stage.ACT
    if not history or _NEW_TOPIC.search(said.strip()) or _distress_rises(reading, moment):
        return Stage.EXPLORE
    if situation in {"permission", "after_crisis", "harsh_on_self"}:
        return Stage.COMFORT
    if history[-1].situation == "asked_advice" and not _NO.search(said):
        return Stage.ACT
    since = _turns_on_topic(history)
    known = since >= 1 and _sure(reading) and any(_WISH.search(t) for t in _told(history, said))
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
    rate = 0.3 if asked[-1:] == [True] else 0.8
    if strength == "high" or gentle:
        rate /= 2
    return _draw(said, len(history), "ask") < rate


def _time_to_offer(
    reading: Reading, history: Sequence[Turned], strength: str, gentle: bool
) -> bool:
    """Leave to advise is asked once things are known, in a calm enough moment, and seldom."""
    if len(history) < OFFER_TURNS or strength == "high" or gentle:
        return False
    if not HEAVY < reading.affect.valence < -0.15 or any(turn.asked for turn in history[-1:]):
        return False
    recent = history[-OFFER_PAUSE:]
    return not any(turn.situation in {"permission", "asked_advice"} for turn in recent)


def _avoid(
    reading: Reading, stage: Stage, situation: str | None, *, asking: bool, gentle: bool
) -> tuple[str, ...]:
    avoid = []
    if stage is not Stage.ACT and situation not in {"permission", "support"}:
        avoid.append("advice")
    if not asking:
        avoid.append("question")
    if gentle or reading.affect.valence < 0:
        avoid.append("humour")
    if reading.affect.valence < -0.4:
        avoid.append("cheer")
    if not _sure(reading):
        avoid.append("naming")
    return tuple(avoid)


def _tone(reading: Reading, special: Special | None, gentle: bool) -> str:
    if gentle:
        return "gentle"
    if special:
        return special.tone
    if not _sure(reading) or reading.emotion is None:
        return "tentative"
    return TONES[reading.emotion]


def _sure(reading: Reading) -> bool:
    """Whether the reading may be named: it does not abstain, is confident and not in conflict."""
    settled = reading.confidence >= SURE and reading.conflict <= CONFLICT
    return reading.emotion is not None and settled


def _distress_rises(reading: Reading, moment: Moment) -> bool:
    """Clearly worse than this person's own mood and home base would have it."""
    away = moment.valence.mean[0]
    return moment.count > 3 and reading.affect.valence < -0.5 and away < -0.3


def _says_yes(said: str) -> bool:
    return bool(_YES.search(said.strip())) and not _NO.search(said)


def _turns_on_topic(history: Sequence[Turned]) -> int:
    """Replies since the last word that opened a new topic."""
    for back, turn in enumerate(reversed(history)):
        if _NEW_TOPIC.search(turn.said.strip()):
            return back + 1
    return len(history)


def _told(history: Sequence[Turned], said: str) -> list[str]:
    return [*(turn.said.lower() for turn in history), said.lower()]


def _draw(said: str, turn: int, what: str) -> float:
    """A repeatable number in [0, 1): the same words at the same turn give the same."""
    return zlib.crc32(f"{what}\0{turn}\0{said}".encode(errors="replace")) / 2**32
