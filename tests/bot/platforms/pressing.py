"""The house behind a real adapter and a loopback server: people type and press, and see answers.

The same on Telegram and Discord, so that one test tells of both. Ana and Ben are 5 and 6 on each.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.commands import COMMANDS
from bot.messages import Incoming
from bot.platforms.base import Platform
from bot.platforms.discord import Discord
from bot.platforms.telegram import Telegram
from storage.database import Database
from tests.bot.house import APART, House
from tests.bot.platforms import discord_running
from tests.bot.platforms.discord_running import until
from tests.clock import FakeClock
from tests.servers import discord_payloads, discord_server, telegram_server
from tests.servers.discord_payloads import APP, BOT, EPHEMERAL, GUILD, Json, person
from tests.servers.discord_server import DiscordServer
from tests.servers.telegram_server import GROUP, ME, TelegramServer, message

ANA, BEN = person(5, "Ana"), person(6, "Ben")
CHANNEL, LOCALE = 71, "en-GB"
PATIENCE = 60  # seconds, on a machine that is busy with other things
INFOS = [command.info for command in COMMANDS]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours: the commands of its buttons by label, whether nobody else sees it."""

    text: str
    buttons: Mapping[str, str]
    alone: bool = True
    file: str | None = None


class Behind(ABC):
    """A house on one platform. What is typed or pressed gives what was shown because of it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._heard = 0

    async def receive(self, incoming: Incoming) -> None:
        """What the adapter calls."""
        await self.house.turns.receive(incoming)
        self._heard += 1

    async def says(self, text: str, who: Json = ANA) -> list[Shown]:
        """Let somebody write in private, or call a command."""
        return await self._answered(1, lambda: self._say(text, who))

    async def presses(
        self, command: str, who: Json = ANA, *, times: int = 1, group: bool = False
    ) -> list[Shown]:
        """Let somebody press a button that carries a command, as fast as they can."""

        async def press() -> None:
            for _ in range(times):
                await self._press(command, who, group=group)

        return await self._answered(times, press)

    async def _answered(self, events: int, happens: Callable[[], Any]) -> list[Shown]:
        self.house.clock.advance(APART)
        awaited, before = self._heard + events, len(self._calls())
        await happens()
        await until(lambda: self._heard == awaited, PATIENCE)
        await self.house.quiet()
        return [shown for call in self._calls()[before:] if (shown := self._shown(call))]

    @abstractmethod
    def _calls(self) -> list[Any]: ...

    @abstractmethod
    def _shown(self, call: Any) -> Shown | None: ...

    @abstractmethod
    async def _say(self, text: str, who: Json) -> None: ...

    @abstractmethod
    async def _press(self, command: str, who: Json, *, group: bool) -> None: ...


class BehindTelegram(Behind):
    """On Telegram: callback queries, which must not be left spinning."""

    def __init__(self, house: House, server: TelegramServer) -> None:
        super().__init__(house)
        self.server = server

    def unanswered(self) -> int:
        """How many pressed buttons still spin."""
        told = {call.args["callback_query_id"] for call in self.server.made("answerCallbackQuery")}
        return self._pressed - len(told)

    _pressed = 0

    async def _say(self, text: str, who: Json) -> None:
        await self.server.push(message=self._message(text, who, sender=_user(who)))

    async def _press(self, command: str, who: Json, *, group: bool) -> None:
        self._pressed += 1
        pressed = {
            "id": f"q{self._pressed}",
            "from": _user(who),
            "chat_instance": "c",
            "data": command,
            "message": self._message("?", who, sender=ME) | ({"chat": GROUP} if group else {}),
        }
        await self.server.push(callback_query=pressed)

    def _message(self, text: str, who: Json, sender: Json) -> Json:
        at = int(self.house.clock.now().timestamp())
        chat = {"id": int(who["id"]), "type": "private"}
        return message(text, sender=sender, chat=chat, date=at)

    def _calls(self) -> list[telegram_server.Call]:
        return self.server.calls

    def _shown(self, call: telegram_server.Call) -> Shown | None:
        if call.method not in {"sendMessage", "sendPhoto", "sendDocument"}:
            return None
        rows = call.args.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = {one["text"]: one["callback_data"] for row in rows for one in row}
        text = call.args.get("text") or call.args.get("caption", "")
        return Shown(text, buttons, int(call.args["chat_id"]) > 0, _first(call.files))


class BehindDiscord(Behind):
    """On Discord: slash commands and components, whose answers their person alone sees."""

    def __init__(self, house: House, server: DiscordServer) -> None:
        super().__init__(house)
        self.server = server

    def unanswered(self) -> int:
        """How many interactions still show that an answer is on its way."""
        loading = discord_payloads.LOADING
        originals = (one.original for one in self.server.interactions.values())
        return sum(one is None or bool(one["flags"] & loading) for one in originals)

    async def _say(self, text: str, who: Json) -> None:
        self.server.later(self.house.clock.now())
        if not text.startswith("/"):
            await self.server.say(who, text, _channel(who))
            return
        name, _, value = text[1:].partition(" ")
        options = [{"name": "x", "type": 3, "value": value}] if value else []
        data = {"id": "5", "name": name, "type": 1, "options": options}
        await self.server.call(who, _channel(who), data, locale=LOCALE)

    async def _press(self, command: str, who: Json, *, group: bool) -> None:
        self.server.later(self.house.clock.now())
        under = self.server.message(BOT, "?", CHANNEL if group else _channel(who))
        data = {"custom_id": command, "component_type": 2}
        more = _in_guild(who) if group else {}
        place = int(under["channel_id"])
        await self.server.call(who, place, data, message=under, locale=LOCALE, **more)

    def _calls(self) -> list[discord_server.Call]:
        return self.server.calls

    def _shown(self, call: discord_server.Call) -> Shown | None:
        if not re.fullmatch(rf"(webhooks/{APP}/.*|channels/\d+/messages)", call.path):
            return None
        if call.method not in {"POST", "PATCH"}:
            return None
        rows = call.body.get("components") or []
        buttons = {one["label"]: one["custom_id"] for row in rows for one in row["components"]}
        text = re.sub(r"\\(.)", r"\1", call.body.get("content") or "")  # as people see it
        token = call.path.split("/")[2] if call.method == "PATCH" else None
        answered = self.server.interactions.get(token or "")
        flags = answered.original["flags"] if answered and answered.original else 0
        private = not call.path.startswith(f"channels/{CHANNEL}/")
        alone = bool((flags | call.body.get("flags", 0)) & EPHEMERAL) or private
        return Shown(text, buttons, alone, _first(call.files))


@asynccontextmanager
async def behind_telegram(
    database: Database, clock: FakeClock, server: TelegramServer
) -> AsyncIterator[BehindTelegram]:
    """A house on Telegram, started and stopped."""
    token = telegram_server.TOKEN
    telegram = Telegram(token, api_url=server.url, clock=_Waiting(clock), poll_seconds=5)
    ready = BehindTelegram(House(database, clock, platform="telegram", real=telegram), server)
    async with _open(ready, telegram):
        yield ready


@asynccontextmanager
async def behind_discord(
    database: Database, clock: FakeClock, server: DiscordServer
) -> AsyncIterator[BehindDiscord]:
    """A house on Discord, started and stopped."""
    discord = Discord(discord_payloads.TOKEN, api_url=server.api_url, clock=_Waiting(clock))
    ready = BehindDiscord(House(database, clock, platform="discord", real=discord), server)
    async with _open(ready, discord):
        yield ready


@asynccontextmanager
async def _open(behind: Behind, platform: Platform) -> AsyncIterator[None]:
    await behind.house.start()
    await platform.start(behind.receive, INFOS, ())
    try:
        yield
    finally:
        await platform.stop()
        await behind.house.turns.stop()


class _Waiting(discord_running.FastClock):
    """The time of the house; an adapter that waits does not move it."""

    def __init__(self, clock: FakeClock) -> None:
        self.now = clock.now  # type: ignore[method-assign]


def _user(who: Json) -> Json:
    return {"id": int(who["id"]), "is_bot": False, "first_name": who["global_name"]}


def _channel(who: Json) -> int:
    return 10 * int(who["id"])


def _in_guild(who: Json) -> Json:
    member: Json = {"user": who, "roles": [], "permissions": "0", "nick": None, "joined_at": None}
    return {
        "context": 0,
        "guild_id": str(GUILD),
        "member": {**member, "deaf": False, "mute": False, "flags": 0},
        "channel": {
            "id": str(CHANNEL),
            "type": 0,
            "name": "c",
            "position": 0,
            "permissions": "0",
        },
    }


def _first(files: Iterable[str]) -> str | None:
    return next(iter(files), None)
