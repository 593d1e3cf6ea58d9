"""What can be said of a person over a time in a few numbers, each with its 90 % interval.

Mean and spread are exact under the person's fit: regression on all readings at once (which is what
filter and smoother compute step by step), asked for the mean and the variance over time. The others
are properties of the fit and comparable between people, however often they write. None is shown
under 20 observations or 7 days, and none says how somebody *is*: published effects are small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from affect.trajectory import following, grid, model, smoothing
from affect.trajectory.model import Array
from affect.trajectory.series import Series
from affect.types import Moment, Pull

FEWEST = 20
FEWEST_DAYS = 7
MOST = 400
"""Readings, or bins of them, that mean and spread are computed from."""
ASKED = 150
"""Points in time over which they are taken."""
INERTIA_HOURS = 2.0

_BAND = 1.645
_HOUR = 3600.0
# What lies between two filters of the grid is not told apart by them: spacing² / 12.
_BETWEEN_HALF_LIVES = (grid.HALF_LIFE_SPREAD * 0.65) ** 2 / 12
_BETWEEN_SCALES = (grid.SCALE_SPREAD * 0.8) ** 2 / 12
# How far moods swing is not learnt, so that it is averaged over people: three points of a normal.
MOOD_SCALE_SPREAD = 0.3
_MOOD_WEIGHTS = np.array([1, 4, 1]) / 6
_MOOD_SCALES = np.exp(MOOD_SCALE_SPREAD * np.sqrt(3) * np.array([-1, 0, 1]))
_VARIANCES: Array = np.stack(
    np.broadcast_arrays(
        grid.VARIANCES[:, None, 0],
        grid.VARIANCES[:, None, 1]
        * np.exp(2 * MOOD_SCALE_SPREAD * np.sqrt(3) * np.array([-1, 0, 1])),
    ),
    axis=-1,
)
"""(35, 3, 2) of emotion and mood, for each filter and spread of mood."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One dimension of a person over a time.

    `mean` and `spread` (standard deviation over the time) in units of affect; `hourly` and `daily`
    are the typical change over 1 and 24 hours, in the same units and whatever the gaps between
    readings were; `inertia` is the correlation of now with two hours ago; `recovery` is how many
    hours it takes until half of a feeling has passed.
    """

    mean: Figure
    spread: Figure
    hourly: Figure
    daily: Figure
    inertia: Figure
    recovery: Figure


def figures(series: Series, moment: Moment, dimension: int = 0) -> Figures | None:
    """The figures of one dimension (0 valence, 1 arousal, 2 dominance); None while hidden."""
    told = np.isfinite(series.variances[:, dimension])
    if told.sum() < FEWEST or np.ptp(series.times[told]) < FEWEST_DAYS * 24 * _HOUR:
        return None
    weights = following.memory(moment)[0].weights[dimension]
    swing = _learnt(weights, np.log(_VARIANCES.sum(-1)) / 2, _BETWEEN_SCALES)
    mean, spread = _over_time(series, smoothing.pulls_of(moment), dimension, swing)
    inertia = _lasting(INERTIA_HOURS)
    odds = _learnt(weights, np.log(inertia / (1 - inertia)), _BETWEEN_HALF_LIVES)
    hourly, daily = (
        _learnt(
            weights, np.log(2 * _VARIANCES.sum(-1) * (1 - _lasting(hours))) / 2, _BETWEEN_SCALES
        )
        for hours in (1.0, 24.0)
    )
    return Figures(
        mean=mean,
        spread=spread,
        hourly=_from_log(*hourly),
        daily=_from_log(*daily),
        inertia=_from_log_odds(_from_log(*odds)),
        recovery=_from_log(
            *_learnt(weights, np.log(grid.HALF_LIVES)[:, None], _BETWEEN_HALF_LIVES)
        ),
    )


def _lasting(hours: float) -> Array:
    """(35, 3) correlation of now with some hours ago, for each filter and spread of mood."""
    kept = np.exp(-grid.RATES[:, None] * hours)
    return np.asarray((_VARIANCES * kept).sum(-1) / _VARIANCES.sum(-1))


def _over_time(
    series: Series, pulls: tuple[Pull, Pull, Pull], dimension: int, swing: tuple[float, float]
) -> tuple[Figure, Figure]:
    """Mean and standard deviation over the time of the series.

    Of the posterior N(m, C) of `ASKED` points, the mean is N(avg m, avg C); the variance over
    time is the quadratic form x'Mx, M = (I - 11'/n)/n, of mean tr(MC) + m'Mm and of variance
    2·tr(MCMC) + 4·m'MCMm. What of it was never read, tr(MC), is as doubtful as the fit: `swing`
    is its log standard deviation, with error.
    """
    gathered, bins = smoothing.gather(series, pulls, MOST)
    pull = bins[dimension]
    told = np.isfinite(gathered.variances[:, dimension])
    times = (gathered.times[told] - gathered.times[0]) / _HOUR
    asked = np.linspace(0.0, times[-1], ASKED)
    shares = gathered.shares[told, dimension]
    noise = np.maximum(gathered.variances[told, dimension], model.SMALLEST_VARIANCE)
    gram = kernel(times, times, pull) + errors(times, shares, noise)
    home = (model.HOME.valence, model.HOME.arousal, model.HOME.dominance)[dimension]
    to = kernel(asked, times, pull)
    solved = np.linalg.solve(gram, np.column_stack([gathered.values[told, dimension] - home, to.T]))
    points = home + to @ solved[:, 0]
    covariance = kernel(asked, asked, pull) - to @ solved[:, 1:]

    mean, error = float(points.mean()), math.sqrt(covariance.mean())
    centre = np.eye(ASKED) - 1 / ASKED
    held = centre @ covariance / ASKED
    away = points - points.mean()
    averaged = pulls[dimension].emotion_variance - pull.emotion_variance  # within the bins
    unread = float(np.trace(held)) + averaged
    variance = unread + float(away @ away) / ASKED
    doubt = 2 * float((held * held.T).sum()) + 4 * float(away @ covariance @ away) / ASKED**2
    return (
        Figure(mean, mean - _BAND * error, mean + _BAND * error),
        _from_log(
            math.log(variance) / 2,
            math.hypot(math.sqrt(doubt) / variance / 2, swing[1] * unread / variance),
        ),
    )


def errors(times: Array, shares: Array, noise: Array) -> Array:
    """Covariance of the errors of readings at times in hours: biases, shared, and their own.

    `shares` (n, 3) of words, voice and face; `noise` (n) their variances.
    """
    measured, own = model.measurement(shares, noise)
    apart = np.abs(np.subtract.outer(times, times))
    scale = np.outer(measured[:, model.SHARED], measured[:, model.SHARED])
    shared = scale * 0.5 ** (apart / model.SHARED_ERROR_HALF_LIFE_HOURS)
    return np.asarray(model.BIAS_SD**2 * shares @ shares.T + shared + np.diag(own))


def kernel(one: Array, other: Array, pull: Pull) -> Array:
    """Covariance of where a person is at two times in hours."""
    apart = np.abs(np.subtract.outer(one, other))
    emotion = pull.emotion_variance * 0.5 ** (apart / pull.emotion_half_life)
    mood = pull.mood_variance * 0.5 ** (apart / pull.mood_half_life)
    return np.asarray(emotion + mood + model.HOME_SD**2)


def _learnt(weights: Array, logs: Array, between: float) -> tuple[float, float]:
    """Mean and standard deviation of a logarithm given for each filter (and spread of mood)."""
    each = weights[:, None] * (_MOOD_WEIGHTS if logs.shape[1] > 1 else 1.0)
    mean = float((each * logs).sum())
    return mean, math.sqrt(float((each * (logs - mean) ** 2).sum()) + between)


def _from_log(mean: float, sd: float) -> Figure:
    return Figure(math.exp(mean), math.exp(mean - _BAND * sd), math.exp(mean + _BAND * sd))


def _from_log_odds(odds: Figure) -> Figure:
    """Odds as the share that they are."""
    return Figure(*(value / (1 + value) for value in (odds.value, odds.low, odds.high)))
