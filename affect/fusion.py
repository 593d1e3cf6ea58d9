"""Fusing words, voice and face into one reading: v = λx·x + λy·y + λz·z on log-likelihood ratios.

The λ of a modality, times the quality of its signal, weighs what that modality adds to the prior;
weight that is missing stays with the prior, so a poor selfie alone remains near "cannot tell".
Each may tell of something else than this moment, as a joke or an old picture does: what the others
contradict is believed less.
Estimates of one modality share its λ (their errors are shared), so a copy of one adds nothing.
Affect coordinates are pooled by inverse variance, the numbers a Kalman step takes.
Constants and where each comes from: `weights/fusion.json`. It knows neither people nor time.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import combinations
from typing import TYPE_CHECKING

from affect.conflict import differing
from affect.errors import BadInput, ModelUnavailable
from affect.types import (
    EMOTIONS,
    Affect,
    Estimate,
    Modality,
    Reading,
    Variance,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Vector = tuple[float, ...]
"""One number for each emotion (7) or for each affect coordinate (3), in the order of the house."""

# Sums of weights and stored floats are equal up to this; below it a precision counts as none.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Constants:
    """What fusion is told from outside; `fusion.json` holds the values that ship.

    `weights` are the λ, each in [0, 1]. `prior` (7) is the base rate of emotions where Attune is
    used, `base_rates` (7 each) those that each modality's model was calibrated on. `affect_mean`
    and `affect_variance` (3 each) are the prior of the coordinates. Probabilities are held above
    `probability_floor`, variances above `variance_floor`. `doubt` is how often what a modality
    tells does not belong to the moment. A reading names an emotion only from `least_probability`
    on and `least_margin` ahead of the next one.
    """

    version: int
    weights: Mapping[Modality, float]
    prior: Vector
    base_rates: Mapping[Modality, Vector]
    affect_mean: Vector
    affect_variance: Vector
    probability_floor: float
    variance_floor: float
    doubt: float
    least_probability: float
    least_margin: float

    def __post_init__(self) -> None:
        """Refuse numbers that would break what `fuse` promises (`ModelUnavailable`)."""
        rates = (self.prior, *self.base_rates.values())
        sound = (
            all(0 <= weight <= 1 for weight in self.weights.values())
            and all(len(rate) == len(EMOTIONS) and min(rate) > 0 for rate in rates)
            and all(abs(math.fsum(rate) - 1) < ROUNDING for rate in rates)
            and min(self.affect_variance) >= self.variance_floor > 0
            and 0 < self.probability_floor < 1 / len(EMOTIONS)
            and 0 <= self.doubt < 1
        )
        if not sound:
            raise ModelUnavailable("The constants of fusion are out of range.")


@cache
def shipped() -> Constants:
    """The constants of `weights/fusion.json`; raises `ModelUnavailable` if they cannot be used."""
    try:
        told = json.loads(
            resources.files("affect").joinpath("weights/fusion.json").read_text("utf-8")
        )
        return Constants(
            version=told["version"],
            weights={Modality(name): float(value) for name, value in told["weights"].items()},
            prior=_in_order(told["prior"]),
            base_rates={
                Modality(name): _in_order(rates) for name, rates in told["base_rates"].items()
            },
            affect_mean=tuple(told["affect"]["mean"]),
            affect_variance=tuple(told["affect"]["variance"]),
            probability_floor=told["floor"]["probability"],
            variance_floor=told["floor"]["variance"],
            doubt=told["doubt"],
            least_probability=told["abstain"]["probability"],
            least_margin=told["abstain"]["margin"],
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable("The constants of fusion cannot be read.") from error


def fuse(
    estimates: Sequence[Estimate],
    transcript: str | None = None,
    constants: Constants | None = None,
) -> Reading:
    """One reading from any number of estimates, none included (the prior, abstaining).

    Emotions: log p = log prior + Σ λq·log((1 - d)·p_m / rate_m + d) + c, a silent class having
    ratio 1; d is how far the other modalities make it doubtful that this one tells of the moment.
    Coordinates: precision Σ λq/R_m, the variance widened by conflict x the spread between the
    modalities (with that probability they do not speak of the same thing), and the prior with
    weight 1 - Σ λq, at least 0. `Estimate.variance` must not hold the signal's quality already.
    Source: docs/decisions.md. Raises `BadInput` (kind `estimate`) on numbers out of range.
    """
    constants = constants or shipped()
    witnesses = _witnesses(estimates, constants)
    believed = [replace(w, log_ratios=_doubted(w, witnesses, constants)) for w in witnesses]
    conflict = _conflict(witnesses, constants)
    mean, variance = _pooled(witnesses, conflict, constants)
    probabilities = _told(believed, constants)
    return _reading(
        probabilities, mean, variance, conflict, witnesses, estimates, transcript, constants
    )


def linear_pool(
    estimates: Sequence[Estimate],
    transcript: str | None = None,
    constants: Constants | None = None,
) -> Reading:
    """The seed's own formula on probabilities and coordinates: baseline and robust fallback.

    p = Σ λq·p_m + (1 - Σ λq)·prior; where Σ λq exceeds 1 the weights are divided by it. The
    variances are those of the mixture: within the parts and between. Source: docs/decisions.md.
    """
    constants = constants or shipped()
    witnesses = _witnesses(estimates, constants)
    total = max(1.0, math.fsum(witness.weight for witness in witnesses))
    left = _missing(w.weight for w in witnesses)
    parts = [(left, constants.prior, constants.affect_mean, constants.affect_variance)]
    parts += [
        (w.weight / total, w.posterior(constants), w.value, w.variance(constants))
        for w in witnesses
    ]
    probabilities = tuple(
        math.fsum(share * p[k] for share, p, _, _ in parts) for k in range(len(EMOTIONS))
    )
    mean = tuple(math.fsum(share * y[i] for share, _, y, _ in parts) for i in range(3))
    variance = tuple(
        math.fsum(share * (r[i] + (y[i] - mean[i]) ** 2) for share, _, y, r in parts)
        for i in range(3)
    )
    conflict = _conflict(witnesses, constants)
    return _reading(
        probabilities, mean, variance, conflict, witnesses, estimates, transcript, constants
    )


def evidence(reading: Reading, constants: Constants | None = None) -> tuple[Affect, Variance]:
    """What a reading of `fuse` says beyond the prior: value and variance of a measurement.

    The prior's share is taken out again (1/R = 1/v - w/s²), or each poor reading would draw a
    person's line towards the population. Where nothing but the prior is left, R is infinite.
    """
    constants = constants or shipped()
    values, variances = [], []
    for i in range(3):
        mean, spread = constants.affect_mean[i], constants.affect_variance[i]
        whole = 1 / max(_triple(reading.variance)[i], constants.variance_floor)
        prior = _missing(_speaking(reading, i).values()) / spread
        own = whole - prior
        known = own > ROUNDING / spread
        values.append((whole * _triple(reading.affect)[i] - prior * mean) / own if known else mean)
        variances.append(1 / own if known else math.inf)
    return Affect(*values), Variance(*variances)


def shares(reading: Reading) -> Mapping[Modality, Affect]:
    """How much of `evidence` comes from each modality, by coordinate; each coordinate sums to 1."""
    found: dict[Modality, list[float]] = {modality: [] for modality in reading.weights}
    for i in range(3):
        speak = _speaking(reading, i)
        own = {
            modality: weight * _precision(reading, modality, i) if modality in speak else 0.0
            for modality, weight in reading.weights.items()
        }
        whole = math.fsum(own.values()) or 1.0
        for modality, precision in own.items():
            found[modality].append(precision / whole)
    return {modality: Affect(*parts) for modality, parts in found.items()}


def _precision(reading: Reading, modality: Modality, i: int) -> float:
    """1/R of a modality at coordinate `i`, its estimates averaged by quality; 1 without any."""
    same = [e for e in reading.estimates if e.modality is modality and e.quality > 0]
    if not same:
        return 1.0
    floor = shipped().variance_floor
    told = math.fsum(e.quality / max(_triple(e.variance)[i], floor) for e in same)
    return told / math.fsum(e.quality for e in same)


def _speaking(reading: Reading, i: int) -> Mapping[Modality, float]:
    """The weights of the modalities that know coordinate `i`, all of them if none is named."""
    if not reading.estimates:
        return reading.weights
    speak = {
        e.modality
        for e in reading.estimates
        if e.quality > 0 and math.isfinite(_triple(e.variance)[i])
    }
    return {modality: weight for modality, weight in reading.weights.items() if modality in speak}


@dataclass(frozen=True, slots=True)
class _Witness:
    """One modality, its estimates taken together.

    `weight` is λq; `log_ratios` (7) are against the base rates; `precision` (3) is 1/R before
    weighing, 0 where it says nothing; `value` (3) the coordinates,
    the prior's where it says nothing.
    """

    modality: Modality
    weight: float
    log_ratios: Vector
    value: Vector
    precision: Vector

    def posterior(self, constants: Constants) -> Vector:
        """(7) what this modality alone, at full weight, makes of the prior."""
        return _normalised(
            [math.log(p) + ratio for p, ratio in zip(constants.prior, self.log_ratios, strict=True)]
        )

    def variance(self, constants: Constants) -> Vector:
        """(3) the variances before weighing, the prior's where it says nothing."""
        return tuple(
            1 / p if p else prior
            for p, prior in zip(self.precision, constants.affect_variance, strict=True)
        )


