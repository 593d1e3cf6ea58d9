"""A person's line as it was kept: its newest moment, its turns, all that it was followed from."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from affect import trajectory
from affect.trajectory import Observation
from affect.types import Moment as MomentValue
from affect.types import Reading as ReadingValue
from storage import talks
from storage.database import Database
from storage.records import Kept, TurnView
from storage.records import Report as ReportValue
from storage.tables import Line, Moment, Reading, Report, Turn
from storage.values import load
from storage.vault import Sealer

MOST = 4_000
"""Readings opened for a chart; of more, every second, third ... is taken."""
BATCH = 500

_Row = Row[*tuple[Any, ...]]

# Built once: that costs more than to run them.
_LATEST = (
    select(Moment.turn_id, Moment.sealed, Line.sealed.label("line"))
    .join(Turn, Turn.id == Moment.turn_id)
    .outerjoin(Line, Line.turn_id == Moment.turn_id)
    .where(Moment.person_id == bindparam("person"))
    .order_by(Turn.no.desc())
    .limit(1)
)
_LEARNT = {  # by whether the database is SQLite
    dialect is sqlite: new.on_conflict_do_update(
        index_elements=["person_id"],
        set_={"turn_id": new.excluded.turn_id, "sealed": new.excluded.sealed},
    )
    for dialect in (sqlite, postgresql)
    for new in (dialect.insert(Line),)
}


async def latest(database: Database, person_id: int) -> MomentValue | None:
    """The person's line after their last reading, with all that the next step needs."""
    async with database.read() as connection:
        row = (await connection.execute(_LATEST, {"person": person_id})).first()
        if row is None:
            return None
        sealer = await database.sealer(connection, person_id)
    moment = load(MomentValue, sealer.open("moment", row.turn_id, row.sealed))
    if row.line is None:
        return moment  # kept before there was a memory: the line goes on from where it was
    learnt = json.loads(sealer.open("line", str(person_id), row.line))
    return replace(moment, memory=base64.b64decode(learnt["memory"]))


async def keep(
    database: Database,
    connection: AsyncConnection,
    sealer: Sealer,
    kept: Kept,
    moment: MomentValue,
) -> None:
    """Keep what was learnt of a person by a turn, in place of what was learnt before it."""
    body = json.dumps({"memory": base64.b64encode(moment.memory).decode()}).encode()
    sealed = sealer.seal("line", str(kept.person_id), body)
    row = {"person_id": kept.person_id, "turn_id": kept.id, "sealed": sealed}
    await connection.execute(_LEARNT[database.embedded], row)


async def since(database: Database, person_id: int, start: datetime) -> list[TurnView]:
    """The person's turns with a moment since `start`, oldest first."""
    wanted = (
        talks.turns()
        .where(Turn.person_id == person_id, Turn.at >= start, Moment.turn_id.is_not(None))
        .order_by(Turn.no)
    )
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
        return await talks.opened(database, connection, rows) if rows else []


async def series(
    database: Database, person_id: int, start: datetime, most: int = MOST
) -> trajectory.Series:
    """What was measured of a person since `start`, for charts; of more than `most`, a part.

    What they said of themselves is always in it.
    """
    mine = (Moment.person_id == person_id, Turn.at >= start)
    count = select(func.count()).select_from(Moment).join(Turn, Turn.id == Moment.turn_id)
    async with database.read() as connection:
        found = await connection.scalar(count.where(*mine)) or 0
    wanted = _measured().where(*mine)
    if found > most:
        wanted = wanted.where(
            or_(Turn.no % math.ceil(found / most) == 0, Report.turn_id.is_not(None))
        )
    told: list[Observation] = []
    async for batch in _opened(database, person_id, wanted):
        told += batch
    return trajectory.series(told)


async def rebuild(database: Database, person_id: int) -> MomentValue | None:
    """A person's line, followed anew from all that is kept; None where nothing is.

    The same numbers as while they talked. It takes a fraction of a millisecond a reading.
    """
    moment = None
    wanted = _measured().where(Moment.person_id == person_id)
    async for batch in _opened(database, person_id, wanted):
        moment = await asyncio.to_thread(trajectory.rebuild, batch, moment)
    return moment


def _measured() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Turn.id,
            Turn.no,
            Turn.at,
            Reading.sealed.label("reading"),
            Report.sealed.label("report"),
        )
        .join(Moment, Moment.turn_id == Turn.id)
        .outerjoin(Reading, Reading.turn_id == Turn.id)
        .outerjoin(Report, Report.turn_id == Turn.id)
        .where(or_(Reading.turn_id.is_not(None), Report.turn_id.is_not(None)))
        .order_by(Turn.no)
    )


async def _opened(
    database: Database, person_id: int, wanted: Select[*tuple[Any, ...]]
) -> AsyncIterator[list[Observation]]:
    """The observations of a `_measured()` query, a batch at a time, in the order of the turns."""
    after = -1
    while True:
        async with database.read() as connection:
            rows = (await connection.execute(wanted.where(Turn.no > after).limit(BATCH))).all()
            if not rows:
                return
            sealer = await database.sealer(connection, person_id)
        after = rows[-1].no
        yield [_observation(row, sealer) for row in rows]


def _observation(row: _Row, sealer: Sealer) -> Observation:
    if row.report is not None:
        told = load(ReportValue, sealer.open("report", row.id, row.report))
        return trajectory.said(told.at, told.valence, told.arousal, told.dominance)
    return trajectory.read(load(ReadingValue, sealer.open("reading", row.id, row.reading)), row.at)
