"""Who is answered and who waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.errors import Unreachable
from affect.writers.line import Line, Seat


def test_the_number_counts_down() -> None:
    line = Line(tokens=100, people=1, waiting=8)
    first, second, third = (line.enter(10) for _ in range(3))
    assert [seat.number for seat in (first, second, third)] == [0, 1, 2]
    second.leave()
    assert third.number == 1
    first.leave()
    assert third.number == 0
    assert third.called.is_set()


def test_a_full_line_refuses() -> None:
    line = Line(tokens=100, people=1, waiting=2)
    seats = [line.enter(10) for _ in range(3)]
    with pytest.raises(Unreachable, match="waiting"):
        line.enter(10)
    seats[1].leave()
    assert line.enter(10).number == 2


def test_one_who_can_never_fit_hears_it_and_blocks_nobody() -> None:
    line = Line(tokens=100, people=4, waiting=4)
    inside, large, small = line.enter(50), line.enter(80), line.enter(10)
    line.resize(60)
    assert (large.number, small.number) == (1, 2)
    inside.leave()
    assert large.number == 0
    large.leave()
    assert small.number == 0


@given(
    needs=st.lists(st.integers(1, 60), min_size=1, max_size=30),
    leaving=st.randoms(use_true_random=False),
)
def test_it_is_never_too_full_and_everybody_gets_in_in_order(
    needs: list[int], leaving: pytest.FixtureRequest
) -> None:
    line = Line(tokens=100, people=3, waiting=100)
    seats = [line.enter(need) for need in needs]
    called: list[Seat] = []
    inside: list[Seat] = []
    while len(called) < len(seats):
        new = [seat for seat in seats if seat.called.is_set() and seat not in called]
        called += new
        inside += new
        assert called == seats[: len(called)]
        assert 1 <= len(inside) <= 3
        assert sum(seat.tokens for seat in inside) <= 100
        inside.pop(leaving.randrange(len(inside))).leave()  # type: ignore[attr-defined]
    for seat in inside:
        seat.leave()
        seat.leave()
    assert line.inside == 0


def test_people_are_counted_and_not_their_answers() -> None:
    line = Line(tokens=100, people=1, waiting=20)
    told: dict[str, list[int]] = {"ana": [], "ben": [], "cy": []}
    ana, ben, cy = (places.append for places in told.values())
    inside, first, second = (line.enter(10, ana) for _ in range(3))
    theirs = [line.enter(10, ben), line.enter(10, cy), line.enter(10, ben), line.enter(10)]
    assert [seat.number for seat in theirs] == [1, 2, 1, 3]
    assert (first.number, second.number) == (0, 0)  # she is being answered
    assert told == {"ana": [], "ben": [1], "cy": [2]}
    for seat in (inside, first, second):
        seat.leave()
    assert told == {"ana": [], "ben": [1, 0], "cy": [2, 1]}


def test_who_gives_up_is_out_of_the_line() -> None:
    line = Line(tokens=100, people=1, waiting=20)
    places: list[int] = []
    inside, waiting = line.enter(10), line.enter(10, places.append)
    behind = line.enter(10)
    waiting.leave()
    assert places == [1, 0]
    assert behind.number == 1
    inside.leave()
    assert places == [1, 0]