def _witnesses(estimates: Sequence[Estimate], constants: Constants) -> list[_Witness]:
    """The modalities that carry any weight, in the order of `Modality`."""
    for estimate in estimates:
        _check(estimate)
    found = []
    for modality in Modality:
        same = [e for e in estimates if e.modality is modality and e.quality > 0]
        weight = constants.weights[modality] * max((e.quality for e in same), default=0.0)
        if weight > 0:
            found.append(_joined(modality, weight, same, constants))
    return found


def _joined(
    modality: Modality, weight: float, same: Sequence[Estimate], constants: Constants
) -> _Witness:
    """Estimates of one modality, averaged by quality: two views of one signal, not two signals."""
    quality = math.fsum(e.quality for e in same)
    shares = [e.quality / quality for e in same]
    ratios = [_log_ratios(e, constants) for e in same]
    points = [_triple(e.affect) for e in same]
    precisions = [
        tuple(1 / max(v, constants.variance_floor) for v in _triple(e.variance)) for e in same
    ]
    precision = tuple(_mixed(shares, [p[i] for p in precisions]) for i in range(3))
    value = tuple(
        _mixed(shares, [p[i] * y[i] for p, y in zip(precisions, points, strict=True)])
        / precision[i]
        if precision[i]
        else constants.affect_mean[i]
        for i in range(3)
    )
    log_ratios = tuple(_mixed(shares, [r[k] for r in ratios]) for k in range(len(EMOTIONS)))
    return _Witness(modality, weight, log_ratios, value, precision)


