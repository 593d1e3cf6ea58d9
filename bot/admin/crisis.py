"""`attune-admin crisis`: where danger was found, and how often, without saying of whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from affect.examples import ending
from bot.admin import options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Unread
from bot.admin.logs.listing import newest
from bot.admin.options import Many, One
from bot.admin.output import Rows
from bot.clock import SystemClock
from storage import search
from storage.database import Database
from storage.wanted import Wanted

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Where danger was found, and how often.",
)

FIELDS = ("at", "turn", "person", "platform", "language", "risk", "level", "topics")
COUNTED = ("month", "platform", "language", "level", "topic")


@app.command("list", epilog=ending("attune-admin crisis list --since 7d"))
@options.spread
def list_crises(
    how: Many,
    user: options.User = None,
    since: options.Since = None,
    until: options.Until = None,
    risk: options.RiskName = "crisis",
    limit: options.Limit = options.NEWEST,
    tz: options.Tz = "UTC",
) -> None:
    """The newest turns in which danger was found. Level and kind, never words."""
    now, zone, form = SystemClock().now(), options.zone(tz), output.form(how)
    wanted = Wanted(
        since=options.when(since, now, zone), until=options.when(until, now, zone), risk=risk
    )

    async def job(database: Database) -> None:
        mine = await search.person(database, user) if user else None
        unread = Unread()

        async def rows() -> AsyncIterator[dict[str, Any]]:
            theirs = replace(wanted, person_uid=mine)
            async for page in newest(database, theirs, limit, unread):
                for view in page:
                    told = turns.whole(view, None, zone)
                    told |= {"level": told["risk_level"], "topics": told["risk_topics"]}
                    yield {name: told[name] for name in FIELDS}

        await output.print_rows(rows(), form, _table)
        unread.say()

    store.serve(how, job)


@app.command("report", epilog=ending("attune-admin crisis report --year 2026 --json"))
@options.spread
def report(
    how: One,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="YEAR", min=2020, max=9998, help="By default this one."),
    ] = None,
    tz: options.Tz = "UTC",
) -> None:
    """How often danger was found in a year. By month, kind and platform: no identities."""
    zone, form = options.zone(tz), output.form(how)
    told_year = year or SystemClock().now().astimezone(zone).year
    wanted = Wanted(
        since=datetime(told_year, 1, 1, tzinfo=zone).astimezone(UTC),
        until=datetime(told_year + 1, 1, 1, tzinfo=zone).astimezone(UTC),
    )

    async def job(database: Database) -> None:
        counted: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        people: set[int] = set()
        total = turns_seen = 0
        with output.progress(await search.count(database, wanted), "counting", form) as opened:
            async for page in search.glances(database, wanted, "turn", opened=opened):
                turns_seen += len(page)
                for one in page:
                    notes = one.facts.get("turn", {})
                    if notes.get("risk", "none") != "crisis":
                        continue
                    total += 1
                    people.add(one.row.person_id)
                    counted["month"][f"{one.row.at.astimezone(zone):%m}"] += 1
                    counted["platform"][one.row.platform] += 1
                    counted["language"][notes.get("language", "en")] += 1
                    counted["level"][str(notes.get("level", 0))] += 1
                    counted["topic"].update(notes.get("topics", ()))
        told = {"year": told_year, "turns": turns_seen, "crises": total, "people": len(people)}
        if how.as_json:
            output.print_json(
                {**told, **{name: dict(sorted(counts.items())) for name, counts in counted.items()}}
            )
            return
        tables = (
            output.table((name, "crises"), sorted(counts.items()))
            for name, counts in counted.items()
        )
        output.print_table(output.pairs(told), *tables)

    store.serve(how, job)


def _table(rows: Rows) -> RenderableType:
    left_out = () if output.wide() else ("platform", "language")
    columns = [name for name in FIELDS if name not in left_out]

    def cell(row: Any, name: str) -> Any:
        return ", ".join(row[name]) if name == "topics" else turns.short(name, row[name])

    return output.table(columns, ([cell(row, name) for name in columns] for row in rows))
