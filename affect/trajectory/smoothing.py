"""The line looked back on: every point in the light of what came before and after it.

For charts and figures, never for replies, which must not know the future. A Rauch-Tung-Striebel
smoother under the half-lives and spreads learnt of the person. More than `MOST` readings are
gathered into bins of equal length first, so that a chart over a million costs what one over a
thousand does, give or take the adding up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from affect.looking import home_of, home_spread_of
from affect.trajectory import following, model
from affect.trajectory.model import Array
from affect.trajectory.series import Series
from affect.types import Affect, Moment, Pull, Variance

MOST = 1200
"""Readings, or bins of them, that are smoothed one by one."""
DRAWN = 240
"""Points evenly over the span beside those of the readings, so that a curve is smooth."""
GAP = timedelta(days=2)
"""The least time without a reading that is shown as a gap; more where the whole span is long."""
GAP_SHARE = 1 / 15

LASTING = slice(2, 6)  # of a state, home base and biases
BURST_SECONDS = 600.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A person's line over a time, for showing.

    `times` (n) are aware UTC; `mean` and `sd` (n, 3) are valence, arousal, dominance and their
    standard deviations, a band of 90 % being mean ± 1.645 sd; `mean` is cut to [-1, 1]. `home` is
    the home base as it is known at the end, `home_spread` its variances. `gaps` are stretches from
    one reading to the next without any between; `measured` (n) says which points have a reading.
    """

    times: tuple[datetime, ...]
    mean: Array
    sd: Array
    measured: NDArray[np.bool_]
    home: Affect
    home_spread: Variance
    gaps: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """States at `hours` (n) after the first: `means` (n, 3, 7), `covariances` (n, 3, 7, 7).

    `log_density` (3) is that of all readings of a dimension together.
    """

    hours: Array
    means: Array
    covariances: Array
    log_density: Array


def smooth(series: Series, moment: Moment | None = None) -> Line:
    """The line through a series; `moment` is the person's newest, which holds what is learnt.

    Without readings it is empty, with the home base of the moment or of the population.
    """
    known = moment or following.begin(datetime.fromtimestamp(0, UTC))
    home, home_spread = home_of(known), home_spread_of(known)
    if not len(series):
        nothing = np.empty((0, 3))
        return Line((), nothing, nothing, np.empty(0, bool), home, home_spread, ())
    gathered, pulls = gather(series, pulls_of(known))
    points, measured = _with_drawn(gathered)
    found = smoothed(points, pulls, start(known, len(series), pulls))
    if moment is None:
        last, spread = found.means[-1, :, 2], found.covariances[-1, :, 2, 2]
        home, home_spread = Affect(*np.clip(last, -1, 1).tolist()), Variance(*spread.tolist())
    return Line(
        times=tuple(datetime.fromtimestamp(t, UTC) for t in points.times.tolist()),
        mean=np.clip(found.means @ model.NOW, -1, 1),
        sd=np.sqrt(model.NOW @ found.covariances @ model.NOW),
        measured=measured,
        home=home,
        home_spread=home_spread,
        gaps=_gaps(series.times),
    )


def smoothed(series: Series, pulls: Sequence[Pull], begun: tuple[Array, Array]) -> Smoothed:
    """Filter forwards, smooth backwards: C = P·A'·(P⁺)^-1, x + C(xˢ - x⁺), P + C(Pˢ - P⁺)C'.

    The inverse is a pseudo-inverse: P⁺ is singular where nothing was added to what is known.
    """
    rates, variances = _rates(pulls), _variances(pulls)
    hours = (series.times - series.times[0]) / _HOUR
    gaps = np.diff(hours, prepend=0.0)
    count = len(hours)
    measured, noise = model.measurement(series.shares, series.variances)
    means, before = np.empty((2, count, 3, model.STATE))
    covariances, wider = np.empty((2, count, 3, model.STATE, model.STATE))
    mean, covariance = begun
    log_density = np.zeros(3)
    for n in range(count):
        before[n], wider[n] = model.pass_time(mean, covariance, float(gaps[n]), rates, variances)
        mean, covariance, each = model.observe(
            before[n], wider[n], measured[n], series.values[n], noise[n]
        )
        means[n], covariances[n] = mean, covariance
        log_density += each
    kept = np.ones(means.shape)
    kept[..., :2] = np.exp(-rates * gaps[:, None, None])
    kept[..., model.SHARED] = 0.5 ** (gaps / model.SHARED_ERROR_HALF_LIFE_HOURS)[:, None]
    inverses = np.linalg.pinv(wider[1:], rcond=1e-12, hermitian=True)
    back = covariances[:-1] * kept[1:, :, None, :] @ inverses
    for n in range(count - 2, -1, -1):
        away = means[n + 1] - before[n + 1]
        means[n] += (back[n] @ away[..., None])[..., 0]
        narrower = covariances[n + 1] - wider[n + 1]
        covariances[n] += back[n] @ narrower @ np.swapaxes(back[n], -1, -2)
    return Smoothed(hours, means, covariances, log_density)


