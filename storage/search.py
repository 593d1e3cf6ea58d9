"""Turns found by what they are. Nothing that was written or read is indexed in the clear:

a filter on what is sealed (emotion, valence, risk, strategy, language) opens one turn after
another until there are enough. What looks for words in everything is `scanning`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json
from sqlalchemy import Row, Select, Tuple, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from affect.errors import AttuneError, BadInput, NotFound, Unreachable
from storage import talks
from storage.database import Database
from storage.records import TurnView
from storage.tables import Person, Talk, Turn
from storage.vault import Sealer
from storage.wanted import Wanted

PAGE = 100
MOST_LOOKED_AT = 2000  # turns in one look where what is sealed decides
SHORTEST_ID, LONGEST_ID = 4, 26  # characters of a ULID's end that name somebody

Unread = Callable[[str], None]
"""Told the id of a turn that does not open: the key is gone, or the row was tampered with."""

Place = tuple[datetime, str]
"""Where a turn stands: when it was sent, and its id."""

AnyRow = Row[*tuple[Any, ...]]


async def person(database: Database, named: str) -> str:
    """The uid that ends in `named`; raise `NotFound`, or `BadInput` if it is several."""
    return await _named(database, Person.uid, named, "person")


async def talk(database: Database, named: str) -> str:
    """The id of the talk that ends in `named`; raise as `person` does."""
    return await _named(database, Talk.id, named, "talk")


async def turn(database: Database, named: str) -> TurnView:
    """The turn whose id ends in `named`; raise `NotFound`, or `BadInput` if it is several."""
    turn_id = await _named(database, Turn.id, named, "turn")
    async with database.read() as connection:
        rows = (await connection.execute(talks.turns().where(Turn.id == turn_id))).all()
        if not rows:
            raise NotFound("There is no such turn.")
        return (await talks.opened(database, connection, rows))[0]


async def count(database: Database, wanted: Wanted) -> int:
    """How many turns `pages` looks at to find what is wanted."""
    async with database.read() as connection:
        counted = select(func.count()).select_from(wanted.places().subquery())
        return await connection.scalar(counted) or 0


async def people_of(database: Database, wanted: Wanted) -> Sequence[str]:
    """The uids of those whose turns are wanted, as far as columns can tell."""
    theirs = wanted.places().with_only_columns(Turn.person_id).distinct()
    asked = select(Person.uid).where(Person.id.in_(theirs)).order_by(Person.uid)
    async with database.read() as connection:
        return (await connection.scalars(asked)).all()


async def talks_of(database: Database, wanted: Wanted) -> Sequence[str]:
    """The ids of the talks of the turns that are wanted, as far as columns can tell."""
    asked = wanted.places().with_only_columns(Turn.talk_id).distinct().order_by(Turn.talk_id)
    async with database.read() as connection:
        return (await connection.scalars(asked)).all()


async def span(database: Database, wanted: Wanted) -> tuple[datetime, datetime] | None:
    """When the first and the last of the turns that are wanted were sent."""
    asked = wanted.places().with_only_columns(func.min(Turn.at), func.max(Turn.at))
    async with database.read() as connection:
        row: Row[*tuple[Any, ...]] = (await connection.execute(asked)).one()
    return None if row[0] is None else (row[0], row[1])


async def pages(
    database: Database,
    wanted: Wanted,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    after: Place | None = None,
    unread: Unread | None = None,
    opened: Callable[[int], None] | None = None,
) -> AsyncIterator[list[TurnView]]:
    """The turns that are wanted, in the order in which they were sent; `after` is time and id.

    Each page is a transaction of its own. `opened` is told how many turns were looked at.
    """
    sealed = wanted.sealed()
    size, left = PAGE, limit
    more = left is None or left > 0
    while more:
        async with database.read() as connection:
            asked = ordered(wanted.asked(), after, newest_first=newest_first).limit(size)
            rows = (await connection.execute(asked)).all()
            fitting = await _fitting(
                database, connection, rows, wanted, sealed, unread, enough=left
            )
            views = await together(database, connection, [one.row.id for one in fitting], unread)
            left = None if left is None else left - len(views)
            more = len(rows) == size and (left is None or left > 0)
            if more:
                after = await _end(connection, rows) or after
        if opened is not None:
            opened(len(rows))
        if views:
            yield views
        if sealed:
            size = min(2 * size, MOST_LOOKED_AT)


@dataclass(frozen=True, slots=True)
class Glance:
    """A turn with a few of its sealed values as parsed JSON, for counting."""

    row: AnyRow
    facts: Mapping[str, Any]


async def glances(
    database: Database,
    wanted: Wanted,
    *also: str,
    unread: Unread | None = None,
    opened: Callable[[int], None] | None = None,
) -> AsyncIterator[list[Glance]]:
    """The turns that are wanted, oldest first, with the values of the tables `also`."""
    after: Place | None = None
    while True:
        asked = ordered(wanted.asked(*also, counted=True), after).limit(MOST_LOOKED_AT)
        async with database.read() as connection:
            rows = (await connection.execute(asked)).all()
            names = wanted.sealed().union(also)
            found = await _fitting(database, connection, rows, wanted, names, unread)
        yield found
        if opened is not None:
            opened(len(rows))
        if len(rows) < MOST_LOOKED_AT:
            return
        after = (rows[-1].at, rows[-1].id)


def ordered(
    asked: Select[*tuple[Any, ...]], after: Place | None, *, newest_first: bool = False
) -> Select[*tuple[Any, ...]]:
    """A query of turns from a place on, in the order of the index on time and id."""
    if after is not None:
        asked = before(asked, after, ends=False) if newest_first else beyond(asked, after)
    if newest_first:
        return asked.order_by(Turn.at.desc(), Turn.id.desc())
    return asked.order_by(Turn.at, Turn.id)


# The time alone is said once more: PostgreSQL finds its way into the index by that.


def beyond(asked: Select[*tuple[Any, ...]], place: Place) -> Select[*tuple[Any, ...]]:
    """Only what comes after a place."""
    return asked.where(Turn.at >= place[0], _here() > _there(place))


def before(
    asked: Select[*tuple[Any, ...]], place: Place, *, ends: bool
) -> Select[*tuple[Any, ...]]:
    """Only what comes before a place, or ends with it."""
    here, there = _here(), _there(place)
    return asked.where(Turn.at <= place[0], here <= there if ends else here < there)


async def _end(connection: AsyncConnection, rows: Sequence[AnyRow]) -> Place | None:
    """Where the last of the turns stands that was not forgotten since they were asked for."""
    for row in reversed(rows):
        place = select(Turn.at, Turn.id).where(Turn.id == row.id)
        if found := (await connection.execute(place)).one_or_none():
            return found.at, found.id
    return None


def _here() -> Tuple:
    return tuple_(Turn.at, Turn.id)


def _there(place: Place) -> Tuple:
    return tuple_(*place, types=(Turn.at.type, Turn.id.type))


def facts(
    row: AnyRow, sealer: Sealer, wanted: Wanted, names: Collection[str]
) -> Mapping[str, Any] | None:
    """What is sealed in a row of `Wanted.asked`, opened; None if the turn does not fit.

    A moment stays bytes: only what follows a line knows its forms. Raise as `Sealer.open` does.
    """
    told = {}
    for name in names:
        sealed = getattr(row, f"sealed_{name}")
        if sealed is not None:
            body = sealer.open(name, row.id, sealed)
            if not wanted.possible(name, body):
                return None
            told[name] = body if name == "moment" else from_json(body)
    return told if wanted.fits(told) else None


async def kept_since(
    database: Database, wanted: Wanted, turn_id: str, unread: Unread | None = None
) -> list[TurnView]:
    """The turns that are wanted and have an id of `turn_id` or beyond, in the order of the ids."""
    asked = wanted.asked().where(Turn.id >= turn_id).order_by(Turn.id)
    async with database.read() as connection:
        rows = (await connection.execute(asked)).all()
        fitting = await _fitting(database, connection, rows, wanted, wanted.sealed(), unread)
        return await together(database, connection, [one.row.id for one in fitting], unread)


async def these(
    database: Database, ids: Sequence[str], unread: Unread | None = None
) -> AsyncIterator[list[TurnView]]:
    """Turns by their ids, opened, in that order, page by page."""
    for start in range(0, len(ids), PAGE):
        async with database.read() as connection:
            views = await together(database, connection, ids[start : start + PAGE], unread)
        if views:
            yield views


async def together(
    database: Database, connection: AsyncConnection, ids: Sequence[str], unread: Unread | None
) -> list[TurnView]:
    """Turns by their ids, opened, in that order."""
    if not ids:
        return []
    rows = (await connection.execute(talks.turns().where(Turn.id.in_(ids)))).all()
    place = {turn_id: number for number, turn_id in enumerate(ids)}
    return await _opened(database, connection, sorted(rows, key=lambda row: place[row.id]), unread)


async def _fitting(
    database: Database,
    connection: AsyncConnection,
    rows: Sequence[AnyRow],
    wanted: Wanted,
    names: Collection[str],
    unread: Unread | None,
    *,
    enough: int | None = None,
) -> list[Glance]:
    """The first rows that fit, until there are enough; one that does not open hides no other."""
    if not names:
        return [Glance(row, {}) for row in rows[:enough]]
    sealers = await database.sealers(connection, {row.person_id for row in rows})
    found = []
    for row in rows:
        try:
            told = facts(row, sealers[row.person_id], wanted, names)
            if told is not None:
                found.append(Glance(row, told))
                if len(found) == enough:
                    break
        except (AttuneError, KeyError, ValueError):
            if unread is not None:
                unread(row.id)
    return found


async def _opened(
    database: Database,
    connection: AsyncConnection,
    rows: Sequence[AnyRow],
    unread: Unread | None,
) -> list[TurnView]:
    """The rows, opened; one that does not open keeps no other from being read."""
    if not rows:
        return []
    try:
        return await talks.opened(database, connection, rows)
    except Unreachable:
        raise
    except (AttuneError, ValidationError):
        if len(rows) > 1:
            return [
                view for row in rows for view in await _opened(database, connection, [row], unread)
            ]
    if unread is not None:
        unread(rows[0].id)
    return []


async def _named(
    database: Database, column: InstrumentedAttribute[str], named: str, thing: str
) -> str:
    end = named.strip().upper()
    if not SHORTEST_ID <= len(end) <= LONGEST_ID or not (end.isascii() and end.isalnum()):
        raise BadInput("bad_id", f"A {thing} is named by its id, or the last characters of it.")
    whole = column == end if len(end) == LONGEST_ID else column.endswith(end)
    async with database.read() as connection:
        found = (await connection.scalars(select(column).where(whole).limit(2))).all()
    if not found:
        raise NotFound(f"There is no such {thing}.")
    if len(found) > 1:
        raise BadInput("ambiguous", f"More than one {thing} ends in {end}: give more of the id.")
    return found[0]


def strategy_of(view: TurnView) -> str | None:
    """The strategy that the reply showed, else the one that was planned."""
    if view.wording is not None and view.wording.strategy is not None:
        return view.wording.strategy
    return view.plan.strategy.value if view.plan is not None else None
