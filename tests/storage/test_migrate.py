"""The migrations make exactly the tables that the code names, and go both ways on real rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from affect.errors import Unreachable
from storage import migrate, people, queue, voices
from storage.database import Database
from storage.records import UsualVoice
from storage.tables import Person, Table
from storage.vault import Vault
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[object] = compare_metadata(context, Table.metadata)
    return found


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def test_head_names_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(migrate.config()).get_current_head() == migrate.HEAD


async def test_nothing_is_left_to_migrate(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []
    assert await migrate.current(database) == migrate.HEAD


async def test_down_and_up_again_on_a_filled_database(database: Database) -> None:
    person = await queue.ingest(database, arrival(at=NOON), NOON, nobody)
    assert person is not None
    _, waiting = await queue.open_messages(database, person, ("terminal",))
    await people.consent(database, person, "voice", granted=True, now=NOON)
    turn = replace(kept(person, 1, waiting), voice=UsualVoice(b"[1]"))
    assert await queue.keep(database, turn)
    assert await voices.usual(database, person) is not None

    await migrate.downgrade(database, "0001")
    async with database.read() as connection:
        assert await connection.scalar(select(Person.turns).where(Person.id == person)) == 1
    await migrate.upgrade(database)
    assert await voices.usual(database, person) is None

    await migrate.downgrade(database, "base")
    async with database.read() as connection:
        assert await connection.run_sync(_tables) <= {"alembic_version"}

    await migrate.upgrade(database)
    database.drop_sealer(person)
    again = await queue.ingest(database, arrival(at=NOON), NOON, nobody)
    assert again is not None
    assert (await people.profile(database, again)).turns == 0


async def test_an_up_to_date_database_is_left_alone(database: Database) -> None:
    await migrate.upgrade(database)
    assert await migrate.current(database) == migrate.HEAD


async def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unreachable, match="newer version of Attune: run that version"):
        await migrate.upgrade(database)
    assert await migrate.current(database) == "9999"


async def test_a_new_database_stands_nowhere(database_url: str, vault: Vault) -> None:
    empty = Database(database_url, vault)
    assert await migrate.current(empty) is None
    await empty.close()
