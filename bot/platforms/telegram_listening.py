"""Taking Telegram's updates, by polling or by webhook: acknowledged once stored, not before.

While polling, whatever goes wrong (network, an answer that makes no sense, storage that is down)
ends in asking again from the same place, ever more slowly; only a token that is refused again and
again ends it (a proxy may answer 404 for a moment). By webhook the server answers 500 and
Telegram sends the update again; there, only sending tells that a token is refused. The library's
own polling is not used: it ends for good at an exception of its queue or at a 404, and one update
that it cannot read blocks all others.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Updater

from affect.errors import AttuneError, SettingsError, Unreachable
from bot.clock import Clock
from bot.messages import Incoming
from bot.platforms.base import Receive
from bot.platforms.telegram_client import UNREADABLE, Client, seconds_of
from bot.platforms.telegram_updates import ALLOWED_UPDATES, Account, cut_off, read

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# Updates in hand at stop get this long to be stored.
SETTLE_SECONDS = 10.0
ACKNOWLEDGE_SECONDS = 3.0
UNKNOWN = 5  # refusals of the token in a row, over some 15 s, after which it is no longer ours
MOST_REFUSALS = 3  # tries at an update that is refused for another reason than an outage


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram sends updates (`url`, https) and where we listen for them, behind a proxy."""

    url: str
    host: str
    port: int
    secret: str = field(repr=False)


