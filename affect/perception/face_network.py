"""What the expression network's outputs mean, in the order in which it gives them."""

from __future__ import annotations

from collections.abc import Mapping

from affect.types import Emotion

VOTES = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
)
"""FER+'s columns (Barsoum et al. 2016) without `nf`, not a face."""

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""FER2013's labels (Goodfellow et al. 2013), which stand in the order of the seven emotions."""

VOTE_FOR: Mapping[Emotion, str] = {
    Emotion.ANGER: "anger",
    Emotion.DISGUST: "disgust",
    Emotion.FEAR: "fear",
    Emotion.JOY: "happiness",
    Emotion.SADNESS: "sadness",
    Emotion.SURPRISE: "surprise",
    Emotion.NEUTRAL: "neutral",
}
"""Which column speaks for each of the seven; contempt has no place among them."""
