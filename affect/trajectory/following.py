"""A person's line from moment to moment: begin, follow, look.

Every function is pure; state has constant size; hours are counted in UTC. It stores nothing and
knows no words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np

from affect.errors import BadInput
from affect.trajectory import grid as grids
from affect.trajectory import shifts
from affect.trajectory.grid import Grid
from affect.trajectory.series import Observation, read, said, utc
from affect.trajectory.shifts import Watch
from affect.types import SELF_REPORT_VARIANCE, Moment, Parts, Reading, Shift

VERSION = 3
"""The form of the state. One of version 1 goes on from where it was, one of version 2 with what was
learnt but for the watch for shifts, which begins anew; others are followed anew."""

# A reading may be this late (two platforms, two clocks) and still be taken as of now: emotion fades
# by 2.8% meanwhile. Later ones are refused; a filter never runs backwards.
LATE_MINUTES = 10.0

_HOUR = 3600.0


def begin(at: datetime) -> Moment:
    """The line of somebody of whom nothing is known: the population prior."""
    return _moment(utc(at), grids.unknown(), shifts.unknown(), count=0)


def follow(moment: Moment | None, reading: Reading, at: datetime) -> Moment:
    """The line after a reading taken at `at`; `moment` None is somebody new.

    What is followed is what the reading says beyond the prior; where that is nothing, time passes
    and nothing else. Raises `BadInput`: `affect` (no number, out of range), `out_of_order` (more
    than `LATE_MINUTES` before `moment.at`), `naive_time` or `moment_version`; the moment before
    stays good.
    """
    return step(moment, read(reading, at))


def report(
    moment: Moment | None,
    valence: float,
    arousal: float | None,
    at: datetime,
    *,
    dominance: float | None = None,
    variance: float = SELF_REPORT_VARIANCE,
) -> Moment:
    """The line after a person said themselves how they are; its error is shared with no message.

    None for a dimension that they were not asked about. Raises `BadInput` as `follow` does.
    """
    return step(moment, said(at, valence, arousal, dominance, variance))


def step(moment: Moment | None, observation: Observation) -> Moment:
    """The line after one observation, of whatever kind. Raises `BadInput` as `follow` does."""
    before = moment or begin(observation.at)
    hours = _hours(before, observation.at)
    grid, watch = memory(before)
    grid = grid.later(hours)
    at = max(before.at, observation.at)
    if observation.says_nothing:
        return _moment(at, grid, watch, before.count, before.shift)
    watch, shift = shifts.watched(watch, observation, grid.pulls())
    grid = grid.measured(
        np.array(observation.shares), np.array(observation.value), np.array(observation.variance)
    )
    return _moment(at, grid, watch, before.count + 1, shift or before.shift)


def rebuild(observations: Iterable[Observation], moment: Moment | None = None) -> Moment | None:
    """The line as it stands after all these, one after another, from `moment` on.

    What cannot be followed (out of order) is passed over, as it is while a person talks.
    """
    for observation in observations:
        try:
            moment = step(moment, observation)
        except BadInput:
            continue
    return moment


def now(moment: Moment, at: datetime) -> Moment:
    """The line at a later time, with nothing read meanwhile.

    This is for looking: keep the moment that `follow` gave. A moment without memory looks ahead
    with what was learnt by then. Raises `BadInput` as `follow` does.
    """
    hours = _hours(moment, at)
    if hours <= 0:
        return moment
    if moment.memory:
        grid, watch = memory(moment)
        return _moment(utc(at), grid.later(hours), watch, moment.count, moment.shift)
    return replace(
        moment,
        at=utc(at),
        valence=_later(moment.valence, hours),
        arousal=_later(moment.arousal, hours),
        dominance=_later(moment.dominance, hours),
    )


def forecast(moment: Moment, times: Iterable[datetime]) -> tuple[Moment, ...]:
    """The line as expected at each of some later times; `spread_of` them widens with time."""
    return tuple(now(moment, at) for at in times)


def _hours(moment: Moment, at: datetime) -> float:
    """Hours from a moment to a time, 0 where it is a little late."""
    if moment.version not in {1, 2, VERSION}:
        raise BadInput("moment_version", "This line was kept in another form.")
    hours = (utc(at) - moment.at).total_seconds() / _HOUR
    if hours < -LATE_MINUTES / 60:
        raise BadInput("out_of_order", "This lies before the person's last moment.")
    return max(0.0, hours)


def memory(moment: Moment) -> tuple[Grid, Watch]:
    """What was learnt of a person; where that is gone, what the rest of the moment tells of it."""
    if len(moment.memory) < grids.BYTES:
        return grids.regrown(moment), shifts.unknown()
    learnt, watch = moment.memory[: grids.BYTES], moment.memory[grids.BYTES :]
    known = len(watch) == shifts.BYTES
    return grids.unpacked(learnt), shifts.unpacked(watch) if known else shifts.unknown()


def _moment(
    at: datetime, grid: Grid, watch: Watch, count: int, shift: Shift | None = None
) -> Moment:
    valence, arousal, dominance = grid.parts()
    return Moment(
        at=at,
        valence=valence,
        arousal=arousal,
        dominance=dominance,
        count=count,
        version=VERSION,
        shift=shift,
        memory=grid.packed() + watch.packed(),
    )


def _later(parts: Parts, hours: float) -> Parts:
    """One dimension after `hours`, with its own half-lives (see `model.pass_time`)."""
    pull = parts.pull
    rates = [math.log(2) / pull.emotion_half_life, math.log(2) / pull.mood_half_life]
    kept = np.array([*(math.exp(-rate * hours) for rate in rates), 1.0])
    covariance = np.reshape(parts.covariance, (3, 3)) * np.outer(kept, kept)
    for i, variance in enumerate((pull.emotion_variance, pull.mood_variance)):
        covariance[i, i] -= variance * math.expm1(-2 * rates[i] * hours)
    return replace(
        parts,
        mean=tuple((kept * parts.mean).tolist()),
        covariance=tuple(covariance.ravel().tolist()),
    )
