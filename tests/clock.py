"""A clock for tests: it moves when it is told to, or when everybody waits for it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta


class FakeClock:
    """Time stands still until somebody sleeps: a sleep moves it to its own end at once.

    Sleepers wake in the order of their times, after every other ready task has had its turn.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._waiting: list[datetime] = []

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        until = self._now + timedelta(seconds=max(0.0, seconds))
        self._waiting.append(until)
        try:
            while True:
                # Let everybody else run first: what they do may come before our time.
                for _ in range(20):
                    await asyncio.sleep(0)
                if until <= self._now or until == min(self._waiting):
                    break
        finally:
            self._waiting.remove(until)
        self._now = max(self._now, until)
