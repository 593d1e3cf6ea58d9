"""The work in hand: what arrived, which turn it became, and the parts on their way.

    ingest    one transaction: the message, deduplicated, and the wake-up; only then the ack
    keep      one transaction: the fence, the turn, all that was read and written, the parts
    claim     pending -> sending, compare-and-set with a token and a lease; then it is settled

A part whose lease ran out while `sending` is in doubt and is sent again: a turn happens exactly
once, a part at least once, in order.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from storage import jobs, people, trajectories, transcripts, voices
from storage.database import Database
from storage.records import Arrival, Kept, Part, StoredMessage
from storage.tables import (
    Delivery,
    Inbox,
    Moment,
    Person,
    Plan,
    Reading,
    Reply,
    Report,
    Table,
    Talk,
    Turn,
)
from storage.values import dump
from storage.vault import Sealer

LEASE = timedelta(seconds=60)
TRIES = 4  # of storing what arrived, while others store of the same person
PENDING, SENDING, SENT, DEAD = "pending", "sending", "sent", "dead"

Wake = Callable[[AsyncConnection, int, str], Awaitable[None]]
"""Tells the engine, inside the transaction, that a person has work on a platform."""


async def ingest(database: Database, arrival: Arrival, now: datetime, wake: Wake) -> int | None:
    """Store what arrived; give the person's id if it is new work, None if there is nothing to do.

    An edit or a delete changes the stored message it is about and is no work of its own.
    """
    for _ in range(TRIES - 1):
        # Another process met the same person or place at the same instant (now they are there), or
        # the person was forgotten meanwhile (then they are a stranger): both may come in a row.
        with suppress(IntegrityError):
            return await _ingest(database, arrival, now, wake)
    return await _ingest(database, arrival, now, wake)


async def _ingest(database: Database, arrival: Arrival, now: datetime, wake: Wake) -> int | None:
    if arrival.kind in {"edit", "delete"}:
        await _amend(database, arrival)
        return None
    async with database.write(durable=True) as connection:
        person_id, sealer = await people.resolve(database, connection, arrival, now)
        talk_id = await _talk(database, connection, arrival, person_id, sealer, now)
        dialect = sqlite if database.embedded else postgresql
        new = await connection.execute(
            dialect.insert(Inbox)
            .values(
                person_id=person_id,
                talk_id=talk_id,
                channel=arrival.platform,
                ext_id=arrival.ext_id,
                kind=arrival.kind,
                message=arrival.message,
                sealed=sealer.seal("inbox", f"{arrival.platform}:{arrival.ext_id}", arrival.body),
                at=arrival.at,
                received_at=now,
            )
            .on_conflict_do_nothing(index_elements=["channel", "ext_id"])
            .returning(Inbox.id)
        )
        if new.scalar_one_or_none() is None:
            return None
        await wake(connection, person_id, arrival.platform)
        return person_id


async def _amend(database: Database, arrival: Arrival) -> None:
    """Follow a person's edit or deletion of a stored message, answered or not."""
    wanted = (
        select(Inbox)
        .join(Talk, Talk.id == Inbox.talk_id)
        .where(
            Talk.blind == _blind(database, arrival),
            Inbox.message == arrival.message,
            Inbox.kind == "message",
        )
    )
    async with database.read() as connection:
        found = (await connection.execute(wanted)).first()
        if found is None:
            return  # most deletions are of messages that were never ours
    async with database.write(durable=True) as connection:
        await people.hold(connection, found.person_id)  # a turn of theirs is kept before or after
        row = (await connection.execute(wanted)).first()
        if row is None:
            return
        if row.sealed is None:
            return  # erased: an edit brings no words back that nothing would erase again
        if arrival.kind == "delete" and row.turn_id is None:
            await connection.execute(delete(Inbox).where(Inbox.id == row.id))
            return
        sealer = await database.sealer(connection, row.person_id)
        name = f"{row.channel}:{row.ext_id}"
        after = arrival.body if arrival.kind == "edit" else None
        if row.turn_id and _lost_media(sealer.open("inbox", name, row.sealed), after):
            await transcripts.erase(connection, sealer, row.turn_id)
        sealed = None if after is None else sealer.seal("inbox", name, after)
        await connection.execute(update(Inbox).where(Inbox.id == row.id).values(sealed=sealed))


def _lost_media(before: bytes, after: bytes | None) -> bool:
    """Whether what came along with a message is gone: its transcript must not outlive it."""
    return bool(_media(before)) and not (after and _media(after))


