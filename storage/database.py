"""The connection to SQLite or PostgreSQL: who may write when, and how safely.

On SQLite one writer at a time in a process holds the pen (BEGIN IMMEDIATE, WAL); a transaction
that must survive a power cut says `durable=True` and is synced fully. On PostgreSQL the server
does all this. Knows no table.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, event, make_url, select
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from affect.errors import NotFound, SettingsError, Unreachable
from storage import driver, presence
from storage.tables import Key, Person
from storage.vault import SealBroken, Sealer, Vault

BUSY_MILLISECONDS = 10_000
CACHED_SEALERS = 4_096
KEYS_AT_ONCE = 500
CONNECT_SECONDS = 10  # a server that does not even refuse is away

NO_DRIVER = "PostgreSQL needs its driver: pip install 'attune-companion[postgres]'."
AWAY = "The database cannot be reached, is locked or is not set up."
SAID = {  # by the beginning of what SQLite calls it
    "SQLITE_FULL": "There is no room left on the disk of the database: make some.",
    "SQLITE_IOERR": "The disk of the database is full or broken: make room, or use another disk.",
    "SQLITE_READONLY": "The database cannot be written: make its file and its folder writable.",
    "SQLITE_CANTOPEN": presence.CLOSED,
    "SQLITE_CORRUPT": "The database is damaged: see attune-admin db check, then restore a copy.",
    "SQLITE_NOTADB": "The database cannot be read: it is damaged, or no database of Attune.",
}

_KEY = (
    select(Person.uid, Key.wrapped)
    .join(Key, Key.person_id == Person.id)
    .where(Person.id == bindparam("person"))
)


class Database:
    """One database and the vault that opens what is sealed in it.

    `alone` is for what nobody else may see half done: it raises `Refused` while another process
    has the store open, on SQLite here and on PostgreSQL at the first transaction.
    """

    def __init__(self, url: str, vault: Vault, *, alone: bool = False) -> None:
        self.vault = vault
        self.embedded = make_url(url).get_backend_name() == "sqlite"
        if self.embedded and alone:
            presence.alone_with_file(Path(make_url(url).database or ""))
        self.engine = _sqlite(url) if self.embedded else _postgres(url, alone=alone)
        self._writing = self.engine.execution_options(write=True)
        self._durable = self.engine.execution_options(write=True, durable=True)
        self._pen = asyncio.Lock()
        self._sealers: OrderedDict[int, Sealer] = OrderedDict()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state and changes nothing."""
        with _reachable():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self, *, durable: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that is kept as a whole, or not at all."""
        engine = self._durable if durable else self._writing
        async with AsyncExitStack() as held:
            if self.embedded:
                await held.enter_async_context(self._pen)
            with _reachable():
                yield await held.enter_async_context(engine.begin())

    async def sealer(self, connection: AsyncConnection, person_id: int) -> Sealer:
        """The sealer of a person; raise `NotFound` if their key is gone."""
        if known := self._sealers.get(person_id):
            self._sealers.move_to_end(person_id)
            return known
        row = (await connection.execute(_KEY, {"person": person_id})).one_or_none()
        if row is None:
            raise NotFound("There is no such person.")
        return self.keep_sealer(person_id, self.vault.sealer(row.uid, row.wrapped))

    async def sealers(
        self, connection: AsyncConnection, person_ids: Collection[int]
    ) -> dict[int, Sealer]:
        """The sealers of several people at once; whose key is gone or broken is absent."""
        found = {one: known for one in person_ids if (known := self._sealers.get(one))}
        missing = [one for one in person_ids if one not in found]
        for start in range(0, len(missing), KEYS_AT_ONCE):
            asked = keys_of(missing[start : start + KEYS_AT_ONCE])
            opened = opened_keys(self.vault, (await connection.execute(asked)).all())
            for person_id, sealer in opened.items():
                found[person_id] = self.keep_sealer(person_id, sealer)
        return found

    def keep_sealer(self, person_id: int, sealer: Sealer) -> Sealer:
        """Remember an opened key for what is opened next."""
        self._sealers[person_id] = sealer
        while len(self._sealers) > CACHED_SEALERS:
            self._sealers.popitem(last=False)
        return sealer

    def drop_sealer(self, person_id: int) -> None:
        """Forget an opened key."""
        self._sealers.pop(person_id, None)

    async def scrub(self) -> None:
        """Leave nothing of deleted rows in the write-ahead log of SQLite."""
        if self.embedded:
            async with self._pen, self.engine.connect() as connection:
                raw = await connection.get_raw_connection()
                done = await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
                await done.close()  # an open statement would keep the next transaction from ending

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def keys_of(person_ids: Collection[int]) -> Select[int, str, bytes]:
    """The wrapped keys of some people."""
    return (
        select(Person.id, Person.uid, Key.wrapped)
        .join(Key, Key.person_id == Person.id)
        .where(Person.id.in_(person_ids))
    )


def opened_keys(vault: Vault, rows: Iterable[Row[int, str, bytes]]) -> dict[int, Sealer]:
    """The sealers of the rows of `keys_of`; a key that does not open is left out."""
    found = {}
    for row in rows:
        with suppress(SealBroken):
            found[row.id] = vault.sealer(row.uid, row.wrapped)
    return found


def sentence(error: BaseException | None) -> str | None:
    """What an error of SQLite's means and what to do about it; None if that is not known."""
    name = getattr(error, "sqlite_errorname", "")
    return next((told for kind, told in SAID.items() if name.startswith(kind)), None)


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn the driver's "cannot connect" into `Unreachable`."""
    try:
        yield
    except PoolTimeout as error:
        raise Unreachable(AWAY) from error
    except DatabaseError as error:
        told = sentence(error.orig)
        if told is None and not isinstance(error, OperationalError):
            raise
        raise Unreachable(told or AWAY) from error
    except InterfaceError as error:
        raise Unreachable(AWAY) from error


def _postgres(url: str, *, alone: bool) -> AsyncEngine:
    try:
        engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=1 if alone else 10,
            max_overflow=0 if alone else 10,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except ImportError:  # of the driver, or of the library under it
        raise SettingsError(NO_DRIVER) from None

    @event.listens_for(engine.sync_engine, "connect")
    def enter(connection: Any, _: Any) -> None:
        presence.enter(connection, alone=alone)

    return engine


def _sqlite(url: str) -> AsyncEngine:
    # Every transaction here ends by itself; another rollback at each return would be two hops
    # through the driver's thread for nothing.
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_reset_on_return=None,
        connect_args={"async_creator_fn": driver.connect},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        record.info["durable"] = False

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        durable = bool(options.get("durable"))
        if connection.info.get("durable") != durable:
            level = "FULL" if durable else "NORMAL"
            connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
            connection.info["durable"] = durable
        if options.get("write"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            cursor = connection.connection.cursor()  # takes no lock and cannot fail: no ceremony
            cursor.execute(driver.DEFERRED)
            cursor.close()

    return engine
