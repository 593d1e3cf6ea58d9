"""The engine on PostgreSQL: what it needs beside it goes on whatever happens."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import make_url

from storage.database import Database
from tests.clock import FakeClock


async def test_the_worker_is_started_again_whatever_ended_it(
    database: Database, database_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    if make_url(database_url).get_backend_name() == "sqlite":
        pytest.skip("procrastinate works on PostgreSQL alone")
    from bot.procrastination import Procrastination

    engine = Procrastination(database_url, ("terminal",), clock)
    lives = 0
    alive = asyncio.Event()

    async def worker(**_: object) -> None:
        nonlocal lives
        lives += 1
        if lives < 3:
            raise OSError("a cable")
        alive.set()
        await asyncio.Event().wait()

    async def lane(person_id: int) -> None:
        """Nobody writes here."""

    monkeypatch.setattr(engine._app, "run_worker_async", worker)
    await engine.start(lane)
    async with asyncio.timeout(10):
        while not alive.is_set():
            clock.advance(2.0)
            await asyncio.sleep(0.01)
    await engine.stop()
