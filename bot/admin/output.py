"""How results are printed: a table for people, or JSON and nothing else on standard output.

What people wrote may hold anything, also what would steer a terminal; it is made harmless here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from affect.errors import BadInput

PIPED_WIDTH = 160  # columns of a table that goes to a file or another program

# Control characters (C0, DEL, C1), line separators and marks that change the direction of writing.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class Form(Enum):
    """What a result is printed as."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


def form(*, as_json: bool, as_jsonl: bool = False) -> Form:
    """The form that was asked for; raise `BadInput` if it is two."""
    if as_json and as_jsonl:
        raise BadInput("two_forms", "Choose one of --json and --jsonl.")
    return Form.JSON if as_json else Form.JSONL if as_jsonl else Form.TABLE


def print_json(document: object) -> None:
    """One JSON document on a line of its own."""
    sys.stdout.write(as_json(document) + "\n")


def as_json(document: object) -> str:
    """A document as JSON; characters that steer a terminal stand as escapes."""
    told = json.dumps(document, ensure_ascii=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", told)


def print_table(*parts: RenderableType) -> None:
    """Tables and lines for people."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    filled = [part for part in parts if not (isinstance(part, Table) and part.row_count == 0)]
    for number, part in enumerate(filled):
        if number:
            console.print()
        console.print(part)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """A plain table; nothing is cut off, long cells wrap."""
    made = Table(box=None, padding=(0, 2, 0, 0), title=title or None, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return made


def cell(value: object) -> Text:
    """A value as people read it: two decimals, nothing for None, no character that steers."""
    if value is None:
        return Text("")
    if isinstance(value, float):
        return Text(f"{value:.2f}", justify="right")
    return Text(_STEERING.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def pairs(values: Mapping[str, Any], title: str = "") -> Table:
    """Names and values, one a line; what is not there is left out."""
    told = (
        (name, f"{value:.2f}" if isinstance(value, float) else value)
        for name, value in values.items()
        if value is not None and value != ""
    )
    made = table(("", ""), told, title)
    made.show_header = False
    return made


def note(sentence: str) -> None:
    """One sentence beside the result, on standard error."""
    sys.stderr.write(sentence + "\n")
