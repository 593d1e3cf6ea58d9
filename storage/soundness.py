"""Whether a store is sound: its pages, its references, its keys, a sample of what is sealed."""

from __future__ import annotations

from sqlalchemy import Row, func, select, text

from affect.errors import AttuneError
from storage import audit, talks
from storage.database import KEYS_AT_ONCE, Database, keys_of, opened_keys
from storage.tables import Key, Turn

MOST = 20  # faults told of one kind
SAMPLE = 200  # people whose newest turn is opened


async def faults(database: Database) -> dict[str, list[str]]:
    """What is wrong, by what was looked at; an empty list is sound."""
    found = {"keys": await _keys(database), "sealed": await _sealed(database)}
    if database.embedded:
        found = {"pages": await _pragma(database, "integrity_check"), **found}
        found["references"] = await _pragma(database, "foreign_key_check")
    chain = await audit.verify(database)
    found["audit"] = [f"row {one.id} {one.kind}" for one in chain.breaks][:MOST]
    return found


async def _pragma(database: Database, name: str) -> list[str]:
    async with database.read() as connection:
        rows = (await connection.execute(text(f"PRAGMA {name}"))).all()
    if name == "integrity_check":
        return [row[0] for row in rows if row[0] != "ok"][:MOST]
    return [f"{row[0]} row {row[1]} points at nothing in {row[2]}" for row in rows][:MOST]


async def _keys(database: Database) -> list[str]:
    async with database.read() as connection:
        everybody = (await connection.scalars(select(Key.person_id))).all()
        rows: list[Row[int, str, bytes]] = []
        for start in range(0, len(everybody), KEYS_AT_ONCE):
            some = keys_of(everybody[start : start + KEYS_AT_ONCE])
            rows += (await connection.execute(some)).all()
    missing = len(rows) - len(opened_keys(database.vault, rows))
    return [f"{missing} key(s) do not open with this key file"] if missing else []


async def _sealed(database: Database) -> list[str]:
    newest = (
        select(func.max(Turn.id)).where(Turn.sealed.is_not(None)).group_by(Turn.person_id)
    ).limit(SAMPLE)
    broken = []
    async with database.read() as connection:
        ids = (await connection.scalars(newest)).all()
        for turn_id in ids:
            rows = (await connection.execute(talks.turns().where(Turn.id == turn_id))).all()
            try:
                await talks.opened(database, connection, rows)
            except (AttuneError, ValueError):
                broken.append(f"turn {turn_id} does not open")
    return broken[:MOST]
