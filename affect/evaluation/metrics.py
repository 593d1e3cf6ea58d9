"""Figures of merit, in numpy alone: F1, correlation, calibration error, bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

DRAWS = 2000  # bootstrap draws for a 95 % interval (science notes 8.2)


def f1_per_class(truth: Bools, predicted: Bools) -> NDArray[np.float64]:
    """F1 of each column of two (n, k) tables; 0 where a class is neither there nor predicted."""
    hits = (truth & predicted).sum(axis=0).astype(np.float64)
    total = truth.sum(axis=0) + predicted.sum(axis=0)
    result: NDArray[np.float64] = 2 * hits / np.maximum(total, 1)
    return result


def macro_f1(truth: Bools, predicted: Bools) -> float:
    """Mean of `f1_per_class`."""
    return float(f1_per_class(truth, predicted).mean())


def micro_f1(truth: Bools, predicted: Bools) -> float:
    """F1 over all cells."""
    hits = int((truth & predicted).sum())
    return 2 * hits / max(int(truth.sum()) + int(predicted.sum()), 1)


def pearson(truth: Floats, predicted: Floats) -> float:
    """Pearson's r of two vectors; 0 where one of them does not vary."""
    first = truth - truth.mean()
    second = predicted - predicted.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0 else 0.0


def concordance(truth: Floats, predicted: Floats) -> float:
    """Lin's concordance correlation: agreement in level and scale too."""
    gap = float(truth.mean() - predicted.mean())
    spread = float(truth.var() + predicted.var())
    shared = float(((truth - truth.mean()) * (predicted - predicted.mean())).mean())
    return 2 * shared / (spread + gap * gap) if spread + gap * gap > 0 else 0.0


def unweighted_recall(told: Floats, truth: NDArray[np.int64], classes: Sequence[int]) -> float:
    """Mean recall (UAR) of the classes that are there, choosing among `classes` alone."""
    guess = np.array(classes)[told[:, classes].argmax(axis=1)]
    return float(np.mean([(guess[truth == k] == k).mean() for k in classes if (truth == k).any()]))


def one_hot(classes: NDArray[np.int64], count: int) -> Bools:
    """(n, count) table of class numbers."""
    table: Bools = classes[:, None] == np.arange(count)[None, :]
    return table


def calibration_error(confidence: Floats, right: Bools, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass."""
    order = np.argsort(confidence, kind="stable")
    parts = zip(
        np.array_split(confidence[order], bins), np.array_split(right[order], bins), strict=True
    )
    gaps = [abs(float(c.mean()) - float(r.mean())) * len(c) for c, r in parts if len(c)]
    return sum(gaps) / max(len(confidence), 1)


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], count: int, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile interval of `figure(row numbers)` over resampled rows."""
    random = np.random.default_rng(seed)
    values = [figure(random.integers(0, count, count)) for _ in range(draws)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
