"""`logs export`: turns into a file, streamed, for the eyes of its owner alone.

The file appears whole or not at all. In CSV, a cell that a spreadsheet would run as a formula gets
an apostrophe in front: people can write anything. JSON Lines keep every character.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import typer

from affect.errors import BadInput, NotFound, Refused
from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Unread
from bot.admin.options import Leave, One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import search
from storage.database import Database

EXAMPLE = "Example: attune-admin logs export -o may.jsonl --since 2026-05-01"
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Write = Callable[[dict[str, Any]], None]


@options.spread
def export(
    filters: Filters,
    leave: Leave,
    how: One,
    file: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to.")],
    format_: Annotated[
        Literal["jsonl", "csv"],
        typer.Option("--format", metavar="FORMAT", help="jsonl: all that is kept; csv: a row."),
    ] = "jsonl",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Turns into a file that its owner alone can read (mode 0600), oldest first."""
    clock, zone = SystemClock(), options.zone(filters.tz)
    asked = disclosure.ask("logs export", clock, leave)
    shape = turns.whole if format_ == "jsonl" else turns.flat

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        count, unread = 0, Unread()
        with _whole(file, force=force) as draft:
            await asked.begin(database, wanted.person_uid)
            write = _json_lines(draft) if format_ == "jsonl" else _csv(draft, asked.allowed)
            async for page in search.pages(database, wanted, unread=unread):
                await asked.record(database, page)
                for view in page:
                    write(shape(view, asked.words(view), zone))
                count += len(page)
            if not count:
                raise NotFound(NOTHING)
        if how.as_json:
            told = {"file": str(file), "format": format_, "turns": count, "left_out": unread.count}
            output.print_json({**told, "revealed": asked.allowed})
        else:
            output.print_table(f"{count} turn(s) written to {file}.")
        unread.say()

    store.serve(how, job)


def _json_lines(file: TextIO) -> Write:
    def write(told: dict[str, Any]) -> None:
        file.write(output.as_json(told) + "\n")

    return write


def _csv(file: TextIO, revealed: bool) -> Write:
    names = (*turns.FLAT, *turns.CONTENT) if revealed else turns.FLAT
    writer = csv.DictWriter(file, names)
    writer.writeheader()

    def write(told: dict[str, Any]) -> None:
        if revealed:
            told = {**told, "said": "\n".join(told["said"])}
            told |= {name: _harmless(told[name]) for name in turns.CONTENT}
        writer.writerow(told)

    return write


def _harmless(text: str | None) -> str | None:
    return f"'{text}" if text and text.startswith(FORMULA) else text


@contextmanager
def _whole(path: Path, *, force: bool) -> Iterator[TextIO]:
    """A file that takes its name when all is written; raise `Refused` if the name is taken."""
    _free(path, force=force)
    if not path.parent.is_dir():
        raise BadInput("no_folder", f"There is no folder {path.parent}.")
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _free(path, force=force)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _free(path: Path, *, force: bool) -> None:
    if not force and os.path.lexists(path):
        raise Refused(f"{path} is there already: choose another name, or add --force.")
