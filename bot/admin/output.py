"""How results are printed: a table for people, or JSON and nothing else on standard output.

What people wrote may hold anything, also what would steer a terminal; it is made harmless here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from affect.errors import BadInput, NotFound
from affect.tables import STEERING, harmless
from bot.admin.options import Many, One

NOTHING = "Nothing of that kind was found."
END = 8  # characters of an id in a table
PIPED_WIDTH = 160  # columns of a table that goes to a file or another program
WIDE = 120  # columns of a terminal in which all of a list has room
WHOLE = frozenset({"at", "turn", "person", "since", "last", "blocked", "what"})
"""Columns that are never broken: half an id or a time helps nobody."""


class Form(Enum):
    """What a result is printed as."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


def form(asked: One) -> Form:
    """The form that was asked for; raise `BadInput` if it is two."""
    as_jsonl = isinstance(asked, Many) and asked.as_jsonl
    if asked.as_json and as_jsonl:
        raise BadInput("two_forms", "Choose one of --json and --jsonl.")
    return Form.JSON if asked.as_json else Form.JSONL if as_jsonl else Form.TABLE


def print_json(document: object) -> None:
    """One JSON document on a line of its own."""
    sys.stdout.write(as_json(document) + "\n")


def as_json(document: object) -> str:
    """A document as JSON; characters that steer a terminal stand as escapes."""
    told = json.dumps(document, ensure_ascii=False)
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", told)


def width() -> int:
    """Columns that a table may take; `COLUMNS` says it through a pipe too, as `watch` does."""
    told = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(file=sys.stdout).width if told else PIPED_WIDTH


def wide() -> bool:
    """Whether all of a list has room; if not, columns that matter less are left out."""
    return width() >= WIDE


def print_table(*parts: RenderableType) -> None:
    """Tables and lines for people."""
    console = Console(file=sys.stdout, width=width(), highlight=False, markup=False, emoji=False)
    filled = [part for part in parts if not (isinstance(part, Table) and part.row_count == 0)]
    for number, part in enumerate(filled):
        if number:
            console.print()
        console.print(part)


def print_line(told: str) -> None:
    """One line for people."""
    sys.stdout.write(harmless(told.replace("\n", " / ")) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """A plain table; nothing is cut off, long cells wrap."""
    made = Table(box=None, padding=(0, 2, 0, 0), title=title or None, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return made


def cell(value: object) -> Text:
    """A value as people read it: two decimals, nothing for None, no character that steers."""
    if value is None:
        return Text("")
    if isinstance(value, float):
        return Text(f"{value:.2f}", justify="right")
    return Text(harmless(str(value)))


def short(name: str) -> str:
    """The end of a uid or a turn's id, which a command takes for the whole."""
    return name[-END:]


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


Rows = Sequence[Mapping[str, Any]]


async def print_rows(
    rows: AsyncIterator[dict[str, Any]],
    form: Form,
    table: Callable[[Rows], RenderableType],
    nothing: str = NOTHING,
) -> None:
    """Print rows as they were asked for; raise `NotFound` after an empty result."""
    if form is Form.JSONL:
        some = False
        async for row in rows:
            print_json(row)
            some = True
    else:
        found = [row async for row in rows]
        some = bool(found)
        if form is Form.JSON:
            print_json(found)
        elif some:
            print_table(table(found))
    if not some:
        raise NotFound(nothing)


@contextmanager
def progress(total: int, what: str, form: Form) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while a terminal looks on; takes how much more was done.

    The time it says is left is measured on what was done so far. There is none where lines of the
    result would run through it.
    """
    if not sys.stderr.isatty() or (form is Form.JSONL and sys.stdout.isatty()):
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    # Left to itself, the bar would take standard output along to where it is drawn.
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Left(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def note(sentence: str) -> None:
    """One sentence beside the result, on standard error."""
    sys.stderr.write(sentence + "\n")