def pulls_of(moment: Moment) -> tuple[Pull, Pull, Pull]:
    """What is learnt of how a person is drawn back, by dimension."""
    return moment.valence.pull, moment.arousal.pull, moment.dominance.pull


def start(moment: Moment, seen: int, pulls: Sequence[Pull]) -> tuple[Array, Array]:
    """What was known of a person before the last `seen` of the readings in `moment`.

    Home base and biases hold, but for what these readings themselves taught, which is taken out
    by its share of the count: they are to be seen once, not twice.
    """
    means, covariances = model.prior()
    elsewhere = max(0.0, 1 - seen / moment.count) if moment.count else 0.0
    if elsewhere and moment.memory:
        learnt, narrow = following.memory(moment)[0].mixed()
        prior, now = (np.linalg.inv(c[:, LASTING, LASTING]) for c in (covariances, narrow))
        weighed = np.linalg.inv(prior + elsewhere * (now - prior))
        usual = prior @ means[:, LASTING, None]
        told = usual + elsewhere * (now @ learnt[:, LASTING, None] - usual)
        means[:, LASTING] = (weighed @ told)[..., 0]
        covariances[:, LASTING, LASTING] = weighed
    for i in (0, 1):
        covariances[:, i, i] = _variances(pulls)[:, i]
    return means, covariances


def gather(
    series: Series, pulls: tuple[Pull, Pull, Pull], most: int = MOST
) -> tuple[Series, tuple[Pull, ...]]:
    """At most `most` readings, by bins of equal length, and the pulls that hold for their means.

    Over a bin emotion averages out: of its variance the share g = 2(x - 1 + exp(-x))/x² is left,
    x = rate·length, and the rest, divided by their number, is noise of the mean.
    """
    if len(series) <= most:
        return series, pulls
    variances = series.variances * _bursts(series)[:, None]
    length = (series.times[-1] - series.times[0]) / most
    bins = np.minimum(((series.times - series.times[0]) / length).astype(int), most - 1)
    _, first, counts = np.unique(bins, return_index=True, return_counts=True)
    precision = 1 / np.maximum(variances, model.SMALLEST_VARIANCE)
    whole = np.add.reduceat(precision, first)
    known = np.maximum(whole, 1e-300)  # a dimension that nothing in a bin tells of
    x = _rates(pulls)[:, 0] * length / _HOUR
    left = 2 * (x + np.expm1(-x)) / x**2
    spread = _variances(pulls)[:, 0]
    shares = precision[..., None] * series.shares
    return Series(
        times=np.add.reduceat(series.times, first) / counts,
        values=np.add.reduceat(precision * series.values, first) / known,
        variances=1 / known + spread * (1 - left) / counts[:, None],
        shares=np.add.reduceat(shares, first) / known[..., None],
        own=np.logical_and.reduceat(series.own, first),
    ), tuple(
        replace(pull, emotion_variance=pull.emotion_variance * float(share))
        for pull, share in zip(pulls, left, strict=True)
    )


def _bursts(series: Series) -> Array:
    """(n) by how much the variance of a reading grows for the errors that its burst shares.

    So that the mean of n readings has the variance R·(1 + ρ(n - 1))/n.
    """
    factor = np.ones(len(series))
    talk = np.flatnonzero(~series.own)
    opens = np.diff(series.times[talk], prepend=-np.inf) > BURST_SECONDS
    sizes = np.diff(np.flatnonzero(opens), append=len(talk))
    factor[talk] = 1 + model.SHARED_ERROR * (np.repeat(sizes, sizes) - 1)
    return factor


def _with_drawn(series: Series) -> tuple[Series, NDArray[np.bool_]]:
    """The series with points between that have no reading, and which points have one."""
    drawn = np.linspace(series.times[0], series.times[-1], DRAWN + 2)[1:-1]
    times = np.concatenate([series.times, drawn])
    order = np.argsort(times, kind="stable")

    def padded(values: Array, filling: float) -> Array:
        more = np.full((DRAWN, *values.shape[1:]), filling)
        joined: Array = np.concatenate([values, more])[order]
        return joined

    no = np.zeros(DRAWN, bool)
    points = Series(
        times[order],
        padded(series.values, 0.0),
        padded(series.variances, math.inf),
        padded(series.shares, 0.0),
        np.concatenate([series.own, no])[order],
    )
    return points, np.concatenate([np.ones(len(series), bool), no])[order]


def _gaps(times: Array) -> tuple[tuple[datetime, datetime], ...]:
    least = max(GAP.total_seconds(), GAP_SHARE * float(times[-1] - times[0]))
    return tuple(
        (datetime.fromtimestamp(times[n], UTC), datetime.fromtimestamp(times[n + 1], UTC))
        for n in np.flatnonzero(np.diff(times) >= least).tolist()
    )


def _rates(pulls: Sequence[Pull]) -> Array:
    """(3, 2) of emotion and mood, per hour."""
    half_lives = [[pull.emotion_half_life, pull.mood_half_life] for pull in pulls]
    return math.log(2) / np.array(half_lives)


def _variances(pulls: Sequence[Pull]) -> Array:
    """(3, 2) of emotion and mood."""
    return np.array([[pull.emotion_variance, pull.mood_variance] for pull in pulls])
