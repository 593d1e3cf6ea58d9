"""What tests share: a database of each kind, a clock that only moves when told, invented people."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import logs
from storage import migrate
from storage.database import Database
from storage.vault import Vault
from tests.clock import FakeClock

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

# For what has nothing to do with the kind of database, and for what only one of them does.
ON_SQLITE, ON_POSTGRES = pytest.mark.database("sqlite"), pytest.mark.database("postgres")
KINDS = {
    "sqlite": pytest.param("sqlite"),
    "postgres": pytest.param("postgres", marks=pytest.mark.postgres),
}


@pytest.fixture(autouse=True)
def _nobody_s_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and the home of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("ATTUNE_")]:
        if not name.startswith("ATTUNE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ATTUNE_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def _logs_as_at_the_start() -> None:
    """No test hears less because another one set up the program's own logging."""
    for name in logs.OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one.formatter, logs.Events)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.at(tmp_path / "master.key")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with a database on each kind, or on the one that its mark `database` names."""
    if "database_url" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("database")
        kinds = marked.args if marked else tuple(KINDS)
        metafunc.parametrize("database_url", [KINDS[kind] for kind in kinds], indirect=True)


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database; on PostgreSQL one of its own, dropped afterwards."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'attune.db'}"
        return
    server = os.environ.get("ATTUNE_TEST_POSTGRES")
    if not server:
        pytest.skip("no PostgreSQL: set ATTUNE_TEST_POSTGRES to its URL")
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"attune_{uuid4().hex[:12]}"
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.dispose()


@pytest.fixture
async def database(database_url: str, vault: Vault) -> AsyncIterator[Database]:
    """A database at the newest revision."""
    opened = Database(database_url, vault)
    await migrate.upgrade(opened)
    yield opened
    await opened.close()
