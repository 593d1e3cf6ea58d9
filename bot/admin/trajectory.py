"""`attune-admin trajectory`: a person's line with its band, and of many people only aggregates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import typer
from rich.console import RenderableType

from affect import trajectory
from affect.errors import BadInput, NotFound, Refused
from affect.expression.chart import draw
from affect.trajectory import Line, Series
from affect.types import Moment
from bot import charts
from bot.admin import disclosure, options, output, store
from bot.admin.disclosure import Disclosure
from bot.admin.logs import parts
from bot.admin.options import One
from bot.clock import SystemClock
from storage import roll, search, trajectories
from storage.database import Database

EXAMPLE = "attune-admin trajectory 8WZ3K0QF --days 30 --term"
COHORT = "cohort"
FEWEST = 10  # people of whom an aggregate is told
WIDTH = 41  # characters from the least to the most pleasant
BAND = 1.645  # SDs of a band of 90 %
SCALE = (
    f"valence:    -1{'+1':>{WIDTH - 2}}\n"
    "o the line at the end of the day, - its band of 90 %, | the person's home base"
)


@options.spread
def show(
    user: Annotated[
        str, typer.Argument(metavar="USER", help="Their uid, or its end; cohort: everybody.")
    ],
    how: One,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help="So many days back.")
    ] = 30,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the chart of /mood into a PNG."),
    ] = None,
    term: Annotated[bool, typer.Option("--term", help="Draw it here, a line a day.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Follow it anew from all readings kept.")
    ] = False,
    yes: options.Yes = False,
    reason: options.Why = None,
    tz: options.Tz = "UTC",
) -> None:
    """A person's line by day with its band of 90 %. Of everybody who agreed, aggregates."""
    _agree(rebuild=rebuild, drawn=bool(plot or term), act=yes or reason is not None)
    if rebuild:
        _rebuild(user, how, disclosure.act("rebuild", SystemClock(), reason) if yes else None)
        return
    zone, now = options.zone(tz), SystemClock().now()
    span = charts.days_until(now, days, zone)
    start = datetime.combine(span[0], time(), zone)

    if plot and plot.suffix.lower() != ".png":
        raise BadInput("plot", "The chart is a PNG: give it a name that ends in .png.")

    async def job(database: Database) -> None:
        if user.lower() == COHORT:
            if plot or term:
                raise BadInput("cohort", "Of many people there is no line: leave out the drawing.")
            told = await _cohort(database, now - timedelta(days=days))
            output.print_json(told) if how.as_json else output.print_table(output.pairs(told))
            return
        member = await roll.member(database, await search.person(database, user))
        series = await trajectories.series(database, member.id, start)
        if not len(series):
            raise NotFound("Nothing was read of that person in those days.")
        moment = await trajectories.latest(database, member.id)
        line = trajectory.smooth(series, moment)
        if plot:
            parts.free(plot, force=False)
            parts.write_whole(plot, _picture(line, series, span, zone, moment))
            output.note(f"The chart is in {plot}.")
        told_days = list(_days(line, zone))
        told = {"person": member.uid, "readings": len(series), **_home(line), "days": told_days}
        if how.as_json:
            output.print_json(told)
        elif term:
            home = told["home"]["valence"]
            output.print_table("\n".join((*(_drawn(day, home) for day in told_days), SCALE)))
        else:
            output.print_table(output.pairs({"person": member.uid, "readings": len(series)}))
            output.print_table(_table(told_days))

    store.serve(how, job)


def _agree(*, rebuild: bool, drawn: bool, act: bool) -> None:
    """Raise `BadInput` for options of which one would go unheard."""
    if rebuild and drawn:
        raise BadInput("rebuild", "A line is followed anew or drawn: leave one of them out.")
    if act and not rebuild:
        raise BadInput("rebuild", "--yes and --reason go with --rebuild.")