def _log_ratios(estimate: Estimate, constants: Constants) -> Vector:
    """(7) log-likelihood ratio of each emotion against the prior; 0 for those without a class.

    The base rates of the model are exchanged for the prior first. Both are taken among the classes
    that the model has, so that all that it says moves probability between these alone.
    """
    rates = constants.base_rates[estimate.modality]
    heard = [k for k, emotion in enumerate(EMOTIONS) if emotion not in estimate.silent]
    ratios = [0.0] * len(EMOTIONS)
    told = [max(0.0, estimate.probabilities[EMOTIONS[k]]) for k in heard]
    if math.fsum(told) <= 0:
        return tuple(ratios)
    kept = [max(p / math.fsum(told), constants.probability_floor) for p in told]
    prior = [constants.prior[k] for k in heard]
    odds = [p * base / rates[k] for k, p, base in zip(heard, kept, prior, strict=True)]
    share = math.fsum(prior) / math.fsum(odds)
    for k, value, base in zip(heard, odds, prior, strict=True):
        ratios[k] = math.log(value * share / base)
    return tuple(ratios)


def _doubted(witness: _Witness, witnesses: Sequence[_Witness], constants: Constants) -> Vector:
    """(7) its log-likelihood ratios, as far as it is believed to tell of this moment.

    By Bayes' rule the others say how likely it tells of something else, whose ratios are 1: more
    than `doubt`, as likely as that was before they spoke, where they contradict it.
    """
    one = _told([witness], constants)
    rest = _told([other for other in witnesses if other is not witness], constants)
    same = math.fsum(p * q / rate for p, q, rate in zip(one, rest, constants.prior, strict=True))
    strange = constants.doubt / (constants.doubt + (1 - constants.doubt) * same)
    left = min(1.0, (1 - strange) / (1 - constants.doubt))
    return tuple(math.log(left * math.exp(ratio) + 1 - left) for ratio in witness.log_ratios)


def _told(witnesses: Sequence[_Witness], constants: Constants) -> Vector:
    """(7) what they make of the prior, each weighed."""
    logs = list(map(math.log, constants.prior))
    for witness in witnesses:
        for k, ratio in enumerate(witness.log_ratios):
            logs[k] += witness.weight * ratio
    return _normalised(logs)


