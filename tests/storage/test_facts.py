"""Facts in the store: with their turn, only after a yes to memory, the later for the earlier."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from affect.facts import Fact, Kind
from storage import facts, people, queue
from storage.database import Database
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

EXAM = Fact(Kind.EVENT, "exam", "my exam is tomorrow", date(2026, 5, 5))


async def tell(
    database: Database, *told: Fact, account: str = "ana", hours: int = 0, after: str | None = None
) -> int:
    at = NOON + timedelta(hours=hours)
    person = await queue.ingest(database, arrival(at=at, account=account), at, nobody)
    assert person is not None
    await people.consent(database, person, "remember", granted=account != "ben", now=at)
    turns, waiting = await queue.open_messages(database, person, ("terminal",))
    turn = replace(kept(person, turns + 1, waiting), facts=told, asked_after=after)
    assert await queue.keep(database, turn)
    return person


async def test_a_later_fact_is_kept_in_place_of_an_earlier_one(database: Database) -> None:
    moved = replace(EXAM, words="my exam is on Friday", when=date(2026, 5, 8))
    ana = await tell(database, EXAM)
    await tell(database, moved, hours=1)
    (one,) = await facts.known(database, ana)
    assert one.fact == moved
    await tell(database, replace(EXAM, over=True), hours=2)
    assert await facts.known(database, ana) == ()


async def test_nothing_is_kept_of_who_said_no(database: Database) -> None:
    assert await facts.known(database, await tell(database, EXAM, account="ben")) == ()


async def test_it_is_asked_after_rewritten_and_erased_for_its_person_alone(
    database: Database,
) -> None:
    ana = await tell(database, EXAM)
    cleo = await tell(database, EXAM, account="cleo")
    (one,) = await facts.known(database, ana)
    await tell(database, hours=1, after=one.id)
    assert [one.asked for one in await facts.known(database, ana)] == [True]
    assert [one.asked for one in await facts.known(database, cleo)] == [False]
    await facts.erase(database, cleo, [one.id])
    await facts.rewrite(database, ana, replace(one, fact=replace(EXAM, words="the Latin one")))
    assert [one.fact.words for one in await facts.known(database, ana)] == ["the Latin one"]
    await facts.erase(database, ana, [one.id])
    assert await facts.known(database, ana) == ()
    assert len(await facts.known(database, cleo)) == 1


async def test_of_very_many_the_oldest_go(database: Database) -> None:
    many = [replace(EXAM, about=f"exam {n}") for n in range(facts.MOST)]
    ana = await tell(database, *many)
    await tell(database, replace(EXAM, about="the newest"), hours=1)
    known = await facts.known(database, ana)
    assert len(known) == facts.MOST
    assert known[-1].fact.about == "the newest"
