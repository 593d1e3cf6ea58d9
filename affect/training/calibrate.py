"""Fit on dev what turns raw outputs into calibrated numbers, for the very file that ships.

Labels: Platt scaling with slopes and offsets drawn toward shared ones (rare labels have few
positives). Seven emotions: vector scaling against the true labels on the narrow map, a text with
several labels split evenly. Chinese: EWECT's head and the labels' evidence, weighed. Affect: two
estimates against what people said (GoEmotions' labels as coordinates, EmoBank's ratings), with
variances that grow with the spread of the mixture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls

from affect.labels import EMOTION_OF_EWECT, EWECT_CLASSES, centroids, coordinates, narrow_map
from affect.perception.calibration import (
    CHINESE,
    ENGLISH,
    Calibration,
    Floats,
    Spread,
    class_mixture,
    mixture,
    official_groups,
    shares,
    softmax,
)
from affect.perception.text_network import RawOutputs
from affect.training.thresholds import choose, offsets
from affect.types import EMOTIONS

# Prior deviations of a label's Platt constants from the shared ones; a rare label keeps to them.
SLOPE_DEVIATION, OFFSET_DEVIATION = 0.15, 0.5
BIAS_DEVIATION = 0.5  # of vector scaling from plain temperature scaling


@dataclass(frozen=True, slots=True)
class Dev:
    """Raw outputs on the three dev splits with the truth beside them.

    `labels` (n, 28) of 0/1 for `english`; `ratings` (m, 3) on EmoBank's scale for `rated`;
    `classes` (k,) class numbers for `chinese`.
    """

    english: RawOutputs
    labels: NDArray[np.bool_]
    rated: RawOutputs
    ratings: Floats
    chinese: RawOutputs
    classes: NDArray[np.int64]


def fit(dev: Dev, rates: Floats, chinese_rates: Floats) -> Calibration:
    """All constants; `rates` (7) and `chinese_rates` (6) are the training sets' base rates."""
    slope, offset = _platt(dev.english.labels, dev.labels)
    start = _blank(slope, offset, rates, chinese_rates)
    labels = start.labels(dev.english.labels)
    with_english = replace(
        start,
        thresholds=choose(dev.labels, labels),
        groups=choose(official(dev.labels), official_groups(labels)),
    )
    with_seven = _with_english_seven(with_english, labels, dev.labels)
    return _with_affect(_with_chinese_seven(with_seven, dev), dev)


def base_rates(labels: NDArray[np.floating]) -> Floats:
    """(7) shares of the emotions in (n, 28) 0/1 labels, narrow map, several labels split evenly."""
    result: Floats = soft_truth(labels > 0).mean(axis=0)
    return result


def soft_truth(labels: NDArray[np.bool_]) -> Floats:
    """(n, 7) true shares of the emotions of each text, narrow map."""
    sums = labels.astype(np.float64) @ narrow_map()
    result: Floats = sums / sums.sum(axis=1, keepdims=True)
    return result


def official(labels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, 7) which official groups hold."""
    result: NDArray[np.bool_] = official_groups(labels.astype(np.float64)) > 0.5
    return result


def _platt(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    z, y = logits.astype(np.float64), truth.astype(np.float64)
    count = z.shape[1]

    def loss(values: Floats) -> tuple[float, Floats]:
        shared, slope, offset = values[:2], values[2 : 2 + count], values[2 + count :]
        told = slope * z + offset
        likely = 1 / (1 + np.exp(-np.clip(told, -60, 60)))
        nll = float((np.logaddexp(0, told) - y * told).sum())
        away_slope = (slope - shared[0]) / SLOPE_DEVIATION**2
        away_offset = (offset - shared[1]) / OFFSET_DEVIATION**2
        penalty = float((away_slope * (slope - shared[0])).sum())
        penalty += float((away_offset * (offset - shared[1])).sum())
        gap = likely - y
        gradient = [
            np.array([-away_slope.sum(), -away_offset.sum()]),
            (gap * z).sum(axis=0) + away_slope,
            gap.sum(axis=0) + away_offset,
        ]
        return nll + penalty / 2, np.concatenate(gradient)

    start = np.concatenate([[1.0, 0.0], np.ones(count), np.zeros(count)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    return found[2 : 2 + count], found[2 + count :]


def _with_english_seven(
    fitted: Calibration, labels: Floats, truth: NDArray[np.bool_]
) -> Calibration:
    target, told = soft_truth(truth), shares(labels)

    def loss(values: Floats) -> float:
        given = softmax(values[0] * told + values[1:])
        nll = -(target * np.log(given)).sum()
        return float(nll + (values[1:] ** 2).sum() / BIAS_DEVIATION**2 / 2)

    found = _minimum(loss, np.concatenate([[1.0], np.zeros(len(EMOTIONS))]))
    return replace(fitted, scale=float(found[0]), bias=found[1:])


def _with_chinese_seven(fitted: Calibration, dev: Dev) -> Calibration:
    """Weights of the EWECT head and of the labels' evidence; and what of the latter holds alone."""
    labels = fitted.labels(dev.chinese.labels)
    english = fitted.emotions(ENGLISH, labels, dev.chinese.chinese)
    evidence = fitted.evidence(english)
    rows = np.arange(len(dev.classes))
    heard = [EMOTIONS.index(EMOTION_OF_EWECT[name]) for name in EWECT_CLASSES]

    def loss(values: Floats) -> float:
        tried = replace(
            fitted, own=float(values[0]), shared=float(values[1]), chinese_bias=values[2:]
        )
        picked = tried.chinese_posterior(dev.chinese.chinese, evidence)[rows, dev.classes]
        return float(-np.log(picked).sum() + (values[2:] ** 2).sum() / BIAS_DEVIATION**2 / 2)

    def loss_alone(values: Floats) -> float:
        total = np.log(fitted.chinese_rates) + values[0] * evidence[:, heard]
        return float(-np.log(softmax(total)[rows, dev.classes]).sum())

    found = _minimum(loss, np.concatenate([[1.0, 0.0], np.zeros(len(EWECT_CLASSES))]))
    foreign = _minimum(loss_alone, np.array([0.7]))
    fitted = replace(
        fitted,
        own=float(found[0]),
        shared=float(max(found[1], 0.0)),
        chinese_bias=found[2:],
        foreign=float(np.clip(foreign[0], 0.0, 1.0)),
    )
    posterior = fitted.chinese_posterior(dev.chinese.chinese, evidence)
    return replace(fitted, chinese_offsets=offsets(dev.classes, np.log(posterior)))


