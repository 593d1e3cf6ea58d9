"""The work in hand: nothing twice, nothing lost, everything in order, one person at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs, outbox, people, queue, talks
from storage.database import Database
from storage.records import Arrival, Kept, Part, Problem, StoredMessage
from storage.tables import Inbox, Person, Turn
from storage.values import dump
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

HERE = ("terminal",)


async def _arrived(database: Database, text: str, **told: object) -> int:
    person = await queue.ingest(database, arrival(text, at=NOON, **told), NOON, nobody)  # type: ignore[arg-type]
    assert person is not None
    return person


async def _head(database: Database, person: int, now: datetime) -> Part | datetime | None:
    async with database.read() as connection:
        return await outbox.head(database, connection, person, HERE, now)


async def _next(database: Database, person: int) -> Part:
    found = await _head(database, person, NOON)
    assert isinstance(found, Part)
    return found


async def test_a_redelivered_event_is_stored_once(database: Database) -> None:
    woken: list[int] = []

    async def wake(connection: AsyncConnection, person_id: int, platform: str) -> None:
        woken.append(person_id)

    first = await queue.ingest(database, arrival(at=NOON, ext_id="7"), NOON, wake)
    second = await queue.ingest(database, arrival(at=NOON, ext_id="7"), NOON, wake)
    assert first is not None
    assert second is None
    assert woken == [first]


async def test_a_wake_up_that_fails_takes_the_message_back(database: Database) -> None:
    async def fail(connection: AsyncConnection, person_id: int, platform: str) -> None:
        raise RuntimeError("no engine")

    with pytest.raises(RuntimeError):
        await queue.ingest(database, arrival(at=NOON), NOON, fail)
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(Person)) == 0
        assert await connection.scalar(select(func.count()).select_from(Inbox)) == 0


async def test_two_people_do_not_see_each_other(database: Database) -> None:
    ana = await _arrived(database, "ana's words", account="ana")
    ben = await _arrived(database, "ben's words", account="ben")
    assert ana != ben
    _, hers = await queue.open_messages(database, ana, HERE)
    assert [b"ana's" in message.body for message in hers] == [True]
    assert await queue.keep(database, kept(ana, 1, hers))
    turn = (await talks.recent(database, ana, 1))[0]
    assert await talks.turn(database, ben, turn.id) is None
    assert await talks.recent(database, ben, 5) == ()


async def test_an_account_in_two_places_is_one_person(database: Database) -> None:
    here = await _arrived(database, "a", chat="private")
    there = await _arrived(database, "b", chat="group")
    assert here == there
    _, waiting = await queue.open_messages(database, here, HERE)
    assert waiting[0].talk_id != waiting[1].talk_id


async def test_people_met_at_the_same_instant_are_made_once(database: Database) -> None:
    met = await asyncio.gather(*(_arrived(database, "hello") for _ in range(8)))
    assert len(set(met)) == 1


async def test_the_fence_lets_one_turn_through(database: Database) -> None:
    person = await _arrived(database, "once")
    turns, waiting = await queue.open_messages(database, person, HERE)
    results = await asyncio.gather(
        *(queue.keep(database, kept(person, turns + 1, waiting)) for _ in range(4))
    )
    assert sorted(results) == [False, False, False, True]
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(Turn)) == 1
    assert await queue.open_messages(database, person, HERE) == (1, ())


async def test_a_kept_turn_comes_back_whole(database: Database) -> None:
    person = await _arrived(database, "the oven broke again")
    _, waiting = await queue.open_messages(database, person, HERE)
    given = kept(person, 1, waiting)
    await queue.keep(database, given)
    found = await talks.turn(database, person, given.id)
    assert found is not None
    assert given.moment is not None
    small = replace(given.moment, memory=b"")  # what the line learnt is kept once, not per turn
    assert (found.reading, found.moment, found.plan) == (given.reading, small, given.plan)
    assert (found.wording, found.notes, found.timings) == (
        given.wording,
        given.notes,
        given.timings,
    )
    assert found.said == tuple(message.body for message in waiting)


async def test_parts_leave_in_order_and_once(database: Database) -> None:
    person = await _arrived(database, "two parts")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    for number in (0, 1):
        part = await _next(database, person)
        assert part.part == number
        token = await outbox.claim(database, part, NOON)
        assert token is not None
        assert await outbox.claim(database, part, NOON) is None
        await outbox.settle_sent(database, part, token, "m1", NOON)
    assert await _head(database, person, NOON) is None


async def test_a_part_told_to_wait_holds_back_those_behind_it(database: Database) -> None:
    person = await _arrived(database, "slowly")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    part = await _next(database, person)
    token = await outbox.claim(database, part, NOON)
    assert token is not None
    later = NOON + timedelta(seconds=30)
    await outbox.settle_later(database, part, token, later)
    assert await _head(database, person, NOON) == later
    found = await _head(database, person, later)
    assert isinstance(found, Part)
    assert (found.part, found.in_doubt) == (0, False)


async def test_a_part_whose_lease_ran_out_is_in_doubt(database: Database) -> None:
    person = await _arrived(database, "killed while sending")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    lost = await _next(database, person)
    old = await outbox.claim(database, lost, NOON)
    assert old is not None
    until = await _head(database, person, NOON)
    assert until == NOON + outbox.LEASE
    assert not isinstance(until, Part)
    found = await _head(database, person, until)
    assert isinstance(found, Part)
    assert found.in_doubt
    new = await outbox.claim(database, found, until)
    assert new is not None
    # The one who was thought dead comes back: their token settles nothing any more.
    await outbox.settle_dead(database, lost, old)
    assert isinstance(await _head(database, person, until), type(until))


async def test_a_dead_part_lets_the_next_one_pass(database: Database) -> None:
    person = await _arrived(database, "blocked")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    part = await _next(database, person)
    token = await outbox.claim(database, part, NOON)
    assert token is not None
    await outbox.settle_dead(database, part, token)
    assert (await _next(database, person)).part == 1


async def test_an_open_message_follows_its_edit(database: Database) -> None:
    person = await _arrived(database, "teh", message="5")
    edit = arrival("the", at=NOON, kind="edit", message="5")
    assert await queue.ingest(database, edit, NOON, nobody) is None
    _, waiting = await queue.open_messages(database, person, HERE)
    assert [b'"the"' in message.body for message in waiting] == [True]


async def test_an_answered_message_follows_its_edit_and_its_deletion(database: Database) -> None:
    person = await _arrived(database, "first words", message="5")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    await queue.ingest(database, arrival("new", at=NOON, kind="edit", message="5"), NOON, nobody)
    (turn,) = await talks.recent(database, person, 1)
    assert b'"new"' in turn.said[0]
    await queue.ingest(
        database, arrival("", at=NOON, kind="delete", message="5", account="", chat="ana"),
        NOON, nobody,
    )  # fmt: skip
    (turn,) = await talks.recent(database, person, 1)
    assert turn.said == ()


async def test_a_deleted_open_message_is_not_answered(database: Database) -> None:
    person = await _arrived(database, "never mind", message="5")
    await queue.ingest(database, arrival("", at=NOON, kind="delete", message="5"), NOON, nobody)
    assert await queue.open_messages(database, person, HERE) == (0, ())


async def test_an_edit_of_a_stranger_s_message_does_nothing(database: Database) -> None:
    edit = arrival("what", at=NOON, kind="edit", message="404")
    assert await queue.ingest(database, edit, NOON, nobody) is None
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(Person)) == 0


async def test_waiting_names_open_messages_and_open_parts(database: Database) -> None:
    ana = await _arrived(database, "a", account="ana")
    ben = await _arrived(database, "b", account="ben")
    _, waiting = await queue.open_messages(database, ana, HERE)
    await queue.keep(database, kept(ana, 1, waiting))
    assert await queue.waiting(database, HERE) == [(ana, "terminal"), (ben, "terminal")]
    assert await queue.waiting(database, ("telegram",)) == []


async def test_a_closed_talk_is_followed_by_a_new_one(database: Database) -> None:
    person = await _arrived(database, "old")
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.keep(database, kept(person, 1, waiting))
    await talks.close(database, person, waiting[0].talk_id, NOON)
    await _arrived(database, "new")
    _, after = await queue.open_messages(database, person, HERE)
    assert after[0].talk_id != waiting[0].talk_id


HEARD = "I caught only: “my sister Ondine”"


def _note(text: str = "", *, message: str, kind: str = "message", media: bool = True) -> Arrival:
    told = arrival(text, at=NOON, kind=kind, message=message)
    return replace(told, body=dump({"text": text, "media": [{"kind": "voice"}] if media else []}))


def _heard(person: int, waiting: Sequence[StoredMessage]) -> Kept:
    """A turn in which a recording was half heard."""
    given = kept(person, 1, waiting)
    assert given.reading is not None
    assert given.wording is not None
    problem = Problem("voice", "unsure", HEARD)
    return replace(
        given,
        notes=replace(given.notes, heard="my sister Ondine", problems=(problem,)),
        reading=replace(given.reading, transcript="my sister Ondine"),
        wording=replace(given.wording, text=f"{HEARD}\n{given.wording.text}"),
    )


async def _told(database: Database, person: int) -> str:
    """All that is left of a person, but for the parts on their way to them."""
    everything = await people.export(database, person)
    return str({name: rows for name, rows in everything.items() if name != "delivery"})


async def _spoken(database: Database) -> int:
    """Somebody who spoke and typed in one turn."""
    person = await queue.ingest(database, _note(message="5"), NOON, nobody)
    assert person is not None
    await queue.ingest(database, _note("typed", message="6", media=False), NOON, nobody)
    _, waiting = await queue.open_messages(database, person, HERE)
    assert await queue.keep(database, _heard(person, waiting))
    assert "Ondine" in await _told(database, person)
    return person


async def test_a_deleted_recording_takes_its_words_along(database: Database) -> None:
    person = await _spoken(database)
    await queue.ingest(database, _note(message="5", kind="delete", media=False), NOON, nobody)
    assert "Ondine" not in await _told(database, person)
    (turn,) = await talks.recent(database, person, 1)
    assert [b"typed" in body for body in turn.said] == [True]
    assert (turn.notes.heard, turn.notes.problems) == ("", ())
    assert turn.reading is not None
    assert turn.reading.transcript is None
    assert turn.wording is not None
    assert turn.wording.text == "The oven, of all things."


async def test_a_recording_taken_off_its_message_takes_its_words_along(database: Database) -> None:
    person = await _spoken(database)
    edit = _note("just this", message="5", kind="edit")
    await queue.ingest(database, edit, NOON, nobody)
    assert "Ondine" in await _told(database, person)
    await queue.ingest(database, replace(edit, body=dump({"text": "no"})), NOON, nobody)
    assert "Ondine" not in await _told(database, person)


async def test_other_words_deleted_leave_what_was_heard(database: Database) -> None:
    person = await _spoken(database)
    await queue.ingest(database, _note(message="6", kind="delete", media=False), NOON, nobody)
    (turn,) = await talks.recent(database, person, 1)
    assert turn.notes.heard == "my sister Ondine"


async def test_a_recording_deleted_while_it_is_answered_leaves_no_words(database: Database) -> None:
    person = await queue.ingest(database, _note(message="5"), NOON, nobody)
    assert person is not None
    await queue.ingest(database, _note("typed", message="6", media=False), NOON, nobody)
    _, waiting = await queue.open_messages(database, person, HERE)
    await queue.ingest(database, _note(message="5", kind="delete", media=False), NOON, nobody)
    assert await queue.keep(database, _heard(person, waiting))
    assert "Ondine" not in await _told(database, person)
    (turn,) = await talks.recent(database, person, 1)
    assert turn.reading is not None


async def test_a_recording_deleted_as_its_turn_is_kept_leaves_no_words(database: Database) -> None:
    """Whichever of the two comes first."""
    person = await queue.ingest(database, _note(message="5"), NOON, nobody)
    assert person is not None
    await queue.ingest(database, _note("typed", message="6", media=False), NOON, nobody)
    _, waiting = await queue.open_messages(database, person, HERE)
    gone = _note(message="5", kind="delete", media=False)
    await asyncio.gather(
        queue.keep(database, _heard(person, waiting)), queue.ingest(database, gone, NOON, nobody)
    )
    assert "Ondine" not in await _told(database, person)


async def test_a_deleted_recording_of_an_erased_turn_changes_nothing(database: Database) -> None:
    person = await _spoken(database)
    await jobs.run_due(database, NOON + timedelta(hours=24))
    await queue.ingest(database, _note(message="5", kind="delete", media=False), NOON, nobody)
    (turn,) = await talks.recent(database, person, 1)
    assert (turn.said, turn.reading, turn.wording) == ((), None, None)
