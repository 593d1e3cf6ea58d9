"""What is usual for a voice: kept with its turn where its person agreed, and for no longer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import jobs, people, queue, retention, voices
from storage.database import Database
from storage.records import UsualVoice
from storage.tables import Voice
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import kept, nobody

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def _person(database: Database, *, voice: bool | None = True, account: str = "ana") -> int:
    person = await queue.ingest(database, arrival(at=NOON, account=account), NOON, nobody)
    assert person is not None
    if voice is not None:
        await people.consent(database, person, "voice", granted=voice, now=NOON)
    return person


async def _turn(
    database: Database, person: int, body: bytes, *, hours: float = 0, account: str = "ana"
) -> None:
    """A turn that teaches a voice, as the bot does it: what is known, then what it is after."""
    before = await voices.usual(database, person)
    await _keep(database, person, body, before, hours=hours, account=account)


async def _keep(
    database: Database,
    person: int,
    body: bytes,
    before: UsualVoice | None,
    *,
    hours: float = 0,
    account: str = "ana",
) -> None:
    at = NOON + hours * HOUR
    await queue.ingest(database, arrival(at=at, account=account), at, nobody)
    turns, waiting = await queue.open_messages(database, person, ("terminal",))
    given = replace(kept(person, turns + 1, waiting), kept_at=at)
    voice = UsualVoice(body, before.since if before else None)
    assert await queue.keep(database, replace(given, voice=voice))


async def _known(database: Database, person: int) -> bytes | None:
    found = await voices.usual(database, person)
    return found.body if found else None


async def test_it_is_kept_with_the_turn_and_replaced_by_the_next(database: Database) -> None:
    ana = await _person(database)
    assert await voices.usual(database, ana) is None
    await _turn(database, ana, b"[1]")
    assert await voices.usual(database, ana) == UsualVoice(b"[1]", NOON)
    await _turn(database, ana, b"[2]", hours=2)
    assert await voices.usual(database, ana) == UsualVoice(b"[2]", NOON)
    async with database.read() as connection:
        (sealed,) = (await connection.scalars(select(Voice.sealed))).all()
    assert b"[2]" not in sealed


async def test_people_are_kept_apart(database: Database) -> None:
    ana, ben = await _person(database), await _person(database, account="ben")
    await _turn(database, ana, b"[1]")
    await _turn(database, ben, b"[2]", account="ben")
    assert (await _known(database, ana), await _known(database, ben)) == (b"[1]", b"[2]")
    await people.forget(database, ana)
    assert await _known(database, ben) == b"[2]"


@pytest.mark.parametrize("voice", [None, False])
async def test_without_leave_nothing_is_kept(database: Database, voice: bool | None) -> None:
    ana = await _person(database, voice=voice)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await _turn(database, ana, b"[1]")
    assert await voices.usual(database, ana) is None


async def test_leave_taken_back_erases_it_and_no_turn_in_hand_brings_it_back(
    database: Database,
) -> None:
    ana = await _person(database)
    await _turn(database, ana, b"[1]")
    before = await voices.usual(database, ana)
    await people.consent(database, ana, "voice", granted=False, now=NOON)
    assert await voices.usual(database, ana) is None
    await _keep(database, ana, b"[2]", before)
    assert await voices.usual(database, ana) is None
    # Not even where leave was given again meanwhile: what was erased stays erased.
    await people.consent(database, ana, "voice", granted=True, now=NOON)
    await _keep(database, ana, b"[2]", before, hours=1)
    assert await voices.usual(database, ana) is None
    await _turn(database, ana, b"[3]", hours=2)
    assert await voices.usual(database, ana) == UsualVoice(b"[3]", NOON + 2 * HOUR)


async def test_leave_taken_back_as_a_turn_is_kept_leaves_nothing(database: Database) -> None:
    """Whichever of the two comes first."""
    for number in range(8):
        account = f"ana{number}"
        ana = await _person(database, account=account)
        await asyncio.gather(
            _keep(database, ana, b"[1]", None, account=account),
            people.consent(database, ana, "voice", granted=False, now=NOON),
        )
        assert await voices.usual(database, ana) is None


async def test_other_consents_leave_it_alone(database: Database) -> None:
    ana = await _person(database)
    await _turn(database, ana, b"[1]")
    await people.consent(database, ana, "face", granted=False, now=NOON)
    assert await _known(database, ana) == b"[1]"


async def test_unremembered_it_goes_a_day_after_its_first_note(database: Database) -> None:
    ana = await _person(database)
    await _turn(database, ana, b"[1]")
    await _turn(database, ana, b"[2]", hours=5)
    before = await voices.usual(database, ana)
    await jobs.run_due(database, NOON + DAY - HOUR)
    assert await _known(database, ana) == b"[2]"
    await jobs.run_due(database, NOON + DAY)
    assert await voices.usual(database, ana) is None
    await _keep(database, ana, b"[3]", before, hours=24)  # it was thought over meanwhile
    assert await voices.usual(database, ana) is None


async def test_remembered_it_stays_until_the_days_are_over(database: Database) -> None:
    ana = await _person(database)
    await people.consent(database, ana, "remember", granted=True, now=NOON)
    await _turn(database, ana, b"[1]")
    await _turn(database, ana, b"[2]", hours=48)
    await jobs.run_due(database, NOON + 3 * DAY)
    await retention.sweep(database, NOON + 29 * DAY, 30)
    await retention.sweep(database, NOON + 31 * DAY, 30, dry_run=True)
    assert await _known(database, ana) == b"[2]"
    await retention.sweep(database, NOON + 31 * DAY, 30)
    assert await voices.usual(database, ana) is None


async def test_it_is_exported(database: Database) -> None:
    ana = await _person(database)
    await _turn(database, ana, b"[1, 2]")
    assert (await people.export(database, ana))["voice"] == [
        {"person_id": ana, "since": NOON.isoformat(), "content": [1, 2]}
    ]
