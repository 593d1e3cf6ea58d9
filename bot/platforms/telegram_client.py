"""The Bot API as we use it: python-telegram-bot's `Bot`, its failures as ours, files up to a limit.

Nothing that is raised here quotes what was sent, an address or the token, as the library's own
errors do: so they are never chained.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from telegram import Bot, File
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from affect.errors import MediaRejected, RetryLater, Undeliverable, Unreachable
from bot.messages import Media
from bot.platforms.telegram_updates import ALLOWED_UPDATES

OFFICIAL = "https://api.telegram.org"
FETCH_SECONDS = 60.0
READ_SECONDS = 10.0

# What the library raises for an answer that is JSON but not what the Bot API promises.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)


class Client(Bot):
    """A `Bot` that also hands out updates unparsed, so that one bad update spoils no other."""

    __slots__ = ()

    def __init__(self, token: str, api_url: str | None) -> None:
        base = (api_url or OFFICIAL).rstrip("/")
        super().__init__(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot")

    async def raw_updates(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """Wait up to `seconds` for updates from `offset` on; all before it are acknowledged.

        Raises `InvalidToken` where the server does not know us, for now or for good.
        """
        wanted = {"offset": offset, "timeout": int(seconds), "allowed_updates": ALLOWED_UPDATES}
        try:
            updates = await self._post("getUpdates", wanted, read_timeout=seconds + READ_SECONDS)
            return [dict(update) for update in updates]
        except UNREADABLE:
            raise NetworkError("The server's answer makes no sense.") from None

    async def download(self, downloads: httpx.AsyncClient, media: Media, limit: int) -> bytes:
        """The bytes of a file; raise `MediaRejected` if it is larger than `limit`, or gone."""
        if not media.handle:
            raise MediaRejected("gone", "There is no file to fetch.")
        if media.size is not None and media.size > limit:
            raise _too_big()
        try:
            with meanings():
                file = await self._found(media.handle)
        except (RetryLater, Undeliverable, ChatMigrated):
            raise Unreachable("Telegram's files cannot be reached.") from None
        if file.file_size is not None and file.file_size > limit:
            raise _too_big()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await _read(downloads, file.file_path or "", limit)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise _gone() from None
        except (httpx.HTTPError, TimeoutError):
            raise Unreachable("Telegram's files cannot be reached.") from None

    async def _found(self, handle: str) -> File:
        try:
            return await self.get_file(handle)
        except BadRequest as refused:
            # The Bot API hands out 20 MB at most, and says so in words only.
            raise (_too_big() if "too big" in refused.message.lower() else _gone()) from None


async def _read(downloads: httpx.AsyncClient, url: str, limit: int) -> bytes:
    # Raw bytes: a small compressed answer must not grow beyond the limit here.
    async with downloads.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unreachable("Telegram's files cannot be reached.")
        if answer.status_code != httpx.codes.OK:
            raise _gone()
        told = answer.headers.get("Content-Length", "")
        if told.isdecimal() and int(told) > limit:
            raise _too_big()
        content = bytearray()
        async for piece in answer.aiter_raw():
            content += piece
            if len(content) > limit:
                raise _too_big()
    return bytes(content)


@contextmanager
def meanings() -> Iterator[None]:
    """Turn the library's failures into ours; `ChatMigrated` passes, for the caller to follow."""
    try:
        yield
    except ChatMigrated:
        raise
    except RetryAfter as wait:
        raise RetryLater(seconds_of(wait)) from None
    except Forbidden:
        raise Undeliverable("Telegram does not let us write there.") from None
    except BadRequest:
        # It is a NetworkError to the library, but trying again will not help.
        raise Undeliverable("Telegram refuses the message.") from None
    except TelegramError:
        raise Unreachable("Telegram cannot be reached.") from None
    except UNREADABLE:
        raise Unreachable("Telegram's answer makes no sense.") from None


def seconds_of(wait: RetryAfter) -> float:
    """How long the platform asks to wait."""
    after = wait.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def _too_big() -> MediaRejected:
    return MediaRejected("too_big", "The file is too big.")


def _gone() -> MediaRejected:
    return MediaRejected("gone", "The file is no longer there.")
