"""What somebody costs who has talked very often: the database does no more for them than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import get_ident
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update
from ulid import ULID

from bot.knowing import REMEMBERED
from storage import jobs, people, retention, tables, trajectories
from storage.database import Database
from tests.bot.house import House
from tests.conftest import NOON, ON_SQLITE

LINE = "my boss moved the deadline again"
MANY = 3_000
MORE = 1.1  # for what each turn has of its own: so many parts, a fact found

pytestmark = ON_SQLITE  # which counts its steps


class Steps:
    """How many instructions SQLite ran on every connection of a database."""

    def __init__(self, database: Database) -> None:
        self._taken: Counter[int] = Counter()  # by thread
        event.listen(database.engine.sync_engine, "connect", self._watch)

    def _watch(self, connection: Any, _: object) -> None:
        connection.run_async(lambda opened: opened.set_progress_handler(self._step, 1))

    def _step(self) -> None:
        self._taken[get_ident()] += 1

    @contextmanager
    def counted(self, *, here: bool = False) -> Iterator[list[int]]:
        """Add to the list that it gives how many there were inside, of all threads or of ours."""
        found: list[int] = []
        before = self._taken.copy()
        yield found
        taken = self._taken - before
        found.append(taken[get_ident()] if here else taken.total())


async def _turns_before(database: Database, *, erased: bool = False) -> None:
    """Many turns of the one person of a store, long before those that are kept."""
    sealed = None if erased else b""
    rows: dict[type[tables.Table], list[dict[str, Any]]] = {}
    async with database.write() as connection:
        talk = (await connection.execute(select(tables.Talk))).one()
        await connection.execute(update(tables.Turn).values(no=tables.Turn.no + MANY))
        await connection.execute(update(tables.Person).values(turns=tables.Person.turns + MANY))
        for number in range(1, MANY + 1):
            at = NOON - timedelta(days=100, minutes=MANY - number)
            turn = str(ULID.from_datetime(at))
            told = {"turn_id": turn, "person_id": talk.person_id, "sealed": sealed}
            here = {"turn_id": turn, "person_id": talk.person_id, "talk_id": talk.id}
            for table, row in (
                (tables.Turn, {
                    "id": turn, "person_id": talk.person_id, "talk_id": talk.id, "no": number,
                    "kind": "talk", "at": at, "kept_at": at, "sealed": sealed,
                }),
                (tables.Inbox, {
                    **here, "channel": "terminal", "ext_id": turn, "kind": "message",
                    "message": turn, "at": at, "received_at": at, "sealed": sealed,
                }),
                (tables.Delivery, {
                    **here, "platform": "terminal", "part": 0, "state": "sent", "sent_at": at,
                }),
                (tables.Reading, told),
                (tables.Moment, told),
                (tables.Plan, told),
                (tables.Reply, {**told, "writer": "scripted", "timings": {}}),
            ):  # fmt: skip
                if not erased or table in {tables.Turn, tables.Inbox, tables.Delivery}:
                    rows.setdefault(table, []).append(row)
        for kind, several in rows.items():
            await connection.execute(insert(kind), several)


@pytest.mark.parametrize("asked", ["/consent remember yes", "/consent text no"])
async def test_a_turn_and_a_chart_cost_the_same_after_many_turns(house: House, asked: str) -> None:
    steps = Steps(house.database)
    await house.talk(asked, *[LINE] * REMEMBERED)
    with steps.counted() as early:
        await house.talk(LINE, LINE, "/mood", "/why")
    await _turns_before(house.database)
    with steps.counted() as late:
        await house.talk(LINE, LINE, "/mood", "/why")
    assert late[0] <= MORE * early[0]


async def test_erasing_looks_at_no_turn_that_was_erased_before(house: House) -> None:
    steps = Steps(house.database)

    async def erased() -> int:
        await house.talk(*[LINE] * 3)
        house.later(days=2)
        with steps.counted() as found:
            assert await jobs.run_due(house.database, house.clock.now()) == 1
            await retention.sweep(house.database, house.clock.now(), days=30)
        return found[0]

    early = await erased()
    await _turns_before(house.database, erased=True)
    assert await erased() <= MORE * early


async def test_forgetting_somebody_costs_what_is_theirs(house: House) -> None:
    steps = Steps(house.database)

    async def forgotten() -> int:
        await house.talk(*[LINE] * 3, account=f"somebody {len(house.platform.outgoing)}")
        async with house.database.read() as connection:
            person = (await connection.scalars(select(func.max(tables.Person.id)))).one()
        with steps.counted() as found:
            await people.forget(house.database, person)
        return found[0]

    await house.talk(LINE)
    early = await forgotten()
    await _turns_before(house.database)
    assert await forgotten() <= MORE * early


async def test_what_takes_long_to_count_leaves_the_loop_alone(house: House) -> None:
    steps = Steps(house.database)
    await house.talk(LINE)
    await _turns_before(house.database)
    with steps.counted() as everywhere, steps.counted(here=True) as on_the_loop:
        assert (await trajectories.counts(house.database, 1, NOON - timedelta(days=365)))[0] > MANY
    assert on_the_loop[0] < everywhere[0] / 10
