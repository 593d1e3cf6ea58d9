"""Tables for people, each made to be read in a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def plain(*columns: str, right: Sequence[str] = (), title: str = "") -> Table:
    """Columns with two blanks between; those named in `right` hold numbers. Long words wrap."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title or None)
    table.title_justify = "left"
    for column in columns:
        justify = "right" if column in right else "left"
        table.add_column(Text(column), overflow="fold", justify=justify)
    return table


def by_part(table: Table, rows: Iterable[tuple[str, Sequence[str]]]) -> Table:
    """Fill a table with (part, cells): the part stands once, above the rows that belong to it."""
    for part, of_part in groupby(rows, key=lambda row: row[0]):
        table.add_row(Text(part, "bold"))
        for _, (first, *others) in of_part:
            table.add_row(Padding(Text(first), (0, 0, 0, 2)), *map(Text, others))
    return table
