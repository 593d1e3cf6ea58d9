"""Discord, through discord.py: what the house says goes out here; discord_listening hears.

Only plain text without pings is sent. Short rate limits are waited out inside the library; longer
ones are `RetryLater`. A reply to an interaction (an address with a token) is seen by its person
alone, for 15 minutes; later it becomes a plain message in a DM and is undeliverable elsewhere.
One process serves at most the 2,500 guilds that Discord allows a connection; for more, each of
several processes is a shard.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import cast

import aiohttp
import discord
from discord import VoiceClient
from discord.asset import Asset
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from affect.errors import (
    AttuneError,
    MediaRejected,
    RetryLater,
    SettingsError,
    Undeliverable,
    Unreachable,
)
from bot.clock import Clock, SystemClock
from bot.logs import quiet
from bot.messages import Address, Media, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.platforms.discord_drafts import DiscordDrafts
from bot.platforms.discord_events import PLATFORM
from bot.platforms.discord_listening import FAILURES, WHOLE, Listener, Shard
from bot.platforms.discord_menu import Menu
from bot.platforms.discord_sending import parts_of, post

log = logging.getLogger(__name__)

LARGEST_FILE = 10 * 1024 * 1024  # bytes, in a place without boosts
START_SECONDS, FETCH_SECONDS = 60, 60
DRAFT_SECONDS = 10  # a draft that takes longer is not worth the wait
SEND_SECONDS = 45  # below the lease of a part: nobody else may send it meanwhile
# Events in hand at stop get this long to be stored.
SETTLE_SECONDS = 10.0
CLOSE_SECONDS = 3.0
# Discord shows typing for 10 s.
TYPING_SECONDS = 6.0
# Where a 429 does not say how long to wait.
UNNAMED_WAIT = 30.0
# The name under which an interaction's first answer can be changed; the library types it as an id.
ORIGINAL = cast(int, "@original")
# An interaction that is over, was never acknowledged, or whose answer was dismissed.
GONE = frozenset({10008, 10015, 10062, 50027})
ANSWERS_REMEMBERED = 1000


async def _end_heartbeats() -> None:
    """End the heartbeat threads of this loop, whose gateway was left before it was whole."""
    loop = asyncio.get_running_loop()
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler) and thread.ws.loop is loop:
            thread.stop()
            await asyncio.to_thread(thread.join, CLOSE_SECONDS)


async def _abandon(client: discord.Client) -> None:
    """Leave a gateway that does not say goodbye without one, its socket closed all the same."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.ws.socket.close()
    await client.http.close()


