"""Persons: found by their accounts, what they agreed to, what is kept of them, forgetting."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from affect.errors import NotFound
from storage.database import Database
from storage.records import Arrival, Profile
from storage.tables import (
    Account,
    Audit,
    Consent,
    Delivery,
    Fact,
    Inbox,
    Job,
    Key,
    Line,
    LinkCode,
    Moment,
    Person,
    Plan,
    Reading,
    Reply,
    Report,
    Table,
    Talk,
    Turn,
    Voice,
)
from storage.vault import SealBroken, Sealer, Vault

VOICE = "voice"  # the consent that the tone is read; without it nothing of a voice is kept

# In the order in which rows must go, so that none points at nothing. `Audit` is not among them:
# who read a person's talk stays on record, under a uid that nothing else knows any more.
FORGOTTEN: tuple[type[Table], ...] = (
    Delivery, Fact, Reply, Plan, Line, Moment, Report, Reading, Inbox, Turn, Job, Consent, Voice,
    Talk, LinkCode, Account, Key,
)  # fmt: skip

# Built once: that costs more than to run them.
_BY_ACCOUNT = (
    select(func.coalesce(Person.joined_id, Person.id))
    .join(Account, Account.person_id == Person.id)
    .where(Account.blind == bindparam("account"))
)
_PERSON = select(Person).where(Person.id == bindparam("person"))
_CONSENTS = select(Consent.kind, Consent.granted).where(
    Consent.id.in_(
        select(func.max(Consent.id))
        .where(Consent.person_id == bindparam("person"))
        .group_by(Consent.kind)
    )
)


async def resolve(
    database: Database, connection: AsyncConnection, arrival: Arrival, now: datetime
) -> tuple[int, Sealer]:
    """The person behind an account, made on first sight."""
    blind = database.vault.blind("account", arrival.platform, arrival.account)
    person_id = await connection.scalar(_BY_ACCOUNT, {"account": blind})
    if person_id is not None:
        return person_id, await database.sealer(connection, person_id)
    uid = str(ULID.from_datetime(now))
    made = await connection.execute(
        insert(Person).values(uid=uid, created_at=now).returning(Person.id)
    )
    person_id = int(made.scalar_one())
    wrapped = database.vault.new_key(uid)
    await connection.execute(insert(Key).values(person_id=person_id, wrapped=wrapped))
    sealer = database.vault.sealer(uid, wrapped)
    account_id = str(ULID.from_datetime(now))
    told = {"account": arrival.account, "name": arrival.name}
    await connection.execute(
        insert(Account).values(
            id=account_id,
            person_id=person_id,
            platform=arrival.platform,
            blind=blind,
            sealed=sealer.seal("account", account_id, json.dumps(told).encode()),
        )
    )
    return person_id, sealer


async def key_fits(database: Database, vault: Vault | None = None) -> bool:
    """Whether the database's master key, or another, opens what is kept; True where nobody is."""
    async with database.read() as connection:
        row = (
            await connection.execute(
                select(Person.uid, Key.wrapped).join(Key, Key.person_id == Person.id).limit(1)
            )
        ).one_or_none()
    if row is None:
        return True
    try:
        (vault or database.vault).sealer(row.uid, row.wrapped)
    except SealBroken:
        return False
    return True


async def profile(database: Database, person_id: int) -> Profile:
    """What is known of a person; raise `NotFound`."""
    async with database.read() as connection:
        return await found(connection, person_id)


