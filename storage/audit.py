"""Who looked at what people wrote, and why: rows only ever added, each chained to the last.

A row's digest is SHA-256 over the digest before it and its own fields, so that a row that was
removed, changed or put in between no longer fits. What the chain alone cannot show is a tail that
was cut off, or a whole chain written anew: for that, note a head somewhere else and have `verify`
look for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.tables import Audit

GENESIS = "0" * 64  # what the first row follows
ACTOR_CHARACTERS = 64
PAGE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit. `person_uid` is None where it was not about one person."""

    id: int
    at: datetime
    actor: str
    action: str
    person_uid: str | None
    reason: str
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """A row that does not fit: `changed` (its own fields), or `unlinked` (to the row before)."""

    id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What a check found. `known` tells whether a head noted earlier is still there, if asked."""

    rows: int
    head: str
    breaks: tuple[Break, ...]
    known: bool | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is amiss."""
        return not self.breaks and self.known is not False


async def record(
    database: Database,
    *,
    actor: str,
    action: str,
    reason: str,
    now: datetime,
    about: Sequence[str | None] = (None,),
) -> None:
    """Add a row for each person in `about` (None: nobody in particular), all or none of them.

    When this returns the rows would survive a power cut.
    """
    actor = actor[:ACTOR_CHARACTERS]
    async with database.write(durable=True) as connection:
        if not database.embedded:
            # Head and rows in one piece: writers wait here, readers do not. SQLite's one writer
            # (BEGIN IMMEDIATE) needs no more.
            await connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        previous = await _head(connection)
        for person_uid in about:
            digest = _digest(previous, now, actor, action, person_uid, reason)
            await connection.execute(
                insert(Audit).values(
                    at=now,
                    actor=actor,
                    action=action,
                    person_uid=person_uid,
                    reason=reason,
                    previous=previous,
                    digest=digest,
                )
            )
            previous = digest


async def verify(database: Database, known: str | None = None) -> Chain:
    """Check every row against the one before; `known` is a head that was noted earlier."""
    rows, last, head, seen = 0, 0, GENESIS, known == GENESIS
    breaks: list[Break] = []
    while True:
        async with database.read() as connection:
            page = (
                await connection.execute(
                    select(Audit).where(Audit.id > last).order_by(Audit.id).limit(PAGE)
                )
            ).all()
        if not page:
            break
        for row in page:
            if row.previous != head:
                breaks.append(Break(row.id, "unlinked"))
            if row.digest != _digest_of(row):
                breaks.append(Break(row.id, "changed"))
            head = row.digest
            seen = seen or row.digest == known
        rows += len(page)
        last = page[-1].id
    return Chain(rows, head, tuple(breaks), None if known is None else seen)


async def entries(
    database: Database,
    *,
    person: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """The newest rows, oldest first. `person` is a uid or the end of one, forgotten or not."""
    wanted = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if person is not None:
        wanted = wanted.where(Audit.person_uid.endswith(person.upper(), autoescape=True))
    if since is not None:
        wanted = wanted.where(Audit.at >= since)
    if until is not None:
        wanted = wanted.where(Audit.at < until)
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
    return [
        Entry(row.id, row.at, row.actor, row.action, row.person_uid, row.reason, row.digest)
        for row in reversed(rows)
    ]


async def _head(connection: AsyncConnection) -> str:
    newest = select(Audit.digest).order_by(Audit.id.desc()).limit(1)
    return (await connection.scalar(newest)) or GENESIS


def _digest_of(row: Row[*tuple[Any, ...]]) -> str:
    return _digest(row.previous, row.at, row.actor, row.action, row.person_uid, row.reason)


def _digest(
    previous: str, at: datetime, actor: str, action: str, person_uid: str | None, reason: str
) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    told = json.dumps([previous, moment, actor, action, person_uid, reason])
    return sha256(told.encode()).hexdigest()
