"""The real adapter against the loopback server: started and stopped, with what it heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.messages import Address, Incoming
from bot.platforms.base import CommandInfo
from bot.platforms.telegram import Telegram, Webhook
from tests.servers.telegram_server import TOKEN, TelegramServer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TO_ANA = Address("telegram", "7")
COMMANDS = (
    CommandInfo("mood", {"en": "How you were", "zh": "心情"}, "days"),
    CommandInfo("help", {"en": "What I can do", "zh": "帮助"}),
)


class FastClock:
    """Stands still; waits are short whatever was asked for, and written down."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(min(seconds, 0.01))


@dataclass
class Heard:
    """Takes events as the store would; fails as often as told, waits where told."""

    events: list[Incoming] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, incoming: Incoming) -> None:
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            raise self.failing.pop(0)
        self.events.append(incoming)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events]


@dataclass
class Running:
    """A started adapter."""

    telegram: Telegram
    server: TelegramServer
    heard: Heard
    clock: FastClock


@asynccontextmanager
async def running(
    server: TelegramServer,
    commands: Sequence[CommandInfo] = COMMANDS,
    webhook: Webhook | None = None,
) -> AsyncIterator[Running]:
    """Start an adapter, and stop it whatever happens."""
    clock, heard = FastClock(), Heard()
    telegram = Telegram(TOKEN, api_url=server.url, webhook=webhook, clock=clock, poll_seconds=5)
    await telegram.start(heard, commands, ())
    try:
        yield Running(telegram, server, heard, clock)
    finally:
        await telegram.stop()
