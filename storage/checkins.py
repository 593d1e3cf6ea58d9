"""Check-ins of a person: when they want to be asked, and the turn that asks.

One `job` row a time of the day, always standing at its next time. Whoever moves it on may say it:
a check-in may be missed, and is never said twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Delete, delete, func, insert, select, update

from storage import jobs, outbox, people
from storage.database import Database
from storage.records import Checkin, Kept
from storage.tables import Job, Person, Reply, Talk, Turn
from storage.values import dump, load

KIND = "checkin"
BATCH = 100


async def plan(
    database: Database, person_id: int, talk_id: str, zone: str, times: Mapping[str, datetime]
) -> None:
    """Ask at these times ("HH:MM" in `zone`, with the next of each) and at no others."""
    async with database.write() as connection:
        await people.hold(connection, person_id)
        await connection.execute(_mine(person_id))
        for local_time, run_at in times.items():
            await connection.execute(
                insert(Job).values(
                    person_id=person_id,
                    talk_id=talk_id,
                    kind=KIND,
                    run_at=run_at,
                    local_time=local_time,
                    zone=zone,
                )
            )


async def stop(database: Database, person_id: int) -> bool:
    """Ask no more; whether there was anything to stop."""
    async with database.write() as connection:
        gone = await connection.execute(_mine(person_id))
    return bool(gone.rowcount)


async def planned(database: Database, person_id: int) -> tuple[tuple[str, str], ...]:
    """The person's times ("HH:MM", zone), earliest first."""
    wanted = select(Job.local_time, Job.zone).where(Job.person_id == person_id, Job.kind == KIND)
    async with database.read() as connection:
        rows = (await connection.execute(wanted.order_by(Job.local_time))).all()
    return tuple((row.local_time, row.zone) for row in rows)


async def due(database: Database, platforms: Collection[str], now: datetime) -> tuple[Checkin, ...]:
    """What is due on `platforms`, in private talks alone, of people whom no operator blocked."""
    wanted = (
        select(Job, Talk.platform, Talk.sealed)
        .join(Talk, Talk.id == Job.talk_id)
        .join(Person, Person.id == Job.person_id)
        .where(Job.kind == KIND, Job.run_at <= now, Talk.platform.in_(platforms))
        .where(Talk.private, Person.blocked_at.is_(None))
        .order_by(Job.run_at)
        .limit(BATCH)
    )
    found = []
    async with database.read() as connection:
        for row in (await connection.execute(wanted)).all():
            sealer = await database.sealer(connection, row.person_id)
            chat, thread = load(list[str | None], sealer.open("talk", row.talk_id, row.sealed))
            found.append(
                Checkin(
                    row.id,
                    row.person_id,
                    row.talk_id,
                    row.platform,
                    chat or "",
                    thread,
                    row.run_at,
                    row.local_time,
                    row.zone,
                )
            )
    return tuple(found)


async def move(database: Database, checkin: Checkin, run_at: datetime) -> bool:
    """Set a check-in to its next time; False where somebody else did, or it was stopped."""
    mine = update(Job).where(Job.id == checkin.id, Job.run_at == checkin.run_at)
    async with database.write() as connection:
        moved = await connection.execute(mine.values(run_at=run_at))
    return bool(moved.rowcount)


async def asked_since(database: Database, person_id: int, start: datetime) -> int:
    """How often the person was asked since then."""
    wanted = select(func.count()).where(
        Turn.person_id == person_id,
        Turn.kind == KIND,
        Turn.kept_at >= start,
        Turn.sealed.is_not(None),  # so lately nothing is erased, and these are indexed
    )
    async with database.read() as connection:
        return await connection.scalar(wanted) or 0


async def ask(database: Database, kept: Kept) -> bool:
    """Keep the turn that asks, with its parts; False where the person talks at this very moment."""
    async with database.write() as connection:
        fence = update(Person).where(Person.id == kept.person_id, Person.turns == kept.no - 1)
        moved = await connection.execute(fence.values(turns=kept.no))
        if moved.rowcount == 0 or kept.wording is None:
            return False
        sealer = await database.sealer(connection, kept.person_id)
        await connection.execute(
            insert(Turn).values(
                id=kept.id,
                person_id=kept.person_id,
                no=kept.no,
                talk_id=kept.talk_id,
                kind=KIND,
                at=kept.at,
                kept_at=kept.kept_at,
                sealed=sealer.seal("turn", kept.id, dump(kept.notes)),
            )
        )
        await connection.execute(
            insert(Reply).values(
                turn_id=kept.id,
                person_id=kept.person_id,
                writer=kept.wording.writer,
                timings={},
                sealed=sealer.seal("reply", kept.id, dump(kept.wording)),
            )
        )
        await outbox.put(connection, sealer, kept)
        await jobs.erase_later(connection, kept.person_id, kept.talk_id, kept.kept_at)
    return True


def _mine(person_id: int) -> Delete:
    return delete(Job).where(Job.person_id == person_id, Job.kind == KIND)
