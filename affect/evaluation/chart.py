"""The test for shifts on many people side by side: its thresholds, and what could be had at best.

`python -m affect.evaluation.chart` prints the thresholds of `shifts`: people made up who have not
moved are watched with the half-lives and spreads that their line has learnt of them by then, and a
threshold is what the evidence exceeds as often as wanted. Somebody clairvoyant is told a person's
half-lives, spreads, home base and biases, and so does as well as anybody can who does not know the
day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.simulated import START, Array, Life, Person, person
from affect.trajectory import grid, model, shifts
from affect.trajectory.grid import Grid
from affect.trajectory.shifts import Watch
from affect.types import Shift

SEED = 20261130
STEADY = Life(days=200, messages=2.0, silences=0.5)
SESSIONS = (2.0, 5.0)
TOGETHER = 10  # lines followed side by side: as many as a processor's cache holds
HALVINGS = 12
HIGHEST = 20.0
_ARRAYS = ("paths", "covariances", "scores", "powers")

Pulls = tuple[Array, Array]
"""Rates and variances (readings, people, 1, 3, 2) of emotion and mood, at each reading."""


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What some people's readings said of a shift.

    `days` (n, people) since `START`, infinite where somebody has no more readings; `evidence`
    (n, people, 2) of heavier and of lighter days, the strongest over all onsets; `found` are the
    shifts of each person, where alarms were heeded.
    """

    days: Array
    evidence: Array
    found: tuple[tuple[Shift, ...], ...]

    def alarms(self, heavier: float, lighter: float = math.inf, after: float = 0.0) -> Array:
        """(people) the day of the first alarm from a day on, infinite where none came."""
        found = (self.evidence > (heavier, lighter)).any(-1) & (self.days >= after)
        alarms: Array = np.where(found, self.days, math.inf).min(0)
        return alarms

    def days_to_alarm(self, heavier: float, lighter: float = math.inf) -> float:
        """Mean days to a false alarm; who had none counts with the days watched."""
        alarms = self.alarms(heavier, lighter, shifts.WARM_UP_DAYS)
        last = np.where(np.isfinite(self.days), self.days, 0.0).max(0)
        watched = np.minimum(alarms, last) - shifts.WARM_UP_DAYS
        return float(watched.sum() / max(1, np.isfinite(alarms).sum()))

    def threshold(self, wanted: float, *, lighter: bool = False) -> float:
        """What evidence must exceed for an alarm of one side once in so many days."""
        low, high = 0.0, HIGHEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            sides = (math.inf, middle) if lighter else (middle, math.inf)
            if self.days_to_alarm(*sides) < wanted:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def watch(people: Sequence[Person], *, clairvoyant: bool = False, heeded: bool = False) -> Watched:
    """Watch people from their first reading to their last.

    No alarm interrupts it, unless alarms are `heeded`: then, as in anybody's line, the watch is
    begun anew after each.
    """
    told = _told(people)
    rates, variances = _known(people) if clairvoyant else _learnt(told)
    watched = _begun(people, variances[0], clairvoyant=clairvoyant)
    evidence = np.full((*told.days.shape, 2), -math.inf)
    slot, begun, _ = when = np.zeros((3, len(people)), int)
    begun += START.toordinal() + told.days[0].astype(int)
    found: list[list[Shift]] = [[] for _ in people]
    before = told.days[0]
    for n, day in enumerate(told.days):
        here = np.isfinite(day)
        now = np.where(here, day, before)
        today = START.toordinal() + now
        due = today.astype(int) // shifts.EVERY_DAYS
        new = shifts.onsets(due) > shifts.EVERY_DAYS * slot[:, None]
        watched, slot[:] = shifts.renewed(watched, new), due
        measured, own = model.measurement(told.shares[n], told.noise[n])
        hours = 24 * (now - before)[:, None, None]
        watched = shifts.advanced(
            watched, hours, measured, told.values[n], own, rates[n], variances[n]
        )
        since = shifts.onsets(slot)
        sds = np.sqrt(variances[n].sum(-1))[:, 0]
        days = today[:, None] - np.maximum(since, begun[:, None])
        old = today.astype(int)[:, None] - since >= shifts.LEAST_DAYS
        sides = np.stack(shifts.evidence(watched, sds, days), axis=-1)
        evidence[n] = np.where((old & here[:, None])[..., None], sides, -math.inf).max(1)
        before = now
        alarmed = (evidence[n] > (shifts.HEAVIER, shifts.LIGHTER)).any(-1)
        for one in np.flatnonzero(alarmed).tolist() if heeded else ():
            at = people[one].observations[n].at
            shift = _heed(watched, one, when[:, one], at, sds[one])
            found[one] += [shift] if shift else []
    return Watched(told.days, evidence, tuple(map(tuple, found)))


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Observations side by side (n, people, 1, 3); infinite noise where somebody has no more."""

    days: Array
    values: Array
    noise: Array
    shares: Array


def _told(people: Sequence[Person]) -> _Told:
    count = max(len(one.observations) for one in people)
    days = np.full((count, len(people)), math.inf)
    noise = np.full((*days.shape, 1, 3), math.inf)
    values, shares = np.zeros((*days.shape, 1, 3)), np.zeros((*days.shape, 1, 3, 3))
    for n, one in enumerate(people):
        told = one.observations
        days[: len(told), n] = [(each.at - START) / timedelta(days=1) for each in told]
        values[: len(told), n, 0] = [each.value for each in told]
        noise[: len(told), n, 0] = [each.variance for each in told]
        shares[: len(told), n, 0] = [each.shares for each in told]
    return _Told(days, values, noise, shares)


def _known(people: Sequence[Person]) -> Pulls:
    """What is true of people, the same at each of their readings."""
    count = max(len(one.observations) for one in people)
    half_lives, variances = (
        np.broadcast_to(np.array(each)[:, None], (count, len(people), 1, 3, 2))
        for each in (
            [[(p.emotion_half_life, p.mood_half_life) for p in one.pulls] for one in people],
            [[(p.emotion_variance, p.mood_variance) for p in one.pulls] for one in people],
        )
    )
    return math.log(2) / half_lives, variances


def _learnt(told: _Told) -> Pulls:
    """What the line of each has learnt of them before each reading."""
    count, people = told.days.shape
    half_lives = np.full((count, people, 1, 3, 2), model.MOOD_HALF_LIFE_HOURS)
    variances = np.empty((count, people, 1, 3, 2))
    for first in range(0, people, TOGETHER):
        some = slice(first, first + TOGETHER)
        days = told.days[:, some]
        learnt, before = _strangers(days.shape[1]), days[0]
        for n, day in enumerate(days):
            now = np.where(np.isfinite(day), day, before)
            learnt, before = learnt.later(24 * (now - before)[:, None, None]), now
            half_lives[n, some, 0, :, 0], variances[n, some, 0] = learnt.traits()
            learnt = learnt.measured(
                told.shares[n, some, 0], told.values[n, some, 0], told.noise[n, some, 0]
            )
    return math.log(2) / half_lives, variances


def _strangers(count: int) -> Grid:
    fresh = grid.unknown()
    each = (fresh.log_weights, fresh.means, fresh.covariances)
    return Grid(*(np.repeat(array[None], count, axis=0) for array in each))


def _heed(watched: Watch, one: int, when: NDArray[Any], at: datetime, sds: Array) -> Shift | None:
    """One person's shift, if it is one; what is known of them is begun anew in its place."""
    slot, begun, moved = when.tolist()
    arrays = {name: getattr(watched, name)[one] for name in _ARRAYS}
    hours = at.timestamp() / 3600
    theirs = replace(watched, **arrays, begun=begun, slot=slot, moved=moved, at=hours)
    after, shift = shifts.judged(theirs, at, sds)
    when[1:] = after.begun, after.moved
    for name in _ARRAYS:
        getattr(watched, name)[one] = getattr(after, name)
    return shift


