"""The work in hand: what arrived, and which turn it became.

    ingest    one transaction: the message, deduplicated, and the wake-up; only then the ack
    keep      one transaction: the fence, the turn, all that was read and written, the parts

A turn happens exactly once. Statements are built once: that costs more than to run them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from storage import facts, jobs, outbox, people, trajectories, transcripts, voices
from storage.database import Database
from storage.outbox import UNSETTLED
from storage.records import Arrival, Kept, StoredMessage
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

TRIES = 4  # of storing what arrived, while others store of the same person

_STORE = {  # by whether the database is SQLite
    dialect is sqlite: dialect.insert(Inbox)
    .on_conflict_do_nothing(index_elements=["channel", "ext_id"])
    .returning(Inbox.id)
    for dialect in (sqlite, postgresql)
}
_OPEN_TALK = select(Talk.id).where(
    Talk.person_id == bindparam("person"),
    Talk.blind == bindparam("place"),
    Talk.closed_at.is_(None),
)
_TURNS = select(Person.turns).where(Person.id == bindparam("person"))
_OPEN = (
    select(Inbox)
    .where(
        Inbox.person_id == bindparam("person"),
        Inbox.turn_id.is_(None),
        Inbox.channel.in_(bindparam("platforms", expanding=True)),
    )
    .order_by(Inbox.id)
)
_STILL_OPEN = and_(
    Inbox.id.in_(bindparam("messages", expanding=True)),
    Inbox.person_id == bindparam("person"),
    Inbox.turn_id.is_(None),
)
_FENCE = (
    update(Person)
    .where(
        Person.id == bindparam("person"),
        Person.turns == bindparam("before"),
        exists().where(_STILL_OPEN),
    )
    .values(turns=bindparam("no"))
)
_LEFT = select(Inbox.id).where(_STILL_OPEN)
_TAKEN = update(Inbox).where(_STILL_OPEN).values(turn_id=bindparam("turn"))

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
        name = f"{arrival.platform}:{arrival.ext_id}"
        new = await connection.execute(
            _STORE[database.embedded],
            {
                "person_id": person_id,
                "talk_id": talk_id,
                "channel": arrival.platform,
                "ext_id": arrival.ext_id,
                "kind": arrival.kind,
                "message": arrival.message,
                "sealed": sealer.seal("inbox", name, arrival.body),
                "at": arrival.at,
                "received_at": now,
            },
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
        if row.turn_id:
            await facts.erase_of_turn(connection, row.turn_id)
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
    found: str | None = await connection.scalar(_OPEN_TALK, {"person": person_id, "place": place})
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
        return await open_now(database, connection, person_id, platforms)


async def open_now(
    database: Database, connection: AsyncConnection, person_id: int, platforms: Collection[str]
) -> tuple[int, tuple[StoredMessage, ...]]:
    """The same inside a transaction."""
    turns: int | None = await connection.scalar(_TURNS, {"person": person_id})
    wanted = {"person": person_id, "platforms": tuple(platforms)}
    rows = (await connection.execute(_OPEN, wanted)).all()
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
    mine: dict[str, Any] = {"turn_id": kept.id, "person_id": kept.person_id}
    messages = {"person": kept.person_id, "messages": kept.inbox_ids}
    async with database.write() as connection:
        moved = await connection.execute(_FENCE, {**messages, "before": kept.no - 1, "no": kept.no})
        if moved.rowcount == 0:
            return False  # already in another turn, or all of it taken back while we thought
        left = (await connection.scalars(_LEFT, messages)).all()
        if len(left) < len(kept.inbox_ids):
            # Some of it was taken back, perhaps what was heard or told in it.
            kept = replace(transcripts.without(kept), facts=())
        sealer = await database.sealer(connection, kept.person_id)
        await connection.execute(
            insert(Turn),
            {
                "id": kept.id,
                "person_id": kept.person_id,
                "no": kept.no,
                "talk_id": kept.talk_id,
                "kind": kept.kind,
                "at": kept.at,
                "kept_at": kept.kept_at,
                "sealed": sealer.seal("turn", kept.id, dump(kept.notes)),
            },
        )
        await connection.execute(_TAKEN, {**messages, "turn": kept.id})
        read: Sequence[tuple[type[Table], object | None]] = (
            (Reading, kept.reading),
            (Report, kept.report),
            (Moment, kept.moment and replace(kept.moment, memory=b"")),
            (Plan, kept.plan),
        )
        for table, value in read:
            if value is not None:
                sealed = sealer.seal(table.__tablename__, kept.id, dump(value))
                await connection.execute(insert(table), {**mine, "sealed": sealed})
        if kept.wording is not None:
            words = sealer.seal("reply", kept.id, dump(kept.wording))
            told = {"writer": kept.wording.writer, "timings": dict(kept.timings), "sealed": words}
            await connection.execute(insert(Reply), {**mine, **told})
        await outbox.put(connection, sealer, kept)
        if kept.moment is not None:
            await trajectories.keep(connection, sealer, kept, kept.moment)
        await facts.keep(database, connection, sealer, kept)
        if kept.voice is not None:
            await voices.keep(database, connection, sealer, kept, kept.voice)
        await jobs.erase_later(connection, kept.person_id, kept.talk_id, kept.kept_at)
    return True


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
            .where(UNSETTLED, Delivery.platform.in_(platforms))
            .distinct()
        )
        return sorted({(row[0], row[1]) for row in (*messages, *parts)})
