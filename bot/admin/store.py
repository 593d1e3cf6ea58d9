"""Opening the store for an operator: what is there already, and nothing made on the way.

A command at the wrong folder must not leave an empty database and a fresh master key behind.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from affect.errors import SettingsError, Unreachable
from bot import logs
from bot.admin.options import Setup
from bot.settings import Settings
from storage import migrate, people
from storage.database import Database
from storage.vault import KEY_BYTES, Vault

NO_DATABASE = "There is no database there yet: run attune-admin db upgrade."


def settings(setup: Setup) -> Settings:
    """The settings, with logging at a level."""
    logs.configure(setup.log_level)
    return Settings.load(setup.env_file)


def serve(
    setup: Setup,
    job: Callable[[Database], Awaitable[None]],
    *,
    any_key: bool = False,
    alone: bool = False,
) -> None:
    """Do a job with the store of the settings, opened as far as it must be."""
    configured = settings(setup)

    async def run() -> None:
        async with opened(configured, any_key=any_key, alone=alone) as database:
            await job(database)

    asyncio.run(run())


@asynccontextmanager
async def opened(
    configured: Settings, *, any_key: bool = False, alone: bool = False
) -> AsyncIterator[Database]:
    """The store with its keys; raise `SettingsError` or `Unreachable` if it is not all there.

    With `any_key` also where the key file does not open it; `alone` as `Database` takes it.
    """
    if not present(configured):
        raise Unreachable(NO_DATABASE)
    if not configured.keys.is_file():
        raise SettingsError(
            f"There is no key file at {configured.keys}: start Attune once, or set ATTUNE_KEY_FILE."
        )
    async with connected(configured, Vault.at(configured.keys), alone=alone) as database:
        stands = await revision(database)
        if stands is None:
            raise Unreachable("The database is empty: run attune-admin db upgrade.")
        if stands != migrate.HEAD:
            if stands not in migrate.known():
                raise Unreachable(migrate.NEWER)
            raise Unreachable(
                f"The database is at revision {stands} and this version needs {migrate.HEAD}: "
                "run attune-admin db upgrade."
            )
        if not any_key and not await people.key_fits(database):
            raise SettingsError(
                f"The key file {configured.keys} does not open this database: "
                "put back the one it was made with, or set ATTUNE_KEY_FILE."
            )
        yield database


@asynccontextmanager
async def connected(
    configured: Settings,
    vault: Vault | None = None,
    *,
    make: bool = False,
    alone: bool = False,
) -> AsyncIterator[Database]:
    """The database at whatever revision; without a vault, nothing that is sealed can be opened."""
    if not make and not present(configured):
        raise Unreachable(NO_DATABASE)
    vault = vault or Vault(os.urandom(KEY_BYTES))
    database = Database(configured.database, vault, alone=alone)
    try:
        yield database
    finally:
        await database.close()


def present(configured: Settings) -> bool:
    """Whether there is a file to open; of a server, only connecting tells."""
    url = make_url(configured.database)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


async def revision(database: Database) -> str | None:
    """Where a database stands; raise `Unreachable` where it is none, or not to be had."""
    try:
        return await migrate.current(database)
    except DatabaseError:
        raise Unreachable("What is there is not a database that Attune can read.") from None
