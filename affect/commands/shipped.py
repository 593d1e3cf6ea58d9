"""`python -m affect bench` and `models`: how fast what ships is, and what it is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType

from affect import tables
from affect.commands.telling import (
    DataOption,
    JsonOption,
    console,
    needs_extra,
    print_json,
    say,
    told_in_one_sentence,
)
from affect.errors import BadInput, ModelUnavailable, NotFound

if TYPE_CHECKING:
    from affect.bench import Timing
    from affect.catalogue import Shipped


class Timed(StrEnum):
    """What can be timed."""

    TEXT = "text"
    VOICE = "voice"
    FACE = "face"
    ALL = "all"
    WRITER = "writer"


class Random(StrEnum):
    """Sizes of models with random weights."""

    TINY = "tiny"
    SMALL = "small"
    EIGHT_BILLION = "8b"


PEERS = "usual"
GENERATE = "generate"


def bench(
    what: Annotated[Timed, typer.Argument(help="What to time.")] = Timed.TEXT,
    against: Annotated[
        str | None,
        typer.Option(
            help="Folder of another text model, or `usual`: RoBERTa-base, wav2vec2-base and "
            "ViT-base with random weights, where torch is installed. For `writer`: `generate`, "
            "which answers one person after another."
        ),
    ] = None,
    data: DataOption = None,
    model: Annotated[
        str | None, typer.Option(help="writer: folder or hub id; else random weights.")
    ] = None,
    random: Annotated[Random, typer.Option(help="writer: size of the random one.")] = Random.SMALL,
    quantization: Annotated[
        str | None, typer.Option(help="writer: nf4, int8 or none; else as ATTUNE_LLM_QUANTIZATION.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=2, help="writer: tokens of each answer.")] = 32,
    people: Annotated[str, typer.Option(help="writer: how many at once.")] = "1,8,32,128",
    as_json: JsonOption = False,
) -> None:
    """Latency, throughput and memory on one core. The last line is JSON."""
    with told_in_one_sentence():
        if what is Timed.WRITER:
            _writer(model, quantization, random, tokens, people, against, as_json)
            return
        from affect import bench as measure

        if against not in (None, PEERS) and what is not Timed.TEXT:
            raise BadInput("option", f"A folder can be timed against text alone, not {what}.")
        timings = _timings(what, data)
        started = measure.startup() if what is Timed.ALL else None
        if against == PEERS:
            try:
                timings += measure.time_peers(timings)
            except ModelUnavailable as missing:
                say(str(missing))
        elif against is not None:
            timings.append(measure.time_text(Path(against)))
        if not as_json:
            console().print(measure.as_table(timings))
            if started is not None:
                console().print(f"From nothing to the first line read: {started:.2f} s.")
        told: dict[str, object] = {"timings": [timing.as_json() for timing in timings]}
        print_json(told if started is None else told | {"startup_seconds": round(started, 2)})


def _timings(what: Timed, data: Path | None) -> list[Timing]:
    from affect import bench as measure
    from affect.analysis import Analyst
    from affect.training import data as corpora

    try:
        folder = corpora.folder(data)
    except NotFound:
        folder = None
    match what:
        case Timed.TEXT:
            return [measure.time_text(None)]
        case Timed.VOICE:
            return measure.time_voice(Analyst())
        case Timed.FACE:
            return measure.time_face(Analyst(), folder)
        case _:
            return measure.time_all(folder)


def _writer(
    model: str | None,
    quantization: str | None,
    shape: Random,
    tokens: int,
    people: str,
    against: str | None,
    as_json: bool,
) -> None:
    from affect import bench_writer

    if against not in (None, GENERATE):
        raise BadInput("option", f"A writer is timed against {GENERATE}, not {against}.")
    try:
        numbers = [int(number) for number in people.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise BadInput("option", "--people takes numbers such as 1,8,32.")
    with needs_extra("llm"):
        report = bench_writer.run(
            model, quantization, shape, tokens, numbers, against == GENERATE, say
        )
    if not as_json:
        console().print(bench_writer.as_table(report))
        new, known = report.prefix_ms
        console().print(f"First token with the persona new: {new:.0f} ms, known: {known:.0f} ms.")
    print_json(report.as_json())


def models(
    as_json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/models.md: every card.")
    ] = False,
) -> None:
    """What ships: size, data, licence, headline figures."""
    with told_in_one_sentence():
        from affect import catalogue

        found = catalogue.shipped()
        if markdown:
            typer.echo(catalogue.markdown(found), nl=False)
        elif as_json:
            print_json([model.as_json() for model in found])
        else:
            console().print(_table(found))


def _table(found: list[Shipped]) -> RenderableType:
    """A chapter a model."""
    parts: list[RenderableType] = []
    for model in found:
        told = tables.plain("", "", title=f"{model.name} {model.version}, {model.megabytes:.1f} MB")
        told.show_header = False
        told.add_row("  licence", model.licence)
        for name, lines in (("trained on", model.data), ("figures", model.headlines)):
            if lines:
                told.add_row(f"  {name}", "\n".join(lines))
        parts += [told, ""]
    return Group(*parts[:-1])
