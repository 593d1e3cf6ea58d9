"""Check-ins in the store: planned anew, moved on by one process alone, asked behind the fence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from storage import checkins, outbox, people, queue, roll, talks
from storage.database import Database
from storage.records import Part, Wording
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

HERE = ("terminal",)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def person_with_a_time(database: Database, account: str = "ana") -> tuple[int, str]:
    person = await queue.ingest(database, arrival(at=NOON, account=account), NOON, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, HERE)
    assert await queue.keep(database, kept(person, turns + 1, waiting))
    talk_id = waiting[0].talk_id
    await checkins.plan(database, person, talk_id, "Europe/Berlin", {"15:00": NOON + HOUR})
    return person, talk_id


async def test_planning_anew_replaces_and_stopping_ends(database: Database) -> None:
    ana, talk_id = await person_with_a_time(database)
    ben, _ = await person_with_a_time(database, "ben")
    times = {"09:00": NOON + DAY, "20:00": NOON + 2 * HOUR}
    await checkins.plan(database, ana, talk_id, "Asia/Shanghai", times)
    assert await checkins.planned(database, ana) == (
        ("09:00", "Asia/Shanghai"),
        ("20:00", "Asia/Shanghai"),
    )
    assert await checkins.stop(database, ana)
    assert not await checkins.stop(database, ana)
    assert await checkins.planned(database, ben) == (("15:00", "Europe/Berlin"),)


async def test_one_process_moves_it_on(database: Database) -> None:
    await person_with_a_time(database)
    assert await checkins.due(database, HERE, NOON) == ()
    assert await checkins.due(database, ("telegram",), NOON + HOUR) == ()
    (due,) = await checkins.due(database, HERE, NOON + HOUR)
    assert (due.chat, due.thread, due.local_time) == ("ana", None, "15:00")
    assert await checkins.move(database, due, NOON + HOUR + DAY)
    assert not await checkins.move(database, due, NOON + HOUR + DAY)
    assert await checkins.due(database, HERE, NOON + HOUR) == ()


async def test_nobody_is_asked_whom_an_operator_blocked(database: Database) -> None:
    ana, _ = await person_with_a_time(database)
    await roll.block(database, ana, NOON)
    assert await checkins.due(database, HERE, NOON + HOUR) == ()


async def test_it_is_a_turn_unless_its_person_was_faster(database: Database) -> None:
    ana, talk_id = await person_with_a_time(database)
    now = NOON + HOUR
    turns = (await people.profile(database, ana)).turns
    template = kept(ana, turns + 1, await _one_more(database))
    asking = replace(
        template,
        talk_id=talk_id,
        inbox_ids=(),
        at=now,
        kept_at=now,
        reading=None,
        moment=None,
        plan=None,
        wording=Wording("How is it?", "fixed"),
        parts=(b'{"part": 1}',),
    )
    assert await checkins.ask(database, asking)
    assert not await checkins.ask(database, replace(asking, id=asking.id[::-1]))
    assert (await talks.recent(database, ana, 1))[0].kind == checkins.KIND
    async with database.read() as connection:
        assert isinstance(await outbox.head(database, connection, ana, HERE, now), Part)
    assert await checkins.asked_since(database, ana, NOON) == 1
    assert await checkins.asked_since(database, ana, now + HOUR) == 0


async def _one_more(database: Database):  # type: ignore[no-untyped-def]
    person = await queue.ingest(database, arrival(at=NOON, account="cleo"), NOON, nobody)
    assert person is not None
    return (await queue.open_messages(database, person, HERE))[1]
