"""Noticing that somebody has been away from their home base for days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from affect import trajectory
from affect.evaluation import chart
from affect.trajectory import Observation, shifts
from affect.types import Moment, Shift

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
WORDS = ((1.0, 0.0, 0.0),) * 3


def told(day: float, valence: float) -> Observation:
    return Observation(NOON + timedelta(days=day), (valence, 0.0, 0.0), (0.05, 0.1, 0.1), WORDS)


def lived(*stretches: tuple[int, float], seed: int = 1) -> tuple[list[Shift], Moment]:
    """Days of two readings each around a level, stretch by stretch: the shifts that were found."""
    random = np.random.default_rng(seed)
    moment = trajectory.begin(NOON)
    found: list[Shift] = []
    day = 0
    for days, level in stretches:
        for _ in range(days):
            for hour in (0, 6):
                value = float(np.clip(level + 0.15 * random.normal(), -1, 1))
                moment = trajectory.step(moment, told(day + hour / 24, value))
            day += 1
            if moment.shift and moment.shift not in found:
                found.append(moment.shift)
    return found, moment


def test_heavier_days_are_noticed_once_with_about_their_beginning() -> None:
    found, _ = lived((60, 0.2), (40, -0.4))
    (shift,) = found
    assert not shift.up
    assert timedelta(days=58) <= shift.since - NOON <= timedelta(days=63)
    assert timedelta(days=61) <= shift.found - NOON <= timedelta(days=70)


def test_lighter_days_are_noticed_too() -> None:
    (shift,) = lived((60, -0.3), (40, 0.5))[0]
    assert shift.up


def test_who_comes_back_home_is_not_asked_again() -> None:
    found, _ = lived((60, 0.2), (10, -0.4), (40, 0.2))
    assert [shift.up for shift in found] == [False]


def test_nobody_is_noticed_in_their_first_two_weeks() -> None:
    assert lived((7, 0.6), (6, -0.8))[0] == []


def test_even_days_raise_no_alarm() -> None:
    assert lived((150, 0.1), seed=3)[0] == []


def test_one_bad_day_is_no_shift() -> None:
    assert lived((60, 0.2), (1, -0.9), (20, 0.2))[0] == []


def test_what_the_chart_knows_survives_being_packed() -> None:
    _, moment = lived((30, 0.2), (4, -0.3))
    packed = moment.memory[-shifts.BYTES :]
    watch = shifts.unpacked(packed)
    assert watch.down.total > 0
    assert watch.days == 33
    assert watch.packed() == packed


@pytest.mark.parametrize("n", [0, 3, 5])
def test_thresholds_give_the_wanted_rate_of_false_alarms(n: int) -> None:
    days = chart.days_to_alarm(shifts.HEAVIER[n], shifts.SLOW[n], 700, 3 * shifts.HEAVIER_DAYS)
    assert days == pytest.approx(shifts.HEAVIER_DAYS, rel=0.1)


def test_thresholds_lie_between_those_of_the_table_and_never_beyond() -> None:
    assert shifts.threshold(0.0, up=False) == shifts.HEAVIER[0]
    assert shifts.threshold(0.15, up=True) == pytest.approx(np.mean(shifts.LIGHTER[2:4]))
    assert shifts.threshold(0.99, up=False) == shifts.HEAVIER[-1]
    assert all(np.diff(shifts.HEAVIER) > 0)
