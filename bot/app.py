"""Puts the parts together; starts and stops them in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DatabaseError

from affect.errors import AttuneError, ModelUnavailable, SettingsError, Unreachable
from affect.perception.other import load_text
from affect.perception.text import TextModel, TextReader
from affect.writers import bank
from affect.writers.appraisal import Appraiser
from affect.writers.base import Writer
from affect.writers.llm import LLMWriter
from affect.writers.scripted import ScriptedWriter
from bot import checkins
from bot.clock import Clock, SystemClock
from bot.commands import COMMANDS
from bot.companion import Companion
from bot.llm import Opened, open_llm, wanted
from bot.messages import Address, Media
from bot.perceiving import Fetch, Perceiver
from bot.platforms.base import Place, Platform, Remote
from bot.senses import Senses, check
from bot.settings import Settings
from bot.turns import Settling, Turns
from bot.waking import Lanes, Waker
from storage import jobs, migrate, people, retention, talks
from storage.database import NO_DRIVER, Database
from storage.vault import Vault

SWEEP_EVERY = timedelta(hours=1)
JOBS_EVERY = timedelta(seconds=30)
SCAN_EVERY = timedelta(seconds=10)
FIT_EVERY = timedelta(minutes=10)  # while an LLM's reading is not fitted: a server may be away

log = logging.getLogger(__name__)


@dataclass(slots=True)
class App:
    """Attune, running on some platforms."""

    settings: Settings
    database: Database
    turns: Turns
    waker: Waker
    platforms: Mapping[str, Platform]
    clock: Clock
    llm: Opened
    appraiser: Appraiser | None = None
    _chores: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Answer what is open, then connect every platform.

        The engine first: what a platform hands over must find it ready.

        Raises `Unreachable` or `SettingsError` if a platform cannot be served.
        """
        await self.turns.start()
        self._chores = (
            asyncio.create_task(self._regularly(SWEEP_EVERY, self._sweep)),
            asyncio.create_task(self._regularly(JOBS_EVERY, self._jobs)),
            asyncio.create_task(self._regularly(SCAN_EVERY, self.turns.wake_waiting)),
            asyncio.create_task(self._regularly(FIT_EVERY, self._fit)),
        )
        offered = [command.info for command in COMMANDS]
        for platform in self.platforms.values():
            places = [
                Place(Address(platform.name, chat or "", thread, private), last)
                for (chat, thread), private, last in await talks.places(
                    self.database, platform.name
                )
            ]
            await platform.start(self.turns.receive, offered, places)
            log.info("platform_started", extra={"platform": platform.name})

    async def deserted(self) -> AttuneError:
        """Wait until no platform lets us in any more, and give why.

        As long as one does, the others' silence is only logged.
        """
        ends = [self._end_of(platform) for platform in self.platforms.values()]
        reasons = await asyncio.gather(*ends)
        return reasons[-1]

    async def _end_of(self, platform: Platform) -> AttuneError:
        while not isinstance(platform, Remote):
            await asyncio.Event().wait()  # a terminal does not end by itself
        why = await platform.ended()
        log.error("platform_ended", extra={"platform": platform.name, "why": str(why)})
        return why

    async def stop(self) -> None:
        """Take nothing more in, finish what can be finished, let go of everything."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        try:
            await self.turns.stop()  # first: a reply in hand still needs its platform
            for platform in self.platforms.values():
                await self._let_go(platform)
        finally:
            if self.llm.model is not None:
                await self.llm.model.aclose()
            await self.database.close()

    async def _let_go(self, platform: Platform) -> None:
        try:
            await platform.stop()
        except Exception as error:  # noqa: BLE001 - one that fails must not keep the others open
            fields = {"platform": platform.name, "error": type(error).__name__}
            log.error("platform_stop_failed", extra=fields)

    async def _regularly(self, every: timedelta, chore: Callable[[], Awaitable[None]]) -> None:
        """Do a chore now and again; what fails is tried at the next turn."""
        while True:
            try:
                await chore()
            except Exception as error:  # noqa: BLE001 - a chore must not end with its first failure
                name = type(error).__name__
                log.error("chore_failed", extra={"chore": chore.__name__, "error": name})
            await self.clock.sleep(every.total_seconds())

    async def _sweep(self) -> None:
        days = self.settings.retention_days
        swept = await retention.sweep(self.database, self.clock.now(), days)
        if swept.turns:
            log.info("swept", extra={"turns": swept.turns})

    async def _fit(self) -> None:
        """Learn how far the LLM's reading of words may be trusted: once, beside the answering."""
        if self.appraiser and self.appraiser.fitted is None:
            fitted = await self.appraiser.fit()
            told = {"temperature": fitted.temperature, "trust": fitted.trust}
            log.info("appraiser_fitted", extra=told)

    async def _jobs(self) -> None:
        done = await jobs.run_due(self.database, self.clock.now())
        if done:
            log.info("jobs_done", extra={"jobs": done})
        asked = await checkins.send_due(
            self.database, self.turns.ask, tuple(self.platforms), self.clock.now()
        )
        if asked:
            log.info("checkins_sent", extra={"checkins": asked})


