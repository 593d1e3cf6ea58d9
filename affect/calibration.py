"""How far readings may be trusted, by what people themselves said of them.

A person's verdict on a reading is its truth: right, or what it was instead; "wrong" alone rules one
emotion out. Each modality is counted, and where there are enough verdicts its probabilities are
refitted: one temperature and an offset for each emotion, drawn to none by priors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect.types import EMOTIONS, Emotion, Modality, Probabilities

ENOUGH = 50
"""Verdicts on a modality before it is refitted."""
FOLDS = 10
STEPS = 30
SLOPE_SPREAD, OFFSET_SPREAD = 0.3, 0.5
"""Standard deviations of 1/temperature around 1, and of offsets around 0."""
FUSED = "fused"

_FLOOR = 1e-4  # of probabilities, as fusion has it
Array = NDArray[np.float64]
_SPREADS: Array = np.array([SLOPE_SPREAD] + [OFFSET_SPREAD] * len(EMOTIONS))


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading that was judged: what it named, by modality what each said, and what it was.

    `truth` None: all that is known is that `named` was not it.
    """

    named: Emotion | None
    estimates: Mapping[Modality, Probabilities]
    truth: Emotion | None


@dataclass(frozen=True, slots=True)
class Refit:
    """log p' = log p / temperature + offset + c; and the mean -log p' of what was true.

    `before` and `after` in nats, each verdict foretold by a fit on the other nine tenths.
    """

    temperature: float
    offsets: Mapping[Emotion, float]
    before: float
    after: float


def tally(judged: Sequence[Judged]) -> dict[str, dict[Emotion, tuple[int, int]]]:
    """By modality (and `fused`) and the emotion that it named: how often judged, how often right.

    A verdict that only rules out the emotion of the whole says nothing of who named another.
    """
    counted: dict[str, Counter[Emotion]] = {}
    right: dict[str, Counter[Emotion]] = {}
    for one in judged:
        named = {m.value: max(EMOTIONS, key=p.__getitem__) for m, p in one.estimates.items()}
        if one.named is not None:
            named[FUSED] = one.named
        for source, emotion in named.items():
            if one.truth is None and emotion is not one.named:
                continue
            counted.setdefault(source, Counter())[emotion] += 1
            right.setdefault(source, Counter())[emotion] += emotion is one.truth
    return {
        source: {e: (emotions[e], right[source][e]) for e in EMOTIONS if emotions[e]}
        for source, emotions in counted.items()
    }


def refits(judged: Sequence[Judged]) -> dict[Modality, Refit]:
    """What each modality of which there are `ENOUGH` verdicts should be corrected by."""
    found = {}
    for modality in Modality:
        told = [one for one in judged if modality in one.estimates]
        if len(told) >= ENOUGH:
            found[modality] = _refit(told, modality)
    return found


def _refit(told: Sequence[Judged], modality: Modality) -> Refit:
    logs = np.log([[max(_FLOOR, one.estimates[modality][e]) for e in EMOTIONS] for one in told])
    may_be = np.array([[_possible(one, e) for e in EMOTIONS] for one in told], dtype=float)
    after = np.empty(len(told))
    for fold in range(FOLDS):
        out = np.arange(len(told)) % FOLDS == fold
        fitted = _fitted(logs[~out], may_be[~out])
        after[out] = _loss(_foretold(logs[out], fitted), may_be[out])
    whole = _fitted(logs, may_be)
    before = _loss(_foretold(logs, _unchanged()), may_be)
    return Refit(
        1 / float(whole[0]),
        dict(zip(EMOTIONS, whole[1:].tolist(), strict=True)),
        float(before.mean()),
        float(after.mean()),
    )


def _possible(one: Judged, emotion: Emotion) -> bool:
    return emotion is one.truth if one.truth is not None else emotion is not one.named


def _unchanged() -> Array:
    return np.array([1.0] + [0.0] * len(EMOTIONS))


def _fitted(logs: Array, may_be: Array) -> Array:
    """(8) slope and offsets: Newton's steps towards the truth, shared out where it is not known."""
    found = _unchanged()
    precision = _SPREADS**-2.0
    ones = np.broadcast_to(np.eye(len(EMOTIONS)), (len(logs), len(EMOTIONS), len(EMOTIONS)))
    inputs = np.concatenate([logs[..., None], ones], axis=-1)  # (n, 7, 8)
    for _ in range(STEPS):
        shares = _foretold(logs, found)
        truth = np.maximum(shares, 1e-300) * may_be
        truth /= truth.sum(-1, keepdims=True)
        gradient = np.einsum("nk,nkj->j", truth - shares, inputs)
        gradient -= precision * (found - _unchanged())
        mean = np.einsum("nk,nkj->nj", shares, inputs)
        curvature = np.einsum("nk,nki,nkj->ij", shares, inputs, inputs) - mean.T @ mean
        step = np.linalg.solve(curvature + np.diag(precision), gradient)
        likely = _likely(logs, may_be, found)
        while _likely(logs, may_be, found + step) < likely:  # one too long
            step = step / 2
        found = found + step
    return found


def _likely(logs: Array, may_be: Array, fitted: Array) -> float:
    """The logarithm of likelihood and prior together, up to a constant."""
    away = (fitted - _unchanged()) / _SPREADS
    return -float(_loss(_foretold(logs, fitted), may_be).sum() + away @ away / 2)


def _foretold(logs: Array, fitted: Array) -> Array:
    values = logs * fitted[0] + fitted[1:]
    shares = np.exp(values - values.max(-1, keepdims=True))
    return np.asarray(shares / shares.sum(-1, keepdims=True))


def _loss(shares: Array, may_be: Array) -> Array:
    return np.asarray(-np.log(np.maximum((shares * may_be).sum(-1), 1e-300)))
