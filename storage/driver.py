"""SQLite under asyncio without a trip to another thread for every statement.

aiosqlite hands each call (make a cursor, execute, fetch, close) to a thread of its own and waits
for the answer; on a busy machine that takes ten times as long as the statement itself. Statements
in a transaction that is already open take microseconds, so they run where they are; what may wait
for a lock or for the disk (taking the pen, committing what was written, deleting, pragmas) still
goes to the thread, and so does what says that it takes long.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiosqlite

QUICK = frozenset({"cursor", "execute", "executemany", "fetchone", "fetchmany", "fetchall"})
# SQLAlchemy writes keywords in capitals.
AT_ONCE = ("SELECT", "INSERT", "UPDATE", "WITH", "PRAGMA synchronous")
LONG = "/* long */"
"""Begins a SELECT, as a prefix, that may look at very many rows: it goes to the thread as well."""
DEFERRED = "BEGIN"  # alone it takes no lock


class Connection(aiosqlite.Connection):
    """One connection; used by one task at a time, as the pool hands it out."""

    _writing = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Every call of aiosqlite to the database comes through here."""
        if self._connection is None or not self._running:
            raise ValueError("no active connection")
        statement = args[0] if fn.__name__ == "execute" else ""
        if self._quick(fn, statement):
            return fn(*args, **kwargs)
        if statement.startswith("BEGIN"):
            self._writing = True
        elif fn.__name__ in {"commit", "rollback"}:
            self._writing = False
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _quick(self, fn: Callable[..., Any], statement: str) -> bool:
        """Whether a call waits for nothing: no lock, no disk, no other process."""
        name = fn.__name__
        if name == "close":
            return isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
        if name in {"commit", "rollback"}:
            return not self._writing
        if name == "execute":
            at_once = statement.startswith(AT_ONCE) and LONG not in statement
            return at_once or statement == DEFERRED
        return name in QUICK


def connect(database: str, **options: Any) -> Connection:
    """A connection to await, as `aiosqlite.connect` gives one; its thread ends with the process."""
    options["check_same_thread"] = False  # the loop's thread and its own take turns
    connection = Connection(lambda: _opened(database, options), 64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does to aiosqlite's own
    return connection


def _opened(database: str, options: dict[str, Any]) -> sqlite3.Connection:
    """A new file is for its owner alone, and its journals take after it."""
    if not database.startswith((":", "file:")):
        with suppress(OSError):  # it is there; or SQLite says better what is wrong
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    opened: sqlite3.Connection = sqlite3.connect(database, **options)
    return opened
