"""`attune-admin retention`: what is too old to be kept, and having it erased now.

The bot does this every hour by itself.
"""

from __future__ import annotations

from datetime import timedelta

import typer

from affect.examples import ending
from bot.admin import options, output, store
from bot.admin.options import One
from bot.clock import SystemClock
from storage import jobs, retention, roll
from storage.database import Database

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What is too old, and having it erased.",
)


@app.command("show", epilog=ending("attune-admin retention show"))
@options.spread
def show(how: One) -> None:
    """How long talk is kept, and what would be erased now."""
    days, now = store.settings(how).retention_days, SystemClock().now()

    async def job(database: Database) -> None:
        swept = await retention.sweep(database, now, days, dry_run=True)
        next_job = await jobs.next_time(database)
        everybody = await roll.members(database)
        told = {
            "days": days,
            "before": (now - timedelta(days=days)).isoformat(timespec="seconds"),
            "turns_too_old": swept.turns,
            "people": len(everybody),
            "remembered": sum(1 for one in everybody if one.consents.get("remember")),
            "next_erasure": next_job.isoformat(timespec="seconds") if next_job else None,
        }
        output.print_json(told) if how.as_json else output.print_table(output.pairs(told))

    store.serve(how, job)


@app.command("run", epilog=ending("attune-admin retention run"))
@options.spread
def run(how: One) -> None:
    """Erase now what is too old. Also the talk of people who did not agree to memory."""
    days, now = store.settings(how).retention_days, SystemClock().now()

    async def job(database: Database) -> None:
        swept = await retention.sweep(database, now, days)
        done = await jobs.run_due(database, now)
        if how.as_json:
            output.print_json({"turns": swept.turns, "jobs": done})
        else:
            output.print_table(f"{swept.turns} turn(s) erased, {done} job(s) done.")

    store.serve(how, job)
