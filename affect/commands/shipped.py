"""`python -m affect bench` and `models`: how fast what ships is, and what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from affect.commands.telling import (
    JsonOption,
    NotYet,
    What,
    console,
    print_json,
    told_in_one_sentence,
)


def bench(
    what: Annotated[What, typer.Argument(help="What to time; now: text.")] = What.TEXT,
    against: Annotated[
        Path | None, typer.Option(help="Folder of another text model, timed beside ours.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Latency, throughput and memory; the last line is JSON."""
    with told_in_one_sentence():
        if what is not What.TEXT:
            raise NotYet(f"Timing {what} is not there yet; `bench text` is.")
        from affect.bench import as_table, time_text

        timings = [time_text(None)] + ([time_text(against)] if against else [])
        if not as_json:
            console().print(as_table(timings))
        print_json({"timings": [timing.as_json() for timing in timings]})


def models(as_json: JsonOption = False) -> None:
    """What ships: size, data, licence, headline figures."""
    with told_in_one_sentence():
        from affect.catalogue import shipped

        found = shipped()
        if as_json:
            print_json([model.as_json() for model in found])
            return
        table = Table("model", "version", "MB", "licence", "trained on", "figures", show_lines=True)
        for model in found:
            table.add_row(
                model.name,
                model.version,
                f"{model.megabytes:.1f}",
                model.licence,
                "\n".join(model.data),
                "\n".join(model.headlines),
            )
        console().print(table)
