"""Check-ins: two taps, and being asked at one's own times, never when it would be in the way."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from affect import trajectory
from affect.errors import Undeliverable
from bot import checkins
from bot.texts import LANGUAGES, say
from storage import checkins as stored
from storage import jobs, people, trajectories
from storage.tables import Job
from tests.bot.house import House, Make
from tests.conftest import ON_SQLITE

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


both_languages = pytest.mark.parametrize("language", LANGUAGES)
both_platforms = pytest.mark.parametrize("platform", ["telegram", "discord"])
BERLIN = "/checkin at 9:00 20:30 Berlin"


@pytest.fixture
def house(make: Make) -> House:
    return make(platform="telegram")


async def look(house: House, until: datetime | None = None) -> list[str]:
    """Let the clock come to a time and do what is due; give what was said."""
    if until is not None:
        house.clock.advance((until - house.clock.now()).total_seconds())
    before = len(house.platform.outgoing)
    here = (house.platform.name,)
    await checkins.send_due(house.database, house.turns.ask, here, house.clock.now())
    await house.quiet()
    return [part.text for part in house.platform.outgoing[before:]]


def berlin(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))


@both_languages
@both_platforms
class TestTwoTaps:
    async def test_they_are_kept_and_move_the_line(
        self, make: Make, platform: str, language: str
    ) -> None:
        house = make(platform=platform)
        (first,) = await house.hear("/checkin", language=language)
        assert first.text == say("checkin_ask", language)
        assert [button.label for button in first.buttons[:-1]] == [
            say(f"checkin_valence_{name}", language) for name in checkins.VALENCES
        ]
        (second,) = await house.hear(first.buttons[3].command)
        assert second.text == say("checkin_ask_energy", language)
        told = await house.answer(second.buttons[0].command)
        assert say("checkin_valence_good", language).lower() in told
        report = (await house.last()).report
        assert report is not None
        assert (report.valence, report.arousal, report.dominance) == (0.35, -0.5, None)
        line = await trajectories.latest(house.database, 1)
        assert line is not None
        assert line.count == 1
        assert trajectory.affect_of(line).valence > 0.2
        assert trajectory.affect_of(line).arousal < -0.2

    async def test_a_heavy_one_names_who_helps(
        self, make: Make, platform: str, language: str
    ) -> None:
        house = make(platform=platform)
        told = await house.answer("/checkin 1 1", language=language)
        assert "/crisis" in told
        assert "/crisis" not in await house.answer("/checkin 5 3")

    async def test_every_button_fits_its_platform(
        self, make: Make, platform: str, language: str
    ) -> None:
        house = make(platform=platform)
        asked = ["/checkin", "/checkin good", "/checkin times", "/checkin at 9:00 20:30"]
        parts = [(await house.hear(text, language=language))[-1] for text in asked]
        commands = [button.command for part in parts for button in part.buttons]
        assert len(commands) > 10
        assert max(len(command.encode()) for command in commands) <= 64


@both_languages
async def test_typed_answers_count_like_taps(house: House, language: str) -> None:
    good, high = (
        say("checkin_valence_great", language),
        say("checkin_energy_high", language),
    )
    for typed in (f"{good} {high}", f"{good.upper()}, {high}", "great high", "5 3", "５ ３"):
        await house.answer(f"/checkin {typed}", language=language)
        report = (await house.last()).report
        assert report is not None
        assert (report.valence, report.arousal) == (0.7, 0.5)
        house.later(hours=1)  # the same said twice counts once
    if language == "zh":  # no space is needed
        await house.answer(f"/checkin {good}{high}", language=language)
        assert (await house.last()).report is not None
    for odd in ("/checkin 6", "/checkin 0 1", "/checkin fine", "/checkin good 9", "/checkin a b c"):
        assert await house.answer(odd, language=language) == say("checkin_unknown", language)
        assert (await house.last()).report is None


@both_languages
class TestTimes:
    async def test_the_zone_is_asked_once(self, house: House, language: str) -> None:
        (asked,) = await house.hear("/checkin at 9:00", language=language)
        assert asked.text == say("checkin_zone", language, times="09:00")
        told = await house.answer(asked.buttons[0].command)
        zone = (await people.profile(house.database, 1)).zone
        assert zone == asked.buttons[0].command.split()[-1]
        assert told == say("checkin_planned", language, times="09:00", zone=zone)
        again = await house.answer("/checkin at 8am 19:00")
        times = say("checkin_and", language).join(("08:00", "19:00"))
        assert again == say("checkin_planned", language, times=times, zone=zone)
        assert await stored.planned(house.database, 1) == (("08:00", zone), ("19:00", zone))
        assert times in await house.answer("/checkin times")

    @pytest.mark.parametrize(
        ("text", "clocks"),
        [
            ("9:00", "09:00"), ("21:30", "21:30"), ("9am", "09:00"), ("早上九点", "09:00"),
            ("at 9", "09:00"), ("每天晚上8点半问我", "20:30"), ("8:30，19:00", "08:30 19:00"),
        ],
    )  # fmt: skip
    async def test_a_time_alone_is_enough(
        self, house: House, text: str, clocks: str, language: str
    ) -> None:
        asked = await house.answer(f"/checkin {text}", language=language)
        assert asked == say("checkin_zone", language, times=clocks)
        await house.answer(f"/checkin {text} 北京", language=language)
        zone = "Asia/Shanghai"
        kept = tuple((clock, zone) for clock in clocks.split())
        assert await stored.planned(house.database, 1) == kept

    @pytest.mark.parametrize("text", ["25:00", "13pm", "9:75", "早上", "9:7", "tomorrow"])
    async def test_what_is_neither_a_time_nor_an_answer_gets_an_example(
        self, house: House, text: str, language: str
    ) -> None:
        told = await house.answer(f"/checkin {text}", language=language)
        assert told == say("checkin_unknown", language)
        assert "/checkin 9:00" in told

    @pytest.mark.parametrize("text", ["", "x", "25:00", "8 12 20", "13pm", "9:75"])
    async def test_odd_times_are_said_so(self, house: House, text: str, language: str) -> None:
        told = await house.answer(f"/checkin at {text}", language=language)
        assert told == say("checkin_bad_times", language)

    @pytest.mark.parametrize("text", ["23:00", "6:59", "0:00", "9:00 22:00"])
    async def test_nights_are_left_in_peace(self, house: House, text: str, language: str) -> None:
        told = await house.answer(f"/checkin at {text} Berlin", language=language)
        assert told == say("checkin_quiet", language)
        assert await stored.planned(house.database, 1) == ()

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Nowhere", "a" * 300])
    async def test_a_zone_that_there_is_not(self, house: House, zone: str, language: str) -> None:
        told = await house.answer(f"/checkin at 9:00 {zone}", language=language)
        assert told == say("checkin_zone_unknown", language, times="09:00")

    async def test_not_at_a_terminal_and_not_where_others_read(
        self, make: Make, language: str
    ) -> None:
        told = await make().answer(BERLIN, language=language)
        assert told == say("checkin_not_here", language)
        group = await make(platform="discord").answer(
            BERLIN, chat="group", private=False, language=language
        )
        assert group == say("command_private", language)

    async def test_stopping(self, house: House, language: str) -> None:
        await house.answer(BERLIN, language=language)
        stop = {"en": "stop", "zh": "停"}[language]
        assert await house.answer(f"/checkin {stop}") == say("checkin_stopped", language)
        assert await house.answer("/checkin stop") == say("checkin_none", language)
        assert await look(house, berlin(6, 9)) == []


@both_platforms
async def test_a_person_is_asked_at_their_times_each_day(make: Make, platform: str) -> None:
    house = make(platform=platform)
    await house.answer(BERLIN)
    assert await look(house, berlin(4, 20, 29)) == []
    assert await look(house, berlin(4, 20, 30)) == [say("checkin_ask", "en")]
    asked = house.platform.outgoing[-1]
    assert asked.buttons[-1].command == "/checkin stop"
    assert await look(house) == []
    assert await look(house, berlin(5, 9)) == [say("checkin_ask", "en")]
    turn = await house.last()
    assert (turn.kind, turn.said) == ("checkin", ())
    assert say("checkin_ask_energy", "en") == await house.answer(asked.buttons[0].command)


async def test_what_was_missed_is_dropped_and_the_next_one_comes(house: House) -> None:
    await house.answer(BERLIN)
    assert await look(house, berlin(7, 11)) == []
    assert await look(house, berlin(7, 20, 30)) == [say("checkin_ask", "en")]


async def test_it_survives_a_restart(make: Make) -> None:
    await make(platform="telegram").answer(BERLIN)
    later = make(platform="telegram")
    await later.turns.start()
    assert await look(later, berlin(4, 20, 30)) == [say("checkin_ask", "en")]


async def test_two_processes_ask_once(make: Make) -> None:
    first, second = make(platform="telegram"), make(platform="telegram")
    await first.answer(BERLIN)
    first.clock.advance((berlin(4, 20, 30) - first.clock.now()).total_seconds())
    (due,) = await stored.due(first.database, ("telegram",), first.clock.now())
    assert await stored.move(first.database, due, berlin(5, 20, 30).astimezone(UTC))
    assert not await stored.move(second.database, due, berlin(5, 20, 30).astimezone(UTC))
    assert await look(second) == []


async def test_never_more_than_two_a_day(house: House) -> None:
    for hour in (15, 16, 17):
        await house.answer(f"/checkin at {hour}:00 Berlin")
        asked = await look(house, berlin(4, hour))
        assert asked == ([say("checkin_ask", "en")] if hour < 17 else [])


async def test_whoever_blocked_us_is_left_alone(house: House) -> None:
    await house.answer(BERLIN)
    house.platform.faults = [Undeliverable("blocked")]
    assert await look(house, berlin(4, 20, 30)) == []
    assert await stored.planned(house.database, 1) == ()
    assert await look(house, berlin(5, 9)) == []


async def test_a_zone_that_is_no_more_ends_it(house: House) -> None:
    await house.answer(BERLIN)
    async with house.database.write() as connection:
        await connection.execute(update(Job).values(zone="Mars/Olympus"))
    assert await look(house, berlin(4, 20, 30)) == []
    assert await stored.planned(house.database, 1) == ()


async def test_forgetting_ends_it(house: House) -> None:
    await house.answer(BERLIN)
    await house.answer("/forget yes")
    assert await look(house, berlin(4, 20, 30)) == []


async def test_other_platforms_people_wait_for_their_own_process(make: Make) -> None:
    await make(platform="discord").answer(BERLIN)
    assert await look(make(platform="telegram"), berlin(4, 20, 30)) == []


async def test_erasing_leaves_the_times(house: House) -> None:
    await house.answer(BERLIN)
    await look(house, berlin(4, 20, 30))
    house.later(days=2)
    await jobs.run_due(house.database, house.clock.now())
    assert len(await stored.planned(house.database, 1)) == 2
    assert (await house.last()).wording is None


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    days=st.floats(0, 700),
    hour=st.integers(7, 21),
    minute=st.integers(0, 59),
)
def test_the_next_time_is_the_wall_clock_s(zone: str, days: float, hour: int, minute: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    at = checkins.next_time(f"{hour:02}:{minute:02}", zone, now)
    assert now < at <= now + timedelta(hours=25)
    assert at.astimezone(ZoneInfo(zone)).time() == time(hour, minute)


def test_daylight_saving() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert checkins.next_time("09:00", "Europe/Berlin", before) == datetime(
        2026, 3, 29, 7, tzinfo=UTC
    )
    # The clock leaps from two to three: half past two is as much later.
    leapt = checkins.next_time("02:30", "Europe/Berlin", before)
    assert leapt == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Shanghai", "Asia/Shanghai"),
        ("北京时间", "Asia/Shanghai"),
        ("纽约", "America/New_York"),
        ("", None),
        ("europe", None),
    ],
)
def test_cities_are_zones(said: str, meant: str | None) -> None:
    assert checkins.zone_named(said) == meant
