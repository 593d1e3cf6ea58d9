"""From what is kept of a person to the chart that they are shown, in their language and zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from affect import trajectory
from affect.expression.chart import Chart, Sample, Words
from affect.trajectory import Line, Series
from bot.texts import say

USUAL_FROM = 20  # observations before anything is called usual


def zone_of(name: str | None) -> tzinfo:
    """The zone of that name; UTC where there is none, or none of that name any more."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def days_until(end: datetime, days: int, zone: tzinfo) -> tuple[date, date]:
    """The first and the last of the `days` up to `end`, as the person's clock has them."""
    last = end.astimezone(zone).date()
    return last - timedelta(days=days - 1), last


def chart(
    line: Line,
    series: Series,
    span: tuple[date, date],
    zone: tzinfo,
    words: Words,
    *,
    usual: bool,
) -> Chart:
    """The days of `span` with the line through a series; the home base where it is `usual`."""
    within = [at for at in range(len(series)) if span[0] <= _day(series, at, zone) <= span[1]]
    return Chart(
        start=span[0],
        end=span[1],
        words=words,
        line=tuple(stretches(line, datetime.combine(span[0], time(), zone))),
        days={
            day: valence(series, list(ones))
            for day, ones in groupby(within, lambda at: _day(series, at, zone))
        },
        reports=[(_at(series, at), valence(series, [at])) for at in within if series.own[at]],
        home=line.home.valence if usual else None,
        zone=zone,
    )


def stretches(line: Line, start: datetime) -> Iterator[list[Sample]]:
    """The line since `start`, cut where nobody wrote for so long that it says nothing."""
    ends = [end for end, _ in line.gaps]
    stretch: list[Sample] = []
    for at, mean, sd in zip(line.times, line.mean[:, 0], line.sd[:, 0], strict=True):
        if at < start or any(before < at < after for before, after in line.gaps):
            continue
        if stretch and stretch[-1].at == at:
            continue  # of one reading alone there are several points
        stretch.append(Sample(at, float(mean), float(sd)))
        if at in ends:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def valence(series: Series, which: list[int]) -> float:
    """The valence of some observations together, each as much as it is sure; in [-1, 1]."""
    weights = 1 / np.maximum(series.variances[which, 0], trajectory.SMALLEST_VARIANCE)
    if not weights.sum():
        return 0.0
    return float(np.clip(weights @ series.values[which, 0] / weights.sum(), -1, 1))


def _at(series: Series, at: int) -> datetime:
    return datetime.fromtimestamp(series.times[at], UTC)


def _day(series: Series, at: int, zone: tzinfo) -> date:
    return _at(series, at).astimezone(zone).date()


def words(language: str, span: tuple[date, date], counted: str) -> Words:
    """What stands in the picture."""
    months = tuple(say("chart_months", language).split())
    start, end = (
        say("chart_day", language, month=months[day.month - 1], day=day.day) for day in span
    )
    return Words(
        title=say("chart_title", language),
        span=say(
            "chart_span_one" if start == end else "chart_span",
            language,
            start=start,
            end=end,
            count=counted.strip(),  # in Chinese a number within a sentence has a space before it
        ),
        bright=say("chart_bright", language),
        even=say("chart_even", language),
        heavy=say("chart_heavy", language),
        line=say("chart_line", language),
        days=say("chart_days", language),
        report=say("chart_report", language),
        home=say("chart_home", language),
        colours=say("chart_colours", language),
        empty=say("chart_empty", language),
        foot=say("chart_foot", language),
        day=say("chart_day", language, month="{month}", day="{day}"),
        months=months,
    )
