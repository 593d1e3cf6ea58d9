"""Waking people's lanes on PostgreSQL with procrastinate, across processes and machines.

A job carries a person's id and nothing else, and is deferred in the very transaction that stores
the message. Its lock keeps two lanes of one person apart; each platform has its own queue, so
that a process only wakes people it can answer. What this engine needs beside it, since its
workers can die in the middle of a job:

- a rescue loop: jobs of workers whose heart stopped are tried again;
- a supervisor: a worker that was thought dead and wakes up fails, and is started anew.

A lane that fails is left to the scan that wakes everybody with open work every few seconds.

No job is ever scheduled for later: a waiting job would block all others with the same lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import procrastinate
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.logs import where
from bot.waking import GRACE, Lane

CONCURRENCY = 64  # people answered at once by one process
STALLED = timedelta(seconds=30)  # silence after which a worker is dead: far above any stall
BEATS = 5  # heartbeats of a living worker within STALLED
RESTART_AFTER = timedelta(seconds=1)
_SCHEMA_LOCK = 0x77616B65  # one process sets up procrastinate's tables at a time

log = logging.getLogger(__name__)


class Procrastination:
    """The engine for several processes."""

    def __init__(
        self, url: str, platforms: Sequence[str], clock: Clock, stalled: timedelta = STALLED
    ) -> None:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))
        self._platforms = tuple(platforms)
        self._clock = clock
        self._stalled = stalled
        self._lane: Lane | None = None
        self._tasks: list[asyncio.Task[None]] = []

        @self._app.task(name="lane")
        async def lane(person_id: int) -> None:
            if self._lane is None:
                return
            try:
                await self._lane(person_id)
            except Exception as error:  # noqa: BLE001 - its text may hold words; the work stays
                name = type(error).__name__
                fields = {"person": person_id, "error": name, "where": where(error)}
                log.error("lane_failed", extra=fields)

        self._task = lane

    async def wake(self, connection: AsyncConnection, person_id: int, platform: str) -> None:
        """Defer the person's lane in this transaction."""
        raw = await connection.get_raw_connection()
        job = self._task.configure(
            lock=f"person-{person_id}", queue=platform, connection=raw.driver_connection
        )
        await job.defer_async(person_id=person_id)

    def poke(self, person_id: int) -> None:
        """Nothing to do: the commit itself notifies the workers."""

    async def start(self, lane: Lane) -> None:
        """Set up procrastinate's tables where they are missing, then run its worker."""
        self._lane = lane
        await self._app.open_async()
        await self._set_up()
        self._tasks = [
            asyncio.create_task(self._supervise()),
            asyncio.create_task(self._rescue()),
        ]

    async def stop(self) -> None:
        """End the worker; what it was about is tried again elsewhere."""
        for task in self._tasks:
            task.cancel()
        done = asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(done, 2 * GRACE)
        await self._app.close_async()

    async def _set_up(self) -> None:
        connector: Any = self._app.connector
        async with connector.pool.connection() as connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_SCHEMA_LOCK,))
            try:
                found = await connection.execute("SELECT to_regclass('procrastinate_jobs')")
                row = await found.fetchone()
                if row is None or row[0] is None:
                    await self._app.schema_manager.apply_schema_async()
            finally:
                await connection.execute("SELECT pg_advisory_unlock(%s)", (_SCHEMA_LOCK,))

    async def _supervise(self) -> None:
        while True:
            try:
                await self._app.run_worker_async(
                    queues=list(self._platforms),
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    listen_notify=True,
                    delete_jobs="always",
                    shutdown_graceful_timeout=GRACE,
                    stalled_worker_timeout=self._stalled.total_seconds(),
                    update_heartbeat_interval=self._stalled.total_seconds() / BEATS,
                )
            except Exception as error:  # noqa: BLE001 - without its worker the process is deaf
                log.warning("worker_restarted", extra={"error": type(error).__name__})
            await self._clock.sleep(RESTART_AFTER.total_seconds())

    async def _rescue(self) -> None:
        manager = self._app.job_manager
        seconds = self._stalled.total_seconds()
        while True:
            try:
                await manager.prune_stalled_workers(seconds)
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
                    log.warning("lane_rescued", extra={"job": job.id})
                    await manager.retry_job(job)
            except Exception as error:  # noqa: BLE001 - the next round may succeed
                log.warning("rescue_failed", extra={"error": type(error).__name__})
            await self._clock.sleep(seconds / BEATS)
