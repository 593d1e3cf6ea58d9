"""`attune-admin db`: where the database stands, and bringing it to this version's tables."""

from __future__ import annotations

import asyncio
from typing import Any

import typer
from sqlalchemy import make_url

from affect.errors import SettingsError
from bot.admin import options, output, store
from bot.admin.options import One
from bot.settings import Settings
from storage import migrate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(epilog="Example: attune-admin db upgrade")
@options.spread
def upgrade(how: One) -> None:
    """Bring the database to the tables of this version, making it if there is none."""
    configured = store.settings(how)
    before, after = asyncio.run(_upgrade(configured))
    if how.as_json:
        output.print_json({"before": before, "revision": after, "changed": before != after})
    elif before == after:
        output.print_table(f"The database was at revision {after} already.")
    else:
        output.print_table(f"The database is at revision {after} (before: {before or 'empty'}).")


@app.command(epilog="Example: attune-admin db status --json")
@options.spread
def status(how: One) -> None:
    """Which database, its revision and the one needed here; exit code 1 if they differ."""
    configured = store.settings(how)
    told = asyncio.run(_status(configured))
    if how.as_json:
        output.print_json(told)
    else:
        output.print_table(output.pairs(told))
    if not told["current"]:
        raise typer.Exit(1)


async def _upgrade(configured: Settings) -> tuple[str | None, str | None]:
    try:
        configured.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise SettingsError(
            f"The folder {configured.home} cannot be made: set ATTUNE_HOME."
        ) from None
    async with store.connected(configured, make=True) as database:
        before = await store.revision(database)
        await migrate.upgrade(database)
        return before, await store.revision(database)


async def _status(configured: Settings) -> dict[str, Any]:
    url = make_url(configured.database)
    async with store.connected(configured) as database:
        stands = await store.revision(database)
    return {
        "database": url.get_backend_name(),
        "name": url.database,
        "host": url.host,
        "revision": stands,
        "needed": migrate.HEAD,
        "current": stands == migrate.HEAD,
    }