async def build(
    settings: Settings,
    platforms: Sequence[Platform],
    *,
    settling: Settling | None = None,
    clock: Clock | None = None,
    waker: Waker | None = None,
) -> App:
    """Open the store, load the models and tie everything together; nothing is connected yet.

    Raises `SettingsError`, `Unreachable` or `ModelUnavailable` with one sentence.
    """
    wanted(settings)
    check(settings)
    clock = clock or SystemClock()
    model_loading = asyncio.create_task(asyncio.to_thread(load_models, settings))
    try:
        database = await open_database(settings)
    except BaseException:
        with suppress(Exception):
            await model_loading
        raise
    by_name = {platform.name: platform for platform in platforms}
    try:
        model, scripted = await model_loading
        if waker is None:
            waker = engine(settings, database, by_name, clock)
        llm = await open_llm(settings)
    except BaseException:
        await database.close()
        raise
    writer: Writer = LLMWriter(llm.model, scripted, model) if llm.model else scripted
    appraiser = Appraiser(llm.model) if llm.model else None
    perceiver = Perceiver(model, Senses(settings), fetching(by_name), appraiser)
    companion = Companion(database, settings, perceiver, writer, clock)
    turns = Turns(database, companion, by_name, waker, clock, settling)
    return App(settings, database, turns, waker, by_name, clock, llm, appraiser)


def fetching(platforms: Mapping[str, Platform]) -> Fetch:
    """How the bytes behind a medium are fetched: by the platform that named it."""

    async def fetch(platform: str, media: Media, limit: int) -> bytes:
        return await platforms[platform].fetch(media, limit)

    return fetch


def load_models(settings: Settings) -> tuple[TextReader, ScriptedWriter]:
    """What reads words, and the writer, which finds its entries by the house's own text model."""
    try:
        model = load_text(settings.text_model)
    except ModelUnavailable as error:
        if settings.text_model is None:
            raise
        raise SettingsError(f"ATTUNE_TEXT_MODEL: {error}") from None
    own = model if isinstance(model, TextModel) else model.own
    return model, ScriptedWriter(bank.load(), own, own)


async def open_database(settings: Settings) -> Database:
    """Open the store and bring its tables up to date."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise SettingsError(
            f"The folder {settings.home} cannot be made: set ATTUNE_HOME."
        ) from None
    fresh = not settings.keys.exists()
    database = Database(settings.database, Vault.at(settings.keys))
    try:
        await migrate.upgrade(database)
        fits = await people.key_fits(database)
    except DatabaseError as error:
        await database.close()
        raise Unreachable(
            "The database cannot be read: it is damaged, or no database of Attune."
        ) from error
    except BaseException:
        await database.close()
        raise
    if not fits:
        await database.close()
        if fresh:
            settings.keys.unlink()
        raise SettingsError(
            f"The key file {settings.keys} does not open this database: "
            "set ATTUNE_KEY_FILE to the one it was made with."
        )
    return database


def engine(
    settings: Settings, database: Database, platforms: Mapping[str, Platform], clock: Clock
) -> Waker:
    """Lanes in this process; on PostgreSQL procrastinate, so that several can share the work."""
    if database.embedded or "terminal" in platforms:
        return Lanes(clock)
    try:
        from bot.procrastination import Procrastination
    except ImportError:
        raise SettingsError(NO_DRIVER) from None

    return Procrastination(settings.database, tuple(platforms), clock)
