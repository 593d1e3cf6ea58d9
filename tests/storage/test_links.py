"""One person in two places, in the store: joined, followed anew, parted, forgotten together."""

from __future__ import annotations

from datetime import timedelta

from storage import links, people, queue, trajectories
from storage.database import Database
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

HERE = ("terminal",)
SOON = timedelta(minutes=10)


async def a_turn(database: Database, account: str, minutes: int = 0) -> int:
    at = NOON + timedelta(minutes=minutes)
    person = await queue.ingest(database, arrival(at=at, account=account), at, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, HERE)
    assert await queue.keep(database, kept(person, turns + 1, waiting))
    return person


async def test_joined_and_parted(database: Database) -> None:
    ana, there = await a_turn(database, "ana"), await a_turn(database, "ana-there", 30)
    await links.offer(database, ana, "CODE", NOON, NOON + SOON)
    assert await links.join(database, there, "CODE", NOON + SOON) is None  # too late
    assert await links.join(database, there, "CODE", NOON) == ana
    assert await links.join(database, there, "CODE", NOON) is None  # used
    await trajectories.follow_anew(database, ana)
    line = await trajectories.latest(database, ana)
    assert line is not None
    assert line.count == 2
    assert await a_turn(database, "ana-there", 60) == ana
    assert len(await trajectories.series(database, ana, NOON)) == 3
    assert await links.part(database, ana) == 1
    assert await links.part(database, ana) == 0
    await trajectories.follow_anew(database, ana)
    line = await trajectories.latest(database, ana)
    assert line is not None
    assert line.count == 2  # what came since the joining stays with ana
    assert await a_turn(database, "ana-there", 90) == there


async def test_forgotten_together_and_nobody_else(database: Database) -> None:
    ana, there, ben = [await a_turn(database, name) for name in ("ana", "ana-there", "ben")]
    await links.offer(database, ana, "CODE", NOON, NOON + SOON)
    await links.join(database, there, "CODE", NOON)
    await links.offer(database, ana, "ANOTHER", NOON, NOON + SOON)
    assert set(await people.export(database, ana)) > {"linked", "link_code"}
    await people.forget(database, ana)
    assert await a_turn(database, "ana-there") not in {ana, there}
    assert await a_turn(database, "ben") == ben
