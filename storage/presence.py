"""Whether anybody has the store open: new keys, or a copy in its place, need it for themselves.

On SQLite the locks on the file tell. On PostgreSQL every connection of ours holds one advisory
lock in common as long as it lives, so a process that died, on whatever machine, holds none; whoever
needs the store alone takes that lock alone. Nobody waits: either has it at once or is refused.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from affect.errors import Refused, Unreachable

_LOCK = 0x7573656472  # any number that is ours in the database
IN_USE = "The store is in use: stop Attune first."
CLOSED = "The database cannot be opened: make its file and its folder readable and writable."
TAKEN = "The store is being restored or given a new key: try again when that is done."


def alone_with_file(path: Path) -> None:
    """Raise `Refused` while a process has this file of SQLite's open.

    Raises `Unreachable` where it may not be opened, or not be written.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as here:
            here.execute("PRAGMA locking_mode = EXCLUSIVE")
            here.execute("BEGIN EXCLUSIVE")
            here.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Refused(IN_USE) from None
        raise Unreachable(CLOSED) from None
    except sqlite3.DatabaseError:
        return  # damaged: that is what a copy is for


def enter(connection: Any, *, alone: bool) -> None:
    """Hold the lock for as long as a new connection to PostgreSQL lives.

    Raises `Refused` where others are there, or `Unreachable` where somebody needs to be alone.
    """
    how = "" if alone else "_shared"
    cursor = connection.cursor()
    cursor.execute(f"SELECT pg_try_advisory_lock{how}({_LOCK})")
    (held,) = cursor.fetchone()
    cursor.close()
    connection.commit()  # the lock outlives the transaction
    if not held:
        connection.close()
        raise Refused(IN_USE) if alone else Unreachable(TAKEN)
