"""Figures of merit on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from affect.evaluation import metrics


def test_f1_by_hand() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
    told = np.array([[1, 0], [0, 0], [0, 1], [1, 0]], dtype=bool)
    assert metrics.f1_per_class(truth, told) == pytest.approx([0.5, 1.0])
    assert metrics.macro_f1(truth, told) == pytest.approx(0.75)
    assert metrics.micro_f1(truth, told) == pytest.approx(2 * 2 / (3 + 3))


def test_correlation_and_concordance() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert metrics.pearson(x, 2 * x + 1) == pytest.approx(1)
    assert metrics.concordance(x, x) == pytest.approx(1)
    assert metrics.concordance(x, x + 2) < 0.5
    assert metrics.pearson(x, np.ones(4)) == 0


def test_unweighted_recall_counts_each_class_alike_and_chooses_among_those_asked() -> None:
    told = np.eye(4)[[0, 0, 0, 1, 2, 3]] + 0.1 * np.eye(4)[[1, 1, 1, 0, 1, 1]]
    truth = np.array([0, 0, 1, 1, 1, 3])
    assert metrics.unweighted_recall(told, truth, range(4)) == pytest.approx((1 + 1 / 3 + 1) / 3)
    # Without the classes 2 and 3 their rows fall to the next best, and none of 3 counts.
    assert metrics.unweighted_recall(told, truth, (0, 1)) == pytest.approx((1 + 2 / 3) / 2)


def test_a_calibrated_guesser_has_a_small_error() -> None:
    random = np.random.default_rng(1)
    sure = random.uniform(0, 1, 20_000)
    right = random.uniform(0, 1, 20_000) < sure
    assert metrics.calibration_error(sure, right) < 0.02
    assert metrics.calibration_error(np.full(1000, 0.9), np.zeros(1000, bool)) == pytest.approx(0.9)


def test_the_bootstrap_is_repeatable_and_holds_the_value() -> None:
    values = np.random.default_rng(2).normal(5, 1, 400)
    low, high = metrics.bootstrap(lambda r: float(values[r].mean()), 400, draws=500)
    assert low < values.mean() < high
    assert (low, high) == metrics.bootstrap(lambda r: float(values[r].mean()), 400, draws=500)