class Discord:
    """One bot account on Discord, without any privileged intent.

    `api_url` is the whole base of another server's API (https://discord.com/api/v10 is Discord's);
    its gateway is the one that `GET api_url/gateway` names. The library holds both in class
    attributes, set between start and stop: two servers at a time in one process do not work.
    """

    name = PLATFORM

    def __init__(
        self,
        token: str,
        *,
        api_url: str | None = None,
        clock: Clock | None = None,
        shard: Shard = WHOLE,
    ) -> None:
        self._shard = shard
        self._token = token.strip()
        self._api_url = api_url.rstrip("/") if api_url else None
        self._clock = clock or SystemClock()
        self._defaults = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
        self._client: Listener | None = None
        self._drafts: DiscordDrafts | None = None
        self._listening: asyncio.Task[None] | None = None
        self._downloads: aiohttp.ClientSession | None = None
        # Which part became an interaction's first answer: by token, the part's nonce.
        self._answered: OrderedDict[str, str] = OrderedDict()

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place]
    ) -> None:
        """Connect and offer `commands`; return when connected, while `places` are still read.

        A place named here keeps its order: what was missed in it goes before what is new.
        Raises `SettingsError` for a token that Discord refuses, and `Unreachable`.
        """
        quiet("discord")
        # That it cannot speak in voice channels needs no warning.
        VoiceClient.warn_nacl = VoiceClient.warn_dave = False
        if not self._token.isascii() or len(self._token.split()) != 1:
            raise SettingsError("ATTUNE_DISCORD_TOKEN is not a Discord token.")
        self._defaults = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
        client = self._client = Listener(receive, places, self._clock, self._shard)
        self._drafts = DiscordDrafts(client)
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        self._downloads = aiohttp.ClientSession(timeout=timeout)
        try:
            with _meanings():
                async with asyncio.timeout(START_SECONDS):
                    await self._connect(client, commands)
        except (RetryLater, Undeliverable) as refused:
            await self.stop()
            raise Unreachable("Discord does not let us in right now.") from refused
        except BaseException:
            await self.stop()
            raise

    async def ended(self) -> AttuneError:
        """Wait until the gateway lets us in no longer, and give why."""
        if self._listening is None:
            raise Unreachable("Discord is not connected.")
        await asyncio.wait([self._listening])
        try:
            with _meanings():
                await self._listening
        except AttuneError as why:
            return why
        return Unreachable("Discord closed the connection.")

    async def stop(self) -> None:
        """Stop taking events, let those in hand be stored (10 s at most), disconnect."""
        client, listening, downloads = self._client, self._listening, self._downloads
        self._client = self._listening = self._downloads = None
        if client is not None:
            await client.settle(SETTLE_SECONDS)
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await client.close()
            except TimeoutError:
                await _abandon(client)
        if listening is not None:
            # Closed, it ends by itself, unless it waits for its next try.
            await asyncio.wait([listening], timeout=1)
            listening.cancel()
            await asyncio.wait([listening])
        if downloads is not None:
            await downloads.close()
        await _end_heartbeats()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = self._defaults

    async def send(self, address: Address, outgoing: Outgoing, nonce: str) -> str | None:
        """Send one part and give its message's id.

        Discord drops a second message with a nonce that it saw within some minutes; an
        interaction's first answer can be given again, its later ones may come twice.
        """
        client = self._online()
        if outgoing.attachment and len(outgoing.attachment.content) > LARGEST_FILE:
            raise Undeliverable("The file is larger than the 10 MB that Discord takes.")
        with _meanings():
            async with asyncio.timeout(SEND_SECONDS):
                if address.token is not None:
                    try:
                        return await self._answer(client, address.token, outgoing, nonce)
                    except discord.HTTPException as over:
                        if over.code not in GONE:
                            raise
                        log.info("discord_interaction_over", extra={"code": over.code})
                    if not address.private:
                        # What only its person was to see is not said to everybody instead.
                        raise Undeliverable("The command can no longer be answered.")
                shown = await self._drafts.finish(address, outgoing) if self._drafts else None
                return shown or await post(client, address, outgoing, nonce)

    async def draft(self, address: Address, text: str, reply_to: str | None = None) -> None:
        """Show the beginning of a reply; an empty text takes it away. Never raises."""
        if self._client is None or self._drafts is None or address.token is not None:
            return
        try:
            with _meanings():
                async with asyncio.timeout(DRAFT_SECONDS):
                    await self._drafts.show(address, text, reply_to)
        except AttuneError as error:
            log.info("draft_not_shown", extra={"error": type(error).__name__})

    @asynccontextmanager
    async def _typing(self, address: Address) -> AsyncIterator[None]:
        # An interaction shows by itself that an answer is on its way.
        if self._client is None or address.token is not None:
            yield
            return
        task = asyncio.create_task(_keep_typing(self._client, address))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def typing(self, address: Address) -> AbstractAsyncContextManager[None]:
        """Show that an answer is being written for as long as the context lasts; never raise."""
        return self._typing(address)

    async def fetch(self, media: Media, limit: int) -> bytes:
        """Fetch at most `limit` bytes, asking for a new address where the old one has expired."""
        client = self._online()
        if media.size is not None and media.size > limit:
            raise _too_big()
        ids, _, url = media.handle.partition(" ")
        with _meanings():
            content = await self._download(url, limit) if url else None
            if content is None and url:
                fresh = await _fresh_url(client, ids)
                content = await self._download(fresh, limit) if fresh else None
        if content is None:
            raise MediaRejected("gone", "The file is no longer there.")
        return content

    def _online(self) -> Listener:
        if self._client is None or self._client.is_closed():
            raise Unreachable("Discord is not connected.")
        return self._client

    async def _connect(self, client: Listener, commands: Sequence[CommandInfo]) -> None:
        if self._api_url is not None:
            Route.BASE = self._api_url
            Asset.BASE = f"{self._api_url}/cdn"
        try:
            await client.login(self._token)
        except discord.LoginFailure:
            raise SettingsError("Discord refuses ATTUNE_DISCORD_TOKEN.") from None
        except (LookupError, TypeError, ValueError):
            raise Unreachable("ATTUNE_DISCORD_API_URL does not answer as Discord does.") from None
        if self._api_url is not None:
            gateway = await client.http.request(Route("GET", "/gateway"))
            DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway["url"])
        await _offer(client, commands)
        listening = self._listening = asyncio.create_task(client.listen())
        listening.add_done_callback(_over)
        connected = asyncio.create_task(client.connected.wait())
        try:
            await asyncio.wait([connected, listening], return_when=asyncio.FIRST_COMPLETED)
        finally:
            connected.cancel()
        if listening.done():
            await listening

    async def _answer(
        self, client: Listener, token: str, outgoing: Outgoing, nonce: str
    ) -> str | None:
        """Fill the place held by the deferral first, then follow up, unseen by others."""
        hook = discord.Webhook.partial(client.application_id or 0, token, client=client)
        hook.type = discord.WebhookType.application
        if token not in self._answered:
            # After a restart only Discord knows whether the place is still held.
            held = (await hook.fetch_message(ORIGINAL)).flags.loading
            self._answered[token] = nonce if held else ""
            while len(self._answered) > ANSWERS_REMEMBERED:
                self._answered.popitem(last=False)
        parts = parts_of(outgoing)
        sent: discord.WebhookMessage
        if self._answered[token] == nonce:
            if "file" in parts:
                parts["attachments"] = [parts.pop("file")]
            sent = await hook.edit_message(ORIGINAL, **parts)
        else:
            sent = await hook.send(ephemeral=True, wait=True, **parts)
        return str(sent.id)

    async def _download(self, url: str, limit: int) -> bytes | None:
        """The bytes, or None where there are none any more."""
        if self._downloads is None:
            raise Unreachable("Discord is not connected.")
        async with self._downloads.get(url) as response:
            if response.status in {401, 403, 404, 410}:
                return None
            if response.status != 200:
                raise Unreachable("Discord's files cannot be reached.")
            if response.content_length is not None and response.content_length > limit:
                raise _too_big()
            content = bytearray()
            async for piece in response.content.iter_chunked(64 * 1024):
                content += piece
                if len(content) > limit:
                    raise _too_big()
            return bytes(content)


