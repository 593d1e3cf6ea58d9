"""One measured number of a model with its 95 % bootstrap interval, and a card's table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.metrics import bootstrap


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with its 95 % interval; `needed` is the least that may ship."""

    corpus: str
    name: str
    value: float
    low: float
    high: float
    count: int
    needed: float | None = None

    @property
    def key(self) -> str:
        """A short constant name, for JSON."""
        return f"{self.corpus}/{self.name}".lower().replace(" ", "_")


def measured(
    corpus: str,
    name: str,
    measure: Callable[[NDArray[np.int64]], float],
    count: int,
    needed: float | None = None,
) -> Figure:
    """What `measure` gives for all of `count` rows, its interval from resampled rows."""
    low, high = bootstrap(measure, count)
    return Figure(corpus, name, measure(np.arange(count)), low, high, count, needed)


def averaged(corpus: str, name: str, each: NDArray[Any], needed: float | None = None) -> Figure:
    """The mean of (n,) numbers, one a row: a share where they are 0 and 1."""
    return measured(corpus, name, lambda rows: float(each[rows].mean()), len(each), needed)


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """One entry a figure, rounded to what the interval allows."""
    return {
        f.key: {
            "value": round(f.value, 4),
            "low": round(f.low, 4),
            "high": round(f.high, 4),
            "n": f.count,
            **({"needed": f.needed} if f.needed is not None else {}),
        }
        for f in figures
    }


def as_markdown(figures: Sequence[Figure]) -> str:
    """The table of the model card."""
    lines = ["| test split | figure | value | 95 % interval | texts |", "|---|---|---|---|---|"]
    lines += [
        f"| {f.corpus} | {f.name} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.count:,} |"
        for f in figures
    ]
    return "\n".join(lines)