def _with_affect(fitted: Calibration, dev: Dev) -> Calibration:
    """Scale of the regression head, variances of both estimates, and the blend's honesty."""
    labels = fitted.labels(dev.english.labels)
    truth = true_point(dev.labels)
    head = (dev.english.affect.astype(np.float64) - 3) / 2
    # EmoBank's means of many readers hardly leave the middle: stretched to the scale of states.
    slope = np.array([_slope(head[:, k], truth[:, k]) for k in range(3)])
    offset = truth.mean(axis=0) - slope * head.mean(axis=0)
    fitted = replace(fitted, head_slope=slope, head_offset=offset)
    # The ratings, stretched alike, are the second truth; both sets count the same.
    rated = np.clip(offset + slope * (dev.ratings - 3) / 2, -1, 1)
    rated_labels = fitted.labels(dev.rated.labels)
    parts = [(labels, dev.english, truth), (rated_labels, dev.rated, rated)]
    english = _spread([(*mixture(p), fitted.regression(raw.affect), t) for p, raw, t in parts])
    fitted = replace(fitted, english=english)
    blends = [
        (fitted.affect(ENGLISH, p, np.zeros((len(p), 7)), raw.affect), t) for p, raw, t in parts
    ]
    fitted = replace(fitted, english=replace(english, factor=_factor(blends)))
    return _with_chinese_affect(fitted, dev)


def _with_chinese_affect(fitted: Calibration, dev: Dev) -> Calibration:
    heard = [EMOTIONS.index(EMOTION_OF_EWECT[name]) for name in EWECT_CLASSES]
    truth = centroids()[heard][dev.classes]
    labels = fitted.labels(dev.chinese.labels)
    seven = fitted.emotions(CHINESE, labels, dev.chinese.chinese)
    told = fitted.regression(dev.chinese.affect)
    chinese = _spread([(*class_mixture(seven), told, truth)])
    fitted = replace(fitted, chinese=chinese)
    blend = fitted.affect(CHINESE, labels, seven, dev.chinese.affect)
    fitted = replace(fitted, chinese=replace(chinese, factor=_factor([(blend, truth)])))
    # A language that was not trained: what the English way is off by on Chinese.
    value, variance = fitted.affect(ENGLISH, labels, seven, dev.chinese.affect)
    return replace(fitted, inflation=float(max(1.0, ((value - truth) ** 2 / variance).mean())))


def true_point(labels: NDArray[np.bool_]) -> Floats:
    """(n, 3) mean coordinates of each text's true labels."""
    result: Floats = (labels @ coordinates()) / labels.sum(axis=1, keepdims=True)
    return result


def _spread(parts: list[tuple[Floats, Floats, Floats, Floats]]) -> Spread:
    """From (point, within, head, truth) of each set, every set with the same weight in all."""
    base, slope, head = np.zeros(3), np.zeros(3), np.zeros(3)
    for k in range(3):
        rows = np.concatenate([np.stack([np.ones(len(w)), w[:, k]], 1) for _, w, _, _ in parts])
        errors = np.concatenate([(p[:, k] - t[:, k]) ** 2 for p, _, _, t in parts])
        weight = np.concatenate([np.full(len(p), 1 / np.sqrt(len(p))) for p, _, _, _ in parts])
        found, _ = nnls(rows * weight[:, None], errors * weight)
        base[k], slope[k] = found
        head[k] = np.mean([((h[:, k] - t[:, k]) ** 2).mean() for _, _, h, t in parts])
    return Spread(base, slope, head, np.ones(3))


def _factor(blends: list[tuple[tuple[Floats, Floats], Floats]]) -> Floats:
    """What the blend's variance must be multiplied with to match its errors, (3)."""
    ratios = [((value - truth) ** 2 / spread).mean(axis=0) for (value, spread), truth in blends]
    result: Floats = np.mean(ratios, axis=0)
    return result


def _slope(x: Floats, y: Floats) -> float:
    return float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())


def _minimum(loss: Callable[[Floats], float], start: Floats) -> Floats:
    found: Floats = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 500}).x
    return found


def _blank(slope: Floats, offset: Floats, rates: Floats, chinese: Floats) -> Calibration:
    """Constants to start from."""
    seven, six, three = np.zeros(len(EMOTIONS)), np.zeros(len(EWECT_CLASSES)), np.ones(3)
    spread = Spread(three, three, three, three)
    return Calibration(
        slope=slope,
        offset=offset,
        thresholds=np.full(len(slope), 0.5),
        groups=np.full(len(EMOTIONS), 0.5),
        rates=rates,
        chinese_rates=chinese,
        scale=1.0,
        bias=seven,
        foreign=1.0,
        own=1.0,
        shared=0.0,
        chinese_bias=six,
        chinese_offsets=six,
        head_slope=three,
        head_offset=np.zeros(3),
        english=spread,
        chinese=spread,
        inflation=1.0,
    )
