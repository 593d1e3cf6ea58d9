"""Copies of the store, and going back to one. The keys are never in the same file as the rest.

A copy holds sealed values alone; persons' keys, wrapped by the master key, go into a file of their
own. Whoever has no key there when a copy is restored was forgotten meanwhile, and is forgotten
again. SQLite is copied by its backup API while the bot writes; PostgreSQL by pg_dump.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, insert, make_url, select

from affect.errors import AttuneError, BadInput, Refused, Unreachable
from storage import migrate, people, presence
from storage.database import AWAY, Database, sentence
from storage.tables import Key, Person, Turn
from storage.vault import Vault

NO_ROOM = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE"})  # a full disk; a limit on a file's size
PAGES = 2_000  # copied in one go, before the bot has its turn again
KIND = "attune keys 1"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a store holds after a copy was restored; `forgotten` had no key any more."""

    people: int
    turns: int
    forgotten: int


def ready(database: Database) -> None:
    """Raise `Unreachable` where what `copy` needs is not there."""
    if not database.embedded:
        _program("pg_dump")


async def copy(database: Database, draft: Path) -> None:
    """Copy everything but persons' keys into a draft."""
    if database.embedded:
        await asyncio.to_thread(_copy_sqlite, _file(database), draft)
    else:
        await asyncio.to_thread(_pg, "pg_dump", database, *_DUMP, f"--file={draft}")


def write_keys(keys: Mapping[str, bytes], draft: Path) -> None:
    """Write persons' wrapped keys into a draft."""
    told = {uid: base64.b64encode(wrapped).decode() for uid, wrapped in sorted(keys.items())}
    draft.write_text(json.dumps({"kind": KIND, "keys": told}) + "\n", encoding="utf-8")


def keys_in(path: Path) -> Mapping[str, bytes]:
    """The keys of a file that `write_keys` wrote; raise `BadInput`."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        keys = {uid: base64.b64decode(key, validate=True) for uid, key in told["keys"].items()}
        if told["kind"] == KIND:
            return keys
    except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        pass
    raise BadInput("bad_keys", f"{path} is not a file of keys that can be read.")


async def keys_here(database: Database) -> Mapping[str, bytes]:
    """The keys in the store as it is now."""
    wanted = select(Person.uid, Key.wrapped).join(Key, Key.person_id == Person.id)
    async with database.read() as connection:
        return {row.uid: row.wrapped for row in await connection.execute(wanted)}


async def restore(url: str, vault: Vault, path: Path, keys: Mapping[str, bytes]) -> Restored:
    """Put a copy, with these keys, in the place of the store.

    What was there is kept beside it on SQLite. Raises `Refused` while a process has it open, or
    `AttuneError` with what else is wrong.
    """
    if not _embedded(url):
        database = Database(url, vault, alone=True)
        try:
            async with database.read():
                pass  # from here on nobody else comes in
            await asyncio.to_thread(_pg, "pg_restore", database, *_RESTORE, str(path))
            return await _completed(database, keys)
        finally:
            await database.close()
    target = Path(make_url(url).database or "")
    _room(target)
    await asyncio.to_thread(_whole, path)
    presence.alone_with_file(target)
    draft = target.with_name(f".{target.name}.restoring")
    beside = Database(str(make_url(url).set(database=str(draft))), vault)
    try:
        shutil.copyfile(path, draft)
        draft.chmod(0o600)
        restored = await _completed(beside, keys)
    except BaseException:
        await beside.close()
        _gone(draft)
        raise
    await beside.close()
    await asyncio.to_thread(_take_place, draft, target)
    return restored


def aside(target: Path) -> Path:
    """Where the store that a copy took the place of is kept on SQLite."""
    return target.with_name(f"{target.name}.before-restore")


def _room(target: Path) -> None:
    """Raise `Refused` where a store that was kept before would be lost."""
    if target.exists() and aside(target).exists():
        raise Refused(f"{aside(target)} is there already: put it elsewhere or delete it first.")


async def _completed(database: Database, keys: Mapping[str, bytes]) -> Restored:
    """Bring a copy up to date, give back the keys, and forget whoever has none."""
    if await migrate.current(database) not in migrate.known():
        raise AttuneError("The copy is of a newer version of Attune: restore it with that one.")
    await migrate.upgrade(database)
    async with database.write(durable=True) as connection:
        await connection.execute(delete(Key))
        rows = (await connection.execute(select(Person.id, Person.uid))).all()
        kept = [{"person_id": row.id, "wrapped": keys[row.uid]} for row in rows if row.uid in keys]
        if kept:
            await connection.execute(insert(Key), kept)
    if not await people.key_fits(database):
        raise Refused("The keys do not open with this master key: set ATTUNE_KEY_FILE.")
    gone = [row.id for row in rows if row.uid not in keys]
    for person_id in gone:
        await people.forget(database, person_id)
    async with database.read() as connection:
        turns = await connection.scalar(select(func.count()).select_from(Turn)) or 0
    return Restored(len(kept), turns, len(gone))


def _copy_sqlite(source: Path, draft: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(draft)) as there:
            here.backup(there, pages=PAGES, sleep=0.005)
            there.execute("PRAGMA journal_mode = DELETE")
            there.execute("PRAGMA secure_delete = ON")  # no key is left in a page that was freed
            there.execute("DELETE FROM person_key")
            there.commit()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") in NO_ROOM:
            raise AttuneError("There is no room for the copy: choose another disk.") from None
        raise Unreachable(sentence(error) or AWAY) from error


def _whole(path: Path) -> None:
    """Raise `AttuneError` if a file is no whole copy."""
    damaged = AttuneError(f"{path} is damaged or cut off: take another copy.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copied:
            if copied.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise damaged
            copied.execute("SELECT 1 FROM alembic_version")
    except sqlite3.DatabaseError:
        raise damaged from None


def _checkpoint(path: Path) -> None:
    """Bring what stands in the write-ahead log into the file itself."""
    try:
        with closing(sqlite3.connect(path)) as here:
            here.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            here.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError:
        pass  # damaged: it is only put aside
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _take_place(draft: Path, target: Path) -> None:
    _checkpoint(draft)
    if target.exists():
        _checkpoint(target)
        target.replace(aside(target))
        aside(target).chmod(0o600)  # it holds the keys, and a store may be older than this rule
    draft.replace(target)


def _gone(draft: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


_DUMP = ("--format=custom", "--exclude-table-data=person_key")
_RESTORE = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")


def _pg(program: str, database: Database, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, seen by nobody."""
    _program(program)
    url = database.engine.url
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, f"--dbname={address}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise AttuneError(f"{program} failed: {said[0] if said else 'it said nothing'}")


def _program(name: str) -> None:
    if shutil.which(name) is None:
        raise Unreachable(f"{name} is not there: install PostgreSQL's client programs.")


def _embedded(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def _file(database: Database) -> Path:
    return Path(database.engine.url.database or "")


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """An empty file of ours alone (mode 0600), which takes its name once it is whole.

    Raises `Refused` or `BadInput` where it cannot have that name.
    """
    if os.path.lexists(path):
        raise Refused(f"{path} is there already: choose another name.")
    if not path.parent.is_dir():
        raise BadInput("no_folder", f"There is no folder {path.parent}.")
    draft = path.with_name(f".{path.name}.partial")
    try:
        _gone(draft)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
        draft.replace(path)
    finally:
        _gone(draft)