def _pooled(
    witnesses: Sequence[_Witness], conflict: float, constants: Constants
) -> tuple[Vector, Vector]:
    """Coordinates and variances (3 each), the prior being one more expert with what weight is left.

    A modality that does not know a coordinate leaves its weight to the prior there.
    """
    means, variances = [], []
    for i in range(3):
        speak = [w for w in witnesses if w.precision[i] > 0]
        prior = _missing(w.weight for w in speak) / constants.affect_variance[i]
        precisions = [w.weight * w.precision[i] for w in speak]
        own, value = math.fsum(precisions), constants.affect_mean[i]
        if own > 0:
            shares = [p / own for p in precisions]
            value = _mixed(shares, [w.value[i] for w in speak])
            spread = _mixed(shares, [(w.value[i] - value) ** 2 for w in speak])
            own = 1 / (1 / own + conflict * spread)
        means.append((own * value + prior * constants.affect_mean[i]) / (own + prior))
        variances.append(1 / (own + prior))
    return tuple(means), tuple(variances)


def _conflict(witnesses: Sequence[_Witness], constants: Constants) -> float:
    """The likeliest difference between two modalities, times the weight of the weaker one.

    So a modality of little weight causes little conflict, and none at weight 0.
    """
    return max(
        (
            min(one.weight, other.weight)
            * differing(one.posterior(constants), other.posterior(constants), constants.prior)
            for one, other in combinations(witnesses, 2)
        ),
        default=0.0,
    )


def _reading(
    probabilities: Vector,
    mean: Vector,
    variance: Vector,
    conflict: float,
    witnesses: Sequence[_Witness],
    estimates: Sequence[Estimate],
    transcript: str | None,
    constants: Constants,
) -> Reading:
    """The reading of fused numbers, abstaining where they do not single out an emotion."""
    ranked = sorted(zip(probabilities, EMOTIONS, strict=True), key=lambda pair: -pair[0])
    (first, emotion), (second, _) = ranked[:2]
    certain = first >= constants.least_probability and first - second >= constants.least_margin
    used = {witness.modality: witness.weight for witness in witnesses}
    present = {estimate.modality for estimate in estimates}
    return Reading(
        emotion=emotion if certain and witnesses else None,
        probabilities=dict(zip(EMOTIONS, probabilities, strict=True)),
        affect=Affect(*(min(1.0, max(-1.0, y)) for y in mean)),
        variance=Variance(*variance),
        confidence=first,
        conflict=conflict,
        weights={m: used.get(m, 0.0) for m in Modality if m in present},
        estimates=tuple(estimates),
        labels=_labels(estimates),
        transcript=transcript,
    )


def _labels(estimates: Iterable[Estimate]) -> dict[str, float]:
    """Every fine label that any estimate of some quality names, at its highest probability."""
    found: dict[str, float] = {}
    for estimate in estimates:
        if estimate.quality > 0:
            for label, probability in estimate.labels.items():
                found[label] = max(probability, found.get(label, 0.0))
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _check(estimate: Estimate) -> None:
    """Refuse what is not a number, out of range or incomplete (`BadInput`, kind `estimate`)."""
    told = estimate.probabilities
    sound = (
        all(-ROUNDING <= told.get(e, math.nan) <= 1 + ROUNDING for e in EMOTIONS)
        and 0 <= estimate.quality <= 1
        and all(-1 - ROUNDING <= y <= 1 + ROUNDING for y in _triple(estimate.affect))
        and all(v >= 0 for v in _triple(estimate.variance))
    )
    if not sound:
        raise BadInput("estimate", "An estimate has numbers out of range.")


def _missing(weights: Iterable[float]) -> float:
    """The weight that modalities leave to the prior."""
    return max(0.0, 1 - math.fsum(weights))


def _mixed(shares: Sequence[float], values: Sequence[float]) -> float:
    """The weighted sum of values; nearly the same in any order."""
    return math.fsum(share * value for share, value in zip(shares, values, strict=True))


def _normalised(logs: Sequence[float]) -> Vector:
    """Probabilities (sum 1) from their logarithms up to a constant."""
    top = max(logs)
    shares = [math.exp(value - top) for value in logs]
    total = math.fsum(shares)
    return tuple(share / total for share in shares)


def _in_order(by_name: Mapping[str, float]) -> Vector:
    """The values of a mapping, in the order of `EMOTIONS`."""
    return tuple(float(by_name[emotion]) for emotion in EMOTIONS)


def _triple(point: Affect | Variance) -> Vector:
    """Valence, arousal, dominance as a vector (3)."""
    return (point.valence, point.arousal, point.dominance)
