"""The country said in words: one's own place, and nobody else's."""

from __future__ import annotations

import pytest

from affect.safety.helplines import countries
from affect.safety.places import country_said, names


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("i'm in the UK", "GB"),
        ("I live in London and I can't do this", "GB"),
        ("i’m in canada", "CA"),
        ("I'm from New Zealand", "NZ"),
        ("i am in the US", "US"),
        ("i'm currently in germany", "DE"),
        ("我在英国", "GB"),
        ("我人在香港，没人可以说", "HK"),
        ("我住上海", "CN"),
        ("i lived there before, now i'm in japan", "JP"),
        ("my sister is in Canada", None),
        ("i'm not in the uk", None),
        ("i'm in trouble", None),
        ("他在美国", None),
        ("我在想英国的事", None),
    ],
)
def test_one_s_own_place_is_read(said: str, code: str | None) -> None:
    assert country_said(said) == code


def test_every_country_with_lines_has_a_name() -> None:
    assert set(names().values()) == set(countries())
