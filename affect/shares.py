"""How much each of ESConv's eight strategies fits: shares per stage, moved by the reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from affect.types import Emotion, Reading, Stage, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

HIGH_VALENCE = 0.6  # beyond this, or beyond HIGH_AROUSAL, a feeling is strong
HIGH_AROUSAL = 0.6
LOW_VALENCE = 0.3  # below this a feeling is slight
SURE = 0.4  # a reading less confident than this is only asked about, never named
CONFLICT = 0.25  # modalities that differ with more than this count as disagreeing


class Turned(Protocol):
    """What is needed of an earlier turn; `writers.base.Exchange` has it."""

    @property
    def said(self) -> str:
        """The person's words."""

    @property
    def reply(self) -> str:
        """What was answered."""

    @property
    def strategy(self) -> Strategy | None:
        """The strategy of the reply."""

    @property
    def asked(self) -> bool:
        """Whether the reply held a question."""

    @property
    def situation(self) -> str | None:
        """The special turn it was, if any."""

    @property
    def reading(self) -> Reading | None:
        """What was read in the words, where it is known."""

    @property
    def at(self) -> datetime | None:
        """When it was said, where it is known."""


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

_ORDER = (
    Strategy.QUESTION,
    Strategy.RESTATEMENT,
    Strategy.REFLECTION_OF_FEELINGS,
    Strategy.COMMON_HUMANITY,
    Strategy.AFFIRMATION,
    Strategy.SUGGESTION,
    Strategy.INFORMATION,
    Strategy.OTHER,
)
_USUAL: Mapping[int, tuple[float, ...]] = {
    1: (0.55, 0.11, 0.05, 0.03, 0.08, 0.01, 0.02, 0.16),
    2: (0.35, 0.15, 0.10, 0.10, 0.16, 0.03, 0.03, 0.07),
    3: (0.20, 0.14, 0.10, 0.15, 0.19, 0.10, 0.05, 0.06),
    4: (0.17, 0.07, 0.13, 0.12, 0.21, 0.16, 0.06, 0.08),
    5: (0.18, 0.08, 0.10, 0.12, 0.17, 0.19, 0.09, 0.08),
    6: (0.15, 0.03, 0.11, 0.08, 0.19, 0.28, 0.07, 0.09),
    7: (0.11, 0.03, 0.09, 0.13, 0.17, 0.23, 0.09, 0.15),
    9: (0.12, 0.02, 0.06, 0.07, 0.16, 0.17, 0.09, 0.32),
}
"""Shares by the number of the reply in its talk, that number and those up to the next: counted on
ESConv's dev talks, each strategy given two replies more; recount with `evaluation/strategy.py`."""


def usual(number: int) -> Mapping[Strategy, float]:
    """How often people who comfort do what in their reply of this number, from 1 on."""
    row = max(first for first in _USUAL if first <= number)
    return dict(zip(_ORDER, _USUAL[row], strict=True))


def intensity(reading: Reading) -> str:
    """How strong the feeling is: `low`, `middle` or `high` (voice.md 2)."""
    valence, arousal = abs(reading.affect.valence), reading.affect.arousal
    if reading.emotion is None or reading.emotion is Emotion.NEUTRAL:
        return "low" if valence < HIGH_VALENCE else "middle"
    if valence > HIGH_VALENCE or arousal > HIGH_AROUSAL:
        return "high"
    return "low" if valence < LOW_VALENCE else "middle"


def weights(
    reading: Reading, history: Sequence[Turned], stage: Stage, *, ask: bool
) -> dict[Strategy, float]:
    """How much each strategy fits here, most fitting first; the sum is 1."""
    strength, sure = intensity(reading), is_sure(reading)
    result = dict(SHARES[stage])
    human = usual(len(history) + 1)
    for strategy in result:
        result[strategy] *= human[strategy] ** 0.5  # half way to what people do at this place
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


def is_sure(reading: Reading) -> bool:
    """Whether the reading may be named: it does not abstain, is confident and not in conflict."""
    settled = reading.confidence >= SURE and reading.conflict <= CONFLICT
    return reading.emotion is not None and settled
