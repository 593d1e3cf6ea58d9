"""Finding turns: filters, page by page over everything that is kept, and a scan for words.

There is no index of anybody's words or readings: what is sealed is opened row by row and let go
again, so that memory stays the same however much is kept. The words inside a stored message are
known to the bot alone; whoever scans says how to get at them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from affect.errors import AttuneError, BadInput, NotFound, Unreachable
from storage import talks
from storage.database import Database
from storage.records import TurnView
from storage.tables import Person, Reply, Talk, Turn

PAGE = 100
SHORTEST_ID, LONGEST_ID = 4, 26  # characters of a ULID's end that name somebody
ABSTAINED = "none"  # the filter for readings that name no emotion
AROUND = 40  # characters shown on either side of a hit

Unread = Callable[[str], None]
"""Told the id of a turn that does not open: the key is gone, or the row was tampered with."""

Texts = Callable[[TurnView], Mapping[str, Sequence[str]]]
"""The texts of a turn by where they stand (`said`, `reply` ...)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which turns; what is None does not matter. `since` <= sent < `until`.

    `emotion` is one of the seven or `none`; `valence_below` is in [-1, 1]. `strategy` is what the
    reply really showed, or what was planned where the writer did not know.
    """

    person_uid: str | None = None
    platform: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    writer: str | None = None
    emotion: str | None = None
    valence_below: float | None = None
    risk: str | None = None
    strategy: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found in a turn, how often, and the text around the first of them."""

    where: str
    count: int
    snippet: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn in which all the words were found."""

    turn: TurnView
    found: tuple[Found, ...]

    @property
    def count(self) -> int:
        """How often, in all its texts."""
        return sum(one.count for one in self.found)


async def person(database: Database, named: str) -> str:
    """The uid that ends in `named`; raise `NotFound`, or `BadInput` if it is several."""
    return await _named(database, Person.uid, named, "person")


async def turn(database: Database, named: str) -> TurnView:
    """The turn whose id ends in `named`; raise `NotFound`, or `BadInput` if it is several."""
    turn_id = await _named(database, Turn.id, named, "turn")
    async with database.read() as connection:
        rows = (await connection.execute(talks.turns().where(Turn.id == turn_id))).all()
        if not rows:
            raise NotFound("There is no such turn.")
        return (await talks.opened(database, connection, rows))[0]


async def count(database: Database, wanted: Wanted) -> int:
    """How many turns `pages` opens to find what is wanted."""
    async with database.read() as connection:
        counted = select(func.count()).select_from(_asked(wanted).subquery())
        return await connection.scalar(counted) or 0


async def pages(
    database: Database,
    wanted: Wanted,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    unread: Unread | None = None,
    opened: Callable[[int], None] | None = None,
) -> AsyncIterator[list[TurnView]]:
    """The turns that are wanted, in the order of their ids, which is that of time.

    Each page is a transaction of its own. `opened` is told how many turns were looked at.
    """
    order = Turn.id.desc() if newest_first else Turn.id
    after: str | None = None
    left = limit
    while left is None or left > 0:
        asked = _asked(wanted).order_by(order).limit(PAGE)
        if after is not None:
            asked = asked.where(Turn.id < after if newest_first else Turn.id > after)
        async with database.read() as connection:
            rows = (await connection.execute(asked)).all()
            views = await _opened(database, connection, rows, unread)
        fitting = [view for view in views if _fits(view, wanted)][:left]
        if opened is not None:
            opened(len(rows))
        if fitting:
            yield fitting
        if len(rows) < PAGE:
            return
        after = rows[-1].id
        left = None if left is None else left - len(fitting)


def find(view: TurnView, words: Sequence[re.Pattern[str]], texts: Texts) -> Hit | None:
    """The turn as a hit, if every one of the words stands somewhere in it."""
    kept = [(where, _plain(one)) for where, those in texts(view).items() for one in those]
    if not all(any(word.search(one) for _, one in kept) for word in words):
        return None
    found = []
    for where, one in kept:
        hits = [match for word in words for match in word.finditer(one)]
        if hits:
            found.append(Found(where, len(hits), _snippet(one, min(hits, key=re.Match.start))))
    return Hit(view, tuple(found))


def patterns(words: Sequence[str]) -> list[re.Pattern[str]]:
    """Words to look for, whatever their case or width; raise `BadInput` if nothing is left."""
    wanted = [plain for word in words if (plain := _plain(word).strip())]
    if not wanted:
        raise BadInput("no_words", "There are no words to look for.")
    return [re.compile(re.escape(word), re.IGNORECASE) for word in wanted]


def strategy_of(view: TurnView) -> str | None:
    """The strategy that the reply showed, else the one that was planned."""
    if view.wording is not None and view.wording.strategy is not None:
        return view.wording.strategy
    return view.plan.strategy.value if view.plan is not None else None


def _asked(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    """What the columns can tell; the rest is in `_fits`."""
    asked = talks.turns()
    if wanted.person_uid is not None:
        asked = asked.where(Person.uid == wanted.person_uid)
    if wanted.platform is not None:
        asked = asked.where(Talk.platform == wanted.platform)
    if wanted.since is not None:
        asked = asked.where(Turn.at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(Turn.at < wanted.until)
    if wanted.writer is not None:
        asked = asked.where(Reply.writer == wanted.writer)
    return asked


def _fits(view: TurnView, wanted: Wanted) -> bool:
    """What only the opened turn can tell."""
    reading = view.reading
    return (
        (wanted.emotion is None or _emotion(view) == wanted.emotion)
        and (
            wanted.valence_below is None
            or (reading is not None and reading.affect.valence < wanted.valence_below)
        )
        and (wanted.risk is None or view.notes.risk.value == wanted.risk)
        and (wanted.strategy is None or strategy_of(view) == wanted.strategy)
        and (wanted.language is None or view.notes.language == wanted.language)
    )


def _emotion(view: TurnView) -> str | None:
    if view.reading is None:
        return None
    return ABSTAINED if view.reading.emotion is None else view.reading.emotion.value


async def _opened(
    database: Database,
    connection: AsyncConnection,
    rows: Sequence[Row[*tuple[Any, ...]]],
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
    async with database.read() as connection:
        found = (
            await connection.scalars(select(column).where(column.endswith(end)).limit(2))
        ).all()
    if not found:
        raise NotFound(f"There is no such {thing}.")
    if len(found) > 1:
        raise BadInput("ambiguous", f"More than one {thing} ends in {end}: give more of the id.")
    return found[0]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _snippet(text: str, hit: re.Match[str]) -> str:
    start, end = max(0, hit.start() - AROUND), hit.end() + AROUND
    shown = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"
