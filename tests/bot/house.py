"""The bot put together on one platform: what is said goes in, what is answered comes out.

The platform is a fake one, unless a test brings a real adapter along.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from affect.writers.base import Writer
from bot.app import fetching
from bot.companion import Companion
from bot.messages import Outgoing
from bot.perceiving import Perceiver
from bot.platforms.base import Platform
from bot.settings import Settings
from bot.surfaces import AT_ONCE
from bot.turns import Turns
from bot.waking import Lanes
from storage import migrate, queue, talks
from storage.database import Database
from storage.records import TurnView
from storage.vault import Vault
from tests.bot.fakes import FakePlatform, incoming
from tests.bot.hearing import FakeSenses
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock

APART = 60.0  # seconds between two lines of a talk


_migrated: list[bytes] = []


async def opened(url: str, vault: Vault) -> Database:
    """A database with its tables; on SQLite a copy of one that was migrated once."""
    if not url.startswith("sqlite"):
        database = Database(url, vault)
        await migrate.upgrade(database)
        return database
    path = Path(url.partition("///")[2])
    if not _migrated:
        first = Database(url, vault)
        await migrate.upgrade(first)
        await first.close()
        _migrated.append(path.read_bytes())
    path.write_bytes(_migrated[0])
    return Database(url, vault)


class House:
    """A companion behind turns, with a stand-in for the text model."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock,
        *,
        model: WordReader | None = None,
        writer: Writer | None = None,
        senses: FakeSenses | None = None,
        platform: str = "terminal",
        real: Platform | None = None,
        **settings: object,
    ) -> None:
        self.database = database
        self.clock = clock
        self.model = model or WordReader()
        self.platform = FakePlatform(platform)
        self.settings = Settings(home=Path(os.environ["ATTUNE_HOME"]), **settings)  # type: ignore[arg-type]
        self.senses = senses or FakeSenses()
        platforms: dict[str, Platform] = {platform: real or self.platform}
        perceiver = Perceiver(self.model, self.senses, fetching(platforms))
        self.companion = Companion(database, self.settings, perceiver, writer or scripted(), clock)
        self._started = False
        self._lanes = Lanes(clock)
        self.turns = Turns(database, self.companion, platforms, self._lanes, clock, AT_ONCE)

    async def start(self) -> None:
        """Begin to answer."""
        if not self._started:
            await self.turns.start()
            self._started = True

    async def hear(self, text: str, **told: object) -> list[Outgoing]:
        """Say something a minute later; give the parts of the answer."""
        self.clock.advance(APART)
        await self.start()
        before = len(self.platform.outgoing)
        told.setdefault("platform", self.platform.name)
        await self.turns.receive(incoming(text, self.clock.now(), **told))  # type: ignore[arg-type]
        await self.quiet()
        return self.platform.outgoing[before:]

    async def quiet(self) -> None:
        """Wait until everything that was said is answered."""
        await self._lanes.quiet()

    async def answer(self, text: str, **told: object) -> str:
        """Say something; give the answer without the notices before it."""
        return (await self.hear(text, **told))[-1].text

    async def talk(self, *lines: str, **told: object) -> list[str]:
        """Say one line after another; give the answers."""
        return [await self.answer(line, **told) for line in lines]

    async def kept(self, person_id: int = 1) -> tuple[TurnView, ...]:
        """All turns of a person, oldest first."""
        return await talks.recent(self.database, person_id, 100)

    async def last(self, person_id: int = 1) -> TurnView:
        return (await self.kept(person_id))[-1]

    async def person(self, account: str) -> int:
        """The id of somebody who has said something."""
        for person_id in range(1, 10):
            said = [body for turn in await self.kept(person_id) for body in turn.said]
            if any(f'"account":"{account}"'.encode() in body for body in said):
                return person_id
        raise LookupError(account)

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**time).total_seconds())

    async def open_messages(self, person_id: int = 1) -> int:
        _, waiting = await queue.open_messages(self.database, person_id, (self.platform.name,))
        return len(waiting)


Make = Callable[..., House]
"""What the fixture `make` gives: a house with parts of its own."""
