"""`logs show`: one turn, and with `--why` all that is kept of how it came about."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.options import Leave, One
from bot.clock import SystemClock
from storage import search
from storage.database import Database

EXAMPLE = "attune-admin logs show 8WZ3K0QF --why"

Turn = Annotated[str, typer.Argument(metavar="TURN", help="Its id, or the end of it.")]


@options.spread
def show(
    turn: Turn,
    leave: Leave,
    how: One,
    why: Annotated[
        bool,
        typer.Option("--why", help="Also labels, the person's line, plan, candidates and timings."),
    ] = False,
    tz: options.Tz = "UTC",
) -> None:
    """One turn with its reading by modality. JSON holds all of it, a table with --why."""
    clock, zone = SystemClock(), options.zone(tz)
    asked = disclosure.ask("logs show", clock, leave)

    async def job(database: Database) -> None:
        view = await search.turn(database, turn)
        asked.action = f"logs show {view.id}"
        await asked.record(database, [view])
        told = turns.whole(view, asked.words(view), zone)
        if how.as_json:
            output.print_json(told)
        else:
            output.print_table(*turns.shown(told, why=why))

    store.serve(how, job)
