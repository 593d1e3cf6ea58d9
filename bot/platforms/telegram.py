"""Telegram, through python-telegram-bot: the house speaks here; telegram_listening hears.

Only plain text is sent, without previews of links. A 429 is `RetryLater` at once, for the delivery
to wait; until then nothing else is sent to that chat either. What is raised quotes neither what was
sent nor the token. Telegram knows no nonce: a part that is sent again may come twice.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from affect.errors import AttuneError, RetryLater, SettingsError, Undeliverable, Unreachable
from bot.clock import Clock, SystemClock
from bot.logs import quiet
from bot.messages import Address, Attachment, Media, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.platforms.telegram_client import READ_SECONDS, UNREADABLE, Client, meanings
from bot.platforms.telegram_drafts import TelegramDrafts
from bot.platforms.telegram_listening import Listener, Webhook
from bot.platforms.telegram_menu import offer
from bot.platforms.telegram_sending import NO_PREVIEW, Where, keyboard, where
from bot.platforms.telegram_updates import PLATFORM, Account, clean

__all__ = ["Telegram", "Webhook"]

log = logging.getLogger(__name__)

POLL_SECONDS = 30.0
TYPING_SECONDS = 4.5  # Telegram shows it for 5 s
LONGEST_CAPTION = 1024  # UTF-16 units
LARGEST_FILE = 50 * 1024 * 1024  # bytes
DRAFT_SECONDS = 5.0  # a draft that takes longer is not worth the wait

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+(/test)?")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Telegram:
    """One bot account on Telegram. `api_url` is another Bot API server, for tests or self-hosted.

    Only one process may poll; with a webhook several may listen behind one address.
    """

    name = PLATFORM

    def __init__(
        self,
        token: str,
        *,
        api_url: str | None = None,
        webhook: Webhook | None = None,
        clock: Clock | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        quiet("telegram", "httpx", "httpcore")
        if not _TOKEN.fullmatch(token.strip()):
            raise SettingsError("ATTUNE_TELEGRAM_TOKEN is not a token as BotFather gives them.")
        if webhook and not _SECRET.fullmatch(webhook.secret):
            raise SettingsError(
                "ATTUNE_TELEGRAM_WEBHOOK_SECRET must be 1 to 256 letters, digits, _ and -."
            )
        self._client = Client(token.strip(), api_url)
        self._webhook = webhook
        self._clock = clock or SystemClock()
        self._poll_seconds = poll_seconds
        self._listener: Listener | None = None
        self._downloads: httpx.AsyncClient | None = None
        # Chats that are to be left alone for a while, and groups that have got a new id.
        self._closed_until: dict[str, datetime] = {}
        self._moved: dict[str, str] = {}
        self._drafts = TelegramDrafts(self._client)

    async def start(
        self,
        receive: Receive,
        commands: Sequence[CommandInfo],
        places: Sequence[Place],  # noqa: ARG002 - Telegram itself keeps what was missed
    ) -> None:
        """Connect, offer `commands` and take updates, those sent meanwhile first.

        Raises `SettingsError` for a token or webhook that Telegram refuses, and `Unreachable`.
        """
        try:
            with meanings():
                await self._connect(receive, commands)
        except (RetryLater, Undeliverable, ChatMigrated):
            await self.stop()
            raise Unreachable("Telegram does not let us in right now.") from None
        except BaseException:
            await self.stop()
            raise

    async def ended(self) -> AttuneError:
        """Wait until Telegram takes the token no longer; by webhook only sending finds that out."""
        if self._listener is None:
            raise Unreachable("Telegram is not connected.")
        return await self._listener.ended()

    async def stop(self) -> None:
        """Stop taking events, let those in hand be stored (10 s at most), disconnect."""
        listener, downloads = self._listener, self._downloads
        self._listener = self._downloads = None
        if listener is not None:
            await listener.stop()
        if downloads is not None:
            await downloads.aclose()
        await self._client.shutdown()

    async def send(self, address: Address, outgoing: Outgoing, nonce: str) -> str | None:  # noqa: ARG002
        """Send one part and give its message's id."""
        if (listener := self._listener) is None:
            raise Unreachable("Telegram is not connected.")
        if outgoing.attachment and len(outgoing.attachment.content) > LARGEST_FILE:
            raise Undeliverable("The file is larger than the 50 MB that Telegram takes.")
        if (wait := self._wait(address)) > 0:
            raise RetryLater(wait)
        try:
            with meanings():
                try:
                    sent = await self._send(address, outgoing)
                except ChatMigrated as moved:
                    self._moved[address.chat] = str(moved.new_chat_id)
                    log.info("telegram_group_moved")
                    sent = await self._send(address, outgoing)
                except InvalidToken:
                    listener.refused()
                    raise
                listener.known()
                return sent
        except RetryLater as told:
            self._leave_alone(address, told.seconds)
            raise
        except ChatMigrated:
            raise Undeliverable("The group moves on and on.") from None

    async def draft(self, address: Address, text: str, reply_to: str | None = None) -> None:
        """Show the beginning of a reply; an empty text takes it away. Never raises."""
        if self._listener is None or self._wait(address) > 0:
            return
        try:
            with meanings():
                async with asyncio.timeout(DRAFT_SECONDS):
                    await self._drafts.show(address, text, reply_to)
        except RetryLater as told:
            self._leave_alone(address, told.seconds)
        except (AttuneError, ChatMigrated, TimeoutError) as error:
            log.info("draft_not_shown", extra={"error": type(error).__name__})

    def typing(self, address: Address) -> AbstractAsyncContextManager[None]:
        """Show that an answer is being written for as long as the context lasts; never raise."""
        return self._typing(address)

    async def fetch(self, media: Media, limit: int) -> bytes:
        """Fetch at most `limit` bytes."""
        if self._downloads is None:
            raise Unreachable("Telegram is not connected.")
        return await self._client.download(self._downloads, media, limit)

    async def _connect(self, receive: Receive, commands: Sequence[CommandInfo]) -> None:
        client = self._client
        try:
            await client.initialize()
        except InvalidToken:
            raise SettingsError("Telegram refuses ATTUNE_TELEGRAM_TOKEN.") from None
        self._downloads = httpx.AsyncClient(timeout=READ_SECONDS)
        try:
            log.info("telegram_menu_offered", extra={"changed": await offer(client, commands)})
        except (TelegramError, *UNREADABLE) as error:
            # People can talk without the menu.
            log.warning("telegram_menu_not_offered", extra={"error": type(error).__name__})
        us = Account(client.id, client.username, frozenset(info.name for info in commands))
        self._listener = Listener(client, us, receive, self._clock, self._poll_seconds)
        if self._webhook is None:
            await self._listener.poll()
        else:
            await self._listener.listen(self._webhook)

    async def _send(self, address: Address, outgoing: Outgoing) -> str:
        if shown := await self._drafts.finish(address, outgoing):
            return shown
        text, file = clean(outgoing.text), outgoing.attachment
        place = self._where(address, outgoing.reply_to)
        buttons = keyboard(outgoing.buttons)
        if file is not None and len(text.encode("utf-16-le")) // 2 <= LONGEST_CAPTION:
            return await self._send_file(place, file, text, buttons)
        message = await self._client.send_message(
            text=text,
            link_preview_options=NO_PREVIEW,
            reply_markup=None if file else buttons,
            **place,
        )
        if file is not None:
            return await self._send_file(place, file, "", buttons)
        return str(message.message_id)

    async def _send_file(
        self, place: Where, file: Attachment, text: str, buttons: InlineKeyboardMarkup | None
    ) -> str:
        if file.is_picture:
            photo = await self._client.send_photo(
                photo=file.content,
                filename=clean(file.name),
                caption=text or None,
                reply_markup=buttons,
                **place,
            )
            return str(photo.message_id)
        message = await self._client.send_document(
            document=file.content,
            filename=clean(file.name),
            caption=text or None,
            # A voice or a picture in a document stays a file.
            disable_content_type_detection=True,
            reply_markup=buttons,
            **place,
        )
        return str(message.message_id)

    def _where(self, address: Address, reply_to: str | None) -> Where:
        return where(replace(address, chat=self._moved.get(address.chat, address.chat)), reply_to)

    @asynccontextmanager
    async def _typing(self, address: Address) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep_typing(address))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_typing(self, address: Address) -> None:
        place = self._where(address, None)
        while self._listener is not None:
            if self._wait(address) <= 0:
                try:
                    with meanings():
                        await self._client.send_chat_action(
                            place["chat_id"],
                            ChatAction.TYPING,
                            message_thread_id=place["message_thread_id"],
                        )
                except RetryLater as told:
                    self._leave_alone(address, told.seconds)
                except Unreachable:
                    pass
                except (Undeliverable, ChatMigrated):
                    return
            await self._clock.sleep(TYPING_SECONDS)

    def _leave_alone(self, address: Address, seconds: float) -> None:
        now = self._clock.now()
        over = [chat for chat, until in self._closed_until.items() if until <= now]
        for chat in over:
            del self._closed_until[chat]
        self._closed_until[address.chat] = now + timedelta(seconds=seconds)
        log.info("telegram_told_to_wait", extra={"seconds": seconds})

    def _wait(self, address: Address) -> float:
        """For how many seconds the chat is to be left alone; 0 or less if it is not."""
        until = self._closed_until.get(address.chat)
        return 0.0 if until is None else (until - self._clock.now()).total_seconds()
