"""The surfaces that run_bot.py starts: the terminal, or every platform that has a token."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from affect.errors import AttuneError, SettingsError
from bot.app import App, build
from bot.messages import readable
from bot.platforms import jsonl
from bot.platforms.base import Platform
from bot.platforms.terminal import PLATFORM, Terminal, typed_lines
from bot.senses import PARTS, Senses
from bot.settings import Settings
from bot.texts import say
from bot.turns import Settling
from bot.waking import Lanes
from storage import talks

AT_ONCE = Settling(timedelta(0), timedelta(0))  # a line of a terminal is a whole message


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    surface: str
    person: str
    as_json: bool
    check: bool


async def run(wish: Wish, settings: Settings) -> None:
    """Start the surface and serve it until it ends."""
    if wish.check:
        await check(wish, settings)
    elif wish.surface == "terminal":
        await talk(wish, settings)
    else:
        await serve(platforms(wish.surface, settings), settings)


async def talk(wish: Wish, settings: Settings) -> None:
    """Talk with whoever sits at the terminal, or with what is piped in."""
    wish = replace(wish, person=readable(wish.person).strip() or "you")
    interactive = sys.stdin.isatty() and sys.stdout.isatty() and not wish.as_json
    language = spoken_here(settings)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # bytes that are no text stay out
    terminal = Terminal(wish.person, settings.home, language, decorated=interactive)
    if interactive:
        print(welcome(settings, language), end="\n\n", flush=True)  # noqa: T201
    app = await build(settings, [terminal], settling=AT_ONCE)
    lanes = app.waker
    if not isinstance(lanes, Lanes):
        raise SettingsError("The terminal needs lanes of its own.")
    prompt = say("terminal_prompt", language, person=wish.person) if interactive else None
    lines = typed_lines(prompt)
    terminal.present = None if wish.as_json else wish.person
    try:
        await app.start()
        if wish.as_json:
            await jsonl.converse(
                terminal,
                lines,
                lanes.quiet,
                lambda ext_id: talks.turn_of(app.database, PLATFORM, ext_id),
                sys.stdout,
            )
        else:
            await terminal.converse(lines, lanes.quiet)
        if interactive:
            print(say("terminal_goodbye", language))  # noqa: T201
    finally:
        await app.stop()


def welcome(settings: Settings, language: str) -> str:
    """The first screen, which says where words go."""
    server = settings.words_go_to
    key = "terminal_words_leave" if server else "terminal_words_stay"
    words = say(key, language, server=server)
    return say("terminal_welcome", language, words=words, home=settings.home)


async def serve(served: Sequence[Platform], settings: Settings) -> None:
    """Serve chat platforms until a signal asks to stop, or none of them lets us in any more."""
    app = await build(settings, served)
    asked: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    def stop(name: signal.Signals) -> None:
        if not asked.done():
            asked.set_result(name)

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop, name)
    serving = asyncio.create_task(_until_deserted(app))
    try:
        await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            raise await serving
        if asked.result() is signal.SIGINT:
            raise KeyboardInterrupt
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await app.stop()


async def _until_deserted(app: App) -> AttuneError:
    await app.start()
    return await app.deserted()


async def check(wish: Wish, settings: Settings) -> None:
    """Start everything, say what works, stop."""
    served: list[Platform] = (
        [Terminal(wish.person, settings.home)]
        if wish.surface == "terminal"
        else list(platforms(wish.surface, settings))
    )
    app: App = await build(settings, served)
    try:
        _told("database", "SQLite" if app.database.embedded else "PostgreSQL")
        _told("keys", str(settings.keys))
        _told("words", "the text model reads")
        _told("writer", app.llm.told)
        senses = Senses(settings)
        for part in PARTS:
            _told(part, await asyncio.to_thread(senses.state, part))
        await app.start()
        for name in app.platforms:
            _told(name, "connected")
    finally:
        await app.stop()


def _told(part: str, state: str) -> None:
    print(f"{part:14} {state}", flush=True)  # noqa: T201


def platforms(surface: str, settings: Settings) -> Sequence[Platform]:
    """The platforms of a surface; raise `SettingsError` where a token is missing."""
    made: list[Platform] = []
    if surface in {"telegram", "all"} and settings.telegram_token:
        from bot.platforms.telegram import Telegram, Webhook

        webhook = None
        if settings.telegram_webhook_url and settings.telegram_webhook_secret:
            host, _, port = settings.telegram_webhook_listen.rpartition(":")
            webhook = Webhook(
                url=settings.telegram_webhook_url,
                host=host,
                port=int(port),
                secret=settings.telegram_webhook_secret.get_secret_value(),
            )
        made.append(
            Telegram(
                settings.telegram_token.get_secret_value(),
                api_url=settings.telegram_api_url,
                webhook=webhook,
            )
        )
    if surface in {"discord", "all"} and settings.discord_token:
        from bot.platforms.discord import Discord

        made.append(
            Discord(
                settings.discord_token.get_secret_value(),
                api_url=settings.discord_api_url,
                shard=settings.shard,
            )
        )
    if not made:
        missing = {
            "telegram": "ATTUNE_TELEGRAM_TOKEN",
            "discord": "ATTUNE_DISCORD_TOKEN",
            "all": "ATTUNE_TELEGRAM_TOKEN or ATTUNE_DISCORD_TOKEN",
        }[surface]
        raise SettingsError(f"Set {missing} (or ..._FILE) to talk there; the README says how.")
    return made


def spoken_here(settings: Settings) -> str:
    """The language of the fixed sentences before anybody has written anything."""
    if settings.language != "auto":
        return settings.language
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "zh" if (locale or "").startswith("zh") else "en"
