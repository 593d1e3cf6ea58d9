"""A day of several people at debug level: none of their words is found outside their seals.

Afterwards every byte of the home, every value of the database and every log record of every
library is searched for what was said, who said it and what was read.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from affect.perception.text import TextModel
from affect.types import EMOTIONS
from affect.writers.scripted import ScriptedWriter
from bot import app as apps
from bot import logs
from bot.app import App, build
from bot.clock import SystemClock
from bot.messages import Kind, Media, MediaKind
from bot.settings import Settings
from bot.surfaces import AT_ONCE
from bot.waking import Lanes
from storage import queue, talks
from tests.bot.fakes import FakePlatform, incoming
from tests.bot.reading import WordReader, scripted

TOKEN = "8812345671:AAH-vorblesqueTokenOfNobody"
FAILING = "Mirvanth"  # the model fails at this word, with the words in its error

ANA = {"account": "7741902258", "name": "Ondralisse", "language": "en"}
BEN = {"account": "7741905513", "name": "Tavrelyn", "language": "en"}
LIN = {"account": "7741908846", "name": "绛珞芊", "language": "zh-hans"}

SAID_BY_ANA = ("Quillonbrask", "Hespertide", "Zephyrwick", "Mirvanth", "Calderoon", "Jorvessa")
SAID_BY_BEN = ("Brimseltown", "Oxmarrow", "Fennelgate")
SAID_BY_LIN = ("翡椴巷", "瑶榉", "蓼菁街")
MEDIA = ("voice-handle-Grimbeldon", "photo-handle-Sussexine")
HEARD_FROM_PLATFORMS = ("Pellagrine",)
WORDS = (*SAID_BY_ANA, *SAID_BY_BEN, *SAID_BY_LIN, *MEDIA, *HEARD_FROM_PLATFORMS)
NAMES = tuple(str(person[key]) for person in (ANA, BEN, LIN) for key in ("account", "name"))
# Short names would be found in random bytes now and then, so they are looked for in quotes.
READ = tuple(one.value if len(one.value) > 4 else f'"{one.value}"' for one in EMOTIONS)
SECRET = (*WORDS, *NAMES, TOKEN, *READ)


class Reader(WordReader):
    """Fails at one word, as a library might: with the whole text in its message."""

    def read(self, text: str, language: str | None = None) -> Any:
        if FAILING in text:
            raise RuntimeError(f"cannot read {text!r}")
        return super().read(text, language)


def _load(settings: Settings) -> tuple[TextModel, ScriptedWriter]:
    return Reader(), scripted()


class Records(logging.Handler):
    """Keeps every record: as it is printed, and all that it carries."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.Events())
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told += [self.format(record), repr(vars(record))]


@pytest.fixture
def records() -> Iterator[Records]:
    """All loggers there are, at DEBUG."""
    every = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    before = [(logger, logger.level) for logger in every]
    kept = Records()
    logging.getLogger().addHandler(kept)
    for logger in every:
        logger.setLevel(logging.DEBUG)
    yield kept
    logging.getLogger().removeHandler(kept)
    for logger, level in before:
        logger.setLevel(level)


@dataclass
class Day:
    """The app on a fake Telegram, and how to talk there."""

    app: App
    platform: FakePlatform

    async def hear(self, words: str, person: dict[str, str], **told: Any) -> None:
        """Say something, and wait until all is answered."""
        assert self.platform.receive is not None
        said = incoming(
            words,
            self.app.clock.now(),
            account=person["account"],
            language=person["language"],
            platform="telegram",
            **told,
        )
        await self.platform.receive(replace(said, name=person["name"]))
        await self.quiet()

    async def quiet(self) -> None:
        async with asyncio.timeout(30):
            if isinstance(self.app.waker, Lanes):
                await self.app.waker.quiet()
            while await queue.waiting(self.app.database, ("telegram",)):
                await asyncio.sleep(0.01)


@pytest.fixture
async def day(
    database_url: str, monkeypatch: pytest.MonkeyPatch, records: Records
) -> AsyncIterator[Day]:
    monkeypatch.setattr(apps, "load_models", _load)
    given = None if database_url.startswith("sqlite") else database_url
    settings = Settings(
        database_url=given and given.replace("+psycopg", ""), telegram_token=SecretStr(TOKEN)
    )
    platform = FakePlatform("telegram")
    app = await build(settings, [platform], settling=AT_ONCE, clock=SystemClock())
    await app.start()
    yield Day(app, platform)
    await app.stop()


