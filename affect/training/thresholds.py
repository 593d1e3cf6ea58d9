"""Decision thresholds chosen on dev: one per label, rare labels drawn toward the shared one; and
what each class of several, of which one holds, is worth more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.metrics import macro_f1, one_hot

GRID = np.linspace(-1.0, 1.0, 41)  # of an offset
ROUNDS = 4  # in which each offset is chosen anew
SHRINK_BELOW = 30  # positives in dev under which a label's own best threshold is mostly noise


def best_for(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """The threshold with the highest F1 of one label: midway to the next lower probability."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(int(truth.sum()), 1))
    # A mean over neighbours, so that one lucky row does not choose the threshold.
    width = max(1, int(truth.sum()) // 10)
    smooth = np.convolve(np.pad(f1, width, mode="edge"), np.ones(2 * width + 1), mode="valid")
    place = int(smooth.argmax())
    below = probabilities[order[min(place + 1, len(order) - 1)]]
    return float((probabilities[order[place]] + below) / 2)


def shared(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> float:
    """The one threshold for all labels with the highest macro-F1."""
    grid = np.linspace(0.02, 0.9, 89)
    scores = [macro_f1(truth, probabilities >= value) for value in grid]
    return float(grid[int(np.argmax(scores))])


def choose(truth: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """A threshold for each column of two (n, k) tables.

    Own and shared threshold are mixed in logits, own with weight n / (n + SHRINK_BELOW) for the n
    positives of the label.
    """
    common = _logit(shared(truth, probabilities))
    result = np.zeros(truth.shape[1])
    for column in range(truth.shape[1]):
        count = int(truth[:, column].sum())
        weight = count / (count + SHRINK_BELOW)
        own = _logit(best_for(truth[:, column], probabilities[:, column]))
        result[column] = weight * own + (1 - weight) * common
    logits: NDArray[np.float64] = 1 / (1 + np.exp(-result))
    return logits


def offsets(
    truth: NDArray[np.int64], log_probabilities: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(k,) what to add to (n, k) log-probabilities before the highest is named: highest macro-F1,
    one class after another, each on a mean over neighbours as in `best_for`.
    """
    count = log_probabilities.shape[1]
    right, result = one_hot(truth, count), np.zeros(count)
    for _ in range(ROUNDS):
        for column in range(count):
            scores = []
            for value in GRID:
                result[column] = value
                named = (log_probabilities + result).argmax(axis=1)
                scores.append(macro_f1(right, one_hot(named, count)))
            smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.ones(5) / 5, mode="valid")
            result[column] = GRID[int(smooth.argmax())]
    return result


def _logit(value: float) -> float:
    bounded = min(max(value, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))
