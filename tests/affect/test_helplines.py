"""Helplines: every entry complete, the unknown answered."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.safety.helplines import Status, countries, helpline, is_country


@pytest.mark.parametrize("country", countries())
def test_every_country_is_complete(country: str) -> None:
    found = helpline(country)
    assert found.country == country
    assert len(country) == 2
    assert found.emergency
    assert found.emergency_source
    for line in found.lines:
        assert line.numbers or line.text
        assert line.source
        assert line.status in set(Status)
        assert line.languages
        assert line.checked >= date(2026, 11, 1)
        assert "memory" not in line.source


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("US", "988"),
        ("CA", "988"),
        ("GB", "116 123"),
        ("NL", "113"),
        ("CN", "12356"),
        ("KR", "109"),
        ("IN", "14416"),
    ],
)
def test_verified_lines(country: str, number: str) -> None:
    line = helpline(country).lines[0]
    assert number in line.numbers
    assert line.status is Status.VERIFIED


def test_superseded_numbers_are_gone() -> None:
    numbers = {
        number for code in countries() for line in helpline(code).lines for number in line.numbers
    }
    assert not numbers & {"1393", "1-800-273-8255"}


@pytest.mark.parametrize("country", [None, "", "XX", "nowhere", "ZZ "])
def test_an_unknown_country_gets_the_directory(country: str | None) -> None:
    found = helpline(country)
    assert found.country is None
    assert found.lines == ()
    assert found.emergency == ()
    assert found.directory == "findahelpline.com"


@pytest.mark.parametrize(
    ("given_code", "country"), [("us", "US"), (" gb ", "GB"), ("uk", "GB"), ("no", "NO")]
)
def test_codes_are_read_kindly(given_code: str, country: str) -> None:
    assert helpline(given_code).country == country


@given(st.text())
def test_no_country_raises(country: str) -> None:
    assert helpline(country).directory


def test_a_country_is_one_that_there_is() -> None:
    assert all(is_country(code) and is_country(code.lower()) for code in countries())
    assert is_country("UK")
    assert is_country("mn")  # there is no line for it, and it is a country all the same
    assert not any(is_country(code) for code in ("zz", "", "G", "GBR", "英国", "# "))
