"""Turns as JSON Lines, CSV or Markdown. A page of its own (HTML) is in `page`.

In CSV, a cell that a spreadsheet would run as a formula gets an apostrophe in front: people can
write anything. JSON Lines keep every character. In Markdown, marks that it would read are escaped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any, Protocol, TextIO
from zoneinfo import ZoneInfo

from bot.admin import output
from bot.admin.disclosure import Words
from bot.admin.logs import turns
from storage.records import TurnView

BREAK = "\\\n"  # a line that ends, not a paragraph that flows on
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~-])")


class Format(Protocol):
    """Writes turns into a file, one after another, and remembers none of them."""

    def begin(self, file: TextIO) -> None:
        """Write what stands before the first turn."""
        ...

    def turn(self, file: TextIO, view: TurnView, words: Words | None) -> None:
        """Write a turn; `words` is None where they stay hidden."""
        ...

    def end(self, file: TextIO) -> None:
        """Write what stands after the last turn."""
        ...


class JsonLines:
    """All that is kept of a turn, as one JSON object a line."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def begin(self, file: TextIO) -> None:
        """Nothing stands before."""

    def turn(self, file: TextIO, view: TurnView, words: Words | None) -> None:
        """One line."""
        file.write(output.as_json(turns.whole(view, words, self._zone)) + "\n")

    def end(self, file: TextIO) -> None:
        """Nothing stands after."""


class Csv:
    """A row a turn."""

    def __init__(self, zone: ZoneInfo, *, revealed: bool) -> None:
        self._zone = zone
        self._revealed = revealed
        self._names = (*turns.FLAT, *turns.CONTENT) if revealed else turns.FLAT

    def begin(self, file: TextIO) -> None:
        """The names of the columns."""
        csv.writer(file).writerow(self._names)

    def turn(self, file: TextIO, view: TurnView, words: Words | None) -> None:
        """One row."""
        told = turns.flat(view, words, self._zone)
        if self._revealed:
            told = {**told, "said": "\n".join(told["said"])}
            told |= {name: _harmless(told[name]) for name in turns.CONTENT}
        csv.DictWriter(file, self._names).writerow(told)

    def end(self, file: TextIO) -> None:
        """Nothing stands after."""


class Markdown:
    """A talk to be read: a heading a day, what was said as quotations."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day = ""

    def begin(self, file: TextIO) -> None:
        """The title."""
        file.write("# Turns\n")

    def turn(self, file: TextIO, view: TurnView, words: Words | None) -> None:
        """One turn, under the day of it."""
        told = turns.flat(view, words, self._zone)
        day, time = told["at"][:10], told["at"][11:19]
        if day != self._day:
            file.write(f"\n## {day}\n")
            self._day = day
        person, turn = turns.short("person", told["person"]), turns.short("turn", told["turn"])
        file.write(f"\n**{time}** {told['platform']}, person {person}, turn {turn}\n")
        said = "\n".join(told["said"]) if words else turns.HIDDEN
        file.write(_quoted(said) + "\n")
        reply = _plain(told.get("reply", turns.HIDDEN) or "").replace("\n", BREAK)
        file.write(f"*{turns.read_as(told)}*\n\n{reply}\n")

    def end(self, file: TextIO) -> None:
        """Nothing stands after."""


def _quoted(text: str) -> str:
    return "> " + _plain(text).replace("\n", f"{BREAK}> ") + "\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", text)


def _harmless(text: str | None) -> str | None:
    return f"'{text}" if text and text.startswith(FORMULA) else text


def named(name: str, zone: ZoneInfo, *, revealed: bool) -> Format:
    """The format of a name."""
    from bot.admin.logs.page import Page

    made: Mapping[str, Any] = {
        "jsonl": lambda: JsonLines(zone),
        "csv": lambda: Csv(zone, revealed=revealed),
        "md": lambda: Markdown(zone),
        "html": lambda: Page(zone),
    }
    format_: Format = made[name]()
    return format_
