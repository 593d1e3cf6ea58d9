"""One person in two places, in the store: joined, followed anew, parted, forgotten together."""

from __future__ import annotations

from datetime import timedelta

from affect import trajectory
from affect.types import Moment
from storage import links, people, queue, trajectories
from storage.database import Database
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import READING, kept, nobody

HERE = ("terminal",)
SOON = timedelta(minutes=10)


async def a_turn(database: Database, account: str, minutes: int = 0) -> int:
    at = NOON + timedelta(minutes=minutes)
    person = await queue.ingest(database, arrival(at=at, account=account), at, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, HERE)
    assert await queue.keep(database, kept(person, turns + 1, waiting))
    return person


def followed(*minutes: int) -> Moment | None:
    """The line of somebody who took a turn so many minutes after noon."""
    times = (NOON + timedelta(minutes=one) for one in minutes)
    return trajectory.rebuild(trajectory.read(READING, at) for at in times)


async def test_joined_and_parted(database: Database) -> None:
    ana, there = await a_turn(database, "ana"), await a_turn(database, "ana-there", 30)
    await links.offer(database, ana, "CODE", NOON, NOON + SOON)
    assert await links.join(database, there, "CODE", NOON + SOON) is None  # too late
    assert await links.join(database, there, "CODE", NOON) == ana
    assert await links.join(database, there, "CODE", NOON) is None  # used
    apart = await trajectories.latest(database, there)
    await trajectories.follow_anew(database, ana)
    assert await trajectories.latest(database, ana) == followed(0, 30)
    assert await a_turn(database, "ana-there", 60) == ana
    assert len(await trajectories.series(database, ana, NOON)) == 3
    assert await links.part(database, ana) == 1
    assert await links.part(database, ana) == 0
    await trajectories.follow_anew(database, ana)
    # What came since the joining stays with ana, and nothing of the other's.
    assert await trajectories.latest(database, ana) == followed(0, 60)
    assert await trajectories.latest(database, there) == apart
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
