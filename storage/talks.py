"""Talks and their turns: what a writer may remember, what `/why` explains, and where they are."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from affect.errors import AttuneError
from affect.types import Moment as MomentValue
from affect.types import Plan as PlanValue
from affect.types import Reading as ReadingValue
from storage.database import Database
from storage.records import Notes, TurnView, Wording
from storage.records import Report as ReportValue
from storage.tables import Inbox, Moment, Person, Plan, Reading, Reply, Report, Talk, Turn
from storage.values import Value, load
from storage.vault import Sealer

log = logging.getLogger(__name__)

NEWEST = 2**31 - 1
"""A number of a turn that nobody ever comes to: up to it is all of them."""

AnyRow = Row[*tuple[Any, ...]]


def turns() -> Select[*tuple[Any, ...]]:
    """Turns with all that is kept of them, still sealed; narrow it, give the rows to `opened`."""
    return (
        select(
            Turn,
            Person.uid.label("person_uid"),
            Talk.platform,
            Reading.sealed.label("reading"),
            Moment.sealed.label("moment"),
            Plan.sealed.label("plan"),
            Reply.sealed.label("reply"),
            Reply.timings,
            Report.sealed.label("report"),
        )
        .join(Talk, Talk.id == Turn.talk_id)
        .join(Person, Person.id == Turn.person_id)
        .outerjoin(Reading, Reading.turn_id == Turn.id)
        .outerjoin(Moment, Moment.turn_id == Turn.id)
        .outerjoin(Plan, Plan.turn_id == Turn.id)
        .outerjoin(Reply, Reply.turn_id == Turn.id)
        .outerjoin(Report, Report.turn_id == Turn.id)
    )


# Built once: that costs more than to run them.
_RECENT = (
    turns()
    .where(Turn.person_id == bindparam("person"), Turn.no <= bindparam("upto"))
    .order_by(Turn.no.desc())
    .limit(bindparam("most"))
)
_SAID = (
    select(Inbox.turn_id, Inbox.channel, Inbox.ext_id, Inbox.sealed)
    .where(Inbox.turn_id.in_(bindparam("turns", expanding=True)), Inbox.sealed.is_not(None))
    .order_by(Inbox.id)
)


async def close(database: Database, person_id: int, talk_id: str, now: datetime) -> None:
    """End a person's talk; the next message in its place opens a new one."""
    mine = update(Talk).where(Talk.id == talk_id, Talk.person_id == person_id)
    async with database.write() as connection:
        await connection.execute(mine.values(closed_at=now))


async def recent(
    database: Database, person_id: int, limit: int, *, upto: int = NEWEST
) -> tuple[TurnView, ...]:
    """The last turns of a person up to number `upto`, oldest first."""
    async with database.read() as connection:
        return await latest(database, connection, person_id, limit, upto=upto)


async def latest(
    database: Database, connection: AsyncConnection, person_id: int, limit: int, *, upto: int
) -> tuple[TurnView, ...]:
    """The same inside a transaction."""
    wanted = {"person": person_id, "most": limit, "upto": upto}
    rows = (await connection.execute(_RECENT, wanted)).all()
    return tuple(reversed(await opened(database, connection, rows))) if rows else ()


async def taken_since(database: Database, person_id: int, start: datetime) -> int:
    """How many turns of talk a person took since a time."""
    mine = (Turn.person_id == person_id, Turn.at > start, Turn.kind == "talk")
    async with database.read() as connection:
        counted = select(func.count()).select_from(Turn).where(*mine)
        return await connection.scalar(counted) or 0


async def turn(database: Database, person_id: int, turn_id: str) -> TurnView | None:
    """One turn of a person."""
    wanted = turns().where(Turn.person_id == person_id, Turn.id == turn_id)
    return await _one(database, wanted)


async def turn_of(database: Database, channel: str, ext_id: str) -> TurnView | None:
    """The turn that a stored message went into."""
    wanted = turns().where(
        Turn.id
        == select(Inbox.turn_id)
        .where(Inbox.channel == channel, Inbox.ext_id == ext_id)
        .scalar_subquery()
    )
    return await _one(database, wanted)


async def _one(database: Database, wanted: Select[*tuple[Any, ...]]) -> TurnView | None:
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
        return (await opened(database, connection, rows))[0] if rows else None


async def opened(
    database: Database, connection: AsyncConnection, rows: Sequence[AnyRow]
) -> list[TurnView]:
    """The rows of a `turns()` query, opened, in their order."""
    said = await _said(connection, [row.id for row in rows])
    views = []
    for row in rows:
        sealer = await database.sealer(connection, row.person_id)
        views.append(_view(row, said.get(row.id, ()), sealer))
    return views


async def _said(
    connection: AsyncConnection, turn_ids: Sequence[str]
) -> Mapping[str, Sequence[AnyRow]]:
    rows = await connection.execute(_SAID, {"turns": turn_ids})
    said: dict[str, list[AnyRow]] = {}
    for row in rows:
        said.setdefault(row.turn_id, []).append(row)
    return said


def _view(row: AnyRow, said: Sequence[AnyRow], sealer: Sealer) -> TurnView:
    return TurnView(
        id=row.id,
        person_id=row.person_id,
        person_uid=row.person_uid,
        no=row.no,
        talk_id=row.talk_id,
        platform=row.platform,
        kind=row.kind,
        at=row.at,
        said=tuple(sealer.open("inbox", f"{one.channel}:{one.ext_id}", one.sealed) for one in said),
        notes=load(Notes, sealer.open("turn", row.id, row.sealed)) if row.sealed else Notes("en"),
        reading=_value(sealer, row, ReadingValue, "reading"),
        moment=_value(sealer, row, MomentValue, "moment"),
        plan=_value(sealer, row, PlanValue, "plan"),
        wording=_value(sealer, row, Wording, "reply"),
        timings=row.timings or {},
        report=_value(sealer, row, ReportValue, "report"),
    )


def _value(sealer: Sealer, row: AnyRow, kind: type[Value], table: str) -> Value | None:
    sealed = row._mapping[table]  # noqa: SLF001 - the public way to a column by its name
    return None if sealed is None else load(kind, sealer.open(table, row.id, sealed))


async def places(database: Database, platform: str) -> list[tuple[list[str | None], bool, str]]:
    """Where a platform's talks take place: [chat, thread], private, last message id known there."""
    last = (
        select(func.max(Inbox.id))
        .join(Talk, Talk.id == Inbox.talk_id)
        .where(Talk.platform == platform, Inbox.message.is_not(None), Inbox.kind == "message")
        .group_by(Talk.blind)
    )
    wanted = (
        select(Talk.id, Talk.person_id, Talk.private, Talk.sealed, Inbox.message)
        .join(Inbox, Inbox.talk_id == Talk.id)
        .where(Inbox.id.in_(last))
    )
    found = []
    async with database.read() as connection:
        for row in (await connection.execute(wanted)).all():
            try:
                sealer = await database.sealer(connection, row.person_id)
                place = load(list[str | None], sealer.open("talk", row.id, row.sealed))
            except AttuneError:
                # One row that does not open must not keep everybody else from being heard.
                log.error("place_unreadable", extra={"talk": row.id})
                continue
            found.append((place, row.private, row.message))
    return found
