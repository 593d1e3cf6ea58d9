"""From the voice network's outputs to calibrated probabilities and affect with variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.perception.calibration import class_mixture, softmax
from affect.types import EMOTIONS, Emotion

Floats = NDArray[np.float64]

CALM = "calm"
CLASSES: tuple[str, ...] = (*(str(emotion) for emotion in EMOTIONS), CALM)
"""What the network tells apart; calm is told apart from neutral in training alone."""

LEAST_VARIANCE = 1e-3


def merge(eight: Floats) -> Floats:
    """(n, 8) probabilities -> (n, 7): calm counts as neutral."""
    seven = eight[:, : len(EMOTIONS)].copy()
    seven[:, EMOTIONS.index(Emotion.NEUTRAL)] += eight[:, CLASSES.index(CALM)]
    return seven


@dataclass(frozen=True, slots=True, eq=False)
class VoiceCalibration:
    """Constants fitted on dev.

    `scale` and `bias` (8,) turn logits into log-probabilities; `rates` (7,) are the base rates
    these stand on. `base`, `slope` (3,): the variance of valence, arousal and dominance is base +
    slope * the variance within the mixture of the emotions' centres.
    """

    scale: float
    bias: Floats
    rates: Floats
    base: Floats
    slope: Floats

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> VoiceCalibration:
        """Raises `KeyError`, `TypeError` or `ValueError` where something does not fit."""
        lists = {k: np.array(told[k], dtype=np.float64) for k in ("bias", "rates", "base", "slope")}
        sizes = {"bias": len(CLASSES), "rates": len(EMOTIONS), "base": 3, "slope": 3}
        if any(lists[name].shape != (size,) for name, size in sizes.items()):
            raise ValueError("calibration does not fit the classes")
        return cls(scale=float(told["scale"]), **lists)

    @classmethod
    def fresh(cls) -> VoiceCalibration:
        """Nothing fitted yet: the network's own softmax, even base rates, wide variances."""
        count = len(EMOTIONS)
        zeros, even = np.zeros(len(CLASSES)), np.full(count, 1 / count)
        return cls(1.0, zeros, even, np.full(3, 0.25), np.zeros(3))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        lists = {k: getattr(self, k).tolist() for k in ("bias", "rates", "base", "slope")}
        return {
            "scale": round(self.scale, 5),
            **{name: [round(x, 5) for x in values] for name, values in lists.items()},
        }

    def emotions(self, logits: Floats) -> Floats:
        """(n, 8) logits -> (n, 7) probabilities, rows sum to 1."""
        return merge(softmax(self.scale * logits + self.bias))

    def affect(self, emotions: Floats, told: Floats) -> tuple[Floats, Floats]:
        """(n, 3) valence, arousal, dominance and (n, 3) variances.

        The network tells two; dominance, which nobody rated, comes from the emotions' centres.
        """
        mixed, _ = class_mixture(emotions)
        point = np.concatenate([np.clip(told, -1, 1), mixed[:, 2:]], axis=1)
        return point, np.maximum(self.base + self.slope * within(emotions), LEAST_VARIANCE)


def within(emotions: Floats) -> Floats:
    """(n, 3) the variance of the coordinates within the mixture of the emotions' centres."""
    _, variance = class_mixture(emotions)
    return variance
