"""Every button of the house, pressed through the real libraries: by whom, how often, how late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from affect import trajectory
from affect.types import EMOTIONS, Shift
from bot import checkins
from bot.texts import say, sentences
from bot.wellbeing import SHIFT_WORDINGS
from storage import checkins as stored
from storage import facts, trajectories
from storage.database import Database
from storage.tables import Person
from tests.bot.platforms.pressing import (
    BEN,
    Behind,
    BehindDiscord,
    BehindTelegram,
    behind_discord,
    behind_telegram,
)
from tests.clock import FakeClock
from tests.conftest import ON_SQLITE
from tests.servers.discord_server import DiscordServer
from tests.servers.telegram_server import TelegramServer

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@asynccontextmanager
async def on_telegram(database: Database, clock: FakeClock) -> AsyncIterator[BehindTelegram]:
    async with TelegramServer() as server, behind_telegram(database, clock, server) as ready:
        yield ready


@asynccontextmanager
async def on_discord(database: Database, clock: FakeClock) -> AsyncIterator[BehindDiscord]:
    async with DiscordServer() as server, behind_discord(database, clock, server) as ready:
        yield ready


@pytest.fixture(params=[on_telegram, on_discord], ids=["telegram", "discord"])
async def here(
    request: pytest.FixtureRequest, database: Database, clock: FakeClock
) -> AsyncIterator[BehindTelegram | BehindDiscord]:
    """The house on each platform; whatever was pressed, nothing is left spinning."""
    async with request.param(database, clock) as ready:
        yield ready
        assert ready.unanswered() == 0


async def test_a_check_in_is_two_taps(here: Behind) -> None:
    (asked,) = await here.says("/checkin")
    assert asked.text == say("checkin_ask", "en")
    assert len(asked.buttons) == len(checkins.VALENCES) + 1
    (energy,) = await here.presses(asked.buttons[say("checkin_valence_good", "en")])
    assert energy.text == say("checkin_ask_energy", "en")
    (kept,) = await here.presses(energy.buttons[say("checkin_energy_low", "en")])
    assert say("checkin_valence_good", "en").lower() in kept.text
    report = (await here.house.last()).report
    assert report is not None
    assert (report.valence, report.arousal) == (0.35, -0.5)
    assert asked.alone
    assert kept.alone


async def test_a_check_in_pressed_twice_is_said_once(here: Behind) -> None:
    (first, second) = await here.presses("/checkin good low", times=2)
    assert first.text == second.text
    line = await trajectories.latest(here.house.database, 1)
    assert line is not None
    assert line.count == 1
    # Later it is another word.
    here.house.later(hours=2)
    await here.presses("/checkin good low")
    line = await trajectories.latest(here.house.database, 1)
    assert line is not None
    assert line.count == 2


async def test_times_of_check_ins_are_chosen_and_ended(here: Behind) -> None:
    (asked,) = await here.says("/checkin")
    (times,) = await here.presses(asked.buttons[say("checkin_own_times", "en")])
    (zone,) = await here.presses(times.buttons["09:00 and 20:00"])
    (planned,) = await here.presses(zone.buttons["London"])
    assert planned.text == say(
        "checkin_planned", "en", times="09:00 and 20:00", zone="Europe/London"
    )
    assert len(await stored.planned(here.house.database, 1)) == 2
    (again,) = await here.presses(times.buttons["09:00"])  # of the older message: other times
    assert "09:00" in again.text
    assert [at for at, _ in await stored.planned(here.house.database, 1)] == ["09:00"]
    stop = again.buttons[say("checkin_stop", "en")]
    first, second = await here.presses(stop, times=2)
    assert [first.text, second.text] == [say("checkin_stopped", "en"), say("checkin_none", "en")]
    assert await stored.planned(here.house.database, 1) == ()


async def told(here: Behind) -> dict[str, str]:
    """The buttons of /why under a sad message."""
    await here.says("I am sad today")
    (why,) = await here.says("/why")
    return {
        name: why.buttons[say(f"why_button_{name}", "en")] for name in ("right", "wrong", "felt")
    }


async def test_a_reading_is_called_right(here: Behind) -> None:
    (answer,) = await here.presses((await told(here))["right"])
    assert answer.text == say("why_right", "en")
    report = (await here.house.last()).report
    assert report is not None
    assert (report.verdict, report.emotion) == ("right", "sadness")


async def test_a_reading_is_called_wrong_and_put_right(here: Behind) -> None:
    (asked,) = await here.presses((await told(here))["wrong"])
    assert asked.text == say("why_wrong", "en")
    assert len(asked.buttons) == len(EMOTIONS) - 1
    (kept,) = await here.presses(asked.buttons[say("emotion_joy", "en")])
    assert kept.text == say("why_felt", "en", emotion=say("emotion_joy", "en"))
    report = (await here.house.last()).report
    assert report is not None
    assert report.emotion == "joy"


async def test_a_feeling_pressed_twice_is_felt_once(here: Behind) -> None:
    (which,) = await here.presses((await told(here))["felt"])
    assert which.text == say("why_felt_which", "en")
    before = await trajectories.latest(here.house.database, 1)
    first, second = await here.presses(which.buttons[say("emotion_joy", "en")], times=2)
    assert first.text == second.text
    after = await trajectories.latest(here.house.database, 1)
    assert before is not None
    assert after is not None
    assert after.count == before.count  # the word stands in the place of the reading
    assert after.valence.mean[0] > before.valence.mean[0]
    assert sum(turn.report is not None for turn in await here.house.kept()) == 1


async def test_nobody_judges_or_sees_what_is_another_s(here: Behind) -> None:
    buttons = await told(here)
    for command in buttons.values():
        (answer,) = await here.presses(command, BEN)
        assert answer.text == say("why_gone", "en")
    for command in (*buttons.values(), "/memory", "/checkin good low"):
        for shown in await here.presses(command, BEN, group=True):
            assert shown.alone or shown.text == say("command_private", "en")
    assert {turn.report for turn in await here.house.kept()} == {None}


async def test_buttons_of_what_was_forgotten(here: Behind) -> None:
    await here.presses("/consent remember yes")
    await here.says("I have an exam tomorrow")
    buttons = await told(here)
    (listed,) = await here.says("/memory")
    (asked,) = await here.says("/forget")
    yes = asked.buttons[say("forget_yes", "en")]
    answers = await here.presses(yes, times=2)
    assert {answer.text for answer in answers} == {say("forget_done", "en")}
    for command in buttons.values():
        (answer,) = await here.presses(command)
        assert answer.text == say("why_gone", "en")
    (shown,) = await here.presses(next(iter(listed.buttons.values())))
    assert shown.text == say("facts_gone", "en")
    async with here.house.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(Person)) == 1


async def test_forgetting_may_be_thought_better_of(here: Behind) -> None:
    await here.says("I am sad today")
    (asked,) = await here.says("/forget")
    (kept,) = await here.presses(asked.buttons[say("forget_no", "en")])
    assert kept.text == say("forget_kept", "en")
    assert len(await here.house.kept()) == 3


async def test_memory_is_allowed_listed_shown_and_deleted(here: Behind) -> None:
    (start,) = await here.says("/start")
    (allowed,) = await here.presses(start.buttons[say("consent_yes", "en")])
    assert allowed.text == say("consent_remember_yes", "en", days=365)
    await here.says("I have an exam tomorrow")
    (listed,) = await here.says("/memory")
    (shown,) = await here.presses(next(iter(listed.buttons.values())))
    delete = shown.buttons[say("facts_delete", "en")]
    (not_hers,) = await here.presses(delete, BEN)
    assert not_hers.text == say("facts_gone", "en")
    assert len(await facts.known(here.house.database, 1)) == 1
    gone, again = await here.presses(delete, times=2)
    assert "exam" in gone.text
    assert again.text == say("facts_gone", "en")
    assert await facts.known(here.house.database, 1) == ()
    (none,) = await here.presses(listed.buttons[say("facts_delete_all", "en")])
    assert none.text == say("facts_all_gone", "en")


async def test_memory_is_refused(here: Behind) -> None:
    (start,) = await here.says("/start")
    await here.presses(start.buttons[say("consent_no", "en")])
    await here.says("I have an exam tomorrow")
    (off,) = await here.says("/memory")
    assert off.text == say("facts_off", "en")
    (on,) = await here.presses(off.buttons[say("consent_yes", "en")])
    assert on.text == say("consent_remember_yes", "en", days=365)


async def test_a_picture_s_buttons_give_other_pictures(here: Behind) -> None:
    await here.says("I am sad today")
    (week,) = await here.says("/mood")
    (dark,) = await here.presses(week.buttons[say("mood_dark", "en")])
    (month,) = await here.presses(dark.buttons[say("mood_span_button", "en", days=30)])
    assert [one.file for one in (week, dark, month)] == [week.file] * 3
    assert week.file is not None
    assert say("mood_light", "en") in month.buttons


async def test_a_question_about_heavier_days_is_asked_once(
    here: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = here.house.clock.now()
    found = Shift(up=False, since=now - timedelta(days=9), found=now)
    follow = trajectory.follow

    def heavier(*what: object) -> object:
        return replace(follow(*what), shift=found)  # type: ignore[arg-type]

    monkeypatch.setattr(trajectory, "follow", heavier)
    known = sentences("en")
    asking = {known[f"shift_down_{n}"] for n in range(1, 1 + SHIFT_WORDINGS["shift_down"])}
    seen = []
    for line in ("I had a long day", "my rent is due on Friday", "still tired"):
        seen += [one.text.splitlines()[-1] for one in await here.says(line)]
    assert sum(line in asking for line in seen) == 1


async def test_two_talks_are_joined_and_parted(database: Database, clock: FakeClock) -> None:
    async with on_telegram(database, clock) as telegram, on_discord(database, clock) as discord:
        await _joined_and_parted(telegram, discord)
        assert telegram.unanswered() == discord.unanswered() == 0


async def _joined_and_parted(telegram: BehindTelegram, discord: BehindDiscord) -> None:
    await telegram.says("I am glad")
    await discord.says("I am sad")
    (offered,) = await telegram.says("/link")
    code = next(word for word in offered.text.split() if len(word) == 9 and word[4] == "-")
    (joined,) = await discord.says(f"/link {code}")
    assert joined.text == say("link_done", "en")
    undo = joined.buttons[say("link_undo", "en")]
    line = await trajectories.latest(telegram.house.database, 1)
    assert line is not None
    assert line.count == 2
    (nobody,) = await discord.presses(undo, BEN)
    assert nobody.text == say("link_none", "en")
    parted, again = await discord.presses(undo, times=2)
    assert [parted.text, again.text] == [say("link_undone", "en"), say("link_none", "en")]


async def test_an_old_button_of_a_talk_that_is_over(here: Behind) -> None:
    buttons = await told(here)
    await here.says("/new")
    here.house.later(days=40)
    (answer,) = await here.presses(buttons["right"])
    assert answer.text == say("why_right", "en")


async def test_a_button_that_no_version_knows(here: Behind) -> None:
    (answer,) = await here.presses("/feelings 7")
    assert answer.text == say("command_unknown", "en")
    (answer,) = await here.presses("/checkin wonderful")
    assert answer.text == say("checkin_unknown", "en")
    (answer,) = await here.presses("/why right not-a-turn")
    assert answer.text == say("why_gone", "en")
