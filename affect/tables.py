"""Tables for people, each made to be read in a terminal of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

# Control characters (C0, DEL, C1), line separators and marks that change the direction of writing.
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def harmless(text: str) -> str:
    """A text that somebody wrote, without what would steer a terminal."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(*columns: str, right: Sequence[str] = (), title: str = "") -> Table:
    """Columns with two blanks between; those named in `right` hold numbers. Long words wrap."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title or None)
    table.title_justify = "left"
    for column in columns:
        at: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(Text(column), overflow="fold", justify=at)
    return table


def by_part(table: Table, rows: Iterable[tuple[str, Sequence[str]]]) -> Table:
    """Fill a table with (part, cells): the part stands once, above the rows that belong to it."""
    for part, of_part in groupby(rows, key=lambda row: row[0]):
        table.add_row(Text(part, "bold"))
        for _, (first, *others) in of_part:
            table.add_row(Padding(Text(first), (0, 0, 0, 2)), *map(Text, others))
    return table
