"""The real adapter against the loopback server: started and stopped, with what it heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
import pytest

from bot.messages import Address, Attachment, Button, Incoming, Kind, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.platforms.discord import Discord
from tests.servers.discord_payloads import TOKEN, Json, person
from tests.servers.discord_server import DiscordServer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA, BEN = person(5, "Ana"), person(6, "Ben")
ANAS, BENS = 50, 60  # their DM channels
TO_ANA = Address("discord", str(ANAS), private=True)
COMMANDS = (
    CommandInfo("mood", {"en": "How you were", "zh": "心情"}, "days"),
    CommandInfo("help", {"en": "What I can do", "zh": "帮助"}),
)


class FastClock:
    """Stands still; waits are short whatever was asked for."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


@dataclass
class Heard:
    """Takes events as the store would; fails as often as told."""

    events: list[Incoming] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    slow: float = 0.0

    async def __call__(self, incoming: Incoming) -> None:
        await asyncio.sleep(self.slow)
        if self.failing:
            raise self.failing.pop(0)
        self.events.append(incoming)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events]

    @property
    def kinds(self) -> list[Kind]:
        return [event.kind for event in self.events]

    async def until(self, count: int) -> list[Incoming]:
        """Wait for so many events; more than that is a failure."""
        await until(lambda: len(self.events) >= count)
        await asyncio.sleep(0.05)
        assert len(self.events) == count
        return self.events


async def until(happened: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.005)


@dataclass
class Running:
    """A started adapter."""

    discord: Discord
    server: DiscordServer
    heard: Heard

    async def hears(self, content: str, author: Json = ANA, channel: int = ANAS) -> Incoming:
        """Let somebody write, and give what was heard."""
        count = len(self.heard.events)
        await self.server.say(author, content, channel)
        return (await self.heard.until(count + 1))[-1]


class _Failures(logging.Handler):
    """Remembers what discord.py would only have logged."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "discord_handler_failed":
            self.seen.append(record.__dict__)


@asynccontextmanager
async def running(
    server: DiscordServer,
    *,
    places: Sequence[Place] = (),
    commands: Sequence[CommandInfo] = (),
    heard: Heard | None = None,
    receive: Receive | None = None,
) -> AsyncIterator[Running]:
    """Start, and stop without leaving a task; no handler may have gone wrong on the way."""
    wrong = _Failures()
    logging.getLogger("bot.platforms").addHandler(wrong)
    heard = heard or Heard()
    adapter = Discord(TOKEN, api_url=server.api_url, clock=FastClock())
    mine = asyncio.all_tasks()
    await adapter.start(receive or heard, commands, places)
    try:
        yield Running(adapter, server, heard)
    finally:
        await adapter.stop()
        logging.getLogger("bot.platforms").removeHandler(wrong)
        assert wrong.seen == []
        left = {t for t in asyncio.all_tasks() - mine if t.get_name().startswith("discord")}
        assert not left


def out(
    text: str,
    *,
    attachment: Attachment | None = None,
    buttons: tuple[Button, ...] = (),
    reply_to: str | None = None,
) -> Outgoing:
    """One part of a reply."""
    return Outgoing(text, attachment, buttons, reply_to)


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the library's 5 s before a second session."""

    async def at_once(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
