"""Whether a person has moved away from their home base: a test of every onset in the last weeks.

A filter of its own believes that nothing has changed. Had the person moved by one of their standard
deviations on some day, each reading since would have surprised that filter by a known part of it:
wholly at first, ever less as mood comes to explain it. How much likelier the readings are with
such a move than without one is followed for an onset every other day, exactly (Willsky and Jones'
generalised likelihood ratio, over a window as in Lai 1995); charts of the surprises alone miss it,
since the filter takes the shift in. Arousal and dominance count with valence, either way.
Whoever is read more often is tested more often: thresholds grow with how fast readings tell.
State of constant size. Thresholds and what could be had at best: `affect.evaluation.chart`.

An alarm means: ask how things are. It is no diagnosis, and nothing else may follow from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from affect.trajectory import model
from affect.trajectory.model import Array
from affect.trajectory.series import Observation
from affect.types import Pull, Shift

HEAVIER_DAYS, LIGHTER_DAYS = 240, 720
"""Mean days to a false alarm; together one in 180. Heavier days matter more."""
HEAVIER, LIGHTER = 3.9, 5.0
"""Logarithms of likelihood ratios that give this, of whoever is read at `USUAL_RATE` or less."""
USUAL_RATE = 0.1
"""Nats a day that readings tell of a move of valence: of two talks a day it is .13, of five .17."""
OTHERS_COST = 1.0
"""What arousal and dominance must tell, in nats, before they count: they often did not move."""
WARM_UP_DAYS = 14
LEAST_DAYS = 2
"""A shift is of days: what began later than this is not looked at yet."""
ONSETS, EVERY_DAYS = 16, 2
"""So many onsets are followed, so many days apart: a month."""
RETURN_DAYS = 90
"""Who moves the other way within this time has come back."""
CUT = 3.0
"""Standard deviations that one reading may be surprising by."""

_EPOCH = date(1970, 1, 1).toordinal()
_PATHS = (1 + ONSETS, 3, model.STATE)
_ROW, _COLUMN = np.triu_indices(model.STATE)


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """The filter that believes in no change, and what each onset has to say for itself.

    `paths` (1 + 16, 3, 7) are the means of the filter and what it has taken in of a move of 1 at
    each onset; `covariances` (1, 3, 7, 7). `scores` and `powers` (16, 3) are Σ u·v/S and Σ u²/S,
    u being what a move of 1 surprises by. Days are counted as in `date.toordinal`: `begun` is when
    the watch began, `slot` the newest onset over `EVERY_DAYS`; `moved` is the day of the last
    shift, negative for heavier days, 0 for none. `at` is the time of the last observation, in hours
    since 1970.
    """

    paths: Array
    covariances: Array
    scores: Array
    powers: Array
    begun: int = 0
    slot: int = 0
    moved: int = 0
    at: float = 0.0

    def packed(self) -> bytes:
        """As bytes."""
        when = np.array([self.begun, self.slot, self.moved, self.at])
        upper = self.covariances[0][:, _ROW, _COLUMN]
        parts = (self.paths, upper, self.scores, self.powers, when)
        return np.concatenate([part.ravel() for part in parts]).tobytes()


_SIZES = (math.prod(_PATHS), 3 * len(_ROW), 3 * ONSETS, 3 * ONSETS, 4)
BYTES = 8 * sum(_SIZES)


def unpacked(packed: bytes) -> Watch:
    """A watch from its bytes."""
    parts = np.split(np.frombuffer(packed), np.cumsum(_SIZES)[:-1])
    covariances = np.empty((1, 3, model.STATE, model.STATE))
    upper = parts[1].reshape(3, -1)
    covariances[0][:, _ROW, _COLUMN] = upper
    covariances[0][:, _COLUMN, _ROW] = upper
    scores, powers = parts[2].reshape(ONSETS, 3), parts[3].reshape(ONSETS, 3)
    begun, slot, moved = (int(day) for day in parts[4][:3])
    at = float(parts[4][3])
    return Watch(parts[0].reshape(_PATHS), covariances, scores, powers, begun, slot, moved, at)


def unknown() -> Watch:
    """The watch of somebody of whom nothing is known."""
    means, covariances = model.prior()
    paths = np.zeros(_PATHS)
    paths[0] = means
    nothing = np.zeros((ONSETS, 3))
    return Watch(paths, covariances[None], nothing, nothing)


def watched(watch: Watch, told: Observation, pulls: Sequence[Pull]) -> tuple[Watch, Shift | None]:
    """The watch after an observation, and the shift that it shows."""
    day, at = told.at.toordinal(), max(watch.at, told.at.timestamp() / 3600)
    hours = at - watch.at if watch.at else 0.0
    watch = replace(_of_day(watch, day), at=at)
    rates = math.log(2) / np.array([[p.emotion_half_life, p.mood_half_life] for p in pulls])
    variances = np.array([[p.emotion_variance, p.mood_variance] for p in pulls])
    measured, noise = model.measurement(np.array(told.shares), np.array(told.variance))
    watch = advanced(watch, hours, measured, np.array(told.value), noise, rates, variances)
    return judged(watch, told.at, np.sqrt(variances.sum(-1)))


def judged(watch: Watch, at: datetime, sds: Array) -> tuple[Watch, Shift | None]:
    """The watch after it was asked at a time whether the person has moved, and the shift if so."""
    day = at.toordinal()
    if day - watch.begun < WARM_UP_DAYS:
        return watch, None
    since = onsets(watch.slot)
    sides = evidence(watch, sds, days_since(watch))
    for found, threshold, up in zip(sides, (HEAVIER, LIGHTER), (False, True), strict=True):
        of_days = np.where(day - since >= LEAST_DAYS, found, -math.inf)
        most = int(of_days.argmax())
        if of_days[most] > threshold:
            return _alarmed(watch, day, sds, up=up), _shift(watch, int(since[most]), at, up=up)
    return watch, None


def advanced(
    watch: Watch,
    hours: float | Array,
    measured: Array,
    value: Array,
    noise: Array,
    rates: Array,
    variances: Array,
) -> Watch:
    """The arrays of a watch after a measurement (see `model`), for any number of people at once.

    People are leading axes: `covariances` (..., 1, 3, 7, 7), and what else is given of dimensions
    has an axis of 1 before them, except for one person, whose (3, ...) will do.
    """
    paths, covariances = model.pass_time(watch.paths, watch.covariances, hours, rates, variances)
    told = np.isfinite(noise)
    shared = (covariances @ measured[..., None])[..., 0]
    noise = np.where(told, np.maximum(noise, model.SMALLEST_VARIANCE), 1.0)
    total = (shared * measured).sum(-1) + noise
    away = -(paths * measured).sum(-1)
    away[..., :1, :] += value
    away[..., 1:, :] += 1.0
    away *= told
    sd = np.sqrt(total)
    surprise = np.minimum(CUT, np.maximum(-CUT, away[..., :1, :] / sd)) / sd
    unit = away[..., 1:, :]
    gain = shared * (told / total)[..., None]
    return replace(
        watch,
        paths=paths + gain * away[..., None],
        covariances=covariances - gain[..., :, None] * shared[..., None, :],
        scores=watch.scores + unit * surprise,
        powers=watch.powers + unit**2 / total,
    )


def evidence(watch: Watch, sds: Array, days: Array) -> tuple[Array, Array]:
    """(..., 16) what speaks for heavier and for lighter days, for each onset `days` ago.

    The logarithm of the likelihood ratio, of valence for a move of one standard deviation `sds`
    (..., 3) that way; of arousal and dominance for as much either way, or none, whichever is
    likeliest, where they tell enough to be asked. Less the logarithm of how fast readings tell of
    such a move: the mean time to a false alarm is e^threshold over that rate (Lorden 1971).
    """
    spread = sds[..., None, :]
    linear, lost = spread * watch.scores, spread**2 * watch.powers / 2
    others = np.maximum(0.0, np.abs(linear) - lost)[..., 1:].sum(-1)
    others = np.maximum(0.0, others - OTHERS_COST)
    rate = lost[..., 0] / np.maximum(days, LEAST_DAYS)
    common = others - lost[..., 0] - np.log(np.maximum(1.0, rate / USUAL_RATE))
    return common - linear[..., 0], common + linear[..., 0]


def days_since(watch: Watch) -> Array:
    """(16) days from each onset, or from the beginning of the watch, to its last observation."""
    return np.asarray(watch.at / 24 + _EPOCH - np.maximum(onsets(watch.slot), watch.begun))


def onsets(newest: int | Array) -> Array:
    """(..., 16) the day of each onset; a place is given to the newest that is due."""
    slot = np.asarray(newest)[..., None]
    return np.asarray(EVERY_DAYS * (slot - (slot - np.arange(ONSETS)) % ONSETS))


def renewed(watch: Watch, new: NDArray[np.bool_]) -> Watch:
    """The watch with the onsets begun anew that are `new` (..., 16)."""
    paths = watch.paths.copy()
    paths[..., 1:, :, :][new] = 0.0
    scores, powers = (np.where(new[..., None], 0.0, sums) for sums in (watch.scores, watch.powers))
    return replace(watch, paths=paths, scores=scores, powers=powers)


def _of_day(watch: Watch, day: int) -> Watch:
    """The watch of a day: the oldest onsets make room for those since the last observation."""
    slot = max(watch.slot, day // EVERY_DAYS)
    if slot == watch.slot:
        return watch
    new = onsets(slot) > EVERY_DAYS * watch.slot
    return replace(renewed(watch, new), slot=slot, begun=watch.begun or day)


def _alarmed(watch: Watch, day: int, sds: Array, *, up: bool) -> Watch:
    """The watch begun anew: home may now lie as far away as the shift that was found."""
    covariances = watch.covariances.copy()
    covariances[..., model.HOME_BASE, model.HOME_BASE] += sds**2
    moved = 0 if _returned(watch, day, up=up) else day if up else -day
    fresh = renewed(watch, np.ones(ONSETS, bool))
    return replace(fresh, covariances=covariances, begun=day, moved=moved)


def _returned(watch: Watch, day: int, *, up: bool) -> bool:
    """Whether this is the way back from where the last shift led."""
    return (watch.moved < 0) == up and watch.moved != 0 and day - abs(watch.moved) <= RETURN_DAYS


def _shift(watch: Watch, since: int, at: datetime, *, up: bool) -> Shift | None:
    """The shift; None for a return, of which there is nothing to ask."""
    if _returned(watch, at.toordinal(), up=up):
        return None
    began = max(since, watch.begun)
    midnight = datetime.combine(date.fromordinal(began), datetime.min.time(), UTC)
    return Shift(up=up, since=midnight, found=at)
