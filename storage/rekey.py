"""A new master key: every person's key is wrapped anew, every look-up blinded anew.

What is sealed stays as it is. The new key stands in a file beside the old one before the database
changes, and takes its name after; broken off in between, the next run finds the file, sees that it
opens the database, and only renames it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select, update

from affect.errors import Refused
from storage import people
from storage.database import Database
from storage.tables import Account, Key, LinkCode, Person, Talk
from storage.values import load
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How much was done anew."""

    people: int
    accounts: int
    talks: int


def waiting(keys: Path) -> Path:
    """Where the new key stands until the database has changed."""
    return keys.with_name(f"{keys.name}.new")


async def check(database: Database, keys: Path) -> None:
    """Raise `Refused` where no key opens the store, or one kept before would be lost."""
    _keep_older(keys)
    new = waiting(keys)
    if await people.key_fits(database):
        return
    if not (new.exists() and await people.key_fits(database, Vault.at(new))):
        raise Refused("Neither key opens this database: put its key file back first.")


async def rekey(database: Database, keys: Path) -> Rekeyed:
    """Do it in one transaction, with the store opened `alone`. The old key file is kept.

    Raises `Refused` as `check` does.
    """
    await check(database, keys)
    new = Vault.at(waiting(keys))
    if not await people.key_fits(database):  # it has the new key already: only the file is left
        _rename(keys)
        return Rekeyed(0, 0, 0)
    async with database.write(durable=True) as connection:
        rows = (
            await connection.execute(
                select(Person.id, Person.uid, Key.wrapped).join(Key, Key.person_id == Person.id)
            )
        ).all()
        sealers = {row.id: database.vault.sealer(row.uid, row.wrapped) for row in rows}
        for row in rows:
            wrapped = new.wrap(row.uid, database.vault.unwrap(row.uid, row.wrapped))
            await connection.execute(
                update(Key).where(Key.person_id == row.id).values(wrapped=wrapped)
            )
        accounts = (await connection.execute(select(Account))).all()
        for account in accounts:
            opened = sealers[account.person_id].open("account", account.id, account.sealed)
            blind = new.blind("account", account.platform, json.loads(opened)["account"])
            await connection.execute(
                update(Account).where(Account.id == account.id).values(blind=blind)
            )
        await connection.execute(delete(LinkCode))  # good for minutes; a new one is soon asked for
        talks = (await connection.execute(select(Talk))).all()
        for talk in talks:
            opened = sealers[talk.person_id].open("talk", talk.id, talk.sealed)
            chat, thread = load(list[str | None], opened)
            blind = new.blind("place", talk.platform, chat or "", thread or "")
            await connection.execute(update(Talk).where(Talk.id == talk.id).values(blind=blind))
    _rename(keys)
    return Rekeyed(len(rows), len(accounts), len(talks))


def _keep_older(keys: Path) -> None:
    """Raise `Refused` where a key of an earlier change is kept: older copies may need it."""
    if _kept(keys).exists() and _kept(keys).read_bytes() != keys.read_bytes():
        raise Refused(f"{_kept(keys)} is there already: put it elsewhere first.")


def _kept(keys: Path) -> Path:
    return keys.with_name(f"{keys.name}.old")


def _rename(keys: Path) -> None:
    """Keep the old key file and put the new one in its place; there is one at every moment."""
    if not _kept(keys).exists():
        os.link(keys, _kept(keys))
    waiting(keys).replace(keys)
