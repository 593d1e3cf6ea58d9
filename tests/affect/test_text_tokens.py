"""Cleaning never loses words, and a long text keeps both its ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from affect.perception.tokens import clean, middle_cut

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # three emoji joined by zero-width joiners


def test_invisible_characters_go() -> None:
    assert clean("s\u200ba\u2060d\ufeff\x00") == "sad"
    assert clean("s\u200da\u200cd") == "sad"
    assert clean("\u202eevil\u202c") == "evil"
    assert clean("so\u00adft") == "soft"
    assert clean("lone \ud83d surrogate") == "lone surrogate"


def test_spaces_become_one_and_lines_join() -> None:
    assert clean("  a\n\n b\t\u3000c\u2028d ") == "a b c d"


def test_joined_emoji_and_their_dress_stay() -> None:
    assert clean(FAMILY) == FAMILY
    assert clean("❤\ufe0f") == "❤\ufe0f"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")


@given(st.lists(st.integers(), max_size=60), st.integers(min_value=1, max_value=30))
def test_the_middle_is_cut_out(pieces: list[int], room: int) -> None:
    kept = middle_cut(pieces, room)
    assert len(kept) == min(len(pieces), room)
    if len(pieces) > room:
        head = (room + 1) // 2
        assert kept[:head] == pieces[:head]
        assert kept[head:] == pieces[len(pieces) - (room - head) :]
