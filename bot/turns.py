"""Stored messages become turns: once each, bursts joined, one at a time per person.

    receive   store the event, sealed and deduplicated; only then may the platform acknowledge it
    lane      settle -> take -> keep -> deliver, until the person has nothing open

A burst is what one person writes in one talk with no more than 1.5 s between, 5 s at most. A
command is a turn of its own. Thinking happens with no transaction open; the fence on the person
lets only one result through, whatever engine woke us and how often.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ulid import ULID

from affect.errors import AttuneError, Unreachable
from bot.clock import Clock
from bot.companion import Companion, Taken
from bot.delivery import Delivery, Parcel
from bot.messages import Incoming, Kind, Outgoing, readable
from bot.platforms.base import Platform
from bot.platforms.splitting import split
from bot.waking import Waker
from storage import people, queue
from storage.database import Database
from storage.records import Arrival, Kept, StoredMessage
from storage.values import dump, load

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settling:
    """How long to wait for more of a burst: after the last message, and at most."""

    pause: timedelta = timedelta(seconds=1.5)
    longest: timedelta = timedelta(seconds=5)


class Turns:
    """The way from a platform's event to its answer."""

    def __init__(
        self,
        database: Database,
        companion: Companion,
        platforms: Mapping[str, Platform],
        waker: Waker,
        clock: Clock,
        settling: Settling | None = None,
    ) -> None:
        self._database = database
        self._companion = companion
        self._platforms = platforms
        self._waker = waker
        self._clock = clock
        self._settling = settling or Settling()
        self._delivery = Delivery(database, platforms, clock)

    async def start(self) -> None:
        """Run lanes, first of all for what an earlier process left open."""
        await self._waker.start(self.lane)
        await self.wake_waiting()

    async def wake_waiting(self) -> None:
        """Wake everybody with open work: at the start, and now and then for what slipped by."""
        for person_id, platform in await queue.waiting(self._database, tuple(self._platforms)):
            async with self._database.write() as connection:
                await self._waker.wake(connection, person_id, platform)
            self._waker.poke(person_id)

    async def stop(self) -> None:
        """Finish or leave what is running; the tables know the rest."""
        await self._waker.stop()

    async def receive(self, incoming: Incoming) -> None:
        """Store an event and wake the person's lane; return once it cannot be lost any more."""
        incoming = replace(
            incoming,
            text=readable(incoming.text),
            name=readable(incoming.name) if incoming.name else None,
        )
        address = incoming.address
        arrival = Arrival(
            platform=address.platform,
            account=incoming.account,
            chat=address.chat,
            thread=address.thread,
            private=address.private,
            ext_id=incoming.ext_id,
            kind=incoming.kind,
            message=incoming.message,
            at=incoming.at,
            body=dump(incoming),
            name=incoming.name,
            language=incoming.language,
        )
        now = self._clock.now()
        person_id = await queue.ingest(self._database, arrival, now, self._waker.wake)
        if person_id is not None:
            self._waker.poke(person_id)

    async def lane(self, person_id: int) -> None:
        """Answer and deliver all that a person has open."""
        while True:
            await self._delivery.deliver(person_id)
            turns, burst = await self._settled(person_id)
            if not burst:
                return
            await self._turn(person_id, turns, burst)

    async def _settled(self, person_id: int) -> tuple[int, Sequence[StoredMessage]]:
        """The person's fence and their next burst, once nothing more is likely to join it."""
        while True:
            turns, waiting = await queue.open_messages(
                self._database, person_id, tuple(self._platforms)
            )
            burst = first_burst(waiting)
            if not burst:
                return turns, ()
            closed = len(burst) < len(waiting)
            now = self._clock.now()
            left = timedelta(0) if closed else due(burst, self._settling) - now
            if left <= timedelta(0):
                return turns, burst
            await self._clock.sleep(left.total_seconds())

    async def _turn(self, person_id: int, turns: int, burst: Sequence[StoredMessage]) -> None:
        messages = [load(Incoming, stored.body) for stored in burst]
        address = messages[-1].address
        platform = self._platforms[address.platform]
        fields = {"person": person_id, "no": turns + 1, "platform": address.platform}
        async with AsyncExitStack() as busy:
            await busy.enter_async_context(platform.typing(address))
            try:
                taken = await self._companion.take(person_id, burst[0].talk_id, messages)
            except Unreachable:
                raise
            except Exception as error:
                name = type(error).__name__ if not isinstance(error, AttuneError) else str(error)
                log.error("turn_failed", extra={**fields, "error": name})
                log.debug("turn_failed_trace", exc_info=True)
                taken = await self._companion.apologise(messages)
            if taken.forget:
                await self._forget(person_id, messages[-1], taken)
                return
            kept = self._kept(person_id, turns, burst, messages, taken)
            if not await queue.keep(self._database, kept):
                log.info("turn_fenced_off", extra=fields)
                return
            log.info("turn_kept", extra={**fields, "turn": kept.id, "writer": taken.writer})
            await self._delivery.deliver(person_id)

    def _kept(
        self,
        person_id: int,
        turns: int,
        burst: Sequence[StoredMessage],
        messages: Sequence[Incoming],
        taken: Taken,
    ) -> Kept:
        last = messages[-1]
        now = self._clock.now()
        return Kept(
            id=str(ULID.from_datetime(now)),
            person_id=person_id,
            no=turns + 1,
            talk_id=burst[0].talk_id,
            platform=last.address.platform,
            kind="command" if last.kind is Kind.COMMAND else "talk",
            at=last.at,
            kept_at=now,
            inbox_ids=tuple(stored.id for stored in burst),
            notes=taken.notes,
            parts=tuple(dump(Parcel(last.address, part)) for part in parts(taken, last)),
            reading=taken.reading,
            moment=taken.moment,
            plan=taken.plan,
            wording=taken.wording,
            timings=taken.timings,
        )

    async def _forget(self, person_id: int, last: Incoming, taken: Taken) -> None:
        """Erase a person; the last word goes straight to the platform, since nothing is kept."""
        await people.forget(self._database, person_id)
        log.info("person_forgotten", extra={"person": person_id})
        for number, part in enumerate(parts(taken, last)):
            try:
                await self._platforms[last.address.platform].send(
                    last.address, part, nonce=f"f{person_id}-{number}"
                )
            except AttuneError:
                log.warning("farewell_not_delivered", extra={"person": person_id})