def _media(body: bytes) -> object:
    told = json.loads(body)
    return told.get("media") if isinstance(told, dict) else None


async def _talk(
    database: Database,
    connection: AsyncConnection,
    arrival: Arrival,
    person_id: int,
    sealer: Sealer,
    now: datetime,
) -> str:
    """The open talk of a person in a place, opened if there is none."""
    place = _blind(database, arrival)
    found = await connection.scalar(
        select(Talk.id).where(
            Talk.person_id == person_id, Talk.blind == place, Talk.closed_at.is_(None)
        )
    )
    if found is not None:
        return found
    talk_id = str(ULID.from_datetime(now))
    address = dump([arrival.chat, arrival.thread])
    await connection.execute(
        insert(Talk).values(
            id=talk_id,
            person_id=person_id,
            platform=arrival.platform,
            blind=place,
            private=arrival.private,
            sealed=sealer.seal("talk", talk_id, address),
            opened_at=now,
        )
    )
    return talk_id


def _blind(database: Database, arrival: Arrival) -> bytes:
    return database.vault.blind("place", arrival.platform, arrival.chat, arrival.thread or "")


async def open_messages(
    database: Database, person_id: int, platforms: Collection[str]
) -> tuple[int, tuple[StoredMessage, ...]]:
    """The person's fence, and their open messages on `platforms`, oldest first."""
    async with database.read() as connection:
        turns = await connection.scalar(select(Person.turns).where(Person.id == person_id))
        rows = (
            await connection.execute(
                select(Inbox)
                .where(
                    Inbox.person_id == person_id,
                    Inbox.turn_id.is_(None),
                    Inbox.channel.in_(platforms),
                )
                .order_by(Inbox.id)
            )
        ).all()
        if turns is None or not rows:
            return turns or 0, ()
        sealer = await database.sealer(connection, person_id)
    return turns, tuple(
        StoredMessage(
            id=row.id,
            talk_id=row.talk_id,
            platform=row.channel,
            kind=row.kind,
            at=row.at,
            received_at=row.received_at,
            body=sealer.open("inbox", f"{row.channel}:{row.ext_id}", row.sealed),
        )
        for row in rows
    )


async def discard(database: Database, person_id: int, inbox_ids: Sequence[int]) -> None:
    """Drop messages that can never become a turn."""
    async with database.write() as connection:
        await connection.execute(
            delete(Inbox).where(Inbox.id.in_(inbox_ids), Inbox.person_id == person_id)
        )


async def keep(database: Database, kept: Kept) -> bool:
    """Keep a turn whole; False if somebody else took it, or its messages were taken back."""
    still_open = and_(
        Inbox.id.in_(kept.inbox_ids),
        Inbox.person_id == kept.person_id,
        Inbox.turn_id.is_(None),
    )
    async with database.write() as connection:
        moved = await connection.execute(
            update(Person)
            .where(
                Person.id == kept.person_id,
                Person.turns == kept.no - 1,
                exists().where(still_open),
            )
            .values(turns=kept.no)
        )
        if moved.rowcount == 0:
            return False  # already in another turn, or all of it taken back while we thought
        left = (await connection.scalars(select(Inbox.id).where(still_open))).all()
        if len(left) < len(kept.inbox_ids):
            kept = transcripts.without(kept)  # some of it was taken back, perhaps what was heard
        sealer = await database.sealer(connection, kept.person_id)
        mine: dict[str, Any] = {"turn_id": kept.id, "person_id": kept.person_id}
        await connection.execute(
            insert(Turn).values(
                id=kept.id,
                person_id=kept.person_id,
                no=kept.no,
                talk_id=kept.talk_id,
                kind=kept.kind,
                at=kept.at,
                kept_at=kept.kept_at,
                sealed=sealer.seal("turn", kept.id, dump(kept.notes)),
            )
        )
        await connection.execute(update(Inbox).where(still_open).values(turn_id=kept.id))
        told: Sequence[tuple[type[Table], object | None]] = (
            (Reading, kept.reading),
            (Report, kept.report),
            (Moment, kept.moment and replace(kept.moment, memory=b"")),
            (Plan, kept.plan),
        )
        for table, value in told:
            if value is not None:
                sealed = sealer.seal(table.__tablename__, kept.id, dump(value))
                await connection.execute(insert(table).values(**mine, sealed=sealed))
        if kept.wording is not None:
            await connection.execute(
                insert(Reply).values(
                    **mine,
                    writer=kept.wording.writer,
                    timings=dict(kept.timings),
                    sealed=sealer.seal("reply", kept.id, dump(kept.wording)),
                )
            )
        for number, body in enumerate(kept.parts):
            await connection.execute(
                insert(Delivery).values(
                    **mine,
                    talk_id=kept.talk_id,
                    platform=kept.platform,
                    part=number,
                    state=PENDING,
                    sealed=sealer.seal("delivery", f"{kept.id}:{number}", body),
                )
            )
        if kept.moment is not None:
            await trajectories.keep(database, connection, sealer, kept, kept.moment)
        if kept.voice is not None:
            await voices.keep(database, connection, sealer, kept, kept.voice)
        await jobs.erase_later(connection, kept.person_id, kept.talk_id, kept.kept_at)
    return True


