"""A person's line as it was kept: its newest moment, its turns, all that it was followed from."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from affect import trajectory
from affect.trajectory import Observation
from affect.types import Moment as MomentValue
from affect.types import Reading as ReadingValue
from storage import driver, people, talks
from storage.database import Database
from storage.records import Kept, TurnView
from storage.records import Report as ReportValue
from storage.tables import Line, Moment, Reading, Report, Turn
from storage.values import dump, load
from storage.vault import Sealer

MOST = 4_000
"""Readings opened for a chart; of more, every second, third ... is taken."""
BATCH = 500

_Row = Row[*tuple[Any, ...]]

# Built once: that costs more than to run them.
_NEWEST = (
    select(Moment.turn_id, Moment.sealed, Line.sealed.label("line"))
    .select_from(Line)
    .join(Moment, Moment.turn_id == Line.turn_id)
    .join(Turn, Turn.id == Line.turn_id)
    .where(Line.person_id == bindparam("person"), Turn.no <= bindparam("upto"))
    .order_by(Turn.no.desc())
    .limit(1)
)
_ANY = aliased(Moment)
_EARLIER = (  # back from `upto` to the first that has one; at once where there is none at all
    select(Moment.turn_id, Moment.sealed, literal(None, LargeBinary()).label("line"))
    .select_from(Turn)
    .join(Moment, Moment.turn_id == Turn.id)
    .where(
        Turn.person_id == bindparam("person"),
        Turn.no <= bindparam("upto"),
        exists().where(_ANY.person_id == bindparam("person")).correlate(None),
    )
    .order_by(Turn.no.desc())
    .limit(1)
)
_MEASURED = (
    select(
        Turn.id,
        Turn.no,
        Turn.at,
        Reading.sealed.label("reading"),
        Report.sealed.label("report"),
    )
    .outerjoin(Moment, Moment.turn_id == Turn.id)
    .outerjoin(Reading, Reading.turn_id == Turn.id)
    .outerjoin(Report, Report.turn_id == Turn.id)
    .where(or_(Reading.turn_id.is_not(None), Report.turn_id.is_not(None)))
    .order_by(Turn.no)
)
_FOLLOWED = or_(Moment.turn_id.is_not(None), Report.turn_id.is_not(None))
_NEWEST_LINE = (
    select(Line.turn_id)
    .join(Turn, Turn.id == Line.turn_id)
    .where(Line.person_id == bindparam("person"))
    .order_by(Turn.no.desc())
    .limit(1)
    .scalar_subquery()
)
_OLDER_LINES = delete(Line).where(
    Line.person_id == bindparam("person"), Line.turn_id != _NEWEST_LINE
)
_CORRECTED_LINE = delete(Line).where(Line.turn_id == _NEWEST_LINE)


async def latest(
    database: Database, person_id: int, *, upto: int = talks.NEWEST
) -> MomentValue | None:
    """The person's line after their last reading, with all that the next step needs.

    With `upto` it is their line as it was after so many turns.
    """
    async with database.read() as connection:
        return await newest(database, connection, person_id, upto=upto)


async def newest(
    database: Database, connection: AsyncConnection, person_id: int, *, upto: int
) -> MomentValue | None:
    """The same inside a transaction."""
    wanted = {"person": person_id, "upto": upto}
    row: _Row | None = (await connection.execute(_NEWEST, wanted)).first()
    if row is None:
        row = (await connection.execute(_EARLIER, wanted)).first()
    if row is None:
        return None
    sealer = await database.sealer(connection, person_id)
    moment = load(MomentValue, sealer.open("moment", row.turn_id, row.sealed))
    if row.line is None:
        return moment  # kept before there was a memory: the line goes on from where it was
    learnt = json.loads(sealer.open("line", str(person_id), row.line))
    return replace(moment, memory=base64.b64decode(learnt["memory"]))


async def before(database: Database, person_id: int, turn: TurnView) -> MomentValue | None:
    """The line as it was before the person's newest reading, that of `turn`, whatever they said of
    it since; None where that is not known any more.
    """
    found = await latest(database, person_id, upto=turn.no - 1)
    if found is None:
        first = turn.moment is not None and turn.moment.count <= 1
        return trajectory.begin(turn.at) if first else None
    return found if found.memory else None


async def keep(
    connection: AsyncConnection, sealer: Sealer, kept: Kept, moment: MomentValue
) -> None:
    """Keep what was learnt of a person by a turn, beside what was learnt by the one before it.

    What was learnt by a reading makes room for what its correction taught.
    """
    corrects = kept.report is not None and kept.report.about is not None
    over = _CORRECTED_LINE if corrects else _OLDER_LINES
    await connection.execute(over, {"person": kept.person_id})
    await _learn(connection, sealer, kept.person_id, kept.id, moment)


async def _learn(
    connection: AsyncConnection, sealer: Sealer, person_id: int, turn_id: str, moment: MomentValue
) -> None:
    body = json.dumps({"memory": base64.b64encode(moment.memory).decode()}).encode()
    sealed = sealer.seal("line", str(person_id), body)
    row = {"person_id": person_id, "turn_id": turn_id, "sealed": sealed}
    await connection.execute(insert(Line), row)


async def since(database: Database, person_id: int, start: datetime) -> list[TurnView]:
    """The person's turns with a moment or a word of theirs since `start`, oldest first."""
    wanted = (
        talks.turns()
        .where(
            Turn.person_id == person_id,
            Turn.at >= start,
            or_(Moment.turn_id.is_not(None), Report.turn_id.is_not(None)),
        )
        .order_by(Turn.no)
    )
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
        return await talks.opened(database, connection, rows) if rows else []


