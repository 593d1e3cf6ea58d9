"""Simpler ways to follow a person, which the line must beat: each foretells the next reading.

What can be fitted of them is fitted on other people, by likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.simulated import Person
from affect.trajectory import HOME, model

Array = NDArray[np.float64]
Foretold = tuple[Array, Array]
"""Means and variances (n, 3) of each observation, seen only those before it."""

ALPHAS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
WINDOWS = (3, 5, 10, 20, 40)
HALF_LIVES = (2.0, 6.0, 16.0, 48.0, 120.0, 360.0)
SDS = (0.2, 0.25, 0.3, 0.4)
_START = np.array([HOME.valence, HOME.arousal, HOME.dominance])


def last_value(person: Person) -> Array:
    """The reading before."""
    values = _values(person)
    return np.concatenate([_START[None], values[:-1]])


def smoothed(person: Person, alpha: float) -> Array:
    """Exponential smoothing of the readings before."""
    found, mean = [], _START
    for value in _values(person):
        found.append(mean)
        mean = mean + alpha * (value - mean)
    return np.array(found)


def rolling(person: Person, window: int) -> Array:
    """The mean of the `window` readings before."""
    values = np.concatenate([_START[None], _values(person)])
    return np.array([values[max(0, n - window) : n].mean(0) for n in range(1, len(values))])


def one_scale(person: Person, half_life: float, sd: float) -> Foretold:
    """A Kalman filter of one Ornstein-Uhlenbeck process around the population's mean."""
    mean, variance = _START.copy(), np.full(3, sd**2)
    means, variances, before = [], [], None
    for told in person.observations:
        hours = (told.at - before).total_seconds() / 3600 if before else 0.0
        before = told.at
        kept = 0.5 ** (hours / half_life)
        mean = _START + kept * (mean - _START)
        variance = kept**2 * variance + sd**2 * (1 - kept**2)
        noise = np.array(told.variance)
        means.append(mean)
        variances.append(variance + noise)
        gain = variance / (variance + noise)
        mean, variance = mean + gain * (np.array(told.value) - mean), (1 - gain) * variance
    return np.array(means), np.array(variances)


def baselines(others: Sequence[Person]) -> dict[str, Callable[[Person], Foretold]]:
    """By name, each fitted on `others`."""
    best = max(((h, sd) for h in HALF_LIVES for sd in SDS), key=lambda at: _fit(others, *at))
    return {
        "last value": _with_variance(others, last_value),
        "exponential smoothing": _with_variance(
            others, *((lambda p, a=a: smoothed(p, a)) for a in ALPHAS)
        ),
        "rolling mean": _with_variance(others, *((lambda p, w=w: rolling(p, w)) for w in WINDOWS)),
        "one-scale Kalman": lambda person: one_scale(person, *best),
    }


def log_density(person: Person, foretold: Foretold) -> Array:
    """(n, 3) of what was then read."""
    means, variances = foretold
    away = _values(person) - means
    return np.asarray(-0.5 * (np.log(2 * math.pi * variances) + away**2 / variances))


def _fit(others: Sequence[Person], half_life: float, sd: float) -> float:
    return sum(_first(one, one_scale(one, half_life, sd)) for one in others)


def _first(person: Person, foretold: Foretold) -> float:
    return float(log_density(person, foretold)[person.first].sum())


def _with_variance(
    others: Sequence[Person], *ways: Callable[[Person], Array]
) -> Callable[[Person], Foretold]:
    """The best of some ways, with the variance that it has on others beside a reading's own."""

    def error(way: Callable[[Person], Array]) -> float:
        away = [((_values(one) - way(one)) ** 2 - _noise(one))[one.first] for one in others]
        return float(np.concatenate(away).mean())

    way = min(ways, key=error)
    more = max(error(way), model.SMALLEST_VARIANCE)
    return lambda person: (way(person), more + _noise(person))


def _values(person: Person) -> Array:
    return np.array([told.value for told in person.observations])


def _noise(person: Person) -> Array:
    return np.array([told.variance for told in person.observations])
