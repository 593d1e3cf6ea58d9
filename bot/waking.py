"""Waking a person's lane when there is work, and never two lanes of one person at once.

The tables are the truth; an engine only carries person ids. `Lanes` runs them as asyncio tasks in
this process. On PostgreSQL, `bot.procrastination` does the same across processes and machines.
A lane that fails is tried again after a pause: what it was about is still in the tables.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.logs import where

Lane = Callable[[int], Awaitable[None]]

FIRST_PAUSE = 0.5  # seconds, doubled with each failure in a row
LONGEST_PAUSE = 30.0
GRACE = 5.0  # seconds that running lanes get to finish at the end

log = logging.getLogger(__name__)


class Waker(Protocol):
    """An engine that runs a person's lane."""

    async def wake(self, connection: AsyncConnection, person_id: int, platform: str) -> None:
        """Ask for the person's lane, inside the transaction that stores their message."""
        ...

    def poke(self, person_id: int) -> None:
        """The transaction is through; an engine in this process may begin."""
        ...

    async def start(self, lane: Lane) -> None:
        """Begin to run lanes."""
        ...

    async def stop(self) -> None:
        """Run no more lanes; let the running ones finish for a moment."""
        ...


class Lanes:
    """One asyncio task a person, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lane: Lane | None = None
        self._dirty: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def wake(self, connection: AsyncConnection, person_id: int, platform: str) -> None:
        """Nothing to do inside the transaction: `poke` follows in this very process."""

    def poke(self, person_id: int) -> None:
        """Run the person's lane, now or once more after the round it is in."""
        self._dirty.add(person_id)
        if self._lane is not None and person_id not in self._tasks:
            self._tasks[person_id] = asyncio.create_task(self._run(person_id, self._lane))

    async def start(self, lane: Lane) -> None:
        """Begin, with everybody who was poked before."""
        self._lane = lane
        for person_id in tuple(self._dirty):
            self.poke(person_id)

    async def quiet(self) -> None:
        """Wait until no lane runs."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def stop(self) -> None:
        """Let running lanes finish for a moment, then leave the rest to the next start."""
        self._lane = None
        running = tuple(self._tasks.values())
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, person_id: int, lane: Lane) -> None:
        pause = FIRST_PAUSE
        try:
            while person_id in self._dirty:
                self._dirty.discard(person_id)
                try:
                    await lane(person_id)
                    pause = FIRST_PAUSE
                except Exception as error:  # noqa: BLE001 - the work is still there
                    name = type(error).__name__
                    told = {"person": person_id, "error": name, "where": where(error)}
                    log.error("lane_failed", extra=told)
                    self._dirty.add(person_id)
                    await self._clock.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            del self._tasks[person_id]