async def series(
    database: Database, person_id: int, start: datetime, most: int = MOST
) -> trajectory.Series:
    """What was measured of a person since `start`, for charts; of many more than `most`, a part.

    What they said of themselves is always in it, instead of a reading that they judged otherwise;
    of several words on one reading the last. Those who joined the person are the same person.
    """
    async with database.read() as connection:
        everybody = (person_id, *await people.joined(connection, person_id))
    told: list[Observation] = []
    for one in everybody:
        told += await _told_since(database, one, start, most // len(everybody))
    return trajectory.series(told)


async def _told_since(
    database: Database, person_id: int, start: datetime, most: int
) -> list[Observation]:
    async with database.read() as connection:
        chosen = {*await _chosen(connection, person_id, start, most)}
        ids = sorted(chosen.union(await connection.scalars(_own(person_id, start))))
    return _counted(await _these(database, person_id, ids))


async def _chosen(
    connection: AsyncConnection, person_id: int, start: datetime, most: int
) -> list[str]:
    """The turns of about `most` readings since `start`, evenly over the turns, or of all there are.

    Every second, third ... turn is looked up by its number: however many turns lie between.
    """
    since = (Turn.person_id == person_id, Turn.at >= start)
    first = await connection.scalar(select(Turn.no).where(*since).order_by(Turn.at).limit(1))
    last = await connection.scalar(select(func.max(Turn.no)).where(Turn.person_id == person_id))
    step = math.ceil((last - first + 1) / most) if first and last else 1
    while step > 1:
        nos = select(literal(first).label("no")).cte(recursive=True)
        nos = nos.union_all(select(nos.c.no + step).where(nos.c.no + step <= last))
        # Each by itself: joined, SQLite 3.40 first reads all turns to know which to look up.
        one = _read().where(*since, Turn.no == nos.c.no).scalar_subquery()
        rows = await connection.scalars(select(one).select_from(nos))
        found = [turn_id for turn_id in rows if turn_id]
        if len(found) >= most / 2:
            return found
        # Many turns have no reading (commands, words that may not be read): closer together.
        step = min(step - 1, math.ceil(step * len(found) / most))
    return list(await connection.scalars(_read().where(*since)))


def _read() -> Select[str]:
    return select(Turn.id).join(Reading, Reading.turn_id == Turn.id)


def _own(person_id: int, start: datetime) -> Select[str]:
    """The turns since `start` in which the person said something of themselves."""
    joined = select(Report.turn_id).join(Turn, Turn.id == Report.turn_id)
    return joined.where(Report.person_id == person_id, Turn.at >= start).order_by(Turn.no)


async def counts(database: Database, person_id: int, start: datetime) -> tuple[int, int]:
    """How many readings there are since `start`, and how often the person said it themselves."""
    own = 0
    async with database.read() as connection:
        everybody = (person_id, *await people.joined(connection, person_id))
        # From two indexes alone: still linear, but no row with what is sealed in it is looked at.
        read = select(func.count()).prefix_with(driver.LONG).select_from(Turn)
        read = read.join(Reading, Reading.turn_id == Turn.id)
        since = read.where(Turn.person_id.in_(everybody), Turn.at >= start)
        found = await connection.scalar(since) or 0
        said = {one: list(await connection.scalars(_own(one, start))) for one in everybody}
    for one, ids in said.items():
        own += len(_counted(await _these(database, one, ids)))
    return found, own


async def rebuild(
    database: Database, person_id: int, *, upto: int = talks.NEWEST
) -> MomentValue | None:
    """A person's line, followed anew from all that is kept; None where nothing is.

    The same numbers as while they talked, but that each word of theirs counts, however late it was
    said. Who joined them is the same person. A fraction of a millisecond a reading. With `upto` it
    is their line after so many turns.
    """
    async with database.read() as connection:
        everybody = (person_id, *await people.joined(connection, person_id))
    told: list[Observation] = []
    for one in everybody:
        told += _counted(await _opened(database, one, _FOLLOWED, Turn.no <= upto))
    told.sort(key=lambda observation: observation.at)
    return await asyncio.to_thread(trajectory.rebuild, told)


async def follow_anew(database: Database, person_id: int) -> MomentValue | None:
    """Put the line of `rebuild` in the place of a person's newest moment, and give it.

    After others joined or left them. Where there is no moment, it begins with their last turn.
    """
    moment = await rebuild(database, person_id)
    newest_turn = (
        select(Turn.id)
        .outerjoin(Moment, Moment.turn_id == Turn.id)
        .where(Turn.person_id == person_id)
        .order_by(Moment.turn_id.is_(None), Turn.no.desc())
        .limit(1)
    )
    async with database.write() as connection:
        await people.hold(connection, person_id)
        turn_id = await connection.scalar(newest_turn)
        if turn_id is None:
            return None
        await connection.execute(delete(Moment).where(Moment.turn_id == turn_id))
        await connection.execute(delete(Line).where(Line.person_id == person_id))
        if moment is not None:
            sealer = await database.sealer(connection, person_id)
            sealed = sealer.seal("moment", turn_id, dump(replace(moment, memory=b"")))
            row = {"turn_id": turn_id, "person_id": person_id, "sealed": sealed}
            await connection.execute(insert(Moment).values(row))
            await _learn(connection, sealer, person_id, turn_id, moment)
    return moment


@dataclass(frozen=True, slots=True)
class _Told:
    """What a turn measured; None where the person's word says nothing of how they were.

    `about` is the turn that it is a word on, `agrees` whether it says that what was read was right.
    """

    turn_id: str
    observation: Observation | None
    about: str | None = None
    agrees: bool = False


def _counted(told: Sequence[_Told]) -> list[Observation]:
    """Without readings that a person judged otherwise; of several words on one reading the last."""
    last = {one.about: one for one in told if one.about}

    def counts(one: _Told) -> bool:
        word = last.get(one.about or one.turn_id)
        return word is None or word is one or (word.agrees and one.about is None)

    return [one.observation for one in told if one.observation and counts(one)]


async def _opened(
    database: Database, person_id: int, *conditions: ColumnElement[bool]
) -> list[_Told]:
    """What some of a person's turns measured, in the order of the turns, opened by the batch."""
    wanted = _MEASURED.where(Turn.person_id == person_id, *conditions)
    told: list[_Told] = []
    after = -1
    while True:
        async with database.read() as connection:
            rows = (await connection.execute(wanted.where(Turn.no > after).limit(BATCH))).all()
            if not rows:
                return told
            sealer = await database.sealer(connection, person_id)
        after = rows[-1].no
        told += [_told(row, sealer) for row in rows]


async def _these(database: Database, person_id: int, ids: Sequence[str]) -> list[_Told]:
    """The same of turns by their ids, in their order."""
    told: list[_Told] = []
    for first in range(0, len(ids), BATCH):
        some = _MEASURED.where(_FOLLOWED, Turn.id.in_(ids[first : first + BATCH]))
        async with database.read() as connection:
            rows = (await connection.execute(some)).all()
            sealer = await database.sealer(connection, person_id)
        told += [_told(row, sealer) for row in rows]
    return told


def _told(row: _Row, sealer: Sealer) -> _Told:
    if row.report is None:
        read = load(ReadingValue, sealer.open("reading", row.id, row.reading))
        return _Told(row.id, trajectory.read(read, row.at))
    told = load(ReportValue, sealer.open("report", row.id, row.report))
    said = None
    if told.valence is not None:
        said = trajectory.said(
            told.at, told.valence, told.arousal, told.dominance, variance=told.variance
        )
    return _Told(row.id, said, told.about, agrees=told.verdict == "right")
