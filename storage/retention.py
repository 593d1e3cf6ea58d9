"""What is kept no longer: talk past its days, and that of people who did not agree to memory.

Words, readings and replies go; the counters that keep turns in order stay. The line itself (its
last moment and what was learnt by it) stays with people who agreed to be remembered, and goes with
the words otherwise. What is usual for a voice goes with the first note that it was heard in, and is
learned anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from storage.database import Database
from storage.tables import (
    Consent,
    Delivery,
    Fact,
    Inbox,
    Line,
    Moment,
    Plan,
    Reading,
    Reply,
    Report,
    Turn,
    Voice,
)

BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many turns lost their words (or would, in a dry run)."""

    turns: int


def agreed(person_id: int | BindParameter[int], kind: str = "remember") -> ColumnElement[bool]:
    """Whether a person's newest word on memory, or on another kind of consent, is yes."""
    newest = (
        select(func.max(Consent.id))
        .where(Consent.person_id == person_id, Consent.kind == kind)
        .scalar_subquery()
    )
    return exists().where(Consent.id == newest, Consent.granted)


async def sweep(database: Database, now: datetime, days: int, *, dry_run: bool = False) -> Swept:
    """Erase the talk older than `days`, whoever agreed to what."""
    before = now - timedelta(days=days)
    old = select(Turn.id).where(Turn.kept_at < before, Turn.sealed.is_not(None))
    unanswered = and_(Inbox.turn_id.is_(None), Inbox.received_at < before)
    heard = Voice.since < before
    async with database.read() as connection:
        found = (await connection.scalars(old)).all()
        left = await connection.scalar(
            select(or_(exists().where(unanswered), exists().where(heard)))
        )
    if dry_run or not (found or left):
        return Swept(len(found))
    if left:
        async with database.write() as connection:
            # Of a platform that is served no more: nothing would ever answer or erase them.
            await connection.execute(delete(Inbox).where(unanswered))
            await connection.execute(delete(Voice).where(heard))
    await erase(database, found)
    return Swept(len(found))


_NEWER, _ITS_TURN, _TURN = aliased(Line), aliased(Turn), aliased(Turn)
_OLDER = exists().where(  # a line that a newer one stands beside
    _NEWER.person_id == Line.person_id,
    _ITS_TURN.id == _NEWER.turn_id,
    _TURN.id == Line.turn_id,
    _ITS_TURN.no > _TURN.no,
)


async def erase(database: Database, turn_ids: Sequence[str]) -> None:
    """Erase what is kept of turns, but for the moment that each person's line stands at."""
    for start in range(0, len(turn_ids), BATCH):
        async with database.write() as connection:
            batch = turn_ids[start : start + BATCH]
            await _erase(connection, batch)
            await connection.execute(delete(Line).where(Line.turn_id.in_(batch), _OLDER))
            stands = exists().where(Line.turn_id == Moment.turn_id)
            await connection.execute(delete(Moment).where(Moment.turn_id.in_(batch), ~stands))
    await database.scrub()


async def erase_unremembered(
    connection: AsyncConnection, person_id: int, before: datetime
) -> datetime | None:
    """Erase a person's turns kept before a time, unless they agreed to memory.

    Gives when the oldest turn that is still whole was kept, or None if there is none.
    """
    if await connection.scalar(select(agreed(person_id))):
        return None
    mine = (Turn.person_id == person_id, Turn.sealed.is_not(None))
    found = list(await connection.scalars(select(Turn.id).where(*mine, Turn.kept_at <= before)))
    # Where they agreed before, moments outlived words that grew too old.
    left = select(Moment.turn_id).join(Turn, Turn.id == Moment.turn_id)
    found += await connection.scalars(
        left.where(Moment.person_id == person_id, Turn.kept_at <= before, Turn.sealed.is_(None))
    )
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        await _erase(connection, batch)
        await connection.execute(delete(Line).where(Line.turn_id.in_(batch)))
        await connection.execute(delete(Moment).where(Moment.turn_id.in_(batch)))
    await connection.execute(
        delete(Voice).where(Voice.person_id == person_id, Voice.since <= before)
    )
    oldest: datetime | None = await connection.scalar(
        select(func.min(Turn.kept_at)).where(*mine, Turn.kept_at > before)
    )
    return oldest


async def _erase(connection: AsyncConnection, turn_ids: Sequence[str]) -> None:
    for table in (Reading, Report, Fact, Plan, Reply):
        await connection.execute(delete(table).where(table.turn_id.in_(turn_ids)))
    await connection.execute(update(Turn).where(Turn.id.in_(turn_ids)).values(sealed=None))
    await connection.execute(update(Inbox).where(Inbox.turn_id.in_(turn_ids)).values(sealed=None))
    # Those still on their way go as well: they hold words, and their time is over.
    await connection.execute(delete(Delivery).where(Delivery.turn_id.in_(turn_ids)))
