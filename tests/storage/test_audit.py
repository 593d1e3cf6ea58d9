"""The audit's chain: whole under concurrent writers, and not whole once a row was touched."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from storage import audit
from storage.audit import GENESIS, Break
from storage.database import Database
from storage.tables import Audit
from storage.vault import Vault
from tests.conftest import NOON

ZELDA, OMAR = "01KQSDR2G0MTSXJF1F087GXGN6", "01KQSMKSR0CXVNZYVM29WTPRSF"


@pytest.fixture
async def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Five rows, read two at a time."""
    monkeypatch.setattr(audit, "PAGE", 2)
    for number, uid in enumerate((None, ZELDA, OMAR, ZELDA, None)):
        await audit.record(
            database,
            actor="ops",
            action="logs list",
            reason=f"ticket {number}",
            now=NOON + timedelta(hours=number, microseconds=1),
            about=[uid],
        )
    return database


async def test_nothing_on_record_is_whole(database: Database) -> None:
    chain = await audit.verify(database)
    assert (chain.rows, chain.head, chain.breaks, chain.whole) == (0, GENESIS, (), True)


async def test_what_is_recorded_can_be_told_and_holds(filled: Database) -> None:
    chain = await audit.verify(filled)
    assert (chain.rows, chain.whole, chain.known) == (5, True, None)
    rows = await audit.entries(filled)
    assert [row.reason for row in rows] == [f"ticket {number}" for number in range(5)]
    assert rows[-1].digest == chain.head
    assert rows[1].at == NOON + timedelta(hours=1, microseconds=1)

    assert [row.reason for row in await audit.entries(filled, person=OMAR)] == ["ticket 2"]
    ending = await audit.entries(filled, person=ZELDA[-6:].lower(), limit=1)
    assert [row.reason for row in ending] == ["ticket 3"]
    assert await audit.entries(filled, person="%") == []

    start, end = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    rows = await audit.entries(filled, since=start, until=end)
    assert [row.reason for row in rows] == ["ticket 1", "ticket 2"]


async def test_several_people_are_one_piece(database: Database) -> None:
    await audit.record(
        database, actor="a" * 100, action="logs", reason="r", now=NOON, about=[ZELDA, OMAR]
    )
    rows = await audit.entries(database)
    assert [(row.person_uid, row.actor) for row in rows] == [(ZELDA, "a" * 64), (OMAR, "a" * 64)]
    assert (await audit.verify(database)).whole


async def test_a_removed_row_is_found(filled: Database) -> None:
    ids = await _ids(filled)
    for gone in (2, 0):  # in the middle, and the first
        async with filled.write() as connection:
            await connection.execute(delete(Audit).where(Audit.id == ids[gone]))
        chain = await audit.verify(filled)
        assert Break(ids[gone + 1], "unlinked") in chain.breaks
        assert not chain.whole


CHANGES: tuple[dict[str, object], ...] = (
    {"reason": "nothing in particular"},
    {"actor": "somebody else"},
    {"action": "logs show"},
    {"person_uid": OMAR},
    {"person_uid": None},
    {"at": NOON},
)


async def test_a_changed_row_is_found(filled: Database) -> None:
    ids = await _ids(filled)
    before = (await audit.entries(filled))[1]
    for change in CHANGES:
        async with filled.write() as connection:
            await connection.execute(update(Audit).where(Audit.id == ids[1]).values(**change))
        assert (await audit.verify(filled)).breaks == (Break(ids[1], "changed"),)
        back = {name: getattr(before, name) for name in change}
        async with filled.write() as connection:
            await connection.execute(update(Audit).where(Audit.id == ids[1]).values(**back))
        assert (await audit.verify(filled)).whole


async def test_a_row_put_in_between_is_found(filled: Database) -> None:
    """Even one that follows the row before it and has a digest of its own."""
    ids = await _ids(filled)
    rows = await audit.entries(filled)
    async with filled.write() as connection:
        await connection.execute(delete(Audit).where(Audit.id == ids[2]))
    chain = await audit.verify(filled)
    assert not chain.whole
    values = {"actor": "ops", "action": "logs list", "reason": "made up", "person_uid": None}
    digest = audit._digest(rows[1].digest, NOON, "ops", "logs list", None, "made up")
    async with filled.write() as connection:
        await connection.execute(
            insert(Audit).values(
                id=ids[2], at=NOON, previous=rows[1].digest, digest=digest, **values
            )
        )
    assert (await audit.verify(filled)).breaks == (Break(ids[3], "unlinked"),)


async def test_a_cut_tail_shows_against_a_head_noted_elsewhere(filled: Database) -> None:
    noted = (await audit.verify(filled)).head
    assert (await audit.verify(filled, noted)).known is True
    ids = await _ids(filled)
    async with filled.write() as connection:
        await connection.execute(delete(Audit).where(Audit.id == ids[-1]))
    assert (await audit.verify(filled)).whole
    assert not (await audit.verify(filled, noted)).whole

    noted = (await audit.verify(filled)).head  # a head stays known as the chain grows
    await audit.record(filled, actor="ops", action="logs show", reason="later", now=NOON)
    assert (await audit.verify(filled, noted)).whole
    assert (await audit.verify(filled, GENESIS)).whole


async def test_writers_side_by_side_keep_one_chain(
    database: Database, database_url: str, vault: Vault
) -> None:
    """Two databases stand for two processes: nothing in memory is shared between them."""
    other = Database(database_url, vault)
    await asyncio.gather(
        *(
            audit.record(
                (database, other)[number % 2],
                actor="ops",
                action="logs list",
                reason=f"ticket {number}",
                now=NOON,
                about=[ZELDA, OMAR],
            )
            for number in range(24)
        )
    )
    await other.close()
    chain = await audit.verify(database)
    assert (chain.rows, chain.whole) == (48, True)
    people = [row.person_uid for row in await audit.entries(database)]
    assert people == [ZELDA, OMAR] * 24  # each command's rows in one piece


async def _ids(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.scalars(select(Audit.id).order_by(Audit.id))).all())
