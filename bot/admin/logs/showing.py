"""`logs show`: one turn with all that is kept of it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.clock import SystemClock
from storage import search
from storage.database import Database

EXAMPLE = "Example: attune-admin logs show 8WZ3K0QF --json"


def show(
    turn: Annotated[str, typer.Argument(metavar="TURN", help="Its id, or the end of it.")],
    reveal: options.Reveal = False,
    reason: options.Reason = None,
    tz: options.Tz = "UTC",
    as_json: options.AsJson = False,
    env_file: options.EnvFile = None,
    log_level: options.LogLevel = "warning",
) -> None:
    """One turn: its reading by modality, the person's line, the plan, the timings."""
    clock, zone = SystemClock(), options.zone(tz)
    asked = disclosure.ask("logs show", clock, reveal=reveal, reason=reason)

    async def job(database: Database) -> None:
        view = await search.turn(database, turn)
        asked.action = f"logs show {view.id}"
        await asked.record(database, [view])
        told = turns.whole(view, asked.words(view), zone)
        if as_json:
            output.print_json(told)
        else:
            output.print_table(*turns.shown(told))

    store.serve(env_file, log_level, job)
