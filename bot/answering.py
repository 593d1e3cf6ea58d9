"""An answer under way: what of it is seen before it is sent, and a way to end it.

Drafts are no deliveries: they may be late, skipped or lost, and the reply itself goes the way of
the outbox. One task an answer shows the newest text, at most once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.clock import Clock
from bot.messages import Incoming, Kind
from bot.platforms.base import Platform
from bot.texts import say

APART = 1.0  # seconds between two drafts: what every platform takes
PATIENCE = 2.0  # seconds of waiting in a line before a person is told their place in it
LOOK_EVERY = 1.0  # seconds between two looks for a /stop that came in elsewhere

T = TypeVar("T")

Look = Callable[[], Awaitable[bool]]
"""Whether the person has asked to stop, by what is stored."""


class Stopped(Exception):
    """The person wants no answer any more."""


def asks_to_stop(incoming: Incoming) -> bool:
    """Whether a message is the command /stop."""
    words = incoming.text.lower().split()
    return incoming.kind is Kind.COMMAND and words[:1] == ["/stop"]


class Answering:
    """The answer to one turn, from its first thought until its reply is kept.

    `look` is given where a /stop may be stored by another process than this one.
    """

    def __init__(
        self, platform: Platform, last: Incoming, clock: Clock, look: Look | None = None
    ) -> None:
        self._platform = platform
        self._address = last.address
        self._reply_to = None if last.address.private else last.message
        self._clock = clock
        self._look = look
        self._stopped = asyncio.Event()
        self._text = self._place = self._shown = ""
        self._showing: asyncio.Task[None] | None = None
        self._patience: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    def stop(self) -> None:
        """End the answer, as far as its words are still being looked for."""
        self._stopped.set()

    async def draft(self, text: str) -> None:
        """Have `text` seen as the beginning of the reply, soon; a newer one replaces it."""
        self._text = text
        self._see()

    def queued(self, language: str, place: int) -> None:
        """Have the place in the line seen, from 1, if the wait lasts; 0 where it is over.

        The last one stays until the reply begins.
        """
        self._place = say("queued", language, place=place) if place else ""
        if self._patience is None:
            self._patience = asyncio.create_task(self._be_patient())
        elif self._patience.done():
            self._see()

    async def unless_stopped(self, work: Awaitable[T]) -> T:
        """What `work` gives; raise `Stopped`, with the work cancelled, where that comes first."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopped.wait())
        every = LOOK_EVERY if self._look else None
        try:
            while not working.done():
                await asyncio.wait(
                    {working, stopping}, timeout=every, return_when=asyncio.FIRST_COMPLETED
                )
                if not working.done() and await self._is_stopped():
                    raise Stopped
            return working.result()
        finally:
            for each in (working, stopping):
                each.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)

    async def end(self, *, followed: bool) -> None:
        """Show nothing more; what is shown is taken back unless the reply itself follows."""
        tasks = [task for task in (self._patience, self._showing) if task is not None]
        async with self._sending:  # one that is on its way arrives before the reply does
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._shown and not followed:
            await self._platform.draft(self._address, "")

    def _see(self) -> None:
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._show())

    async def _be_patient(self) -> None:
        await self._clock.sleep(PATIENCE)
        self._see()

    async def _show(self) -> None:
        while self._shown != (wanted := self._text or self._place or self._shown):
            async with self._sending:
                self._shown = wanted
                await self._platform.draft(self._address, self._shown, self._reply_to)
            await self._clock.sleep(APART)

    async def _is_stopped(self) -> bool:
        return self._stopped.is_set() or (self._look is not None and await self._look())
