"""Noticing that somebody has been away from their home base for days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from affect import trajectory
from affect.evaluation import chart
from affect.evaluation.simulated import Life, person
from affect.trajectory import Observation, model, shifts, smoothing
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


def test_what_the_watch_knows_survives_being_packed() -> None:
    _, moment = lived((30, 0.2), (4, -0.3))
    packed = moment.memory[-shifts.BYTES :]
    watch = shifts.unpacked(packed)
    assert watch.begun == NOON.toordinal()
    assert (watch.powers > 0).all()
    assert watch.packed() == packed


def test_a_person_alone_is_watched_as_in_a_crowd() -> None:
    """Side by side, with what each line has learnt by then, and begun anew after an alarm."""
    random = np.random.default_rng(5)
    life = Life(days=60, messages=2.0, own=0.3, moved_on=30, moved=(-3.0, -3.0, 2.0))
    crowd = [person(random, life) for _ in range(3)]
    together = chart.watch(crowd, heeded=True)
    assert any(together.found)
    for one, found in zip(crowd, together.found, strict=True):
        moment, shifted = None, []
        for each in one.observations:
            moment = trajectory.step(moment, each)
            if moment.shift and moment.shift not in shifted:
                shifted.append(moment.shift)
        assert tuple(shifted) == found


def test_thresholds_grow_with_how_fast_readings_tell() -> None:
    """A likelihood ratio of somebody read seldom is not enough where it was reached within days."""
    watch = shifts.unknown()
    scores, powers = np.full((shifts.ONSETS, 3), -10.0), np.full((shifts.ONSETS, 3), 20.0)
    watch = replace(watch, scores=scores, powers=powers)
    sds = np.full(3, 0.3)
    slow, fast = (shifts.evidence(watch, sds, np.full(shifts.ONSETS, n))[0] for n in (40.0, 4.0))
    assert (slow > fast).all()
    assert slow[0] == shifts.evidence(watch, sds, np.full(shifts.ONSETS, 400.0))[0][0]


def test_the_filter_believes_in_no_change_and_the_onset_explains_one() -> None:
    """Evidence is the likelihood ratio itself: that of readings with the move taken out again."""
    sd = np.sqrt([model.EMOTION_SD**2 + model.MOOD_SD**2] * 3)
    days = [0.0, 0.4, 1.0, 1.2, 3.0, 3.3, 4.0, 6.1, 6.2]
    values = [0.1, 0.3, 0.0, -0.2, -0.3, -0.1, -0.4, -0.3, -0.2]
    onset = 3.0  # NOON is of an even day, so that one of the onsets lies there
    watch = shifts.unknown()
    for day, value in zip(days, values, strict=True):
        watch, _ = shifts.watched(watch, told(day, value), (model.POPULATION,) * 3)
    at = (NOON + timedelta(days=onset)).toordinal()
    (place,) = np.flatnonzero(shifts.onsets(watch.slot) == at - at % shifts.EVERY_DAYS)
    since = shifts.onsets(watch.slot)[place] - NOON.toordinal() - 0.5
    plain = [told(day, value) for day, value in zip(days, values, strict=True)]
    moved = [
        told(day, value + sd[0] * (day >= since)) for day, value in zip(days, values, strict=True)
    ]
    densities = [
        smoothing.smoothed(trajectory.series(each), (model.POPULATION,) * 3, model.prior())
        for each in (moved, plain)
    ]
    ratio = densities[0].log_density[0] - densities[1].log_density[0]
    linear = sd[0] * watch.scores[place, 0]
    assert -linear - sd[0] ** 2 * watch.powers[place, 0] / 2 == pytest.approx(ratio, abs=1e-6)


def test_thresholds_give_about_the_wanted_rate_of_false_alarms() -> None:
    random = np.random.default_rng(7)
    crowd = chart.watch([person(random, replace(chart.STEADY, sessions=2.0)) for _ in range(30)])
    days = crowd.days_to_alarm(shifts.HEAVIER, shifts.LIGHTER)
    assert 90 <= days <= 360  # 180, as far as thirty people can tell
    assert shifts.LIGHTER > shifts.HEAVIER
