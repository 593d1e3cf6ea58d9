"""Bringing a database to the tables of this version, with alembic.

`HEAD` is written down so that a start on a database that is up to date need not load alembic
(a test holds it to the newest revision).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from affect.errors import Unreachable
from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0009"
NEWER = "The database is of a newer version of Attune: run that version, or restore an older copy."
_LOCK = 0x417474756E65  # "Attune": one process migrates at a time on PostgreSQL


def scripts() -> Path:
    """The folder of the migrations: inside the package once installed, at the top in a checkout."""
    inside = Path(__file__).with_name("migrations")
    return inside if inside.is_dir() else Path(__file__).parent.parent / "alembic"


def config() -> Config:
    """Alembic's configuration for these scripts."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    return made


async def current(database: Database) -> str | None:
    """The revision that a database stands at; None for an empty one."""
    async with database.read() as connection:
        return await connection.run_sync(_revision)


def known() -> frozenset[str | None]:
    """The revisions that this version has a way from; None is an empty database."""
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(config()).walk_revisions()
    return frozenset({None, *(one.revision for one in found)})


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring a database up to `revision`; raise `Unreachable` if it is beyond this version."""
    if revision == "head":
        stands = await current(database)
        if stands == HEAD:
            return
        if stands not in known():
            raise Unreachable(NEWER)
    async with database.write(durable=True) as connection:
        if not database.embedded:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_run, "upgrade", revision)


async def downgrade(database: Database, revision: str) -> None:
    """Take a database back to `revision` ("base" for nothing)."""
    async with database.write(durable=True) as connection:
        await connection.run_sync(_run, "downgrade", revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _run(connection: Connection, direction: str, revision: str) -> None:
    from alembic import command

    made = config()
    made.attributes["connection"] = connection
    getattr(command, direction)(made, revision)
