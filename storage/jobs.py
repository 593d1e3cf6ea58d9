"""Things to do for a person at a time: the rows that survive restarts.

Of two kinds. Check-ins are in `storage.checkins`; `erase` is here: 24 hours after the first turn of
somebody who did not agree to be remembered, their words and readings go, and the job moves on to
the next of their turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, insert, literal, select
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import people, retention
from storage.database import Database
from storage.tables import Instant, Job, Number, Ulid

ERASE = "erase"
UNREMEMBERED = timedelta(hours=24)
BATCH = 100

_MINE = bindparam("person", type_=Number)
_ERASE_LATER = insert(Job).from_select(
    ["person_id", "talk_id", "kind", "run_at"],
    select(
        _MINE, bindparam("talk", type_=Ulid), literal(ERASE), bindparam("at", type_=Instant())
    ).where(
        ~exists().where(Job.person_id == _MINE, Job.kind == ERASE),
        ~retention.agreed(_MINE),
    ),
)


async def erase_later(
    connection: AsyncConnection, person_id: int, talk_id: str, now: datetime
) -> None:
    """Have a person's talk erased in 24 hours, unless they agreed to memory or it is planned."""
    job = {"person": person_id, "talk": talk_id, "at": now + UNREMEMBERED}
    await connection.execute(_ERASE_LATER, job)


async def next_time(database: Database) -> datetime | None:
    """When the next erasing is due."""
    async with database.read() as connection:
        found: datetime | None = await connection.scalar(
            select(func.min(Job.run_at)).where(Job.kind == ERASE)
        )
        return found


async def run_due(database: Database, now: datetime) -> int:
    """Do what is due; give the number of jobs done. Safe to run in several processes at once."""
    async with database.read() as connection:
        due = (
            await connection.execute(
                select(Job)
                .where(Job.kind == ERASE, Job.run_at <= now)
                .order_by(Job.run_at)
                .limit(BATCH)
            )
        ).all()
    for job in due:
        async with database.write() as connection:
            await people.hold(connection, job.person_id)  # a turn kept meanwhile has its day too
            mine = await connection.execute(delete_from(Job).where(Job.id == job.id))
            if mine.rowcount == 0:
                continue
            left = await retention.erase_unremembered(connection, job.person_id, now - UNREMEMBERED)
            if left is not None:
                await erase_later(connection, job.person_id, job.talk_id, left)
    if due:
        await database.scrub()
    return len(due)
