"""One person on Telegram and Discord: joined by a one-time code, parted without a loss."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from affect import trajectory
from bot.texts import LANGUAGES, say
from storage import links, people, trajectories
from storage.database import Database
from storage.tables import Person
from tests.bot.house import House
from tests.clock import FakeClock
from tests.conftest import NOON, ON_SQLITE

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def telegram(database: Database, clock: FakeClock) -> House:
    return House(database, clock, platform="telegram")


@pytest.fixture
def discord(database: Database, clock: FakeClock) -> House:
    return House(database, clock, platform="discord")


def code_in(told: str) -> str:
    return next(word for word in told.split() if len(word) == 9 and word[4] == "-")


async def joined(telegram: House, discord: House) -> str:
    """Ana glad on Telegram, sad on Discord, and now one person."""
    await telegram.talk("I am glad", "I am glad")
    await discord.talk("I am sad", "I am sad", "I am sad", account="ana#1")
    code = code_in(await telegram.answer("/link"))
    return await discord.answer(f"/link {code}", account="ana#1")


async def test_what_is_said_in_both_places_is_one_line(telegram: House, discord: House) -> None:
    assert await joined(telegram, discord) == say("link_done", "en")
    line = await trajectories.latest(telegram.database, 1)
    assert line is not None
    assert line.count == 5
    series = await trajectories.series(telegram.database, 1, NOON)
    assert len(series) == 5
    assert (await trajectories.counts(telegram.database, 1, NOON))[0] == 5
    await discord.answer("I am worried", account="ana#1")
    last = await discord.last(1)
    assert last.platform == "discord"
    assert last.moment is not None
    assert last.moment.count == 6
    assert len(await discord.kept(2)) == 4  # nothing more of who they were there


async def test_parting_gives_each_what_it_had(telegram: House, discord: House) -> None:
    await telegram.talk("I am glad", "I am glad")
    await discord.talk("I am sad", account="ana#1")
    before = [await trajectories.latest(telegram.database, person) for person in (1, 2)]
    code = code_in(await telegram.answer("/link"))
    (done,) = await discord.hear(f"/link {code.lower()}", account="ana#1")
    undone = await discord.answer(done.buttons[0].command, account="ana#1")
    assert undone == say("link_undone", "en")
    after = [await trajectories.latest(telegram.database, person) for person in (1, 2)]
    for old, new in zip(before, after, strict=True):
        assert old is not None
        assert new is not None
        assert new.count == old.count
        valence = trajectory.affect_of(old).valence
        assert trajectory.affect_of(new).valence == pytest.approx(valence, abs=1e-6)
    assert await telegram.answer("/link undo") == say("link_none", "en")
    await discord.answer("I am worried", account="ana#1")
    assert (await discord.last(2)).platform == "discord"


@both_languages
async def test_a_code_is_good_once_for_ten_minutes_and_for_somebody_else(
    telegram: House, discord: House, language: str
) -> None:
    wrong = say("link_wrong", language)
    old = code_in(await telegram.answer("/link", language=language))
    code = code_in(await telegram.answer("/link"))
    assert await discord.answer(f"/link {old}", account="eve", language=language) == wrong
    own = await telegram.answer(f"/link {code}")
    assert own == say("link_own", language)
    assert await telegram.answer(f"/link {old}") == wrong
    assert await discord.answer("/link ABCD-EFGH", account="eve") == wrong
    assert await discord.answer(f"/link {code} x", account="eve") == wrong
    done = await discord.answer(f"/link {code}", account="ben#1", language=language)
    assert done == say("link_done", language)
    assert await discord.answer(f"/link {code}", account="eve") == wrong
    late = code_in(await telegram.answer("/link"))
    telegram.later(minutes=11)
    assert await discord.answer(f"/link {late}", account="eve") == wrong


async def test_only_in_private(telegram: House) -> None:
    told = await telegram.answer("/link", chat="group", private=False)
    assert told == say("command_private", "en")


async def test_export_and_forget_reach_both(telegram: House, discord: House) -> None:
    await joined(telegram, discord)
    (file,) = await telegram.hear("/export")
    assert file.attachment is not None
    kept = json.loads(file.attachment.content)
    (other,) = kept["linked"]
    assert {row["platform"] for row in kept["account"]} == {"telegram"}
    assert {row["platform"] for row in other["account"]} == {"discord"}
    await discord.answer("/forget yes", account="ana#1")
    for person in (1, 2):
        async with telegram.database.read() as connection:
            found = await connection.scalar(select(Person.id).where(Person.id == person))
        assert found is None
    await discord.answer("I am back", account="ana#1")
    assert (await people.profile(telegram.database, 3)).turns == 1


async def test_whoever_told_of_danger_stays_who_they_are(telegram: House, discord: House) -> None:
    code = code_in(await telegram.answer("/link"))
    await discord.answer("I want to kill myself", account="ana#1")
    assert await discord.answer(f"/link {code}", account="ana#1") == say("link_not_now", "en")


async def test_three_places_and_a_chain(telegram: House, discord: House, clock: FakeClock) -> None:
    await joined(telegram, discord)
    third = House(telegram.database, clock, platform="terminal")
    await third.answer("I am worried", account="ana@home")
    code = code_in(await third.answer("/link", account="ana@home"))
    await telegram.answer(f"/link {code}")
    async with telegram.database.read() as connection:
        assert await people.joined(connection, 3) == (1, 2)
    assert len(await trajectories.series(telegram.database, 3, NOON)) == 6
    # A code of who has joined another is good for nothing.
    soon = clock.now() + timedelta(minutes=1)
    await links.offer(telegram.database, 1, "ABCDEFGH", clock.now(), soon)
    assert await links.join(telegram.database, 4, "ABCDEFGH", clock.now()) is None
