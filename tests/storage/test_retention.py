"""What is kept no longer: unremembered talk after 24 hours, all talk after its days."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs, people, queue, retention, talks, trajectories
from storage.database import Database
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def _turn(database: Database, account: str = "ana", hours: float = 0.0) -> int:
    at = NOON + timedelta(hours=hours)
    person = await queue.ingest(database, arrival(at=at, account=account), at, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, ("terminal",))
    assert await queue.keep(database, kept(person, turns + 1, waiting))
    return person


async def _whole(database: Database, person: int) -> list[bool]:
    return [bool(turn.said) for turn in await talks.recent(database, person, 10)]


async def test_unremembered_talk_goes_after_a_day_and_takes_the_line_along(
    database: Database,
) -> None:
    ana = await _turn(database)
    assert await jobs.next_time(database) == NOON + DAY
    assert await jobs.run_due(database, NOON + DAY - HOUR) == 0
    assert await _whole(database, ana) == [True]
    assert await jobs.run_due(database, NOON + DAY) == 1
    (turn,) = await talks.recent(database, ana, 10)
    assert (turn.said, turn.reading, turn.wording, turn.plan) == ((), None, None, None)
    assert await trajectories.latest(database, ana) is None
    assert await jobs.next_time(database) is None
    assert (await people.profile(database, ana)).turns == 1


async def test_each_turn_has_its_own_day(database: Database) -> None:
    ana = await _turn(database)
    await _turn(database, hours=5)
    await jobs.run_due(database, NOON + DAY)
    assert await _whole(database, ana) == [False, True]
    assert await jobs.next_time(database) == NOON + 5 * HOUR + DAY
    await jobs.run_due(database, NOON + 5 * HOUR + DAY)
    assert await _whole(database, ana) == [False, False]


async def test_an_edit_brings_nothing_erased_back(database: Database) -> None:
    first = arrival("the oven", at=NOON, message="5")
    ana = await queue.ingest(database, first, NOON, nobody)
    assert ana is not None
    _, waiting = await queue.open_messages(database, ana, ("terminal",))
    await queue.keep(database, kept(ana, 1, waiting))
    await jobs.run_due(database, NOON + DAY)
    edit = arrival("the new oven", at=NOON + 2 * DAY, kind="edit", message="5")
    await queue.ingest(database, edit, NOON + 2 * DAY, nobody)
    assert await _whole(database, ana) == [False]


async def test_parts_that_never_arrived_go_with_their_turn(database: Database) -> None:
    ana = await _turn(database)
    assert await queue.waiting(database, ("terminal",)) == [(ana, "terminal")]
    await jobs.run_due(database, NOON + DAY)
    assert await queue.waiting(database, ("terminal",)) == []


async def test_the_sweep_takes_what_was_never_answered(database: Database) -> None:
    ana = await queue.ingest(database, arrival(at=NOON), NOON, nobody)
    assert ana is not None
    await retention.sweep(database, NOON + 29 * DAY, 30)
    assert len((await queue.open_messages(database, ana, ("terminal",)))[1]) == 1
    await retention.sweep(database, NOON + 31 * DAY, 30)
    assert (await queue.open_messages(database, ana, ("terminal",)))[1] == ()


async def test_a_turn_kept_while_the_erasure_runs_has_its_day_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _turn(database)
    erase = retention.erase_unremembered
    turn: list[asyncio.Task[int]] = []

    async def slowly(connection: AsyncConnection, person: int, before: datetime) -> datetime | None:
        left = await erase(connection, person, before)
        if not turn:
            turn.append(asyncio.create_task(_turn(database, hours=23)))
            await asyncio.sleep(0.3)  # as long as the other process might need
        return left

    monkeypatch.setattr(retention, "erase_unremembered", slowly)
    await jobs.run_due(database, NOON + DAY)
    await turn[0]
    assert await jobs.next_time(database) == NOON + 23 * HOUR + DAY


async def test_remembered_talk_stays(database: Database) -> None:
    ana = await _turn(database)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await jobs.run_due(database, NOON + DAY)
    assert await _whole(database, ana) == [True]
    await _turn(database, hours=30)
    assert await jobs.next_time(database) is None


async def test_consent_taken_back_counts_from_the_next_turn_on(database: Database) -> None:
    ana = await _turn(database)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await jobs.run_due(database, NOON + DAY)
    await people.consent(database, ana, "remember", granted=False, now=NOON + DAY)
    await _turn(database, hours=25)
    await jobs.run_due(database, NOON + 2 * DAY + HOUR)
    assert await _whole(database, ana) == [False, False]


async def test_the_sweep_takes_old_words_and_leaves_the_line(database: Database) -> None:
    ana = await _turn(database)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await _turn(database, hours=48)
    late = NOON + 31 * DAY
    assert (await retention.sweep(database, late, 30, dry_run=True)).turns == 1
    assert await _whole(database, ana) == [True, True]
    assert (await retention.sweep(database, late, 30)).turns == 1
    assert await _whole(database, ana) == [False, True]
    assert (await retention.sweep(database, late, 30)).turns == 0
    assert await trajectories.latest(database, ana) is not None
    assert (await retention.sweep(database, NOON + 90 * DAY, 30)).turns == 1
    assert await trajectories.latest(database, ana) is not None


async def test_one_person_s_erasure_leaves_the_other_alone(database: Database) -> None:
    await _turn(database, "ana")
    ben = await _turn(database, "ben", hours=3)
    await jobs.run_due(database, NOON + DAY)
    assert await _whole(database, ben) == [True]
