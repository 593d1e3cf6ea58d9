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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from pydantic import ValidationError
from ulid import ULID

from affect.errors import AttuneError, Unreachable
from affect.safety.screening import screen
from bot.answering import Answering, asks_to_stop
from bot.clock import Clock
from bot.companion import Taken
from bot.delivery import Delivery, Parcel, nonce
from bot.logs import where
from bot.messages import Incoming, Kind, Outgoing, readable
from bot.platforms.base import Platform
from bot.platforms.splitting import split
from bot.waking import Waker
from storage import checkins, outbox, people, queue
from storage.database import Database
from storage.records import Arrival, Kept, Part, StoredMessage
from storage.values import dump, load

PATIENCE = timedelta(seconds=5)  # how long a lane waits by itself
# How far ahead of ours a platform's clock may be. A line forgives a message that is late by more.
AHEAD = timedelta(minutes=2)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settling:
    """How long to wait for more of a burst: after the last message, and at most."""

    pause: timedelta = timedelta(seconds=1.5)
    longest: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages that are answered together; `closed` says that something else follows them."""

    messages: tuple[StoredMessage, ...] = ()
    closed: bool = False

    def __bool__(self) -> bool:
        return bool(self.messages)


class Answers(Protocol):
    """Who answers a turn: the companion."""

    async def take(
        self,
        person_id: int,
        talk_id: str,
        messages: Sequence[Incoming],
        /,
        answering: Answering | None = None,
    ) -> Taken:
        """Answer the messages of one turn."""
        ...

    def apologise(self, messages: Sequence[Incoming], /) -> Taken:
        """The answer where `take` failed."""
        ...


class Turns:
    """The way from a platform's event to its answer."""

    def __init__(
        self,
        database: Database,
        companion: Answers,
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
        self._answering: dict[int, Answering] = {}
        self._delivery = Delivery(database, platforms, clock)

    async def start(self) -> None:
        """Run lanes, first of all for what an earlier process left open."""
        await self._waker.start(self.lane)
        await self.wake_waiting()

    async def wake_waiting(self) -> None:
        """Wake everybody with open work: at the start, and now and then for what slipped by."""
        for person_id, platform in await queue.waiting(self._database, tuple(self._platforms)):
            await self._wake(person_id, platform)

    async def ask(self, kept: Kept) -> bool:
        """Say what nobody asked for (a check-in), unless the person talks at this very moment."""
        if not await checkins.ask(self._database, kept):
            return False
        await self._wake(kept.person_id, kept.platform)
        return True

    async def _wake(self, person_id: int, platform: str) -> None:
        async with self._database.write() as connection:
            await self._waker.wake(connection, person_id, platform)
        self._waker.poke(person_id)

    async def stop(self) -> None:
        """Finish or leave what is running; the tables know the rest."""
        await self._waker.stop()

    async def receive(self, incoming: Incoming) -> None:
        """Store an event and wake the person's lane; return once it cannot be lost any more."""
        now = self._clock.now()
        incoming = replace(
            incoming,
            at=min(incoming.at, now + AHEAD),
            text=readable(incoming.text),
            name=readable(incoming.name) if incoming.name else None,
        )
        if incoming.kind is Kind.EDIT and screen(incoming.text).level:
            incoming = replace(incoming, kind=Kind.MESSAGE)  # danger is answered, however it came
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
        person_id = await queue.ingest(self._database, arrival, now, self._waker.wake)
        if person_id is not None:
            if asks_to_stop(incoming) and person_id in self._answering:
                self._answering[person_id].stop()
            self._waker.poke(person_id)

    async def lane(self, person_id: int) -> None:
        """Answer and deliver all that a person has open.

        A part that must wait never keeps a new message from being read and answered. What must
        wait longer than `PATIENCE` is left to the next scan of open work.
        """
        while True:
            later, turns, burst = await self._open_work(person_id)
            now = self._clock.now()
            settled = self._settled_at(burst) if burst else None
            if settled is not None and settled <= now:
                await self._turn(person_id, turns, burst)
                continue
            waits = [at - now for at in (later, settled) if at is not None]
            if not waits or min(waits) > PATIENCE:
                return
            await self._clock.sleep(min(waits).total_seconds())

    async def _open_work(self, person_id: int) -> tuple[datetime | None, int, Burst]:
        """Send what may leave now; give when the next part may, the fence, and the next turn.

        All of it is looked up in one transaction: a turn needs few enough of them.
        """
        names = tuple(self._platforms)
        while True:
            async with self._database.read() as connection:
                part = await outbox.head(
                    self._database, connection, person_id, names, self._clock.now()
                )
                if not isinstance(part, Part):
                    turns, waiting = await queue.open_now(
                        self._database, connection, person_id, names
                    )
                    break
            await self._delivery.deliver(part)
        burst = first_burst(waiting)
        return part, turns, Burst(tuple(burst), closed=len(burst) < len(waiting))

    def _settled_at(self, burst: Burst) -> datetime:
        """When nothing more is likely to join a burst; one that something else follows is now."""
        if burst.closed:
            return burst.messages[0].received_at
        return due(burst.messages, self._settling)

    async def _turn(self, person_id: int, turns: int, burst: Burst) -> None:
        fields: dict[str, object] = {"person": person_id, "no": turns + 1}
        messages = readable_ones(burst.messages)
        if not messages:
            # Nothing in it can be read any more (kept in another form): it must not block the rest.
            log.error("messages_unreadable", extra=fields)
            await queue.discard(self._database, person_id, [one.id for one in burst.messages])
            return
        address = messages[-1].address
        fields["platform"] = address.platform
        platform = self._platforms[address.platform]
        look = None if self._database.embedded else partial(self._stop_waits, person_id)
        answering = Answering(platform, messages[-1], self._clock, look)
        self._answering[person_id] = answering
        followed = False
        try:
            async with platform.typing(address):
                taken = await self._taken(person_id, burst, messages, answering, fields)
                if taken.forget:
                    await self._forget(person_id, messages[-1], taken)
                    return
                kept = self._kept(person_id, turns, burst.messages, messages, taken)
                if not await queue.keep(self._database, kept):
                    log.info("turn_not_kept", extra=fields)
                    return
                followed = bool(kept.parts)
                log.info("turn_kept", extra={**fields, "turn": kept.id, "writer": taken.writer})
        finally:
            del self._answering[person_id]
            await answering.end(followed=followed)

    async def _stop_waits(self, person_id: int) -> bool:
        """Whether a /stop of the person is stored and not answered yet."""
        _, waiting = await queue.open_messages(self._database, person_id, tuple(self._platforms))
        commands = [one for one in waiting if one.kind == Kind.COMMAND]
        return any(asks_to_stop(incoming) for incoming in readable_ones(commands))

    async def _taken(
        self,
        person_id: int,
        burst: Burst,
        messages: Sequence[Incoming],
        answering: Answering,
        fields: Mapping[str, object],
    ) -> Taken:
        talk_id = burst.messages[0].talk_id
        try:
            return await self._companion.take(person_id, talk_id, messages, answering)
        except Unreachable:
            raise  # the store is away: the whole turn is tried again
        except Exception as error:  # noqa: BLE001 - a person never stays without an answer
            told = {**fields, "error": type(error).__name__, "where": where(error)}
            log.error("turn_failed", extra=told)
            return self._companion.apologise(messages)

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
            report=taken.report,
            facts=taken.facts,
            asked_after=taken.asked_after,
            timings=taken.timings,
            voice=taken.voice,
        )

    async def _forget(self, person_id: int, last: Incoming, taken: Taken) -> None:
        """Erase a person; the last word goes straight to the platform, since nothing is kept.

        What they asked for besides goes with the rest; where it shows that an answer is on its way
        (on Discord), this is the answer to that too.
        """
        names = tuple(self._platforms)
        async with people.forgetting(self._database, person_id) as connection:
            _, waiting = await queue.open_now(self._database, connection, person_id, names)
        log.info("person_forgotten", extra={"person": person_id})
        asked = [one for one in readable_ones(waiting) if one.address.token]
        for one in {one.address: one for one in (last, *asked)}.values():
            await self._part_from(person_id, one, taken)

    async def _part_from(self, person_id: int, last: Incoming, taken: Taken) -> None:
        farewell = str(ULID.from_datetime(self._clock.now()))
        for number, part in enumerate(parts(taken, last)):
            try:
                await self._platforms[last.address.platform].send(
                    last.address, part, nonce=nonce(farewell, number)
                )
            except AttuneError:
                log.warning("farewell_not_delivered", extra={"person": person_id})


def readable_ones(stored: Sequence[StoredMessage]) -> list[Incoming]:
    """The messages that can still be read."""
    messages = []
    for one in stored:
        try:
            messages.append(load(Incoming, one.body))
        except ValidationError:
            log.error("message_unreadable", extra={"inbox": one.id})
    return messages


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
