"""Events of Discord's gateway reach `receive`: in order per channel, and none is lost.

    event -> the channel's lock -> catch up, if the channel is behind -> receive, until it is stored

The gateway knows no acknowledgement. A dropped connection is resumed and replayed by the library;
a fresh session (start, or the old one refused) replays nothing, so each known channel is then
`behind`: its history is read after the last message seen, before anything newer is handed over.
What is read twice has the same `ext_id` and is dropped by the store. Not brought back: edits and
deletions made meanwhile, and the first message ever of a channel that nobody told us about.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord

from affect.errors import Unreachable
from bot.clock import Clock
from bot.messages import Address, Incoming
from bot.platforms import discord_events as events
from bot.platforms.base import Place, Receive
from bot.platforms.discord_sending import NO_PINGS

log = logging.getLogger(__name__)

# What can go wrong on the way to Discord, in the library's and aiohttp's words.
FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)

# Another wait than the library's own is raised as RateLimited; 30 s is the least it takes.
LONGEST_RATE_LIMIT = 30.0
# The library waits this long for guilds before it says "ready"; we need none of them for that.
GUILD_WAIT = 0.1
# Discord accepts one new session in 5 s.
RECONNECT_SECONDS = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
# An event that the store refuses for another reason than being away is tried so often.
TRIES = 3
# Channels read side by side after a fresh session, and messages read of one in a guild.
READERS = 8
GUILD_HISTORY = 1000
PAGE = 100
DEFER_SECONDS = 10.0


Shard = tuple[int, int]
"""Which of how many shards a connection is; direct messages come to the first."""
WHOLE: Shard = (0, 1)


class Listener(discord.Client):
    """The connection, without any privileged intent, and what it hears."""

    def __init__(
        self, receive: Receive, places: Sequence[Place], clock: Clock, shard: Shard = WHOLE
    ) -> None:
        super().__init__(
            shard_id=shard[0],
            shard_count=shard[1],
            intents=discord.Intents(
                guilds=True, dm_messages=True, guild_messages=True, dm_reactions=True
            ),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=NO_PINGS,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            guild_ready_timeout=GUILD_WAIT,
        )
        self.connected = asyncio.Event()
        self.deaf = False
        self._receive = receive
        self._clock = clock
        self._places: dict[int, Address] = {}
        self._seen: dict[int, int] = {}
        self._behind: set[int] = set()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._reading: asyncio.Task[None] | None = None
        for place in places:
            self._remember(place)

    async def listen(self) -> None:
        """Stay connected until closed; raise what makes that impossible (token, intents)."""
        while not self.is_closed():
            try:
                await self.connect()
            except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired):
                raise
            except Exception as broken:  # noqa: BLE001 - whatever it is, we connect again
                # The library does not survive a frame that it cannot read, nor a first
                # connection that fails before it began.
                if not self.connected.is_set():
                    raise Unreachable("Discord's gateway cannot be reached.") from None
                log.warning("discord_connection_broken", extra={"error": type(broken).__name__})
                with suppress(*FAILURES, RuntimeError):
                    await self.ws.close()
                await self._clock.sleep(RECONNECT_SECONDS)

    async def settle(self, seconds: float) -> None:
        """Take no more events and let those in hand be stored; leave them after `seconds`.

        What is left is read from the channel's history at the next start.
        """
        self.deaf = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                log.warning("discord_events_left", extra={"count": len(late)})
                await asyncio.wait(late)
        if self.connected.is_set() and not self.is_ready() and not self.is_closed():
            # Or the library's own wait for guilds outlives us.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.wait_until_ready()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Pass an event on, unless we are closing: the library's loop is gone by then."""
        if not self.deaf and not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """Name the event that went wrong; its arguments hold words."""
        fields = {"event": event_method, "error": type(sys.exception()).__name__}
        log.error("discord_handler_failed", extra=fields)

    async def on_connect(self) -> None:
        """Begin a fresh session, of which nothing before it will be told."""
        self._behind = set(self._seen)
        self.connected.set()
        log.info("discord_session_fresh", extra={"channels": len(self._behind)})
        if self._behind and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read_all())

    async def on_message(self, message: discord.Message) -> None:
        """Hand over what is addressed to us; elsewhere remember how far a known channel is seen."""
        channel = message.channel
        private = isinstance(channel, discord.DMChannel)
        ours = events.addressed(message, self._me, private=private)
        if not ours and channel.id not in self._seen:
            return
        async with self._turn(channel.id):
            await self._catch_up(channel.id)
            address = await self._address(channel.id, channel)
            if ours:
                await self._hand_over(events.message_event(message, self._me, address))
            self._saw(channel.id, message.id, address)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Hand over a person's edit of what they said to us."""
        message = payload.message
        channel = message.channel
        private = isinstance(channel, discord.DMChannel)
        if not events.addressed(message, self._me, private=private):
            return
        async with self._turn(channel.id):
            await self._catch_up(channel.id)
            address = await self._address(channel.id, channel)
            await self._hand_over(events.edit_event(message, self._me, address))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Hand over that a message is gone."""
        await self._gone(payload.channel_id, payload.guild_id, [payload.message_id])

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Hand over that several messages are gone."""
        await self._gone(payload.channel_id, payload.guild_id, sorted(payload.message_ids))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Tell Discord within its 3 s that an answer comes, then hand the command over.

        Should that fail, the command is handed over all the same: sending finds out and, in a DM,
        answers by a plain message.
        """
        if events.wanted(interaction) is None:
            return
        self._hold()
        try:
            async with asyncio.timeout(DEFER_SECONDS):
                await interaction.response.defer(ephemeral=True, thinking=True)
        except (*FAILURES, KeyError, TypeError) as failed:
            # KeyError, TypeError: done, but answered by something the library cannot read.
            log.warning("discord_defer_failed", extra={"error": type(failed).__name__})
        incoming = events.interaction_event(interaction)
        if incoming is None or interaction.channel is None:
            return
        channel = interaction.channel.id
        async with self._turn(channel):
            await self._catch_up(channel)
            await self._hand_over(incoming)
            if incoming.address.private and channel not in self._seen:
                # A talk may begin with a command: what is written after it can be read.
                self._saw(channel, interaction.id, incoming.address)

    async def _gone(self, channel: int, guild: int | None, messages: Sequence[int]) -> None:
        # Any deletion in any channel: only the store knows whether the message was one of ours.
        async with self._turn(channel):
            if guild is None:
                address = Address(events.PLATFORM, str(channel), private=True)
            else:
                address = await self._address(channel, self.get_channel(channel))
            for message in messages:
                await self._hand_over(events.deletion(message, address, self._clock.now()))

    @property
    def _me(self) -> int:
        return self.user.id if self.user else 0

    @asynccontextmanager
    async def _turn(self, channel: int) -> AsyncIterator[None]:
        """One event of a channel at a time, in the order in which they came.

        Handlers start in the order of their events and a lock is given in the order of asking, so
        nothing may be awaited before this.
        """
        lock = self._turns.setdefault(channel, asyncio.Lock())
        self._hold()
        async with lock:
            yield

    def _hold(self) -> None:
        """Have the stop wait for the event in hand."""
        task = asyncio.current_task()
        if task is not None and task not in self._in_hand:
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)

    async def _hand_over(self, incoming: Incoming | None) -> None:
        """Return once the event is stored, however long the store is away."""
        tries = 0
        while incoming is not None:
            try:
                return await self._receive(incoming)
            except (Unreachable, OSError, TimeoutError) as away:
                error: Exception = away
            except Exception as wrong:  # noqa: BLE001 - one bad event must not stop its channel
                error = wrong
                if tries + 1 >= TRIES:
                    fields = _fields(incoming, wrong)
                    log.error("discord_event_dropped", extra=fields)
                    return None
            tries += 1
            log.warning("discord_event_waits", extra=_fields(incoming, error))
            await self._clock.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 10)))
        return None

    async def _read_all(self) -> None:
        """Catch up everywhere; a channel that cannot be read now is tried again."""
        while self._behind:
            channels = iter(tuple(self._behind))
            async with asyncio.TaskGroup() as readers:
                for _ in range(READERS):
                    readers.create_task(self._read(channels))
            if self._behind:
                await self._clock.sleep(LONGEST_WAIT)

    async def _read(self, channels: Iterator[int]) -> None:
        for channel in channels:
            async with self._turn(channel):
                await self._catch_up(channel)

    async def _catch_up(self, channel: int) -> None:
        """Hand over what was written since the last message seen. The channel's turn is ours.

        If history cannot be read now, the channel stays behind and what is newer goes first.
        """
        if channel not in self._behind:
            return
        # First, so that a session lost while we read puts it back.
        self._behind.discard(channel)
        try:
            await self._read_history(channel, self._places[channel])
        except (discord.Forbidden, discord.NotFound) as refused:
            told: dict[str, object] = {"channel": channel, "code": refused.code}
            log.warning("discord_history_refused", extra=told)
        except Exception as failed:  # noqa: BLE001 - no channel stops the reading of the others
            fields = {"channel": channel, "error": type(failed).__name__}
            log.warning("discord_history_later", extra=fields)
            self._behind.add(channel)

    async def _read_history(self, channel: int, address: Address) -> None:
        """Hand over each page after the last message seen, oldest first.

        Page by page and not by the library's `history`, which ends at a message it cannot read:
        such a one may be why we are here.
        """
        place = self.get_partial_messageable(channel)
        read = 0
        while address.private or read < GUILD_HISTORY:
            page = await self.http.logs_from(channel, PAGE, after=self._seen[channel])
            for data in sorted(page, key=lambda message: int(message["id"])):
                try:
                    message = discord.Message(state=self._connection, channel=place, data=data)
                except (LookupError, TypeError, ValueError, AttributeError) as broken:
                    fields = {"message_id": data["id"], "error": type(broken).__name__}
                    log.error("discord_message_unreadable", extra=fields)
                else:
                    await self._hand_over(events.message_event(message, self._me, address))
                self._seen[channel] = int(data["id"])
            read += len(page)
            if len(page) < PAGE:
                return
        log.warning("discord_history_cut", extra={"channel": channel})

    async def _address(self, channel: int, known: discord.abc.Snowflake | None) -> Address:
        """The place of a channel; Discord is asked about one of which only the id is known."""
        place = self._places.get(channel) or events.address_of(known)
        while place is None:
            try:
                place = events.address_of(await self.fetch_channel(channel))
            except (discord.Forbidden, discord.NotFound, discord.InvalidData):
                break
            except FAILURES as failed:
                fields = {"channel": channel, "error": type(failed).__name__}
                log.warning("discord_channel_waits", extra=fields)
                await self._clock.sleep(LONGEST_WAIT)
        return place or Address(events.PLATFORM, str(channel), private=False)

    def _remember(self, place: Place) -> None:
        # An interaction's id ("i123") and an edit's ("123:...") tell the time as well.
        number = re.search(r"\d+", place.last_message)
        address = place.address
        if number is None:
            log.warning("discord_place_without_message")
            return
        self._saw(int(address.thread or address.chat), int(number[0]), address)

    def _saw(self, channel: int, message: int, address: Address) -> None:
        self._places[channel] = Address(
            address.platform, address.chat, address.thread, private=address.private
        )
        if channel not in self._behind:
            self._seen[channel] = max(message, self._seen.get(channel, 0))


def _fields(incoming: Incoming, error: Exception) -> dict[str, str]:
    return {"event_id": incoming.ext_id, "error": type(error).__name__}
