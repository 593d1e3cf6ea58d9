"""Facts of a person's life, in their own words: kept with the turn they come from, while it is.

Only of people who agreed to memory. A fact that a later one replaces is erased, not kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from storage import retention
from storage.database import Database
from storage.records import Kept, KnownFact
from storage.tables import Fact
from storage.values import dump, load
from storage.vault import Sealer

MOST = 200
"""Facts of a person; of more, the oldest go."""


async def known(database: Database, person_id: int) -> tuple[KnownFact, ...]:
    """What is known of a person, oldest first."""
    async with database.read() as connection:
        return await _known(database, connection, person_id)


async def keep(database: Database, connection: AsyncConnection, sealer: Sealer, kept: Kept) -> None:
    """Keep what a turn told, if the person's newest word on memory is yes.

    The caller holds the person's row. What a new fact replaces is erased; what was only over is not
    kept at all.
    """
    if not (kept.facts or kept.asked_after):
        return
    if not await connection.scalar(select(retention.agreed(kept.person_id))):
        return
    before = await _known(database, connection, kept.person_id)
    gone = [one.id for one in before if any(fact.replaces(one.fact) for fact in kept.facts)]
    told = [fact for fact in kept.facts if not fact.over]
    left = [one.id for one in before if one.id not in gone]
    gone += left[: max(0, len(left) + len(told) - MOST)]
    await _erase(connection, kept.person_id, gone)
    for fact in told:
        fact_id = str(ULID.from_datetime(kept.kept_at))
        one = KnownFact(fact_id, kept.id, fact)
        await connection.execute(
            insert(Fact).values(
                id=fact_id,
                person_id=kept.person_id,
                turn_id=kept.id,
                sealed=_sealed(sealer, one),
            )
        )
    for one in before:
        if one.id == kept.asked_after and one.id not in gone:
            await _write(connection, sealer, kept.person_id, replace(one, asked=True))


async def rewrite(database: Database, person_id: int, one: KnownFact) -> None:
    """Keep a fact of a person as they put it now."""
    async with database.write() as connection:
        sealer = await database.sealer(connection, person_id)
        await _write(connection, sealer, person_id, one)


async def erase(database: Database, person_id: int, fact_ids: Sequence[str]) -> None:
    """Erase facts of a person."""
    async with database.write() as connection:
        await _erase(connection, person_id, fact_ids)
    await database.scrub()


async def erase_of_turn(connection: AsyncConnection, turn_id: str) -> None:
    """Erase what a turn told, as its words are taken back."""
    await connection.execute(delete(Fact).where(Fact.turn_id == turn_id))


async def _known(
    database: Database, connection: AsyncConnection, person_id: int
) -> tuple[KnownFact, ...]:
    wanted = select(Fact).where(Fact.person_id == person_id).order_by(Fact.turn_id, Fact.id)
    rows = (await connection.execute(wanted)).all()
    if not rows:
        return ()
    sealer = await database.sealer(connection, person_id)
    return tuple(load(KnownFact, sealer.open("fact", row.id, row.sealed)) for row in rows)


async def _write(
    connection: AsyncConnection, sealer: Sealer, person_id: int, one: KnownFact
) -> None:
    mine = update(Fact).where(Fact.id == one.id, Fact.person_id == person_id)
    await connection.execute(mine.values(sealed=_sealed(sealer, one)))


async def _erase(connection: AsyncConnection, person_id: int, fact_ids: Sequence[str]) -> None:
    if fact_ids:
        mine = delete(Fact).where(Fact.id.in_(fact_ids), Fact.person_id == person_id)
        await connection.execute(mine)


def _sealed(sealer: Sealer, one: KnownFact) -> bytes:
    return sealer.seal("fact", one.id, dump(one))