async def test_nothing_of_a_day_is_found_outside_its_seals(
    day: Day, records: Records, database_url: str
) -> None:
    home = Path(os.environ["ATTUNE_HOME"])
    await _live(day)

    everything = [*_files(home), *await _values(database_url), *_logged(records)]
    assert _found(SECRET, everything) == []
    # The search does find what is there in plain, and what the seals hold once they are opened.
    last = (await talks.recent(day.app.database, 1, 1))[0]
    plain = (last.id, last.person_uid, "telegram", "turn_kept")
    assert _found(plain, everything) == list(plain)
    files = [one.attachment for one in day.platform.outgoing if one.attachment]
    (export,) = (file.content for file in files if file.name.endswith(".json"))
    assert _found(SECRET, [file.content for file in files if file.content != export]) == []
    expected = [*SAID_BY_ANA, *MEDIA, ANA["account"], ANA["name"], "sadness"]
    assert _found(expected, [export]) == expected
    assert _found([*SAID_BY_BEN, *SAID_BY_LIN, BEN["name"], LIN["name"]], [export]) == []

    await day.app.stop()
    assert _found(SECRET, [*_files(home), *await _values(database_url), *_logged(records)]) == []


async def test_of_somebody_who_asked_to_be_forgotten_not_even_a_number_is_left(
    day: Day, records: Records, database_url: str
) -> None:
    await day.hear("Oxmarrow makes me sad", BEN)
    await day.hear("Quillonbrask makes me sad", ANA)
    forgotten = (await talks.recent(day.app.database, 1, 1))[0]
    plain = (forgotten.person_uid, forgotten.id)
    home = Path(os.environ["ATTUNE_HOME"])
    assert _found(plain, [*_files(home), *await _values(database_url)]) == list(plain)
    await day.hear("/forget yes", BEN)
    assert _found(plain, [*_files(home), *await _values(database_url)]) == []


async def _live(day: Day) -> None:
    """A day: talk, commands, danger, media, edits, failures, a group, somebody who leaves."""
    photo = Media(MediaKind.PHOTO, MEDIA[1], size=5)
    group = {"chat": "group-of-Fennelgate", "private": False}
    for words in ("/start", "/consent remember yes", "Quillonbrask is dead and I am sad"):
        await day.hear(words, ANA, message=f"a{len(words)}")
    await day.hear("I am worried about Hespertide", ANA, message="edited")
    await day.hear("I am worried about Zephyrwick", ANA, message="edited", kind=Kind.EDIT)
    await day.hear("Oxmarrow keeps me awake, I am angry", BEN)
    await day.hear("翡椴巷的事让我很难过", LIN)
    await day.hear("我担心瑶榉", LIN, media=(photo,))
    await day.hear(f"{FAILING} cannot be read", ANA)
    await day.hear("Calderoon", ANA, media=(Media(MediaKind.VOICE, MEDIA[0]), photo))
    await day.hear("I want to kill myself because of Jorvessa", ANA)
    await day.hear("因为蓼菁街我想自杀", LIN)
    await day.hear("Hespertide, still", ANA)
    await day.hear("I am glad of Fennelgate", BEN, **group)
    day.platform.faults = [ValueError("Pellagrine: Quillonbrask is dead and I am sad")]
    await day.hear("Brimseltown is unfair", BEN)
    for words in ("/mood", "/why", "/privacy", "/language", "/crisis gb", "/Quillonbrask"):
        await day.hear(words, ANA)
    await day.hear("/mood", LIN)
    await day.hear("deleted Oxmarrow", BEN, message="gone")
    await day.hear("", BEN, message="gone", kind=Kind.DELETE)
    await day.hear("/export", ANA)
    await day.hear("/forget yes", BEN)


def _files(home: Path) -> Iterator[bytes]:
    """Every file that the program has made, the write-ahead log too."""
    for path in home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


async def _values(database_url: str) -> list[bytes]:
    """Every value of every table of a PostgreSQL database; SQLite lies in the home."""
    if database_url.startswith("sqlite"):
        return []
    engine = create_async_engine(database_url)
    values: list[bytes] = []
    async with engine.connect() as connection:
        tables = await connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        for table in tables.all():
            for row in await connection.execute(text(f'SELECT * FROM "{table}"')):
                values += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    await engine.dispose()
    return values


def _logged(records: Records) -> list[bytes]:
    return [told.encode(errors="replace") for told in records.told]


def _found(secrets: Iterable[str], places: Iterable[bytes]) -> list[str]:
    """Those of the words that are found anywhere, in any of the forms that words take."""
    haystack = b"\0".join(places)
    lowered = haystack.lower()
    return [
        secret
        for secret in secrets
        if secret.encode() in haystack
        or secret.lower().encode() in lowered
        or secret.encode("utf-16-le") in haystack
        or json.dumps(secret)[1:-1].encode() in haystack
    ]
