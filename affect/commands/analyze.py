"""`python -m affect analyze`: one reading, or a whole file of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affect import tables
from affect.commands.telling import (
    JsonOption,
    console,
    print_json,
    progress,
    say,
    told_in_one_sentence,
)
from affect.errors import BadInput

if TYPE_CHECKING:
    from affect.batch import Columns, Summary


def analyze(
    text: Annotated[str | None, typer.Argument(help="Words; standard input if left out.")] = None,
    voice: Annotated[
        Path | None, typer.Option(help="A recording; transcribed where no TEXT is given.")
    ] = None,
    face: Annotated[Path | None, typer.Option(help="A picture of one face.")] = None,
    batch: Annotated[Path | None, typer.Option(help="A CSV file, one reading a row.")] = None,
    column: Annotated[str, typer.Option(help="The column that holds the words.")] = "text",
    voice_column: Annotated[
        str | None, typer.Option(help="The column with paths of recordings.")
    ] = None,
    face_column: Annotated[
        str | None, typer.Option(help="The column with paths of pictures.")
    ] = None,
    time_column: Annotated[
        str | None, typer.Option(help="ISO times, for valence by day in the summary.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where rows go.")] = None,
    language: Annotated[str | None, typer.Option(help="en, zh, ...; detected if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read words, a voice and a face together, or a file of them.

    Paths in media columns are looked up beside the CSV file, then from the current folder. OUT
    keeps the file's own cells as they are: a cell that begins with =, +, - or @ may be taken for a
    formula by a spreadsheet program, as it may in the file given.
    """
    with told_in_one_sentence():
        if batch is None:
            _one(text, voice, face, language, as_json)
        elif out is None:
            raise BadInput("option", "Name the file to write with -o OUT.csv.")
        elif text is not None or voice is not None or face is not None:
            raise BadInput("option", "Give either TEXT, --voice, --face or --batch, not both.")
        else:
            from affect.batch import Columns

            columns = Columns(column, voice_column, face_column, time_column)
            _file(batch, out, columns, as_json)


def _one(
    text: str | None, voice: Path | None, face: Path | None, language: str | None, as_json: bool
) -> None:
    from affect import display
    from affect.analysis import Analyst

    if text is None and voice is None and face is None:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    found = Analyst().read(text, voice, face, language)
    if as_json:
        told = display.as_json(found.reading, found.language)
        print_json(told | {"problems": list(found.problems)})
    else:
        console().print(display.as_table(found.reading, found.language, found.problems))


def _file(source: Path, out: Path, columns: Columns, as_json: bool) -> None:
    from affect.analysis import Analyst
    from affect.batch import read_file

    try:
        with progress(f"Reading {source.name}") as done:
            summary = read_file(Analyst(), source, out, columns, done)
    except KeyboardInterrupt:
        say("Interrupted: the same command goes on from there.")
        raise
    if as_json:
        print_json(
            {
                "rows": summary.rows,
                "read": summary.read,
                "emotions": dict(summary.emotions),
                "problems": dict(summary.problems),
                "valence_by_day": {
                    day: {"valence": round(entry.mean, 4), "rows": entry.count}
                    for day, entry in sorted(summary.days.items())
                },
                "typical": {
                    emotion: {"confidence": sure, "row": row, "text": text}
                    for emotion, (sure, row, text) in summary.typical.items()
                },
                "danger": {**summary.danger, "rows": summary.gravest},
            }
        )
    else:
        _print_summary(summary, out)


def _print_summary(summary: Summary, out: Path) -> None:
    screen = console()
    screen.print(f"{summary.read} of {summary.rows} rows read into {out}.", highlight=False)
    for problem, count in summary.problems.most_common():
        screen.print(f"  {count} with problem {problem}", highlight=False)
    shares = tables.plain("emotion", "rows", "share", "most typical row", right=("rows", "share"))
    for emotion, count in summary.emotions.most_common():
        _, row, text = summary.typical.get(emotion, (0.0, 0, ""))
        example = tables.harmless(f"{row}: {text}") if row else ""
        shares.add_row(emotion, str(count), f"{count / summary.read:.1%}", example)
    if summary.emotions:
        screen.print("", shares)
    if summary.days:
        days = tables.plain("day", "rows", "mean valence", right=("rows", "mean valence"))
        for day, entry in sorted(summary.days.items()):
            days.add_row(day, str(entry.count), f"{entry.mean:+.3f}")
        screen.print("", days)
    if summary.danger:
        crisis, concern = summary.danger["crisis"], summary.danger["concern"]
        named = f" (row {', '.join(map(str, summary.gravest))})" if summary.gravest else ""
        told = f"Danger in words: crisis {crisis}{named}, concern {concern}."
        screen.print(f"{told} Somebody should read them.", highlight=False)
