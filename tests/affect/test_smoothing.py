"""The line looked back on, and a few numbers of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from affect import trajectory
from affect.evaluation import trajectory as evaluation
from affect.evaluation.simulated import Life, person
from affect.trajectory import Observation, Series, model, smoothing
from affect.types import Moment

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
WORDS = ((1.0, 0.0, 0.0),) * 3


def months(days: float = 60, seed: int = 5) -> tuple[Series, Moment]:
    """Somebody made up, as a series and as they stand at its end."""
    one = person(np.random.default_rng(seed), Life(days=days, silences=0))
    moment = trajectory.rebuild(one.observations)
    assert moment is not None
    return trajectory.series(one.observations), moment


def many(count: int) -> Series:
    """Ten years of readings that rise slowly."""
    random = np.random.default_rng(7)
    times = np.sort(random.uniform(0.0, 10 * 365 * 86_400.0, count))
    values = np.clip(
        np.linspace(-0.4, 0.4, count)[:, None] + random.normal(0, 0.2, (count, 3)), -1, 1
    )
    shares = np.tile(np.array([1.0, 0.0, 0.0]), (count, 3, 1))
    return Series(times, values, np.full((count, 3), 0.1), shares, np.zeros(count, bool))


def test_the_last_point_is_where_the_person_is_and_none_is_less_sure_than_that_day() -> None:
    series, moment = months()
    line = trajectory.smooth(series)
    alone = smoothing.smoothed(series, smoothing.pulls_of(trajectory.begin(NOON)), model.prior())
    last = alone.means[-1] @ model.NOW
    assert line.mean[-1] == pytest.approx(np.clip(last, -1, 1))
    assert line.times[-1] == moment.at
    assert line.measured[-1]
    assert line.sd[line.measured].max() < np.sqrt(0.0625 + 0.0157 + 0.04)


def test_a_line_is_wider_where_nothing_was_read() -> None:
    first = [Observation(NOON + timedelta(hours=6 * n), (0.2,) * 3, (0.05,) * 3) for n in range(8)]
    second = [
        Observation(NOON + timedelta(days=12, hours=6 * n), (-0.2,) * 3, (0.05,) * 3)
        for n in range(8)
    ]
    line = trajectory.smooth(trajectory.series([*first, *second]))
    (gap,) = line.gaps
    assert gap == (first[-1].at, second[0].at)
    inside = [gap[0] + timedelta(days=1) < at < gap[1] - timedelta(days=1) for at in line.times]
    assert line.sd[inside].min() > line.sd[line.measured].max()


def test_a_chart_of_days_rests_on_what_is_known_from_months_before() -> None:
    series, moment = months(90)
    recent = series.times > series.times[-1] - 5 * 86_400
    week = Series(
        series.times[recent],
        series.values[recent],
        series.variances[recent],
        series.shares[recent],
        series.own[recent],
    )
    known, alone = trajectory.smooth(week, moment), trajectory.smooth(week)
    whole = trajectory.smooth(series, moment)
    assert known.sd[:, 0].mean() < alone.sd[:, 0].mean()
    assert known.home == trajectory.home_of(moment)
    assert known.mean[-1, 0] == pytest.approx(whole.mean[-1, 0], abs=0.1)


def test_no_readings_give_an_empty_line_with_the_usual_home() -> None:
    line = trajectory.smooth(trajectory.series([]))
    assert line.times == ()
    assert line.gaps == ()
    assert line.home.valence == pytest.approx(trajectory.HOME.valence)


def test_many_readings_are_gathered_into_few_points_that_say_the_same() -> None:
    line = trajectory.smooth(many(20_000))
    assert len(line.times) <= smoothing.MOST + smoothing.DRAWN
    usual = float(np.polyfit(np.arange(len(line.times)), line.mean[:, 0], 1)[0]) * len(line.times)
    assert usual == pytest.approx(0.8, abs=0.3)


def test_a_dimension_that_was_never_told_stays_as_unknown_as_it_was() -> None:
    told = [trajectory.said(NOON + timedelta(hours=5 * n), 0.3) for n in range(30)]
    line = trajectory.smooth(trajectory.series(told))
    assert line.sd[:, 0].max() < 0.3
    assert line.sd[:, 1] == pytest.approx(np.sqrt(0.0625 + 0.015625 + 0.04), abs=1e-6)


def test_figures_are_hidden_until_there_is_enough() -> None:
    series, moment = months()
    assert trajectory.figures(series, moment) is not None
    few = Series(
        series.times[:19],
        series.values[:19],
        series.variances[:19],
        series.shares[:19],
        series.own[:19],
    )
    assert trajectory.figures(few, moment) is None
    soon = Series(series.times / 100, series.values, series.variances, series.shares, series.own)
    assert trajectory.figures(soon, moment) is None


def test_figures_lie_within_their_intervals_and_make_sense() -> None:
    series, moment = months(120)
    found = trajectory.figures(series, moment)
    assert found is not None
    for figure in (
        found.mean, found.spread, found.hourly, found.daily, found.inertia, found.recovery,
    ):  # fmt: skip
        assert figure.low < figure.value < figure.high
    assert found.hourly.value < found.daily.value
    assert 0 < found.inertia.low < found.inertia.high < 1
    assert 1 < found.recovery.value < 14


def test_an_even_person_has_less_spread_than_one_who_swings() -> None:
    def spread(swing: float) -> float:
        told = [
            Observation(
                NOON + timedelta(hours=7 * n), (0.1 + swing * (-1) ** n,) * 3, (0.03,) * 3, WORDS
            )
            for n in range(120)
        ]
        moment = trajectory.rebuild(told)
        assert moment is not None
        found = trajectory.figures(trajectory.series(told), moment)
        assert found is not None
        return found.spread.value

    assert spread(0.02) < 0.6 * spread(0.5)


def test_the_table_is_the_same_each_time_and_names_every_part() -> None:
    found = evaluation.evaluate(lambda _: None, people=1)
    parts = {row.part.split(",")[0] for row in found.rows}
    assert {"foretelling", "bands", "learning", "figures", "home base", "shifts"} <= parts
    told = found.as_json()
    assert told["seed"] == evaluation.SEED
    json.dumps(told, allow_nan=False)
    assert all(row.met is None or row.goal for row in found.rows)
