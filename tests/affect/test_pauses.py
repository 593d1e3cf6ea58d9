from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from affect.pauses import lately, returns
from affect.writers.base import Exchange
from affect.writers.done import done
from affect.writers.forms import by_form

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)


def turn(said: str, ago: timedelta, reply: str = "Mm.") -> Exchange:
    return Exchange(said, reply, at=NOW - ago)


def test_what_was_said_before_a_pause_of_hours_is_no_longer_lately() -> None:
    yesterday = turn("how do i tell him", timedelta(days=1))
    just_now = turn("hi", timedelta(minutes=1))
    assert lately((yesterday, just_now), NOW) == (just_now,)
    assert lately((yesterday,), NOW) == ()
    assert lately((Exchange("hi", "Hi."), just_now), NOW)[0].said == "hi"


def test_who_comes_back_the_next_day_returns_and_who_comes_after_weeks_does_not() -> None:
    assert returns((turn("bye", timedelta(days=1)),), NOW)
    assert not returns((turn("bye", timedelta(minutes=5)),), NOW)
    assert not returns((turn("bye", timedelta(days=20)),), NOW)
    assert not returns((), NOW)


@pytest.mark.parametrize(
    ("weighed", "said", "did"),
    [
        ("how do i even start that conversation", "i told him", True),
        ("should i call her?", "ok i called her", True),
        ("i'll talk to her tonight", "told her last night", True),
        ("now i have to write a speech", "wrote a draft", True),
        ("should i call her?", "i called her and she cried", False),
        ("should i quit?", "i told him", False),
        ("my dog died", "i told him", False),
        ("我该不该跟他说清楚？", "我跟他说了", True),
        ("你说我该不该道歉", "我跟她道歉了", True),
        ("我今晚吃了火锅", "我跟他说了", False),
    ],
)
def test_a_deed_that_was_weighed_is_known_when_it_is_done(
    weighed: str, said: str, did: bool
) -> None:
    assert done(said, (Exchange(weighed, "Mm."),)) is did


@pytest.mark.parametrize(
    ("said", "situation"),
    [
        ("i did what you said and put it in a bag", "did_it"),
        ("you told me to call her", "you_said"),
        ("results are out", "result_out"),
        ("考研成绩今天出来了", "result_out"),
        ("手术做完了，很顺利", "success"),
        ("it's 3am and my brain won't shut up", None),
        ("shut up", "insult"),
        ("sorry for snapping at you", "apology"),
        ("easy for you to say", "anger_at_bot"),
        ("that was really helpful", None),
        ("i'll sleep on it", None),
    ],
)
def test_what_refers_to_an_earlier_turn_is_known_by_its_form(
    said: str, situation: str | None
) -> None:
    assert by_form(said) == situation
