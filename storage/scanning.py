"""Words looked for in everything that is wanted: opened turn by turn, by several processes.

The turns are cut into chunks by time; each worker opens one chunk after another with a connection
of its own and gives back where the words stand best, never the words. No plaintext is kept.
"""

from __future__ import annotations

import asyncio
import heapq
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, and_, create_engine, func, select
from sqlalchemy.pool import NullPool

from affect.errors import AttuneError
from storage import finding
from storage.database import KEYS_AT_ONCE, Database, keys_of, opened_keys
from storage.finding import Word
from storage.search import AnyRow, Place, before, facts, ordered
from storage.tables import Inbox, Reading, Turn
from storage.vault import Sealer, Vault
from storage.wanted import Wanted

CHUNK = 5_000  # turns
ALONE = 8  # so many chunks are read sooner than other processes have started
MEDIA = b'"media":[{'  # in a message with which something came along: only then was anything heard


class Best(NamedTuple):
    """A turn in which all words stand, in the order of how well it answers, then of its id."""

    score: float
    turn: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What one chunk gave: its turns, the best of them, and those that do not open."""

    turns: int
    hits: int
    best: tuple[Best, ...]
    unread: tuple[str, ...]


@dataclass(slots=True)
class Scan:
    """What is looked for, and what was found so far."""

    wanted: Wanted
    words: Sequence[Word]
    limit: int | None
    hits: int = 0
    best: list[Best] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, looked: Looked) -> None:
        """Keep the best of what a chunk gave."""
        self.hits += looked.hits
        self.unread += looked.unread
        self.best = _best((*self.best, *looked.best), self.limit)


async def scan(
    database: Database,
    wanted: Wanted,
    words: Sequence[Word],
    *,
    limit: int | None,
    looked_at: Callable[[int], None] | None = None,
) -> Scan:
    """Look at everything that is wanted; `looked_at` is told how many turns were opened."""
    found = Scan(wanted, words, limit)
    chunks = await _chunks(database, wanted)
    loop = asyncio.get_running_loop()
    async with _workers(database, len(chunks)) as workers:
        with _left_alone():
            waiting = [
                loop.run_in_executor(workers, _look, chunk, wanted, words, limit)
                for chunk in chunks
            ]
        for done in asyncio.as_completed(waiting):
            looked = await done
            found.add(looked)
            if looked_at is not None:
                looked_at(looked.turns)
    return found


Chunk = tuple[Place | None, Place | None]
"""From after a place up to and with another; None is the end of all."""


async def _chunks(database: Database, wanted: Wanted) -> list[Chunk]:
    """Where to cut, in one walk along the index."""
    number = func.row_number().over(order_by=(Turn.at, Turn.id)).label("number")
    numbered = wanted.places().add_columns(number).subquery()
    cut = (
        select(numbered.c.at, numbered.c.id)
        .where(numbered.c.number % CHUNK == 0)
        .order_by(numbered.c.number)
    )
    async with database.read() as connection:
        ends: list[Place | None] = [(row.at, row.id) for row in await connection.execute(cut)]
    return list(zip([None, *ends], [*ends, None], strict=True))


@asynccontextmanager
async def _workers(database: Database, chunks: int) -> AsyncIterator[Executor]:
    """Processes for much, a thread for little; what is still waiting at the end is dropped."""
    url = database.engine.url.render_as_string(hide_password=False)
    told = (url.replace("+aiosqlite", ""), database.vault)
    workers: Executor
    if chunks <= ALONE:
        workers = ThreadPoolExecutor(1, initializer=_open, initargs=told)
    else:
        count = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, chunks)
        spawn = multiprocessing.get_context("spawn")
        workers = ProcessPoolExecutor(count, spawn, initializer=_open, initargs=told)
    try:
        yield workers
    finally:
        await asyncio.to_thread(workers.shutdown, cancel_futures=True)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Processes born meanwhile do not hear Ctrl-C, from their first moment: we end them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_engine: Engine
_vault: Vault
_sealers: dict[int, Sealer]


def _open(url: str, vault: Vault) -> None:
    """What a worker keeps from chunk to chunk: the way to the database, the keys it met."""
    global _engine, _vault, _sealers  # noqa: PLW0603 - a worker has nowhere else to keep them
    cursors = {} if url.startswith("sqlite") else {"cursor_factory": _binary()}
    _engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=cursors)
    _vault, _sealers = vault, {}


def _binary() -> type[Any]:
    """Cursors of PostgreSQL that take sealed values as the bytes they are, not spelled out."""
    import psycopg  # there only where a database is PostgreSQL

    class Binary(psycopg.Cursor[Any]):
        def __init__(self, *told: Any, **more: Any) -> None:
            super().__init__(*told, **more)
            self.format = psycopg.pq.Format.BINARY

    return Binary


def _look(chunk: Chunk, wanted: Wanted, words: Sequence[Word], limit: int | None) -> Looked:
    """Open one chunk."""
    after, last = chunk
    asked = ordered(_asked(wanted), after)
    if last is not None:
        asked = before(asked, last, ends=True)
    best: list[Best] = []
    unread: list[str] = []
    heard: dict[str, _Told] = {}
    turns = 0
    names = wanted.sealed()
    with _engine.connect() as connection:
        rows = connection.execute(asked).all()
        _know(connection, {row.person_id for row in rows})
        for turn_id, several in groupby(rows, key=lambda row: row.id):
            turns += 1
            try:
                told = _Told(list(several))
                if names and facts(told.row, told.sealer, wanted, names) is None:
                    continue
                told.open()
                if any(MEDIA in body for body in told.said):
                    heard[turn_id] = told
                elif finding.possible(words, (*told.said, told.reply)):
                    best += told.scored(words, "")
            except (AttuneError, KeyError, ValueError):
                unread.append(turn_id)
        for turn_id, words_heard in _heard(connection, heard, unread):
            best += heard[turn_id].scored(words, words_heard)
    return Looked(turns, len(best), tuple(_best(best, limit)), tuple(unread))


def _asked(wanted: Wanted) -> Any:
    return (
        wanted.asked("turn", "reply")
        .add_columns(Inbox.channel, Inbox.ext_id, Inbox.sealed.label("said"))
        .outerjoin(Inbox, and_(Inbox.turn_id == Turn.id, Inbox.sealed.is_not(None)))
    )


class _Told:
    """One turn of a chunk: a row a message of it, with as much opened as was asked for."""

    __slots__ = ("reply", "row", "rows", "said", "sealer")

    def __init__(self, rows: Sequence[AnyRow]) -> None:
        self.rows = rows
        self.row = rows[0]
        self.sealer: Sealer = _sealers[self.row.person_id]
        self.said: tuple[bytes, ...] = ()
        self.reply = b""

    def open(self) -> None:
        """Open what was said and replied; raise as `Sealer.open` does."""
        sealer, row = self.sealer, self.row
        self.said = tuple(
            sealer.open("inbox", f"{one.channel}:{one.ext_id}", one.said)
            for one in self.rows
            if one.said is not None
        )
        if row.sealed_reply is not None:
            self.reply = sealer.open("reply", row.id, row.sealed_reply)

    def scored(self, words: Sequence[Word], heard: str) -> Iterator[Best]:
        texts = {
            "said": [from_json(body).get("text", "") for body in self.said],
            "transcript": [heard] if heard else [],
            "reply": [from_json(self.reply)["text"]] if self.reply else [],
        }
        score = finding.score(words, texts)
        if score:
            yield Best(score, self.row.id)


def _heard(
    connection: Connection, told: Mapping[str, _Told], unread: list[str]
) -> Iterator[tuple[str, str]]:
    """What was said aloud in turns: in the notes, or in the reading alone."""
    ids = list(told)
    for start in range(0, len(ids), KEYS_AT_ONCE):
        some = ids[start : start + KEYS_AT_ONCE]
        asked = select(Reading.turn_id, Reading.sealed).where(Reading.turn_id.in_(some))
        readings = {row.turn_id: row.sealed for row in connection.execute(asked)}
        for turn_id in some:
            one = told[turn_id]
            try:
                notes = one.row.sealed_turn
                heard = notes and from_json(one.sealer.open("turn", turn_id, notes)).get("heard")
                reading = readings.get(turn_id)
                if not heard and reading:
                    heard = from_json(one.sealer.open("reading", turn_id, reading)).get(
                        "transcript"
                    )
            except (AttuneError, ValueError):
                unread.append(turn_id)
                continue
            yield turn_id, heard or ""


def _know(connection: Connection, person_ids: set[int]) -> None:
    missing = [one for one in person_ids if one not in _sealers]
    for start in range(0, len(missing), KEYS_AT_ONCE):
        some = keys_of(missing[start : start + KEYS_AT_ONCE])
        _sealers.update(opened_keys(_vault, connection.execute(some).all()))


def _best(found: Iterable[Best], limit: int | None) -> list[Best]:
    if limit is None:
        return sorted(found, reverse=True)
    return heapq.nlargest(limit, found)
