"""What happened, where no word says how it felt: the emotion of told events.

The labels were learned from comments, which name what is felt. Who talks of their life mostly tells
what happened ("she never called back"), and the labels take that for neutral. A softmax regression
on the sentence vector, learned from lines written for it (`affect/training/lines/`), reads the
event; a gate says how far the words have named a feeling. Together they are a mixture of two
experts (Jacobs, Jordan, Nowlan and Hinton 1991). Arrays are (n, ...) with one row a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.perception.calibration import (
    CHINESE,
    ENGLISH,
    Floats,
    class_mixture,
    rounded,
    sigmoid,
    softmax,
)
from affect.types import EMOTIONS, Emotion

FILE = "text_events.json"
OTHER = "other"  # languages that the words' model was not trained on share one gate
DIGITS = 4  # of the constants that are kept
LEAST = 1e-6  # bound of the probability whose odds open the gate
_NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)


@dataclass(frozen=True, slots=True)
class Gate:
    """When the words speak: with probability σ(`offset` + `slope` x log-odds that they name a
    feeling). Their evidence and the event's then count `words` and `event` times; else the event's
    alone counts `alone` times.
    """

    offset: float
    slope: float
    words: float
    event: float
    alone: float


@dataclass(frozen=True, slots=True)
class Events:
    """`weights` (width, 7) and `bias` (7) of the regression, `rates` (7) it was learned at; `prior`
    (7), the base rates of who talks with a companion; `base`, `slope` (3): variance of the seven
    emotions' coordinates and what it grows by with that within their mixture; `factors` (3 each):
    what makes the blend's variance honest.
    """

    weights: Floats
    bias: Floats
    rates: Floats
    prior: Floats
    gates: Mapping[str, Gate]
    base: Floats
    slope: Floats
    factors: Mapping[str, Floats]

    @classmethod
    def load(cls, place: Traversable) -> Events:
        """From a folder; raises OSError, KeyError, TypeError or ValueError."""
        told = json.loads((place / FILE).read_text("utf-8"))
        gates = {language: Gate(**gate) for language, gate in told.pop("gates").items()}
        factors = {language: np.asarray(row) for language, row in told.pop("factors").items()}
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in told.items()}
        made = cls(gates=gates, factors=factors, **arrays)
        if made.weights.shape[1:] != made.bias.shape or {ENGLISH, CHINESE, OTHER} - {*gates}:
            raise ValueError("the constants of told events do not fit each other")
        return made

    def save(self, folder: Path) -> None:
        """Write what `load` reads."""
        told: dict[str, Any] = {
            name: rounded(getattr(self, name), DIGITS)
            for name in ("prior", "rates", "base", "slope", "bias", "weights")
        }
        told["gates"] = {language: asdict(gate) for language, gate in self.gates.items()}
        told["factors"] = {language: rounded(row, DIGITS) for language, row in self.factors.items()}
        (folder / FILE).write_text(json.dumps(told) + "\n", "utf-8")

    def evidence(self, vectors: NDArray[np.floating]) -> Floats:
        """(n, 7) log-likelihood ratios of the emotions, given (n, width) sentence vectors."""
        return evidence(vectors, self.weights, self.bias, self.rates)

    def join(self, language: str, words: Floats, event: Floats) -> Floats:
        """(n, 7) probabilities that both experts' (n, 7) log-likelihood ratios come to."""
        return join(self.gates[gate_of(language)], self.prior, words, event)

    def affect(
        self, language: str, seven: Floats, value: Floats, variance: Floats
    ) -> tuple[Floats, Floats]:
        """(n, 3) the words' coordinates and variances, blended with those of the seven."""
        point, spread = blended(seven, value, variance, self.base, self.slope)
        return point, spread * self.factors[gate_of(language)]


def gate_of(language: str) -> str:
    """Under which name a language has its gate."""
    return language if language in (ENGLISH, CHINESE) else OTHER


def evidence(vectors: NDArray[np.floating], weights: Floats, bias: Floats, rates: Floats) -> Floats:
    """(n, 7) what a softmax regression says beyond the base rates that it was learned at."""
    ratios: Floats = np.log(softmax(vectors.astype(np.float64) @ weights + bias)) - np.log(rates)
    return ratios


def join(gate: Gate, prior: Floats, words: Floats, event: Floats) -> Floats:
    """(n, 7) p = g·softmax(log π + a·w + b·e) + (1 - g)·softmax(log π + c·e)."""
    rates = np.log(prior)
    neutral = np.clip(softmax(rates + words)[:, _NEUTRAL], LEAST, 1 - LEAST)
    odds = np.log1p(-neutral) - np.log(neutral)
    named = sigmoid(gate.offset + gate.slope * odds)[:, None]
    both = softmax(rates + gate.words * words + gate.event * event)
    result: Floats = named * both + (1 - named) * softmax(rates + gate.alone * event)
    return result


def blended(
    seven: Floats, value: Floats, variance: Floats, base: Floats, slope: Floats
) -> tuple[Floats, Floats]:
    """(n, 3) mean of what the words and what the seven emotions say, and its variance, which grows
    where they are apart.
    """
    told, within = class_mixture(seven)
    own = np.maximum(base + slope * within, 1e-4)
    return (value + told) / 2, (variance + own + (value - told) ** 2) / 4
