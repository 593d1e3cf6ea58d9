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
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, and_, create_engine, select

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
    look = partial(_look, wanted=wanted, words=words, limit=limit)
    first: list[Chunk] = []
    async with aclosing(_chunks(database, wanted)) as chunks:
        async for chunk in chunks:
            first.append(chunk)
            if len(first) > ALONE:
                break
        async with _workers(database, len(first)) as workers:
            waiting = [_given(workers, look, chunk) for chunk in first]
            # Other processes start, and open the first chunks, while the rest are cut.
            waiting += [_given(workers, look, chunk) async for chunk in chunks]
            for done in asyncio.as_completed(waiting):
                looked = await done
                found.add(looked)
                if looked_at is not None:
                    looked_at(looked.turns)
    return found


Chunk = tuple[Place | None, Place | None]
"""From after a place up to and with another; None is the end of all."""


async def _chunks(database: Database, wanted: Wanted) -> AsyncGenerator[Chunk]:
    """Cut step by step along the index."""
    start: Place | None = None
    async with database.read() as connection:
        while True:
            asked = ordered(wanted.places(), start).offset(CHUNK - 1).limit(1)
            row = (await connection.execute(asked)).one_or_none()
            end = None if row is None else (row.at, row.id)
            yield start, end
            if end is None:
                return
            start = end


def _given(
    workers: Executor, look: Callable[[Chunk], Looked], chunk: Chunk
) -> asyncio.Future[Looked]:
    """A chunk that some worker will look at; the first ones start the workers."""
    with _left_alone():
        return asyncio.get_running_loop().run_in_executor(workers, look, chunk)


@asynccontextmanager
async def _workers(database: Database, chunks: int) -> AsyncIterator[Executor]:
    """Processes for more than `ALONE` chunks, else a thread; what still waits is dropped."""
    url = database.engine.url.render_as_string(hide_password=False)
    told = (url.replace("+aiosqlite", ""), database.vault)
    workers: Executor
    if chunks <= ALONE:
        workers = ThreadPoolExecutor(1, initializer=_open, initargs=told)
    else:
        count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        spawn = multiprocessing.get_context("spawn")
        workers = ProcessPoolExecutor(count, spawn, initializer=_open, initargs=told)
    try:
        yield workers
    finally:
        await asyncio.to_thread(workers.shutdown, cancel_futures=True)
        if isinstance(workers, ThreadPoolExecutor):
            _close()  # processes take their connections along


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
    """What a worker keeps from chunk to chunk: its connection, the keys it met."""
    global _engine, _vault, _sealers  # noqa: PLW0603 - a worker has nowhere else to keep them
    cursors = {} if url.startswith("sqlite") else {"cursor_factory": _binary()}
    _engine = create_engine(url, hide_parameters=True, connect_args=cursors)
    _vault, _sealers = vault, {}


def _close() -> None:
    _engine.dispose()


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
        wanted.asked("reply")
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
        self.said: list[bytes] = []
        self.reply = b""

    def open(self) -> None:
        """Open what was said and replied; raise as `Sealer.open` does."""
        sealer, row = self.sealer, self.row
        self.said = [
            sealer.open("inbox", f"{one.channel}:{one.ext_id}", one.said)
            for one in self.rows
            if one.said is not None
        ]
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
        asked = (
            select(Turn.id, Turn.sealed.label("notes"), Reading.sealed.label("reading"))
            .outerjoin(Reading, Reading.turn_id == Turn.id)
            .where(Turn.id.in_(some), Turn.sealed.is_not(None))
        )
        for row in connection.execute(asked):
            opened = told[row.id].sealer.open
            try:
                heard = from_json(opened("turn", row.id, row.notes)).get("heard")
                if not heard and row.reading:
                    heard = from_json(opened("reading", row.id, row.reading)).get("transcript")
            except (AttuneError, ValueError):
                unread.append(row.id)
                continue
            yield row.id, heard or ""


def _know(connection: Connection, person_ids: set[int]) -> None:
    missing = [one for one in person_ids if one not in _sealers]
    for start in range(0, len(missing), KEYS_AT_ONCE):
        some = keys_of(missing[start : start + KEYS_AT_ONCE])
        _sealers.update(opened_keys(_vault, connection.execute(some).all()))


def _best(found: Iterable[Best], limit: int | None) -> list[Best]:
    if limit is None:
        return sorted(found, reverse=True)
    return heapq.nlargest(limit, found)
