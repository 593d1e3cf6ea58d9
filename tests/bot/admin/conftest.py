"""A store with two people's turns, and attune-admin run on it as an operator would."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from affect.types import Affect, Emotion, Modality, Reading, Risk
from bot.admin.__main__ import main
from bot.messages import Address, Incoming, Kind, Media, MediaKind
from storage import people, queue
from storage.database import Database
from storage.records import Kept, Notes, Wording
from storage.values import dump
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import READING, kept, nobody

SECRETS = ("zelda", "quist", "oven", "omar", "lantern", "gasket", "flour")
"""Pieces of words, names and accounts of the two people: none may show without leave."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Admin = Callable[..., Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Told:
    """The turns of the store by person: uids, and turn ids in order."""

    zelda: str
    omar: str
    turns: dict[str, list[str]]


@pytest.fixture
def admin(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Iterator[Admin]:
    """Runs a command line on the test's database; gives exit code and both streams."""
    url = database_url.replace("+aiosqlite", "").replace("+psycopg", "")
    monkeypatch.setenv("ATTUNE_DATABASE_URL", url)
    monkeypatch.setenv("ATTUNE_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers = root.handlers[:]

    async def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = await asyncio.to_thread(main, arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    yield run
    root.handlers[:] = handlers


@pytest.fixture
async def told(database: Database) -> Told:
    """Zelda says two things, Omar one; every turn differs in what can be filtered."""
    angry = replace(
        READING,
        emotion=Emotion.ANGER,
        affect=Affect(-0.2, 0.4, 0.1),
        transcript="the gasket, again",
        weights={Modality.TEXT: 0.6},
    )
    first = await tell(database, "zelda", "the Oven broke again", hours=0, reading=READING)
    second = await tell(
        database, "zelda", "=and flour everywhere", hours=1, reading=angry, risk=Risk.CONCERN
    )
    third = await tell(
        database, "omar", "灯笼 lantern\x1b[2J", hours=2, reading=None, language="zh",
        platform="telegram", writer="fixed",
    )  # fmt: skip
    return Told(
        zelda=await uid_of(database, first.person_id),
        omar=await uid_of(database, third.person_id),
        turns={"zelda": [first.id, second.id], "omar": [third.id]},
    )


async def tell(
    database: Database,
    account: str,
    text: str,
    *,
    hours: float,
    reading: Reading | None = READING,
    risk: Risk = Risk.NONE,
    language: str = "en",
    platform: str = "terminal",
    writer: str = "scripted",
) -> Kept:
    """One turn of somebody, `hours` after noon, as the bot would keep it."""
    at = NOON + timedelta(hours=hours)
    came = replace(arrival(account=account, at=at, platform=platform), name=f"{account} Quist")
    incoming = Incoming(
        kind=Kind.MESSAGE,
        address=Address(platform, account),
        account=account,
        ext_id=came.ext_id,
        at=at,
        text=text,
        media=(Media(MediaKind.VOICE, "handle"),) if reading and reading.transcript else (),
        name=came.name,
    )
    person = await queue.ingest(database, replace(came, body=dump(incoming)), at, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, (platform,))
    turn = replace(
        kept(person, turns + 1, waiting, parts=()),
        notes=Notes(language, risk=risk),
        reading=reading,
        moment=kept(person, 1, waiting).moment if reading else None,
        wording=Wording(f"About {text}: I hear you.", writer, "restatement" if reading else None),
        plan=kept(person, 1, waiting).plan if reading else None,
    )
    assert await queue.keep(database, turn)
    return turn


async def uid_of(database: Database, person_id: int) -> str:
    return (await people.profile(database, person_id)).uid
