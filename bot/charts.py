"""From what is kept of a person to the chart that they are shown, in their language and zone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from statistics import fmean
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from affect import trajectory
from affect.expression.chart import Chart, Sample, Words
from affect.types import Moment
from bot.texts import say
from storage.records import TurnView

USUAL_FROM = 20  # observations before anything is called usual
CLOSE_DAYS = 31  # up to here every reading is a point of the line, beyond it every day


def zone_of(name: str | None) -> tzinfo:
    """The zone of that name; UTC where there is none, or none of that name any more."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def chart(
    read: Sequence[TurnView], end: datetime, days: int, zone: tzinfo, language: str, counted: str
) -> Chart:
    """The `days` before `end` as they were read; `read` holds turns with a moment, oldest first.

    The home base is drawn where the last moment rests on enough to call anything usual.
    """
    last = end.astimezone(zone).date()
    first = last - timedelta(days=days - 1)
    by_day: dict[date, list[TurnView]] = {}
    for turn in read:
        day = turn.at.astimezone(zone).date()
        if first <= day <= last:
            by_day.setdefault(day, []).append(turn)
    shown = [
        turn for turns in by_day.values() for turn in (turns if days <= CLOSE_DAYS else turns[-1:])
    ]
    moments = [turn.moment for turn in shown if turn.moment]
    return Chart(
        start=first,
        end=last,
        words=words(language, first, last, counted),
        line=[_sample(moment) for moment in sorted(moments, key=lambda one: one.at)],
        days={
            day: fmean(turn.reading.affect.valence for turn in turns if turn.reading)
            for day, turns in by_day.items()
            if any(turn.reading for turn in turns)
        },
        home=_home(moments[-1]) if moments else None,
        zone=zone,
    )


def words(language: str, first: date, last: date, counted: str) -> Words:
    """What stands in the picture."""
    months = tuple(say("chart_months", language).split())
    start, end = (
        say("chart_day", language, month=months[day.month - 1], day=day.day)
        for day in (first, last)
    )
    return Words(
        title=say("chart_title", language),
        span=say("chart_span", language, start=start, end=end, count=counted),
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


def _sample(moment: Moment) -> Sample:
    spread = trajectory.spread_of(moment).valence
    return Sample(moment.at, trajectory.affect_of(moment).valence, math.sqrt(spread))


def _home(moment: Moment) -> float | None:
    return trajectory.home_of(moment).valence if moment.count >= USUAL_FROM else None