async def found(connection: AsyncConnection, person_id: int) -> Profile:
    """The same inside a transaction."""
    row = (await connection.execute(_PERSON, {"person": person_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such person.")
    return _profile(row, await consents(connection, person_id))


async def consents(connection: AsyncConnection, person_id: int) -> dict[str, bool]:
    """The newest answer of each kind of consent."""
    rows = await connection.execute(_CONSENTS, {"person": person_id})
    return {row.kind: row.granted for row in rows}


async def consent(
    database: Database, person_id: int, kind: str, *, granted: bool, now: datetime
) -> None:
    """Record that a person agreed to `kind`, or took it back, and erase what was kept for it."""
    row = insert(Consent).values(person_id=person_id, kind=kind, granted=granted, at=now)
    erased = 0
    async with database.write() as connection:
        if kind == VOICE:
            await hold(connection, person_id)  # a turn in hand keeps its voice before, or not
        await connection.execute(row)
        if kind == VOICE and not granted:
            gone = await connection.execute(delete(Voice).where(Voice.person_id == person_id))
            erased = gone.rowcount
    if erased:
        await database.scrub()


async def settle_in(
    database: Database,
    person_id: int,
    *,
    language: str | None = None,
    country: str | None = None,
    zone: str | None = None,
) -> None:
    """Keep a person's choice of language, country or zone; an empty string takes it back."""
    chosen = {"language": language, "country": country, "zone": zone}
    values = {name: value or None for name, value in chosen.items() if value is not None}
    async with database.write() as connection:
        await connection.execute(update(Person).where(Person.id == person_id).values(**values))


async def hold(connection: AsyncConnection, person_id: int) -> None:
    """Have whoever writes a row of this person wait for our end; SQLite has one writer anyway.

    On PostgreSQL a message or a turn of another process could otherwise slip in between what is
    looked up here and what is written because of it.
    """
    await connection.execute(select(Person.id).where(Person.id == person_id).with_for_update())


async def forget(database: Database, person_id: int) -> None:
    """Destroy a person's key and every row of theirs. Nothing can bring them back.

    Those who joined them go with them: they are the same person.
    """
    async with forgetting(database, person_id):
        pass


@asynccontextmanager
async def forgetting(database: Database, person_id: int) -> AsyncIterator[AsyncConnection]:
    """`forget`, with a last look at what is theirs before it goes: nothing comes in between."""
    async with database.write(durable=True) as connection:
        await hold(connection, person_id)
        yield connection
        theirs = (person_id, *await joined(connection, person_id))
        for table in FORGOTTEN:
            await connection.execute(delete(table).where(table.__table__.c.person_id.in_(theirs)))
        await connection.execute(delete(Person).where(Person.id.in_(theirs)))
    for one in theirs:
        database.drop_sealer(one)
    await database.scrub()


async def joined(connection: AsyncConnection, person_id: int) -> tuple[int, ...]:
    """Those who joined a person, and are that person until they part."""
    wanted = select(Person.id).where(Person.joined_id == person_id).order_by(Person.id)
    return tuple((await connection.scalars(wanted)).all())


async def export(database: Database, person_id: int) -> dict[str, Any]:
    """Everything that is kept of a person, opened: one list of rows a table."""
    async with database.read() as connection:
        sealer = await database.sealer(connection, person_id)
        uid = await connection.scalar(select(Person.uid).where(Person.id == person_id))
        kept: dict[str, Any] = {}
        everything: tuple[type[Table], ...] = (Person, *FORGOTTEN, Audit)
        for table in everything:
            columns = table.__table__.c
            mine = (
                columns.person_uid == uid if table is Audit
                else columns.id == person_id if table is Person
                else columns.person_id == person_id
            )  # fmt: skip
            rows = await connection.execute(select(table.__table__).where(mine))
            name = table.__tablename__
            kept[name] = [_open_row(name, row._asdict(), sealer) for row in rows]
        others = await joined(connection, person_id)
    if others:
        kept["linked"] = [await export(database, one) for one in others]
    return kept


def _open_row(table: str, row: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    """A row as people read it: sealed values opened, keys and fingerprints left out."""
    opened: dict[str, Any] = {}
    for column, value in row.items():
        if column in {"blind", "wrapped", "token"} or value is None:
            continue
        if column == "sealed":
            opened["content"] = json.loads(sealer.open(table, row_name(table, row), value))
        else:
            opened[column] = value.isoformat() if isinstance(value, datetime) else value
    return opened


def row_name(table: str, row: Mapping[str, Any]) -> str:
    """What the seal of a row is bound to: known before the row is written."""
    match table:
        case "inbox":
            return f"{row['channel']}:{row['ext_id']}"
        case "delivery":
            return f"{row['turn_id']}:{row['part']}"
        case "account" | "talk" | "turn" | "fact":
            return str(row["id"])
        case "voice" | "line":
            return str(row["person_id"])
        case _:
            return str(row["turn_id"])


def _profile(row: Row[*tuple[Any, ...]], agreed: Mapping[str, bool]) -> Profile:
    return Profile(
        id=row.id,
        uid=row.uid,
        turns=row.turns,
        language=row.language,
        country=row.country,
        zone=row.zone,
        created_at=row.created_at,
        consents=agreed,
        blocked=row.blocked_at is not None,
        daily=row.daily,
    )
