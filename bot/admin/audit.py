"""`attune-admin audit`: who looked at what people wrote, and whether that record is whole."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from affect.errors import BadInput
from affect.examples import ending
from bot.admin import options, output, store
from bot.admin.logs import turns
from bot.admin.options import Many, One
from bot.admin.output import Rows
from bot.clock import SystemClock
from storage import audit
from storage.audit import Entry
from storage.database import Database

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who looked at what people wrote, and why.",
)

DIGEST = re.compile(r"[0-9a-f]{64}")
BROKEN = {"changed": "was changed", "unlinked": "does not follow the row before it"}


@app.command("list", epilog=ending("attune-admin audit list --since 30d --json"))
@options.spread
def list_entries(
    how: Many,
    user: options.User = None,
    since: options.Since = None,
    until: options.Until = None,
    limit: options.Limit = options.NEWEST,
    tz: options.Tz = "UTC",
) -> None:
    """The newest rows: who showed what people wrote, of whom, and why."""
    form = output.form(how)
    now, zone = SystemClock().now(), options.zone(tz)
    start, end = options.when(since, now, zone), options.when(until, now, zone)

    async def job(database: Database) -> None:
        async def rows() -> AsyncIterator[dict[str, Any]]:
            for entry in await audit.entries(
                database, person=user, since=start, until=end, limit=limit or None
            ):
                yield _row(entry, zone)

        await output.print_rows(rows(), form, _table)

    store.serve(how, job)


@app.command(epilog=ending("attune-admin audit verify --head $(cat last-head)"))
@options.spread
def verify(
    how: One,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="DIGEST", help="A head noted earlier, which must still be there."
        ),
    ] = None,
) -> None:
    """Check that no row was removed, changed or put in between.

    Exit code 1 if one was. Rows cut off at the end show only against a head that was noted
    elsewhere: see --head.
    """

    noted = head.strip().lower() if head else None
    if noted is not None and not DIGEST.fullmatch(noted):
        raise BadInput("bad_head", "A head is all the 64 characters that audit verify prints.")

    async def job(database: Database) -> None:
        chain = await audit.verify(database, noted)
        if how.as_json:
            output.print_json({"whole": chain.whole, **asdict(chain)})
        else:
            lines = [f"Row {one.id} {BROKEN[one.kind]}." for one in chain.breaks]
            if chain.known is False:
                lines.append("The head noted earlier is not there any more.")
            state = "whole" if chain.whole else "NOT whole"
            lines.append(f"{chain.rows} row(s), {state}; head {chain.head}")
            output.print_table("\n".join(lines))
        if not chain.whole:
            raise typer.Exit(1)

    store.serve(how, job)


def _row(entry: Entry, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.astimezone(zone).isoformat(timespec="seconds"),
        "actor": entry.actor,
        "action": entry.action,
        "person": entry.person_uid,
        "reason": entry.reason,
        "digest": entry.digest,
    }


def _table(rows: Rows) -> RenderableType:
    columns = ("id", "at", "actor", "action", "person", "reason")
    told = (
        {**row, "at": turns.short("at", row["at"]), "person": output.short(row["person"] or "")}
        for row in rows
    )
    return output.table(columns, ([row[name] for name in columns] for row in told))
