"""`attune-admin db`: where the database stands, copies of it, and new keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url

from affect.errors import BadInput, Refused, SettingsError
from affect.examples import ending
from bot.admin import disclosure, options, output, store
from bot.admin.options import One
from bot.clock import SystemClock
from bot.settings import Settings
from storage import backup, migrate, soundness
from storage import rekey as rekeying
from storage.backup import Restored
from storage.database import Database
from storage.vault import Vault

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The database: where it stands, and bringing it up to date.",
)


@app.command(epilog=ending("attune-admin db upgrade"))
@options.spread
def upgrade(how: One) -> None:
    """Bring the database to the tables of this version. It is made if there is none."""
    configured = store.settings(how)
    before, after = asyncio.run(_upgrade(configured))
    if how.as_json:
        output.print_json({"before": before, "revision": after, "changed": before != after})
    elif before == after:
        output.print_table(f"The database was at revision {after} already.")
    else:
        output.print_table(f"The database is at revision {after} (before: {before or 'empty'}).")


@app.command(epilog=ending("attune-admin db status --json"))
@options.spread
def status(how: One) -> None:
    """Which database, its revision and the one needed here. Exit code 1 if they differ."""
    configured = store.settings(how)
    told = asyncio.run(_status(configured))
    if how.as_json:
        output.print_json(told)
    else:
        output.print_table(output.pairs(told))
    if not told["current"]:
        raise typer.Exit(1)


@app.command(epilog=ending("attune-admin db check"))
@options.spread
def check(how: One) -> None:
    """Whether what is stored is sound; else exit 1.

    Pages, references, keys, a sample of turns and the audit.
    """

    async def job(database: Database) -> None:
        found = await soundness.faults(database)
        sound = not any(found.values())
        if how.as_json:
            output.print_json({"sound": sound, **found})
        else:
            rows = ((name, "; ".join(told) or "sound") for name, told in found.items())
            output.print_table(output.table(("what", "found"), rows))
        if not sound:
            output.note("Restore a copy: attune-admin db restore FILE.")
            raise typer.Exit(1)

    store.serve(how, job)


@app.command(
    "backup", epilog=ending("attune-admin db backup a.db --keys /elsewhere/keys --reason nightly")
)
@options.spread
def back_up(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    how: One,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="Persons' keys too, into a file of their own."),
    ] = None,
    reason: options.Why = None,
) -> None:
    """Copy the store while Attune runs, without persons' keys.

    Those alone open it: keep them in another place, the newest of them only. Whoever was forgotten
    has none in it, and stays forgotten when a copy is restored. With --keys it goes on record with
    a reason.
    """
    clock = SystemClock()
    if keys is not None and keys.resolve().parent == file.resolve().parent:
        raise BadInput("same_place", "Keys and what they open belong in different folders.")
    action = "db backup with keys" if keys else "db backup"
    act = disclosure.act(action, clock, reason if keys else reason or "a copy without keys")

    async def job(database: Database) -> None:
        theirs: Mapping[str, bytes] = {}
        with ExitStack() as places:  # both can be had before anything goes on record
            draft = places.enter_context(backup.drafted(file))
            keys_draft = places.enter_context(backup.drafted(keys)) if keys else None
            backup.ready(database)
            await act.begin(database)
            await backup.copy(database, draft)
            if keys_draft is not None:
                theirs = await backup.keys_here(database)
                backup.write_keys(theirs, keys_draft)
        size = file.stat().st_size
        if how.as_json:
            output.print_json({"file": str(file), "bytes": size, "keys": len(theirs)})
        else:
            also = f", {len(theirs)} key(s) in {keys}" if keys else ""
            output.print_table(f"{size / 2**20:.1f} MiB in {file}{also}.")

    store.serve(how, job)


@app.command(epilog=ending("attune-admin db restore nightly.db --keys /elsewhere/keys --yes"))
@options.spread
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy that db backup made.")],
    how: One,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="Persons' keys; else those of the store now."),
    ] = None,
    yes: options.Yes = False,
) -> None:
    """Put a copy in the place of the store; Attune must not be running.

    Whoever has no key any more was forgotten since, and is forgotten in the copy too. On SQLite the
    store that was there is kept beside it, ending in .before-restore.
    """
    configured = store.settings(how)
    if not file.is_file():
        raise BadInput("no_file", f"There is no file {file}.")
    if not configured.keys.is_file():
        raise SettingsError(f"There is no key file at {configured.keys}: put it back first.")
    if not yes:
        raise Refused("This replaces the store that is there now: add --yes to do it.")
    here = make_url(configured.database).database or ""
    kept = backup.aside(Path(here)) if store.present(configured) else None
    done = asyncio.run(_restore(configured, file, keys))
    if how.as_json:
        output.print_json(asdict(done))
    else:
        told = f"{done.people} people, {done.turns} turns; {done.forgotten} forgotten again"
        output.print_table(f"Restored: {told}.")
    if kept is not None and kept.is_file():
        output.note(f"What was there is in {kept}, with its keys: delete it when all is well.")


@app.command(epilog=ending('attune-admin db rekey --yes --reason "yearly"'))
@options.spread
def rekey(how: One, yes: options.Yes = False, reason: options.Why = None) -> None:
    """Make a new master key and wrap every person's key with it.

    Attune must not be running. The old key file is kept beside it, ending in .old: older copies of
    keys open with that one. Put that one elsewhere before the next time: it is not written over.
    """
    if not yes:
        raise Refused("This changes the key file and the store: stop Attune, then add --yes.")
    act = disclosure.act("db rekey", SystemClock(), reason)
    configured = store.settings(how)

    async def job(database: Database) -> None:
        await rekeying.check(database, configured.keys)
        await act.begin(database)
        done = await rekeying.rekey(database, configured.keys)
        if how.as_json:
            output.print_json(asdict(done))
        else:
            output.print_table(
                f"{done.people} key(s) wrapped anew; {configured.keys} is the new one."
            )

    store.serve(how, job, any_key=True, alone=True)


async def _restore(configured: Settings, file: Path, keys: Path | None) -> Restored:
    if keys is not None:
        theirs = backup.keys_in(keys)
    elif store.present(configured):
        async with store.connected(configured) as database:
            theirs = await backup.keys_here(database)
    else:
        theirs = {}
    if not theirs:
        raise Refused("No keys would open the copy: name a file of them with --keys.")
    return await backup.restore(configured.database, Vault.at(configured.keys), file, theirs)


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
