"""From a series of observations to the chart: days of the person's own clock, gaps, own words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from affect import trajectory
from affect.expression.chart import Chart
from affect.trajectory import Observation
from bot import charts
from tests.affect.test_trajectory import reading

END = datetime(2026, 5, 30, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def drawn(observations: list[Observation], days: int = 30, zone: str = "UTC") -> Chart:
    series = trajectory.series(observations)
    place = charts.zone_of(zone)
    span = charts.days_until(END, days, place)
    line = trajectory.smooth(series, trajectory.rebuild(observations))
    told = charts.words("en", span, "some")
    return charts.chart(line, series, span, place, told, usual=True)


def test_a_line_is_cut_where_nobody_wrote_for_long() -> None:
    days = [*range(20, 30), *range(8)]
    shown = drawn([trajectory.read(reading(-0.4), END - n * DAY) for n in sorted(days)[::-1]])
    before, after = shown.line
    assert before[-1].at == END - 20 * DAY
    assert after[0].at == END - 7 * DAY
    assert after[-1].at == END
    assert len(shown.days) == 18


def test_one_reading_is_a_stretch_of_its_own() -> None:
    shown = drawn([trajectory.read(reading(-0.4), END - 3 * DAY)])
    ((only,),) = shown.line
    assert only.at == END - 3 * DAY
    assert only.valence < 0.1
    assert list(shown.days) == [date(2026, 5, 27)]


def test_nothing_read_is_nothing_drawn() -> None:
    shown = drawn([])
    assert (shown.line, shown.days, shown.reports) == ((), {}, [])


def test_a_day_is_a_day_of_the_person_s_own_clock() -> None:
    late = datetime(2026, 5, 20, 23, 30, tzinfo=UTC)
    told = [trajectory.said(late, 0.5)]
    assert list(drawn(told).days) == [date(2026, 5, 20)]
    assert list(drawn(told, zone="Asia/Shanghai").days) == [date(2026, 5, 21)]
    assert drawn(told, zone="Asia/Shanghai").zone == ZoneInfo("Asia/Shanghai")
    assert drawn(told, zone="Mars/Olympus").zone == UTC


def test_their_own_word_is_marked_and_weighs_more_than_a_guess() -> None:
    told = [trajectory.read(reading(-0.6, 0.5), END), trajectory.said(END, 0.5, 0.1)]
    shown = drawn(told)
    assert shown.reports == [(END, 0.5)]
    assert shown.days[END.date()] > 0.3


def test_what_lies_before_is_not_drawn() -> None:
    told = [trajectory.said(END - n * DAY, 0.1) for n in (40, 35, 5, 4)]
    shown = drawn(told, days=7)
    assert len(shown.days) == 2
    assert all(sample.at.date() >= shown.start for stretch in shown.line for sample in stretch)


def test_what_stands_over_the_days_is_said_as_people_say_it() -> None:
    day, next_day = date(2026, 5, 29), date(2026, 5, 30)
    assert charts.words("en", (day, day), "one message").span == "May 29, one message"
    assert charts.words("zh", (day, next_day), " 2 句话").span == "5月29日到5月30日，2 句话"
