"""The 28 fine labels, the seven emotions they belong to, and where each lies in affect space.

Labels and their order: GoEmotions (Demszky et al., ACL 2020), `emotions.txt`. Two maps lead to the
seven emotions: the official "ekman" one, used for published figures, and the narrower one that
Attune fuses on, where surprise means surprise. Coordinates were set by hand for the FELT state, in
steps of .05, anchored on the adjective norms of Russell & Mehrabian 1977; no word list is shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from affect.types import EMOTIONS, Affect, Emotion

# label -> (emotion of the official map, valence, arousal, dominance)
_TABLE: dict[str, tuple[Emotion, float, float, float]] = {
    "admiration": (Emotion.JOY, 0.60, 0.20, 0.10),
    "amusement": (Emotion.JOY, 0.65, 0.40, 0.30),
    "anger": (Emotion.ANGER, -0.60, 0.65, 0.25),
    "annoyance": (Emotion.ANGER, -0.50, 0.35, 0.05),
    "approval": (Emotion.JOY, 0.50, 0.05, 0.40),
    "caring": (Emotion.JOY, 0.55, 0.10, 0.25),
    "confusion": (Emotion.SURPRISE, -0.30, 0.20, -0.40),
    "curiosity": (Emotion.SURPRISE, 0.35, 0.45, 0.10),
    "desire": (Emotion.JOY, 0.40, 0.45, 0.15),
    "disappointment": (Emotion.SADNESS, -0.55, -0.15, -0.30),
    "disapproval": (Emotion.ANGER, -0.50, 0.15, 0.20),
    "disgust": (Emotion.DISGUST, -0.60, 0.35, 0.10),
    "embarrassment": (Emotion.SADNESS, -0.50, 0.30, -0.50),
    "excitement": (Emotion.JOY, 0.70, 0.75, 0.40),
    "fear": (Emotion.FEAR, -0.65, 0.65, -0.50),
    "gratitude": (Emotion.JOY, 0.70, 0.15, 0.05),
    "grief": (Emotion.SADNESS, -0.80, -0.05, -0.45),
    "joy": (Emotion.JOY, 0.80, 0.50, 0.40),
    "love": (Emotion.JOY, 0.85, 0.40, 0.20),
    "nervousness": (Emotion.FEAR, -0.40, 0.60, -0.40),
    "optimism": (Emotion.JOY, 0.60, 0.20, 0.35),
    "pride": (Emotion.JOY, 0.65, 0.35, 0.55),
    "realization": (Emotion.SURPRISE, 0.10, 0.25, 0.20),
    "relief": (Emotion.JOY, 0.50, -0.35, 0.20),
    "remorse": (Emotion.SADNESS, -0.55, -0.05, -0.40),
    "sadness": (Emotion.SADNESS, -0.65, -0.35, -0.40),
    "surprise": (Emotion.SURPRISE, 0.15, 0.70, -0.10),
    "neutral": (Emotion.NEUTRAL, 0.0, 0.0, 0.0),
}

LABELS: tuple[str, ...] = tuple(_TABLE)

EMOTION_OF: Mapping[str, Emotion] = {label: row[0] for label, row in _TABLE.items()}
"""The official "ekman" map; `neutral`, which that file leaves out, maps to itself."""

COORDINATES: Mapping[str, Affect] = {label: Affect(*row[1:]) for label, row in _TABLE.items()}

HALF_NEUTRAL: frozenset[str] = frozenset({"confusion", "curiosity", "realization"})
"""Labels whose weight the narrower map splits evenly between their own emotion and neutral."""

# EWECT names its six classes as adjectives; it has no disgust.
EWECT_CLASSES: tuple[str, ...] = ("angry", "fear", "happy", "neutral", "sad", "surprise")
EMOTION_OF_EWECT: Mapping[str, Emotion] = {
    "angry": Emotion.ANGER,
    "fear": Emotion.FEAR,
    "happy": Emotion.JOY,
    "neutral": Emotion.NEUTRAL,
    "sad": Emotion.SADNESS,
    "surprise": Emotion.SURPRISE,
}


def official_map() -> NDArray[np.bool_]:
    """(28, 7): which labels belong to which emotion under the official map."""
    return np.array([[EMOTION_OF[label] is emotion for emotion in EMOTIONS] for label in LABELS])


def narrow_map() -> NDArray[np.float64]:
    """(28, 7), rows sum to 1: the map to fuse on (science: curiosity is no startled face)."""
    weights = official_map().astype(np.float64)
    neutral = EMOTIONS.index(Emotion.NEUTRAL)
    for label in HALF_NEUTRAL:
        row = LABELS.index(label)
        weights[row] /= 2
        weights[row, neutral] += 0.5
    return weights


def coordinates(labels: Sequence[str] = LABELS) -> NDArray[np.float64]:
    """(n, 3): valence, arousal and dominance of each label."""
    return np.array([_TABLE[label][1:] for label in labels], dtype=np.float64)


def centroids() -> NDArray[np.float64]:
    """(7, 3): the unweighted mean of the coordinates of each emotion's labels (official map)."""
    belongs = official_map().astype(np.float64)
    mean: NDArray[np.float64] = (belongs.T @ coordinates()) / belongs.sum(axis=0)[:, None]
    return mean