def _rebuild(user: str, how: One, act: Disclosure | None) -> None:
    """For example after turns were erased that a clock gone wrong had put into the future."""

    async def job(database: Database) -> None:
        member = await roll.member(database, await search.person(database, user))
        if act is None:
            moment = await trajectories.rebuild(database, member.id)
        else:
            await act.begin(database, member.uid)
            moment = await trajectories.follow_anew(database, member.id)
        told = {
            "person": member.uid,
            "until": moment.at.isoformat() if moment else None,
            "readings": moment.count if moment else 0,
            "rebuilt": act is not None,
        }
        output.print_json(told) if how.as_json else output.print_table(output.pairs(told))
        if act is None:
            output.note("Nothing is changed yet: add --yes and --reason TEXT to do it.")

    store.serve(how, job)


def _days(line: Line, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """The line at the last point of each day that has a reading."""
    last: dict[str, int] = {}
    readings: dict[str, int] = {}
    for place, (at, measured) in enumerate(zip(line.times, line.measured, strict=True)):
        if measured:
            day = f"{at.astimezone(zone):%Y-%m-%d}"
            last[day] = place
            readings[day] = readings.get(day, 0) + 1
    for day, place in last.items():
        valence, arousal, dominance = (round(float(value), 4) for value in line.mean[place])
        yield {
            "day": day,
            "points": readings[day],
            "valence": valence,
            "valence_sd": round(float(line.sd[place][0]), 4),
            "arousal": arousal,
            "dominance": dominance,
        }


def _home(line: Line) -> dict[str, Any]:
    home, spread = line.home, line.home_spread
    return {
        "home": {
            "valence": round(home.valence, 4),
            "valence_sd": round(math.sqrt(spread.valence), 4),
            "arousal": round(home.arousal, 4),
            "dominance": round(home.dominance, 4),
        }
    }


def _picture(
    line: Line, series: Series, span: tuple[date, date], zone: ZoneInfo, moment: Moment | None
) -> bytes:
    """The chart that the person sees too, as PNG."""
    words = charts.words("en", span, f"{len(series)} readings")
    usual = moment is not None and moment.count >= charts.USUAL_FROM
    return draw(charts.chart(line, series, span, zone, words, usual=usual))


def _table(days: Sequence[Mapping[str, Any]]) -> RenderableType:
    columns = ("day", "points", "valence", "valence_sd", "arousal", "dominance")
    return output.table(columns, ([day[name] for name in columns] for day in days))


def _drawn(day: Mapping[str, Any], home: float) -> str:
    """A day as one row: the band as dashes, home base as a bar, where the person was as a dot."""

    def place(valence: float) -> int:
        return round((max(-1.0, min(1.0, valence)) + 1) / 2 * (WIDTH - 1))

    row = [" "] * WIDTH
    half = BAND * day["valence_sd"]
    for column in range(place(day["valence"] - half), place(day["valence"] + half) + 1):
        row[column] = "-"
    row[place(home)] = "|"
    row[place(day["valence"])] = "o"
    return f"{day['day']} [{''.join(row)}] {day['valence']:+.2f}"


async def _cohort(database: Database, since: datetime) -> dict[str, Any]:
    """Aggregates over people who agreed to be remembered and took a turn since a time."""
    consenting = [
        one
        for one in await roll.members(database)
        if one.consents.get("remember") and one.last_at is not None and one.last_at >= since
    ]
    moments = [await trajectories.latest(database, one.id) for one in consenting]
    lines = [moment for moment in moments if moment is not None]
    if len(lines) < FEWEST:
        raise Refused(f"An aggregate needs {FEWEST} people who agreed to memory: there are fewer.")
    now = np.array([trajectory.affect_of(moment).valence for moment in lines])
    home = np.array([trajectory.home_of(moment).valence for moment in lines])
    return {
        "people": len(lines),
        "valence_mean": round(float(now.mean()), 3),
        "valence_sd": round(float(now.std(ddof=1)), 3),
        "home_mean": round(float(home.mean()), 3),
        "home_sd": round(float(home.std(ddof=1)), 3),
        "below_home": round(float((now < home).mean()), 3),
    }
