"""From the text network's raw outputs to calibrated numbers: labels, seven emotions, affect.

Everything here was fitted on dev splits and lies in `weights/text.json`; how, is told in
`affect/training/calibrate.py`. Arrays are (n, ...) with one row a text. Knows no tokens, no ONNX.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.labels import (
    EMOTION_OF_EWECT,
    EWECT_CLASSES,
    LABELS,
    centroids,
    coordinates,
    narrow_map,
    official_map,
)
from affect.types import EMOTIONS, Emotion

Floats = NDArray[np.float64]

FLOOR = 1e-6  # below it a probability is held before its logarithm is taken
ENGLISH, CHINESE = "en", "zh"

# Column of each EWECT class among the seven, and the one that EWECT has no class for.
_HEARD = [EMOTIONS.index(EMOTION_OF_EWECT[name]) for name in EWECT_CLASSES]
_UNHEARD = EMOTIONS.index(Emotion.DISGUST)


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of an affect estimate: `base` + `slope` x the variance within its mixture, (3) each;
    `head` (3) is that of the regression head; `factor` (3) makes the blend's variance honest.
    """

    base: Floats
    slope: Floats
    head: Floats
    factor: Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted constants.

    `slope`, `offset` (28): Platt scaling of each label. `thresholds` (28), `groups` (7): where a
    label or an official group counts as present. `rates` (7), `chinese_rates` (6): base rates.
    `scale`, `bias` (7): vector scaling of the English seven. `foreign`: what of its evidence holds
    in a language that was not trained. `own`, `shared`, `chinese_bias` (6): the Chinese seven;
    `chinese_offsets` (6): what the log-probability of a class counts more when one is named.
    `head_slope`, `head_offset` (3): EmoBank's scale to ours.
    """

    slope: Floats
    offset: Floats
    thresholds: Floats
    groups: Floats
    rates: Floats
    chinese_rates: Floats
    scale: float
    bias: Floats
    foreign: float
    own: float
    shared: float
    chinese_bias: Floats
    chinese_offsets: Floats
    head_slope: Floats
    head_offset: Floats
    english: Spread
    chinese: Spread
    inflation: float

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Calibration:
        """From the `calibration` part of `text.json`; raises KeyError or ValueError."""
        values: dict[str, Any] = {}
        for name in cls.__dataclass_fields__:
            value = told[name]
            if isinstance(value, Mapping):
                parts = {key: np.asarray(part, dtype=np.float64) for key, part in value.items()}
                values[name] = Spread(**parts)
            else:
                values[name] = np.asarray(value) if isinstance(value, list) else float(value)
        made = cls(**values)
        if made.slope.shape != (len(LABELS),) or made.rates.shape != (len(EMOTIONS),):
            raise ValueError("calibration does not fit the labels")
        return made

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        told: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, Spread):
                told[name] = {
                    key: rounded(getattr(value, key)) for key in value.__dataclass_fields__
                }
            else:
                told[name] = rounded(value)
        return told

    def labels(self, logits: NDArray[np.floating]) -> Floats:
        """(n, 28) logits -> calibrated probabilities, several of which may be high."""
        return sigmoid(self.slope * logits + self.offset)

    def emotions(self, language: str, labels: Floats, chinese: NDArray[np.floating]) -> Floats:
        """(n, 7) what the words say, rows sum to 1, on the base rates `rates` in any language."""
        english = softmax(self.scale * shares(labels) + self.bias)
        if language == ENGLISH:
            return english
        evidence = self.evidence(english)
        if language == CHINESE:
            return self._chinese(chinese, evidence)
        return softmax(np.log(self.rates) + self.foreign * evidence)

    def evidence(self, emotions: Floats) -> Floats:
        """(n, 7) probabilities of `emotions` -> log-likelihood ratios against the base rates."""
        ratios: Floats = np.log(np.maximum(emotions, FLOOR)) - np.log(self.rates)
        return ratios

    def chinese_posterior(self, chinese: NDArray[np.floating], evidence: Floats) -> Floats:
        """(n, 6) on EWECT's own base rates: its head, helped a little by the labels' evidence."""
        rates = np.log(self.chinese_rates)
        own = np.log(np.maximum(softmax(chinese), FLOOR)) - rates
        total = rates + self.own * own + self.shared * evidence[:, _HEARD] + self.chinese_bias
        return softmax(total)

    def chinese_class(self, posterior: Floats) -> NDArray[np.int64]:
        """(n,) the number of the class that `chinese_posterior` names."""
        named: NDArray[np.int64] = (np.log(posterior) + self.chinese_offsets).argmax(axis=1)
        return named

    def _chinese(self, chinese: NDArray[np.floating], evidence: Floats) -> Floats:
        """On the common base rates: EWECT's are exchanged, and disgust stays at its own rate."""
        posterior = self.chinese_posterior(chinese, evidence)
        odds = posterior / self.chinese_rates * self.rates[_HEARD]
        result = np.zeros((len(odds), len(EMOTIONS)))
        heard = 1 - self.rates[_UNHEARD]
        result[:, _HEARD] = heard * odds / odds.sum(axis=1, keepdims=True)
        result[:, _UNHEARD] = self.rates[_UNHEARD]
        return result

    def affect(
        self, language: str, labels: Floats, emotions: Floats, head: NDArray[np.floating]
    ) -> tuple[Floats, Floats]:
        """(n, 3) valence, arousal, dominance in [-1, 1], and (n, 3) variances.

        The coordinates of what was read and the regression head, blended by inverse variance.
        """
        spread = self.chinese if language == CHINESE else self.english
        point, within = mixture(labels) if language != CHINESE else class_mixture(emotions)
        first = np.maximum(spread.base + spread.slope * within, 1e-4)
        told = self.regression(head)
        precision = 1 / first + 1 / spread.head
        value = (point / first + told / spread.head) / precision
        inflation = 1.0 if language in (ENGLISH, CHINESE) else self.inflation
        bounded: Floats = np.clip(value, -1, 1)
        return bounded, spread.factor * inflation / precision

    def regression(self, head: NDArray[np.floating]) -> Floats:
        """(n, 3) on EmoBank's scale of 1 to 5 -> our scale; readers' means are stretched."""
        result: Floats = self.head_offset + self.head_slope * (head.astype(np.float64) - 3) / 2
        bounded: Floats = np.clip(result, -1, 1)
        return bounded