async def _offer(client: Listener, commands: Sequence[CommandInfo]) -> None:
    """Offer the commands; people can talk without the menu, so failing here is no failure."""
    menu = Menu(client, commands)
    try:
        changed = await menu.offer()
    except FAILURES as failed:
        log.warning("discord_commands_not_offered", extra={"error": type(failed).__name__})
    else:
        log.info("discord_commands_offered", extra={"changed": changed})


async def _keep_typing(client: Listener, address: Address) -> None:
    channel = client.get_partial_messageable(int(address.thread or address.chat))
    with suppress(*FAILURES, RuntimeError):
        while True:
            await channel.typing()
            await asyncio.sleep(TYPING_SECONDS)


async def _fresh_url(client: Listener, ids: str) -> str | None:
    """A new address of an attachment, by its channel, message and own id; None if it is gone."""
    channel, message, wanted = ids.split("/")
    try:
        found = await client.http.get_message(int(channel), int(message))
    except (discord.NotFound, discord.Forbidden):
        return None
    return next((a["url"] for a in found["attachments"] if str(a["id"]) == wanted), None)


@contextmanager
def _meanings() -> Iterator[None]:
    """Turn failures into our errors, leaving behind what they quote (texts, addresses, tokens)."""
    try:
        yield
    except AttuneError:
        raise
    except discord.RateLimited as limited:
        raise RetryLater(limited.retry_after) from None
    except discord.HTTPException as refused:
        raise _meaning(refused) from None
    except discord.PrivilegedIntentsRequired:
        raise SettingsError("Discord refuses the intents of this bot.") from None
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:
            raise SettingsError("Discord refuses ATTUNE_DISCORD_TOKEN.") from None
        raise Unreachable(f"Discord closed the connection (code {closed.code}).") from None
    except FAILURES:
        raise Unreachable("Discord cannot be reached.") from None


def _meaning(refused: discord.HTTPException) -> AttuneError:
    if refused.status == 429:
        try:
            return RetryLater(float(refused.response.headers["Retry-After"]))
        except (KeyError, ValueError):
            return RetryLater(UNNAMED_WAIT)
    if refused.status in {401, 408} or refused.status >= 500:
        return Unreachable(f"Discord does not serve us right now (status {refused.status}).")
    return Undeliverable(f"Discord refuses the message (code {refused.code}).")


def _over(listening: asyncio.Task[None]) -> None:
    """Say why nothing is heard any more; sending then raises `Unreachable`."""
    if not listening.cancelled() and (error := listening.exception()) is not None:
        fields = {"error": type(error).__name__, "code": getattr(error, "code", None)}
        log.error("discord_gave_up", extra=fields)


def _too_big() -> MediaRejected:
    return MediaRejected("too_big", "The file is too big.")
