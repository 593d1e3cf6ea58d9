"""What is kept no longer: talk past its days, and that of people who did not agree to memory.

Words, readings and replies go; the counters that keep turns in order stay. The line itself (its
last moment) stays with people who agreed to be remembered, and goes with the words otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.tables import Consent, Delivery, Inbox, Moment, Plan, Reading, Reply, Turn

UNASKED = timedelta(hours=24)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many turns lost their words (or would, in a dry run)."""

    turns: int


async def sweep(database: Database, now: datetime, days: int, *, dry_run: bool = False) -> Swept:
    """Erase talk older than `days`, and older than 24 hours where nobody agreed to memory."""
    newest = select(func.max(Consent.id)).where(Consent.kind == "remember")
    agreed = select(Consent.person_id).where(
        Consent.id.in_(newest.group_by(Consent.person_id)), Consent.granted
    )
    wanted = select(Turn.id).where(
        or_(
            Turn.at < now - timedelta(days=days),
            and_(Turn.at < now - UNASKED, Turn.person_id.not_in(agreed)),
        ),
        or_(
            Turn.id.in_(select(Reply.turn_id)),
            Turn.id.in_(select(Inbox.turn_id).where(Inbox.sealed.is_not(None))),
            Turn.id.in_(select(Reading.turn_id)),
        ),
    )
    async with database.read() as connection:
        found = (await connection.scalars(wanted)).all()
    if dry_run:
        return Swept(len(found))
    for start in range(0, len(found), BATCH):
        async with database.write() as connection:
            await _erase(connection, found[start : start + BATCH])
    async with database.write() as connection:
        last = select(func.max(Moment.turn_id)).group_by(Moment.person_id)
        erased = select(Turn.id).where(Turn.id.not_in(select(Reading.turn_id)))
        await connection.execute(
            delete(Moment).where(
                Moment.turn_id.in_(erased),
                or_(Moment.turn_id.not_in(last), Moment.person_id.not_in(agreed)),
            )
        )
    if found:
        await database.scrub()
    return Swept(len(found))


async def _erase(connection: AsyncConnection, turn_ids: Sequence[str]) -> None:
    for table in (Reading, Plan, Reply):
        await connection.execute(delete(table).where(table.turn_id.in_(turn_ids)))
    await connection.execute(update(Inbox).where(Inbox.turn_id.in_(turn_ids)).values(sealed=None))
    await connection.execute(
        delete(Delivery).where(Delivery.turn_id.in_(turn_ids), Delivery.state.in_(("sent", "dead")))
    )
