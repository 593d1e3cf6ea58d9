"""The values that everybody speaks: what was perceived, fused, followed and planned.

Nothing here computes, stores or talks. Numbers are plain floats; times are aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Emotion(StrEnum):
    """The seven emotions, in the order used by every vector of the house."""

    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    JOY = "joy"
    SADNESS = "sadness"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)

Probabilities = Mapping[Emotion, float]
"""One probability for each of the seven emotions; they sum to 1."""


class Modality(StrEnum):
    """Where an estimate comes from: x, z and y of v = λx·x + λy·y + λz·z."""

    TEXT = "text"
    VOICE = "voice"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class Affect:
    """A point in the space of valence, arousal and dominance, each in [-1, 1]."""

    valence: float
    arousal: float
    dominance: float


@dataclass(frozen=True, slots=True)
class Variance:
    """Variances of the three affect coordinates, each at least 0, in squared units of `Affect`."""

    valence: float
    arousal: float
    dominance: float


SELF_REPORT_VARIANCE = 0.12**2
"""Of each coordinate where a person says themselves how they are."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one modality says of one moment, with how sure it is.

    `probabilities` are calibrated. `silent` names the emotions that the model has no class for:
    it says nothing about them (likelihood ratio 1). `quality` in [0, 1] is the quality of the
    signal, not of the model. `labels` holds the fine labels above their thresholds.
    """

    modality: Modality
    probabilities: Probabilities
    affect: Affect
    variance: Variance
    quality: float
    model: str
    labels: Mapping[str, float] = field(default_factory=dict)
    silent: frozenset[Emotion] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """The fused estimate v of one turn: an estimate with uncertainty, never a verdict.

    `weights` are the λ actually used, after quality; what they lack to 1 went to the prior.
    `conflict` in [0, 1]: how likely two modalities are to differ, times the weaker one's weight.
    `emotion` is the most likely of the seven, or None where the reading abstains.
    """

    emotion: Emotion | None
    probabilities: Probabilities
    affect: Affect
    variance: Variance
    confidence: float
    conflict: float
    weights: Mapping[Modality, float]
    estimates: tuple[Estimate, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    transcript: str | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """How one dimension is drawn back: half-lives in hours, stationary variances of its parts."""

    emotion_half_life: float = 4.0
    mood_half_life: float = 240.0
    emotion_variance: float = 0.25**2
    mood_variance: float = 0.125**2


@dataclass(frozen=True, slots=True)
class Parts:
    """The state of one affect dimension of a person's line.

    `mean` is (emotion, mood, home base); their sum is where the person is now, in [-1, 1] units.
    `covariance` is the 3x3 covariance of that state, row by row. `pull` is the person's own, as far
    as it has been learnt.
    """

    mean: tuple[float, float, float]
    covariance: tuple[float, float, float, float, float, float, float, float, float]
    pull: Pull = Pull()


@dataclass(frozen=True, slots=True)
class Shift:
    """Valence has been away from its home base for days: which way, and since about when.

    `found` is the time of the reading after which it was noticed; it names the shift.
    """

    up: bool
    since: datetime
    found: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """A person's line after a reading: all that the next step needs, of constant size.

    `count` counts observations. `shift` is the last shift that was found. `memory` is what the
    filter has learnt of the person, packed: only the newest moment of a person carries it, the
    others are for looking back.
    """

    at: datetime
    valence: Parts
    arousal: Parts
    dominance: Parts
    count: int
    version: int
    shift: Shift | None = None
    memory: bytes = field(default=b"", repr=False)


class Stage(StrEnum):
    """Hill's stages as the ESC framework names them (science notes in docs/decisions.md)."""

    EXPLORE = "explore"
    COMFORT = "comfort"
    ACT = "act"


class Strategy(StrEnum):
    """ESConv's eight strategies; self-disclosure is turned into common humanity."""

    QUESTION = "question"
    RESTATEMENT = "restatement"
    REFLECTION_OF_FEELINGS = "reflection_of_feelings"
    COMMON_HUMANITY = "common_humanity"
    AFFIRMATION = "affirmation"
    SUGGESTION = "suggestion"
    INFORMATION = "information"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of answer this moment wants.

    `target` is the affect that the reply should carry; `length` is a bound in words;
    `ask` says whether the reply may end in its one question; `avoid` names what it must not do
    (`advice`, `question`, `humour`, ...). `situation` names a special turn of the talk
    (`greeting`, `thanks`, `good_news`, ...) or is None in the ordinary case. `question` names the
    fixed question that stands in place of the reply's own: `shift_down` or `shift_up`.
    """

    stage: Stage
    strategy: Strategy
    tone: str
    target: Affect
    length: int
    ask: bool
    avoid: tuple[str, ...] = ()
    situation: str | None = None
    question: str | None = None


class Risk(StrEnum):
    """The three-step code of what screening found; the finer level stays inside `safety`."""

    NONE = "none"
    CONCERN = "concern"
    CRISIS = "crisis"