class Listener:
    """Hands each update that means something to `receive`, those of a chat in their order."""

    def __init__(
        self, client: Client, us: Account, receive: Receive, clock: Clock, poll_seconds: float
    ) -> None:
        self._client = client
        self._us = us
        self._receive = receive
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._polling: asyncio.Task[None] | None = None
        self._updater: Updater | None = None
        self._offset = 0
        self._trouble: str | None = None
        self._refusals = 0
        self._unknown = 0  # refusals of the token in a row
        self._ended: asyncio.Future[AttuneError] = asyncio.get_running_loop().create_future()
        # Tasks that may outlive the call that began them.
        self._in_hand: set[asyncio.Task[None]] = set()

    async def poll(self) -> None:
        """Begin to ask for updates."""
        await self._client.delete_webhook()
        self._polling = asyncio.create_task(self._poll())

    async def listen(self, webhook: Webhook) -> None:
        """Begin to listen for updates; raise `SettingsError` where that cannot be."""
        try:
            # The library would tell Telegram first, and leave a socket open where this fails.
            loop = asyncio.get_running_loop()
            probe = await loop.create_server(asyncio.Protocol, webhook.host, webhook.port)
            probe.close()
            await probe.wait_closed()
        except (OSError, OverflowError):
            raise SettingsError(
                "Nothing can listen at ATTUNE_TELEGRAM_WEBHOOK_LISTEN; is the port taken?"
            ) from None
        self._updater = Updater(self._client, update_queue=_Inbox(self))
        await self._updater.initialize()
        try:
            await self._updater.start_webhook(
                listen=webhook.host,
                port=webhook.port,
                # The library makes a regular expression of it.
                url_path=re.escape(urlsplit(webhook.url).path),
                webhook_url=webhook.url,
                secret_token=webhook.secret,
                allowed_updates=ALLOWED_UPDATES,
            )
        except BadRequest:
            raise SettingsError("Telegram refuses ATTUNE_TELEGRAM_WEBHOOK_URL.") from None

    async def ended(self) -> AttuneError:
        """Wait until it is sure that Telegram takes the token no longer."""
        return await asyncio.shield(self._ended)

    def known(self) -> None:
        """Telegram took the token just now."""
        self._unknown = 0

    def refused(self) -> None:
        """Telegram refused the token just now; `UNKNOWN` times in a row, it is over."""
        self._unknown += 1
        if self._unknown >= UNKNOWN and not self._ended.done():
            self._ended.set_result(SettingsError("Telegram refuses ATTUNE_TELEGRAM_TOKEN."))

    async def stop(self) -> None:
        """Take no more, let what is in hand be stored, and acknowledge it."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        if self._updater is not None and self._updater.running:
            await self._updater.stop()
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=SETTLE_SECONDS)
            for task in late:
                task.cancel()
        if self._polling is not None and self._offset:
            # Not acknowledged, they would only come once more.
            with suppress(TelegramError, TimeoutError):
                async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                    await self._client.raw_updates(self._offset, 0)
        self._polling = self._updater = None

    async def take(self, update: Update) -> None:
        """Store what `update` says; return only then."""
        if update.callback_query is not None:
            self._begin(self._answer(update.callback_query.id))
        if cut_off(update):
            log.info("telegram_cut_off")
        incoming = read(update, self._us, self._clock.now())
        if incoming is not None:
            # Whoever asked may be stopped; what is being stored is stored to its end.
            await asyncio.shield(self._begin(self._store(incoming)))

    async def _poll(self) -> None:
        pause = FIRST_PAUSE
        while not self._ended.done():
            wait = 0.0
            try:
                await self._once()
                self.known()
                pause, self._trouble = FIRST_PAUSE, None
                continue
            except InvalidToken as refused:
                self.refused()
                self._failed("telegram_token_refused", refused)
            except RetryAfter as told:
                wait = seconds_of(told)
                self._failed("telegram_poll_failed", told)
            except Conflict as conflict:
                self._failed("telegram_conflict", conflict)
            except TelegramError as error:
                self._failed("telegram_poll_failed", error)
            except Exception as error:  # noqa: BLE001 - `receive` may fail in any way; we go on
                self._failed("telegram_receive_failed", error)
            await self._clock.sleep(max(pause, wait))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _once(self) -> None:
        for raw in await self._client.raw_updates(self._offset, self._poll_seconds):
            update = self._parsed(raw)
            if update is not None:
                await self._take_or_drop(update)
            # Telegram forgets what lies before the offset, so it moves behind the storing.
            self._offset = raw["update_id"] + 1

    async def _take_or_drop(self, update: Update) -> None:
        """Take an update; one that is refused again and again must not hold up everybody."""
        try:
            await self.take(update)
        except Unreachable:
            raise  # the store is away: it is asked for again, as long as it takes
        except Exception as error:
            self._refusals += 1
            if self._refusals < MOST_REFUSALS:
                raise
            fields = {"update": update.update_id, "error": type(error).__name__}
            log.error("telegram_update_dropped", extra=fields)
        self._refusals = 0

    def _parsed(self, raw: dict[str, Any]) -> Update | None:
        try:
            return Update.de_json(raw, self._client)
        except UNREADABLE as error:
            fields = {"update": raw.get("update_id"), "error": type(error).__name__}
            log.error("telegram_update_unreadable", extra=fields)
            return None

    def _failed(self, event: str, error: Exception) -> None:
        """Log a trouble once for as long as it lasts."""
        name = type(error).__name__
        if self._trouble != event + name:
            log.warning(event, extra={"error": name})
        self._trouble = event + name

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        # Seen here, an exception is not reported once more when nobody waits any longer.
        if not task.cancelled():
            task.exception()

    async def _store(self, incoming: Incoming) -> None:
        await self._receive(incoming)

    async def _answer(self, query: str) -> None:
        """Stop the pressed button from spinning; too late is no harm."""
        with suppress(TelegramError):
            await self._client.answer_callback_query(query)


class _Inbox(asyncio.Queue[object]):
    """What the library's webhook server puts updates into before it answers 200."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    async def put(self, item: object) -> None:
        """Store the update; raising makes the server answer 500."""
        if isinstance(item, Update):
            try:
                await self._listener.take(item)
            except Exception as error:
                fields = {"error": type(error).__name__}
                log.warning("telegram_receive_failed", extra=fields)
                raise
