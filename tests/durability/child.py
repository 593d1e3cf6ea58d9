"""A worker that is killed: the real turns, delivery, store and engine, on a platform of files.

    python -m tests.durability.child DATABASE_URL FOLDER SHARE KILL_AFTER SEED

FOLDER/updates-SHARE.jsonl is what the platform has to give, FOLDER/offset-SHARE how much of it
was acknowledged, FOLDER/sent.log what arrived on the other side. The process kills itself with
SIGKILL at its KILL_AFTER-th step, where each call into the store and each sending counts as two
steps, before and after; 0 lets it live. An update is given twice in one of five cases.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import waking
from bot.answering import Answering
from bot.clock import SystemClock
from bot.companion import Taken
from bot.messages import Address, Incoming, Kind, Media, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.turns import Settling, Turns
from storage import migrate, outbox, queue
from storage.database import Database
from storage.records import Notes, Wording
from storage.vault import Vault

PLATFORM = "terminal"
SETTLING = Settling(timedelta(milliseconds=20), timedelta(milliseconds=60))
LEASE = timedelta(milliseconds=400)
STALLED = timedelta(seconds=1.5)


class Steps:
    """Counts steps and kills this very process at the one that was drawn."""

    def __init__(self, kill_after: int) -> None:
        self._left = kill_after

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def watched(steps: Steps, verb: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A verb of the store with a step before and after it."""

    @functools.wraps(verb)
    async def call(*given: Any, **named: Any) -> Any:
        steps.step()
        result = await verb(*given, **named)
        steps.step()
        return result

    return call


class Files:
    """A platform of files. Several processes may share it: each takes a share of the people."""

    name = PLATFORM

    def __init__(self, folder: Path, steps: Steps, chance: random.Random) -> None:
        self._folder = folder
        self._steps = steps
        self._chance = chance
        self._receive: Receive | None = None

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place], /
    ) -> None:
        self._receive = receive

    async def stop(self) -> None:
        """Nothing to let go."""

    async def feed(self, share: str) -> None:
        """Hand over what was not acknowledged yet, in order."""
        assert self._receive is not None
        offset = self._folder / f"offset-{share}"
        done = int(offset.read_text()) if offset.exists() else 0
        updates = (self._folder / f"updates-{share}.jsonl").read_text().splitlines()
        for number, line in enumerate(updates[done:], start=done + 1):
            told = json.loads(line)
            incoming = Incoming(
                kind=Kind.MESSAGE,
                address=Address(PLATFORM, chat=told["person"]),
                account=told["person"],
                ext_id=told["id"],
                at=datetime.now(UTC),
                text=told["id"],
                message=told["id"],
            )
            for _ in range(2 if self._chance.random() < 0.2 else 1):
                await self._receive(incoming)
            draft = offset.with_suffix(".new")
            draft.write_text(str(number))
            draft.replace(offset)
            await asyncio.sleep(self._chance.uniform(0.0, 0.02))

    async def send(self, address: Address, outgoing: Outgoing, /, nonce: str) -> str | None:
        self._steps.step()
        line = json.dumps({"person": address.chat, "text": outgoing.text, "nonce": nonce})
        with (self._folder / "sent.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        self._steps.step()
        return None

    async def draft(self, address: Address, text: str, /, reply_to: str | None = None) -> None:
        """Nobody looks on."""

    @asynccontextmanager
    async def typing(self, address: Address, /) -> AsyncIterator[None]:
        yield

    async def fetch(self, media: Media, limit: int) -> bytes:
        return b""


class Echo:
    """Answers with the messages it answers, in two parts."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    async def take(
        self,
        person_id: int,
        talk_id: str,
        messages: Sequence[Incoming],
        /,
        answering: Answering | None = None,
    ) -> Taken:
        await asyncio.sleep(self._chance.uniform(0.0, 0.01))
        said = " ".join(message.text for message in messages)
        notes = Notes("en")
        return Taken("end", notes, notices=(said,), wording=Wording("end", writer="echo"))

    def apologise(self, messages: Sequence[Incoming], /) -> Taken:
        raise AssertionError("An echo never fails.")


async def main(url: str, folder: Path, share: str, kill_after: int, seed: int) -> None:
    """Feed, answer and deliver until nothing is left, or death."""
    chance = random.Random(seed)
    steps = Steps(kill_after)
    outbox.LEASE = LEASE
    for module, names in ((queue, ("ingest", "keep")), (outbox, ("claim", "settle_sent"))):
        for name in names:
            setattr(module, name, watched(steps, getattr(module, name)))
    database = Database(url, Vault.at(folder / "master.key"))
    await migrate.upgrade(database)
    clock = SystemClock()
    platform = Files(folder, steps, chance)
    waker: waking.Waker
    if database.embedded:
        waker = waking.Lanes(clock)
    else:
        from bot.procrastination import Procrastination

        waker = Procrastination(url, (PLATFORM,), clock, stalled=STALLED)
    turns = Turns(database, Echo(chance), {PLATFORM: platform}, waker, clock, SETTLING)
    await platform.start(turns.receive, (), ())
    await turns.start()
    await platform.feed(share)
    while await queue.waiting(database, (PLATFORM,)):
        await asyncio.sleep(0.2)
        await turns.wake_waiting()
    await turns.stop()
    await database.close()


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    )
