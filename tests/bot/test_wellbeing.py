"""Notices: at the first message, after a week, every three hours; a pause after two."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot import wellbeing
from storage.records import Care
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)


def _talk(minutes: list[int], care: Care | None = None) -> list[tuple[int, tuple[str, ...]]]:
    """The notices of a talk, with the minute of each."""
    care = care or Care()
    told = []
    for minute in minutes:
        care, due = wellbeing.attend(care, NOON + minute * MINUTE)
        if due:
            told.append((minute, due))
    return told


def test_the_first_message_is_told_what_this_is_and_the_second_is_not() -> None:
    assert _talk([0, 1, 2]) == [(0, (wellbeing.FIRST,))]


def test_a_long_talk_is_told_to_pause_once_and_reminded_every_three_hours() -> None:
    told = _talk(list(range(0, 7 * 60, 2)))
    assert told == [
        (0, (wellbeing.FIRST,)),
        (120, (wellbeing.PAUSED,)),
        (180, (wellbeing.PROGRAM,)),
        (360, (wellbeing.PROGRAM,)),
    ]


def test_short_talks_far_apart_are_left_alone() -> None:
    assert _talk([0, 5, 300, 305, 700]) == [(0, (wellbeing.FIRST,))]


def test_after_a_week_away_it_says_again_what_it_is() -> None:
    week = 8 * 24 * 60
    assert _talk([0, week]) == [(0, (wellbeing.FIRST,)), (week, (wellbeing.PROGRAM,))]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200))
def test_nobody_goes_on_for_more_than_three_hours_unreminded(gaps: list[int]) -> None:
    minutes = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    told = {minute for minute, due in _talk(minutes) if set(due) != {wellbeing.PAUSED}}
    last = minutes[0]
    for before, minute in itertools.pairwise(minutes):
        if minute - before > 30:  # a stretch ended: its successor counts anew
            last = minute
        if minute in told:
            last = minute
        assert minute - last < 180


def test_notices_are_worded_in_both_languages() -> None:
    names = (wellbeing.FIRST, wellbeing.PROGRAM, wellbeing.PAUSED)
    for language in ("en", "zh"):
        assert len(set(wellbeing.worded(names, language))) == 3
