"""The thresholds of the shift chart, simulated: `python -m affect.evaluation.chart` prints them.

A day's z of somebody who has not moved is mood, an autoregression of half-life 10 days with the
share `slow` of the variance, and the rest, which is new every day.
"""

from __future__ import annotations

import math

import numpy as np

from affect.evaluation.simulated import Array
from affect.trajectory import shifts
from affect.trajectory.model import MOOD_HALF_LIFE_HOURS

SEED = 20261124
HIGHEST = 40.0
HALVINGS = 10


def days_to_alarm(threshold: float, slow: float, people: int, days: int) -> float:
    """Mean days until a sum of one side first exceeds a threshold, `people` watched for `days`.

    Who has no alarm by then counts with the days watched, as in an exponential law.
    """
    random = np.random.default_rng(SEED)
    kept = 0.5 ** (24 / MOOD_HALF_LIFE_HOURS)
    mood = math.sqrt(slow) * random.normal(size=people)
    total = np.zeros(people)
    watched = alarms = 0
    for _ in range(days):
        z = np.clip(mood + math.sqrt(1 - slow) * random.normal(size=len(mood)), -3, 3)
        mood = kept * mood + math.sqrt(slow * (1 - kept**2)) * random.normal(size=len(mood))
        total = np.maximum(0.0, total - z - shifts.SLACK)
        watched += len(total)
        calm = total <= threshold
        alarms += int((~calm).sum())
        total, mood = total[calm], mood[calm]
        if not len(total):
            break
    return watched / max(1, alarms)


def threshold(slow: float, wanted: int, people: int) -> float:
    """The threshold at which an alarm comes once in `wanted` days."""
    low, high = 0.0, HIGHEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if days_to_alarm(middle, slow, people, 3 * wanted) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def table(people: int = 900) -> tuple[Array, Array]:
    """Thresholds for heavier and for lighter days at each share of `shifts.SLOW`."""
    heavier = [threshold(slow, shifts.HEAVIER_DAYS, 3 * people) for slow in shifts.SLOW]
    lighter = [threshold(slow, shifts.LIGHTER_DAYS, people) for slow in shifts.SLOW]
    return np.array(heavier), np.array(lighter)


if __name__ == "__main__":
    for row in table():
        print(tuple(row.round(2).tolist()))