def first_burst(waiting: Sequence[StoredMessage]) -> Sequence[StoredMessage]:
    """The messages that make up the next turn: of one talk, a command by itself."""
    if not waiting or waiting[0].kind == Kind.COMMAND:
        return waiting[:1]
    size = 1
    while (
        size < len(waiting)
        and waiting[size].talk_id == waiting[0].talk_id
        and waiting[size].kind != Kind.COMMAND
    ):
        size += 1
    return waiting[:size]


def due(burst: Sequence[StoredMessage], settling: Settling) -> datetime:
    """When a burst is settled; a command is at once."""
    if burst[0].kind == Kind.COMMAND:
        return burst[0].received_at
    return min(burst[-1].received_at + settling.pause, burst[0].received_at + settling.longest)


def parts(taken: Taken, last: Incoming) -> list[Outgoing]:
    """A reply as the platform takes it: notices first, then the words, split whole.

    Buttons and files go with the last part; in a group the first part answers the message.
    """
    platform = last.address.platform
    texts = [piece for text in (*taken.notices, taken.text) for piece in split(text, platform)]
    reply_to = None if last.address.private else last.message
    return [
        Outgoing(
            text=text,
            attachment=taken.attachment if number == len(texts) - 1 else None,
            buttons=taken.buttons if number == len(texts) - 1 else (),
            reply_to=reply_to if number == 0 else None,
        )
        for number, text in enumerate(texts)
    ]