def _begun(people: Sequence[Person], variances: Array, *, clairvoyant: bool) -> Watch:
    """The watches of some people as leading axis; somebody clairvoyant knows home and biases."""
    fresh = shifts.unknown()
    paths, covariances, scores, powers = (
        np.repeat(array[None], len(people), axis=0)
        for array in (fresh.paths, fresh.covariances, fresh.scores, fresh.powers)
    )
    if clairvoyant:
        lasting = (model.HOME_BASE, *range(model.STATE)[model.BIASES])
        for i in lasting:
            covariances[..., i, i] = 0.0
        for i in (model.EMOTION, model.MOOD):
            covariances[..., i, i] = variances[..., i]
        paths[:, 0, :, model.HOME_BASE] = [one.home[0] for one in people]
        paths[:, 0, :, model.BIASES] = [one.bias for one in people]
    return replace(fresh, paths=paths, covariances=covariances, scores=scores, powers=powers)


def steady(people: int, seed: int = SEED) -> list[Watched]:
    """People who have not moved, who talk twice and five times a day."""
    random = np.random.default_rng(seed)
    return [
        watch([person(random, replace(STEADY, sessions=sessions)) for _ in range(people)])
        for sessions in SESSIONS
    ]


def thresholds(people: int = 150) -> tuple[float, float]:
    """Those of `shifts`, each the mean over how often people talk."""
    crowds = steady(people)
    heavier = [crowd.threshold(shifts.HEAVIER_DAYS) for crowd in crowds]
    lighter = [crowd.threshold(shifts.LIGHTER_DAYS, lighter=True) for crowd in crowds]
    return float(np.mean(heavier)), float(np.mean(lighter))


if __name__ == "__main__":
    print(*(round(value, 2) for value in thresholds()))