def official_groups(labels: Floats) -> Floats:
    """(n, 28) probabilities -> (n, 7): that at least one label of the official group holds."""
    belongs = official_map()
    kept = [1 - np.prod(1 - labels[:, column], axis=1) for column in belongs.T]
    return np.stack(kept, axis=1)


def shares(labels: Floats) -> Floats:
    """(n, 7) log of the share of each emotion (narrow map) in the labels' probabilities."""
    sums = labels @ narrow_map()
    parts = sums / np.maximum(sums.sum(axis=1, keepdims=True), FLOOR)
    result: Floats = np.log(np.maximum(parts, FLOOR))
    return result


def mixture(labels: Floats) -> tuple[Floats, Floats]:
    """(n, 3) Σ p c / max(1, Σ p) over the 28 labels, and (n, 3) the variance within the mixture."""
    weights = labels / np.maximum(labels.sum(axis=1, keepdims=True), 1)
    # What is left to 1 counts as neutral, at the origin.
    point = weights @ coordinates()
    return point, np.maximum(weights @ coordinates() ** 2 - point**2, 0)


def class_mixture(emotions: Floats) -> tuple[Floats, Floats]:
    """The same over the seven emotions' centroids."""
    centres = centroids()
    point = emotions @ centres
    return point, np.maximum(emotions @ centres**2 - point**2, 0)


def sigmoid(values: NDArray[np.floating]) -> Floats:
    """Logistic function, safe for large values."""
    bounded = np.clip(values.astype(np.float64), -60, 60)
    result: Floats = 1 / (1 + np.exp(-bounded))
    return result


def softmax(values: NDArray[np.floating]) -> Floats:
    """Row by row, never exactly 0."""
    shifted = values.astype(np.float64) - values.max(axis=1, keepdims=True)
    raised = np.exp(np.maximum(shifted, -60))
    result: Floats = raised / raised.sum(axis=1, keepdims=True)
    return result


def rounded(value: Any, digits: int = 6) -> Any:
    """A number, or an array as nested lists, to so many significant digits: what JSON keeps."""
    if isinstance(value, np.ndarray):
        return [rounded(each, digits) for each in value]
    return float(f"{float(value):.{digits}g}")
