"""A shift of the line, asked about gently and once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from affect import trajectory
from affect.types import Shift
from bot.texts import sentences
from bot.wellbeing import SHIFT_WORDINGS, unasked_shift
from storage.records import Care
from storage.vault import Vault
from tests.bot.house import House, opened
from tests.clock import FakeClock
from tests.conftest import ON_SQLITE

LINES = (
    "I had a long day",
    "my rent is due on Friday",
    "nobody at work said anything",
    "still tired",
)


@pytest.fixture
async def house(database_url: str, vault: Vault, clock: FakeClock) -> AsyncIterator[House]:
    ready = await opened(database_url, vault)
    yield House(ready, clock)
    await ready.close()


def questions(language: str) -> set[str]:
    known = sentences(language)
    return {known[f"shift_down_{n}"] for n in range(1, 1 + SHIFT_WORDINGS["shift_down"])}


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Shift:
    """Every moment of these days knows of heavier days; no month of talk is lived for it."""
    found = Shift(up=False, since=clock.now() - timedelta(days=9), found=clock.now())
    follow = trajectory.follow
    monkeypatch.setattr(trajectory, "follow", lambda *told: replace(follow(*told), shift=found))
    return found


@ON_SQLITE
async def test_heavier_days_are_asked_about_once(house: House, moved: Shift) -> None:
    answers = await house.talk(*LINES)
    asking = [answer for answer in answers if answer.splitlines()[-1] in questions("en")]
    assert len(asking) == 1
    asked = [turn for turn in await house.kept() if turn.plan and turn.plan.question]
    assert [turn.plan.question for turn in asked if turn.plan] == ["shift_down"]
    assert asked[0].notes.care.shift == moved.found
    assert asked[0].wording is not None
    assert asked[0].wording.asked
    assert asking[0].count("?") == 1


@ON_SQLITE
async def test_nobody_is_asked_where_others_read(house: House, moved: Shift) -> None:
    answers = await house.talk(*LINES, private=False)
    assert not any(answer.splitlines()[-1] in questions("en") for answer in answers)


@ON_SQLITE
async def test_danger_is_no_time_to_ask(house: House, moved: Shift) -> None:
    answers = await house.talk("I want to kill myself", "I had a long day")
    assert not any(answer.splitlines()[-1] in questions("en") for answer in answers)


def test_an_old_shift_is_let_be(clock: FakeClock) -> None:
    found = clock.now()
    moment = replace(trajectory.begin(found), shift=Shift(True, found - timedelta(days=5), found))
    assert unasked_shift(moment, Care(), found + timedelta(days=2)) == moment.shift
    assert unasked_shift(moment, Care(), found + timedelta(days=8)) is None
    assert unasked_shift(moment, Care(shift=found), found) is None
