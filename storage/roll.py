"""Who is here, for operators: no names and no words, only what stands in the clear.

An operator may block a person or let them have so many turns a day; what a person agreed to is
theirs to give, so an operator can only take it back for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from affect.errors import NotFound
from storage.database import Database
from storage.tables import Account, Consent, Person, Turn

PAGE = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A person as operators see them. `last_at` is when their last turn was sent."""

    id: int
    uid: str
    created_at: datetime
    turns: int
    language: str | None
    country: str | None
    zone: str | None
    platforms: tuple[str, ...]
    last_at: datetime | None
    consents: Mapping[str, bool]
    blocked_at: datetime | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One answer of a person to a kind of consent."""

    kind: str
    granted: bool
    at: datetime


async def members(
    database: Database,
    *,
    uid: str | None = None,
    platform: str | None = None,
    blocked: bool = False,
    limit: int | None = None,
) -> list[Member]:
    """The newest people, oldest first."""
    last = select(func.max(Turn.at)).where(Turn.person_id == Person.id).scalar_subquery()
    wanted = select(Person, last.label("last_at")).order_by(Person.id.desc()).limit(limit)
    if uid is not None:
        wanted = wanted.where(Person.uid == uid)
    if platform is not None:
        wanted = wanted.where(
            Person.id.in_(select(Account.person_id).where(Account.platform == platform))
        )
    if blocked:
        wanted = wanted.where(Person.blocked_at.is_not(None))
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()[::-1]
        ids = [row.id for row in rows]
        platforms: dict[int, list[str]] = defaultdict(list)
        agreed: dict[int, dict[str, bool]] = defaultdict(dict)
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            accounts = select(Account.person_id, Account.platform).where(
                Account.person_id.in_(some)
            )
            for account in await connection.execute(accounts.order_by(Account.platform)):
                platforms[account.person_id].append(account.platform)
            said = select(Consent).where(Consent.person_id.in_(some)).order_by(Consent.id)
            for answer in await connection.execute(said):
                agreed[answer.person_id][answer.kind] = answer.granted
    return [
        Member(
            id=row.id,
            uid=row.uid,
            created_at=row.created_at,
            turns=row.turns,
            language=row.language,
            country=row.country,
            zone=row.zone,
            platforms=tuple(platforms[row.id]),
            last_at=row.last_at,
            consents=agreed[row.id],
            blocked_at=row.blocked_at,
            daily=row.daily,
        )
        for row in rows
    ]


async def member(database: Database, uid: str) -> Member:
    """One person; raise `NotFound`."""
    found = await members(database, uid=uid)
    if not found:
        raise NotFound("There is no such person.")
    return found[0]


async def block(database: Database, person_id: int, at: datetime | None) -> None:
    """Answer a person no more (but in danger, and what is theirs to ask for), or again."""
    await _set(database, person_id, blocked_at=at)


async def limit(database: Database, person_id: int, daily: int | None) -> None:
    """Let a person have so many turns in 24 hours; None for any number."""
    await _set(database, person_id, daily=daily)


async def agreements(database: Database, person_id: int) -> Sequence[Agreement]:
    """All that a person ever answered to a kind of consent, oldest first."""
    wanted = select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
    return [Agreement(row.kind, row.granted, row.at) for row in rows]


async def _set(database: Database, person_id: int, **values: object) -> None:
    async with database.write() as connection:
        await connection.execute(update(Person).where(Person.id == person_id).values(**values))
