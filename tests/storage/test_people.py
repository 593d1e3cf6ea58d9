"""Persons: what is exported, what is forgotten, and that no table is left out of either."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from affect.errors import NotFound
from storage import people, queue, talks, trajectories
from storage.database import Database
from storage.tables import Audit, Key, Person, Table
from storage.vault import Vault
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

HERE = ("terminal",)


async def _with_a_turn(database: Database, account: str, text: str) -> int:
    person = await queue.ingest(database, arrival(text, at=NOON, account=account), NOON, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, HERE)
    assert await queue.keep(database, kept(person, turns + 1, waiting))
    await people.consent(database, person, "remember", granted=True, now=NOON)
    return person


def test_every_table_with_a_person_is_exported_and_forgotten() -> None:
    personal = {
        table.name
        for table in Table.metadata.tables.values()
        if {"person_id", "person_uid"} & set(table.columns.keys())
    }
    covered = {table.__tablename__ for table in people.FORGOTTEN} | {Audit.__tablename__}
    assert personal == covered


async def test_forgetting_leaves_nothing_of_one_and_all_of_the_other(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "the oven broke")
    ben = await _with_a_turn(database, "ben", "the boat sank")
    await people.forget(database, ana)

    async with database.read() as connection:
        for table in people.FORGOTTEN:
            rows = await connection.scalars(select(table.__table__.c.person_id))
            assert ana not in set(rows), table.__tablename__
        assert await connection.scalar(select(Person.id).where(Person.id == ana)) is None
    with pytest.raises(NotFound):
        await people.profile(database, ana)
    with pytest.raises(NotFound):
        await people.export(database, ana)
    assert (await people.profile(database, ben)).turns == 1
    assert b"boat" in (await talks.recent(database, ben, 1))[0].said[0]


async def test_a_message_that_arrives_while_its_person_is_forgotten(database: Database) -> None:
    """It goes with them or makes a stranger of them; neither side fails, nothing is left over."""
    for number in range(8):
        account = f"ana{number}"
        ana = await _with_a_turn(database, account, "the oven broke")
        again = [arrival("wait", at=NOON, account=account) for _ in range(4)]
        ingests = [queue.ingest(database, one, NOON, nobody) for one in again]
        await asyncio.gather(*ingests[:2], people.forget(database, ana), *ingests[2:])
        async with database.read() as connection:
            for table in people.FORGOTTEN:
                rows = await connection.scalars(select(table.__table__.c.person_id))
                assert ana not in set(rows), table.__tablename__


async def test_whoever_was_forgotten_comes_back_as_a_stranger(database: Database) -> None:
    before = await _with_a_turn(database, "ana", "the oven broke")
    uid = (await people.profile(database, before)).uid
    await people.forget(database, before)
    after = await _with_a_turn(database, "ana", "hello")
    known = await people.profile(database, after)
    assert known.uid != uid
    assert after != before
    assert len(await talks.recent(database, after, 10)) == 1


async def test_an_export_holds_the_words_and_no_key(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "the oven broke")
    await _with_a_turn(database, "ben", "the boat sank")
    kept_rows = await people.export(database, ana)
    told = str(kept_rows)
    assert "the oven broke" in told
    assert "The oven, of all things." in told
    assert "Ana" in told
    assert "boat" not in told
    assert kept_rows["person_key"] == [{"person_id": ana}]
    covered: tuple[type[Table], ...] = (Person, *people.FORGOTTEN, Audit)
    assert set(kept_rows) == {table.__tablename__ for table in covered}
    assert kept_rows["reading"][0]["content"]["labels"] == {"grief": 0.7}


async def test_the_newest_word_on_a_consent_holds(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "hello")
    assert (await people.profile(database, ana)).consents == {"remember": True}
    await people.consent(database, ana, "remember", granted=False, now=NOON)
    await people.consent(database, ana, "text", granted=False, now=NOON)
    assert (await people.profile(database, ana)).consents == {"remember": False, "text": False}


async def test_a_choice_of_language_is_kept_and_taken_back(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "hello")
    await people.settle_in(database, ana, language="zh", country="CN")
    known = await people.profile(database, ana)
    assert (known.language, known.country) == ("zh", "CN")
    await people.settle_in(database, ana, language="")
    known = await people.profile(database, ana)
    assert (known.language, known.country) == (None, "CN")


async def test_the_line_of_a_person_comes_back(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "hello")
    ben = await _with_a_turn(database, "ben", "hello")
    assert await trajectories.latest(database, ana) is not None
    (turn,) = await trajectories.since(database, ana, NOON)
    assert turn.person_id == ana
    await people.forget(database, ana)
    assert await trajectories.latest(database, ben) is not None


async def test_another_master_key_does_not_fit(database: Database, tmp_path: Path) -> None:
    other = Database(str(database.engine.url), Vault.at(tmp_path / "other.key"))
    assert await people.key_fits(other)  # nobody is here yet
    await _with_a_turn(database, "ana", "hello")
    assert await people.key_fits(database)
    if database.embedded:
        assert not await people.key_fits(other)
    await other.close()


async def test_a_destroyed_key_seals_what_is_left_for_ever(database: Database) -> None:
    ana = await _with_a_turn(database, "ana", "hello")
    async with database.write() as connection:
        await connection.execute(delete(Key))  # as in a backup made without keys
    database.drop_sealer(ana)
    with pytest.raises(NotFound):
        await talks.recent(database, ana, 1)
