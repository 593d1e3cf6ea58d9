"""A person's line as it is kept: the newest moment with its memory, and all that made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from affect import trajectory
from affect.types import Affect, Moment
from storage import people, queue, retention, trajectories
from storage.database import Database
from storage.records import Report
from tests.people import arrival
from tests.storage.turns import READING, kept, nobody

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
APART = timedelta(hours=7)


async def _turn(
    database: Database, account: str, at: datetime, valence: float, *, own: bool = False
) -> tuple[int, Moment]:
    """A turn as the bot does it: the line so far, then the line after it."""
    person = await queue.ingest(database, arrival(account=account, at=at), at, nobody)
    assert person is not None
    no, waiting = await queue.open_messages(database, person, ("terminal",))
    turn = kept(person, no + 1, waiting)
    before = await trajectories.latest(database, person)
    if own:
        moment = trajectory.report(before, valence, None, at)
        turn = replace(turn, reading=None, report=Report(at, valence))
    else:
        reading = replace(READING, affect=Affect(valence, 0.0, 0.0))
        moment = trajectory.follow(before, reading, at)
        turn = replace(turn, reading=reading)
    assert await queue.keep(database, replace(turn, moment=moment))
    return person, moment


async def _days(database: Database, account: str = "ana", count: int = 6) -> tuple[int, Moment]:
    for n in range(count):
        person, moment = await _turn(
            database, account, NOON + n * APART, 0.1 * n - 0.4, own=n % 4 == 3
        )
    return person, moment


async def test_the_newest_moment_comes_back_whole(database: Database) -> None:
    ana, moment = await _days(database)
    ben, other = await _turn(database, "ben", NOON, 0.5)
    assert await trajectories.latest(database, ana) == moment
    assert await trajectories.latest(database, ben) == other
    assert len(moment.memory) > 0


async def test_a_line_is_rebuilt_to_the_same_numbers(database: Database) -> None:
    ana, moment = await _days(database)
    ben, _ = await _turn(database, "ben", NOON, 0.5)
    assert await trajectories.rebuild(database, ana) == moment
    await people.forget(database, ben)
    assert await trajectories.rebuild(database, ben) is None


async def test_a_line_is_rebuilt_as_it_was_after_some_turns(database: Database) -> None:
    ana, _ = await _days(database)
    before = await trajectories.rebuild(database, ana, upto=4)
    kept = await trajectories.latest(database, ana, upto=4)
    assert before is not None
    assert kept == replace(before, memory=kept.memory if kept else b"")


async def test_a_series_holds_readings_and_own_words_since_a_time(database: Database) -> None:
    ana, _ = await _days(database)
    await _turn(database, "ben", NOON, 0.5)
    whole = await trajectories.series(database, ana, NOON)
    assert len(whole) == 6
    assert whole.own.tolist() == [False, False, False, True, False, False]
    assert whole.values[3, 0] == pytest.approx(-0.1)
    later = await trajectories.series(database, ana, NOON + 4 * APART)
    assert len(later) == 2
    assert len(await trajectories.series(database, ana, NOON + timedelta(days=9))) == 0


async def test_of_many_readings_a_part_is_opened_and_every_own_word(database: Database) -> None:
    ana, _ = await _days(database, count=12)
    part = await trajectories.series(database, ana, NOON, most=4)
    assert len(part) < 12
    assert part.own.sum() == 3


async def test_a_moment_kept_without_a_memory_still_opens(database: Database) -> None:
    ana, moment = await _turn(database, "ana", NOON, -0.4)
    async with database.write() as connection:
        await connection.exec_driver_sql("DELETE FROM line")
    found = await trajectories.latest(database, ana)
    assert found == replace(moment, memory=b"")
    assert trajectory.follow(found, READING, NOON + APART).count == 2


async def test_what_was_learnt_goes_with_the_words_of_who_is_not_remembered(
    database: Database,
) -> None:
    ana, _ = await _days(database)
    async with database.write() as connection:
        await retention.erase_unremembered(connection, ana, NOON + timedelta(days=30))
    told = await people.export(database, ana)
    assert told["line"] == told["report"] == told["moment"] == []


async def test_what_was_learnt_stays_with_who_is_remembered(database: Database) -> None:
    ana, moment = await _days(database)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await retention.sweep(database, NOON + timedelta(days=400), 365)
    assert await trajectories.latest(database, ana) == moment
    assert len(await trajectories.series(database, ana, NOON)) == 0


async def test_the_line_before_the_newest_reading_is_kept_and_no_older_one(
    database: Database,
) -> None:
    ana, before = await _days(database, count=3)
    _, moment = await _turn(database, "ana", NOON + 3 * APART, 0.5)
    turns = await trajectories.since(database, ana, NOON)
    assert await trajectories.before(database, ana, turns[-1]) == before
    assert await trajectories.latest(database, ana) == moment
    assert await trajectories.before(database, ana, turns[-2]) is None
    assert await trajectories.before(database, ana, turns[0]) == trajectory.begin(NOON)


async def test_erasing_turns_leaves_what_was_learnt_by_the_last(database: Database) -> None:
    ana, moment = await _days(database, count=4)
    turns = await trajectories.since(database, ana, NOON)
    await retention.erase(database, [turn.id for turn in turns])
    told = await people.export(database, ana)
    assert [row["turn_id"] for row in told["line"]] == [turns[-1].id]
    assert await trajectories.latest(database, ana) == moment
    assert await trajectories.before(database, ana, turns[-1]) is None
