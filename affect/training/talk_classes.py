"""Fit acts and topics on the vectors of the talk branch: softmax regressions, cooled on lines held
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from affect.perception.calibration import Floats, softmax
from affect.training.graph import Shape
from affect.training.network import FROZEN_LAYERS
from affect.training.regression import regression
from affect.training.talk_lines import Line, held_out
from affect.writers import classes
from affect.writers.classes import ACTS, TOPICS, Classes
from affect.writers.hearing import TELLS
from affect.writers.topics import NONE

SHARED = FROZEN_LAYERS
RIDGE = 0.1
ORDINARY = {ACTS: TELLS, TOPICS: NONE}


def shape_of(config: Any, layers: int) -> Shape:
    """The shape of a branch of so many layers."""
    return Shape(
        layers=SHARED + layers,
        shared=SHARED,
        heads=config.num_attention_heads,
        width=config.hidden_size,
        epsilon=config.layer_norm_eps,
        first_position=config.pad_token_id + 1,
    )


def build(told: Sequence[Line], vectors: Floats, model: str, report: Callable[[str], None]) -> None:
    """Fit both on all lines, whose (n, width) `vectors` are of `model`, and tell how right they are
    on lines held out, fitted without them.
    """
    found = {}
    for name, label in ((ACTS, _act), (TOPICS, _topic)):
        known = np.array([number for number, line in enumerate(told) if label(line)])
        labels = [label(told[number]) for number in known]
        names = tuple(sorted(set(labels)))
        truth = np.array([names.index(one) for one in labels])
        unmet = np.array([held_out(told[number].text) for number in known])
        rows = vectors[known]
        tried = _fitted(names, rows[~unmet], truth[~unmet])
        heat = _temperature(np.log(tried.of_many(rows[unmet])), truth[unmet])
        report(
            f"{name}: {_measured(name, tried, rows[unmet], truth[unmet])}, temperature {heat:.2f}"
        )
        whole = _fitted(names, rows, truth)
        bias = whole.bias / heat
        if name == ACTS:
            bias += np.log(_in_talk(told, names) / whole.rates)
        found[name] = Classes(names, whole.weights / heat, bias, whole.rates)
    classes.save(found, model)


def _in_talk(told: Sequence[Line], names: Sequence[str]) -> Floats:
    """The share of each act among the lines of talks, none of them 0: lines were written for rare
    acts as for frequent ones, so what was learned of them must be put right by these.
    """
    counted = Counter(line.act for line in told if line.in_talk)
    shares = np.array([counted[name] + 1.0 for name in names])
    result: Floats = shares / shares.sum()
    return result


def _act(line: Line) -> str:
    return line.act or ""


def _topic(line: Line) -> str:
    return line.topic or ""


def _fitted(names: tuple[str, ...], vectors: Floats, truth: NDArray[np.int64]) -> Classes:
    shares = np.eye(len(names))[truth]
    weights, bias = regression(vectors, shares, np.ones(len(truth)), RIDGE)
    return Classes(names, weights, bias, shares.mean(axis=0))


def _temperature(logs: Floats, truth: NDArray[np.int64]) -> float:
    """What log-probabilities are divided by so that they are honest (Guo et al. 2017)."""

    def loss(heat: float) -> float:
        likely = softmax(logs / heat)
        return float(-np.log(likely[np.arange(len(truth)), truth]).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def _measured(name: str, fitted: Classes, vectors: Floats, truth: NDArray[np.int64]) -> str:
    likely = fitted.of_many(vectors)
    order = np.argsort(-likely, axis=1)
    plain = truth == fitted.names.index(ORDINARY[name])
    right = order[:, 0] == truth
    third = (order[:, :3] == truth[:, None]).any(axis=1)
    return (
        f"{len(truth)} lines held out, right {right[~plain].mean():.3f},"
        f" among the first three {third[~plain].mean():.3f},"
        f" {ORDINARY[name]} {right[plain].mean():.3f}"
    )
