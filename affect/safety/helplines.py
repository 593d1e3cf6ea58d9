"""Lines that listen, by country, from `helplines.yaml`.

The country is the person's own choice or a setting, never guessed from an address. A country that
is unknown, or has no line that we could find written down, gets the directory and "the emergency
number where you are".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from affect import written


class Status(StrEnum):
    """How well a line is known: from its own body, or from others who list it."""

    VERIFIED = "verified"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `free` and `hours` ("24h", "18h+" or times) are None where unknown.

    `english` is an English name where `name` is in other letters.
    """

    name: str
    english: str | None
    numbers: tuple[str, ...]
    text: str | None
    hours: str | None
    free: bool | None
    languages: tuple[str, ...]
    note: str | None
    source: str
    checked: date
    status: Status


@dataclass(frozen=True, slots=True)
class Helpline:
    """Whom to call in a country: `lines` best first, `emergency` numbers most apt first.

    `country` is None, `emergency` empty and `lines` empty where the country is unknown; the
    directory (a site that lists lines by country) is always there.
    """

    country: str | None
    emergency: tuple[str, ...]
    emergency_source: str | None
    lines: tuple[Line, ...]
    directory: str


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = written.read(files("affect.safety") / "helplines.yaml")
    return content


def countries() -> tuple[str, ...]:
    """Return the codes of all countries with an entry, sorted."""
    return tuple(sorted(_content()["countries"]))


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    # The ISO 3166 table that comes with the time zones.
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line[:2].isalpha())


def is_country(code: str) -> bool:
    """Whether it is an ISO 3166 code of two letters, any case; "UK" is taken as GB."""
    return code.upper() in _codes() or code.upper() == "UK"


def helpline(country: str | None) -> Helpline:
    """Return whom to call in a country (ISO 3166 code, any case; "UK" is taken as GB)."""
    content = _content()
    code = (country or "").strip().upper()
    code = "GB" if code == "UK" else code
    directory = content["directory"]["url"]
    entry = content["countries"].get(code)
    if entry is None:
        return Helpline(None, (), None, (), directory)
    return Helpline(
        country=code,
        emergency=tuple(entry["emergency"]["numbers"]),
        emergency_source=content["emergency_sources"][entry["emergency"]["source"]],
        lines=tuple(_line(one) for one in entry["lines"]),
        directory=directory,
    )


def _line(entry: Mapping[str, Any]) -> Line:
    return Line(
        name=entry["name"],
        english=entry.get("english"),
        numbers=tuple(entry["numbers"]),
        text=entry.get("text"),
        hours=entry.get("hours"),
        free=entry.get("free"),
        languages=tuple(entry["languages"]),
        note=entry.get("note"),
        source=entry["source"],
        checked=entry["checked"],
        status=Status(entry["status"]),
    )
