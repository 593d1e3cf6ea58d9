"""One person on two platforms: joined by a one-time code, parted again without a loss.

Joining moves nothing. The joined person keeps their rows and their key, and what arrives from their
accounts is from then on the other's; parting takes that mark away.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from storage import checkins, people
from storage.database import Database
from storage.tables import Job, LinkCode, Person


async def offer(
    database: Database, person_id: int, code: str, now: datetime, until: datetime
) -> None:
    """Let whoever brings `code` join this person, until a time; an earlier code is over."""
    over = or_(LinkCode.person_id == person_id, LinkCode.until <= now)
    async with database.write() as connection:
        await connection.execute(delete(LinkCode).where(over))
        row = {"person_id": person_id, "blind": _blind(database, code), "until": until}
        await connection.execute(insert(LinkCode).values(row))


async def offered(database: Database, person_id: int, code: str, now: datetime) -> bool:
    """Whether a code is of this person themselves, and good still."""
    wanted = select(LinkCode.person_id).where(
        LinkCode.blind == _blind(database, code),
        LinkCode.until > now,
        LinkCode.person_id == person_id,
    )
    async with database.read() as connection:
        return await connection.scalar(wanted) is not None


async def join(database: Database, person_id: int, code: str, now: datetime) -> int | None:
    """Join a person to whom the code is of, and give their id; None for no such code."""
    wanted = select(LinkCode.person_id).where(
        LinkCode.blind == _blind(database, code),
        LinkCode.until > now,
        LinkCode.person_id != person_id,
    )
    async with database.write(durable=True) as connection:
        main: int | None = await connection.scalar(wanted)
        if main is None:
            return None
        for one in sorted((main, person_id)):  # always in this order, so that nobody waits for ever
            await people.hold(connection, one)
        used = await connection.execute(delete(LinkCode).where(LinkCode.person_id == main))
        already = select(Person.joined_id).where(Person.id == main)
        if not used.rowcount or await connection.scalar(already) is not None:
            return None
        mine = or_(Person.id == person_id, Person.joined_id == person_id)
        await connection.execute(update(Person).where(mine).values(joined_id=main))
        # They are asked at the times of the person whom they are now.
        await connection.execute(
            delete(Job).where(Job.person_id == person_id, Job.kind == checkins.KIND)
        )
        return main


async def part(database: Database, person_id: int) -> int:
    """Part a person from everybody who joined them; how many that were."""
    mine = update(Person).where(Person.joined_id == person_id).values(joined_id=None)
    async with database.write(durable=True) as connection:
        parted = await connection.execute(mine)
    return parted.rowcount


def _blind(database: Database, code: str) -> bytes:
    return database.vault.blind("link", code)