async def next_part(
    database: Database, person_id: int, platforms: Collection[str], now: datetime
) -> Part | datetime | None:
    """A part that may leave now, else when to look again, else None: everything left.

    In each talk parts leave in order, so one that must wait holds back those behind it.
    """
    async with database.read() as connection:
        first = (
            select(func.min(Delivery.id))
            .where(
                Delivery.person_id == person_id,
                Delivery.state.in_((PENDING, SENDING)),
                Delivery.platform.in_(platforms),
            )
            .group_by(Delivery.talk_id)
        )
        rows = (
            await connection.execute(
                select(Delivery).where(Delivery.id.in_(first)).order_by(Delivery.id)
            )
        ).all()
        waits = [row.lease_until if row.state == SENDING else row.not_before for row in rows]
        free = [row for row, wait in zip(rows, waits, strict=True) if not wait or wait <= now]
        if not free:
            return min((wait for wait in waits if wait), default=None)
        row = free[0]
        sealer = await database.sealer(connection, person_id)
    return Part(
        id=row.id,
        person_id=person_id,
        turn_id=row.turn_id,
        part=row.part,
        platform=row.platform,
        body=sealer.open("delivery", f"{row.turn_id}:{row.part}", row.sealed),
        attempts=row.attempts,
        in_doubt=row.state == SENDING,
    )


async def claim(database: Database, part: Part, now: datetime) -> str | None:
    """Take a part for sending; give the token to settle it with, or None if another was faster."""
    token = str(ULID.from_datetime(now))
    free = or_(
        Delivery.state == PENDING,
        and_(Delivery.state == SENDING, Delivery.lease_until <= now),
    )
    async with database.write() as connection:
        taken = await connection.execute(
            update(Delivery)
            .where(Delivery.id == part.id, Delivery.attempts == part.attempts, free)
            .values(state=SENDING, token=token, lease_until=now + LEASE, attempts=part.attempts + 1)
        )
    return token if taken.rowcount else None


async def settle_sent(
    database: Database, part: Part, token: str, message: str | None, now: datetime
) -> None:
    """The part arrived. Its words are kept with the reply, not here."""
    await _settle(database, part, token, state=SENT, sealed=None, message=message, sent_at=now)


async def settle_dead(database: Database, part: Part, token: str) -> None:
    """The part can never arrive."""
    await _settle(database, part, token, state=DEAD, sealed=None)


async def settle_later(database: Database, part: Part, token: str, at: datetime) -> None:
    """The part must wait until `at`."""
    await _settle(database, part, token, state=PENDING, not_before=at)


async def _settle(database: Database, part: Part, token: str, **values: object) -> None:
    async with database.write() as connection:
        await connection.execute(
            update(Delivery)
            .where(Delivery.id == part.id, Delivery.token == token, Delivery.state == SENDING)
            .values(token=None, lease_until=None, **values)
        )


async def waiting(database: Database, platforms: Collection[str]) -> list[tuple[int, str]]:
    """Everyone with an open message or an open part, with the platform: whom to wake at start."""
    async with database.read() as connection:
        messages = await connection.execute(
            select(Inbox.person_id, Inbox.channel)
            .where(Inbox.turn_id.is_(None), Inbox.channel.in_(platforms))
            .distinct()
        )
        parts = await connection.execute(
            select(Delivery.person_id, Delivery.platform)
            .where(Delivery.state.in_((PENDING, SENDING)), Delivery.platform.in_(platforms))
            .distinct()
        )
        return sorted({(row[0], row[1]) for row in (*messages, *parts)})
