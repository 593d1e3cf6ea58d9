"""The test for shifts on many people side by side: its thresholds, and what could be had at best.

`python -m affect.evaluation.chart` prints the thresholds of `shifts`: people made up who have not
moved are watched with the population's half-lives and spreads, and a threshold is what the
likelihood ratio exceeds as often as wanted. Somebody clairvoyant is told a person's half-lives,
spreads, home base and biases, and so does as well as anybody can who does not know the day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from affect.evaluation.simulated import START, Array, Life, Person, person
from affect.trajectory import model, shifts
from affect.trajectory.shifts import Watch

SEED = 20261130
STEADY = Life(days=200, messages=2.0, silences=0.5)
SESSIONS = (2.0, 5.0)
HALVINGS = 12
HIGHEST = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What some people's readings said of a shift.

    `days` (n, people) since `START`, infinite where somebody has no more readings; `evidence`
    (n, people, 2) of heavier and of lighter days, the strongest over all onsets.
    """

    days: Array
    evidence: Array

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


def watch(people: Sequence[Person], *, clairvoyant: bool = False) -> Watched:
    """Watch people from their first reading to their last, with no alarm to interrupt it."""
    count = max(len(one.observations) for one in people)
    days = np.full((count, len(people)), math.inf)
    values, noise = np.zeros((2, count, len(people), 1, 3))
    shares = np.zeros((count, len(people), 1, 3, 3))
    for n, one in enumerate(people):
        told = one.observations
        days[: len(told), n] = [(each.at - START) / timedelta(days=1) for each in told]
        values[: len(told), n, 0] = [each.value for each in told]
        noise[: len(told), n, 0] = [each.variance for each in told]
        shares[: len(told), n, 0] = [each.shares for each in told]
    pulls = [one.pulls if clairvoyant else (model.POPULATION,) * 3 for one in people]
    rates = math.log(2) / np.array(
        [[[(p.emotion_half_life, p.mood_half_life) for p in three]] for three in pulls]
    )
    variances = np.array(
        [[[(p.emotion_variance, p.mood_variance) for p in three]] for three in pulls]
    )
    watched = _begun(people, variances, clairvoyant=clairvoyant)
    sds = np.sqrt(variances.sum(-1))[:, 0]
    evidence = np.zeros((count, len(people), 2))
    slot = np.zeros(len(people), int)
    before = days[0]
    for n in range(count):
        here = np.isfinite(days[n])
        now = np.where(here, days[n], before)
        due = (START.toordinal() + now.astype(int)) // shifts.EVERY_DAYS
        new = shifts.onsets(due) > shifts.EVERY_DAYS * slot[:, None]
        watched, slot = shifts.renewed(watched, new), due
        heard = np.where(here[:, None, None], noise[n], math.inf)
        measured, own = model.measurement(shares[n], heard)
        hours = 24 * (now - before)[:, None, None]
        watched = shifts.advanced(watched, hours, measured, values[n], own, rates, variances)
        age = START.toordinal() + now.astype(int)
        of_days = (age[:, None] - shifts.onsets(slot) >= shifts.LEAST_DAYS)[..., None]
        sides = np.stack(shifts.evidence(watched, sds), axis=-1)
        evidence[n] = np.where(of_days, sides, -math.inf).max(1)
        before = now
    return Watched(days, evidence)


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
