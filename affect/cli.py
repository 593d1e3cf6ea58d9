"""The commands of `python -m affect`: analyze, train, evaluate, bench, models.

Each command imports what it needs when it runs, so that `--help` is quick. Errors of the house
become one sentence on standard error and an exit code (see `EXIT_CODES`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from affect.errors import (
    AttuneError,
    BadInput,
    ModelUnavailable,
    NotFound,
    Refused,
    SettingsError,
    Unreachable,
)

if TYPE_CHECKING:
    from affect.batch import Summary
    from affect.evaluation.text import Figure

EXIT_CODES: tuple[tuple[type[AttuneError], int], ...] = (
    (BadInput, 2),
    (SettingsError, 2),
    (NotFound, 3),
    (Refused, 4),
    (Unreachable, 5),
    (ModelUnavailable, 5),
)
FAILED = 1

app = typer.Typer(
    help="Attune's feeling half: read the affect of words; train, measure and time the models.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


class What(StrEnum):
    """What can be trained, measured or timed, now or one day."""

    TEXT = "text"
    VOICE = "voice"
    FACE = "face"
    FUSION = "fusion"
    TRAJECTORY = "trajectory"
    STRATEGY = "strategy"
    REPLIES = "replies"
    FAIRNESS = "fairness"


class NotYet(AttuneError):
    """A part of the contract that is not built yet."""


DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder; else ATTUNE_DATA, else ../shared/data."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command(
    epilog="Examples: `python -m affect analyze 'I got the job!'` · "
    "`cat note.txt | python -m affect analyze --json` · "
    "`python -m affect analyze --batch posts.csv --column text --time-column at -o read.csv`"
)
def analyze(
    text: Annotated[str | None, typer.Argument(help="Words; standard input if left out.")] = None,
    voice: Annotated[Path | None, typer.Option(help="A recording (not there yet).")] = None,
    face: Annotated[Path | None, typer.Option(help="A picture of a face (not there yet).")] = None,
    batch: Annotated[Path | None, typer.Option(help="A CSV file, one reading a row.")] = None,
    column: Annotated[str, typer.Option(help="The column that holds the words.")] = "text",
    voice_column: Annotated[str | None, typer.Option(help="Recordings (not there yet).")] = None,
    face_column: Annotated[str | None, typer.Option(help="Pictures (not there yet).")] = None,
    time_column: Annotated[
        str | None, typer.Option(help="ISO times, for valence by day in the summary.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where rows go.")] = None,
    language: Annotated[str | None, typer.Option(help="en, zh, ...; detected if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read one text, or a whole file of them."""
    with told_in_one_sentence():
        if voice or voice_column:
            raise NotYet("Reading voices is not there yet; give the words instead.")
        if face or face_column:
            raise NotYet("Reading faces is not there yet; give the words instead.")
        if batch is None:
            _analyze_one(text, language, as_json)
        elif out is None:
            raise BadInput("option", "Name the file to write with -o OUT.csv.")
        elif text is not None:
            raise BadInput("option", "Give either TEXT or --batch, not both.")
        else:
            _analyze_batch(batch, out, column, time_column, as_json)


@app.command(
    epilog="Example: `python -m affect train text --data ../shared/data --run runs/text --resume`"
)
def train(
    what: Annotated[What, typer.Argument(help="Which model; now: text.")],
    data: DataOption = None,
    base: Annotated[
        str, typer.Option(help="Hub id or folder of the encoder to start from.")
    ] = "intfloat/multilingual-e5-small",
    run: Annotated[Path, typer.Option(help="Cache, checkpoint and TensorBoard log.")] = Path(
        "runs/text"
    ),
    out: Annotated[Path, typer.Option(help="Where the finished files go.")] = Path(
        "runs/text/weights"
    ),
    epochs: Annotated[float, typer.Option(min=0)] = 2.0,
    seed: Annotated[int, typer.Option(help="Same seed, same data: same model.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1)] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    tune: Annotated[int | None, typer.Option(help="Search N settings (not there yet).")] = None,
) -> None:
    """Train a model and write the files that ship, calibrated; needs the extra `train`."""
    with told_in_one_sentence():
        if what is not What.TEXT:
            raise NotYet(f"Training {what} is not there yet; `train text` is.")
        if tune is not None:
            raise NotYet("Searching for settings (--tune) is not there yet.")
        with needs_extra("train"):
            from affect.training import data as corpora
            from affect.training.ship import build
            from affect.training.text import Settings
        settings = Settings(
            base=base,
            run=run,
            epochs=epochs,
            seed=seed,
            device=device,
            threads=threads,
            resume=resume,
        )
        build(settings, corpora.folder(data), out, datetime.now(UTC).date(), _say)


@app.command(epilog="Example: `python -m affect evaluate text --data ../shared/data --json`")
def evaluate(
    what: Annotated[What, typer.Argument(help="Which table; now: text, replies.")],
    data: DataOption = None,
    weights: Annotated[Path | None, typer.Option(help="A folder; else what ships.")] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write the figures into the card of --weights too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recompute a table: a card's figures on the official test splits, or the replies' gates.

    The last line is JSON.
    """
    with told_in_one_sentence():
        if what is What.REPLIES:
            from affect.evaluation import replies

            replies.main(json=as_json, read_too=True)
            return
        if what is not What.TEXT:
            raise NotYet(f"Evaluating {what} is not there yet; `evaluate text` and `replies` are.")
        if card and weights is None:
            raise BadInput("option", "--card needs --weights, the folder whose card to write.")
        from affect.evaluation import text as evaluation
        from affect.evaluation.card import write_figures
        from affect.perception.text import TextModel
        from affect.training import data as corpora

        model, folder = TextModel.load(weights), corpora.folder(data)
        figures = evaluation.evaluate(model, folder, _say)
        if not as_json:
            _console().print(_figure_table(figures))
        if card and weights is not None:
            write_figures(weights, figures, datetime.now(UTC).date())
        print_json({"model": model.name, "figures": evaluation.as_json(figures)})


@app.command(epilog="Example: `python -m affect bench text --json`")
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
            _console().print(as_table(timings))
        print_json({"timings": [timing.as_json() for timing in timings]})


@app.command(epilog="Example: `python -m affect models`")
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
        _console().print(table)


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn an error of the house into a sentence and an exit code."""
    try:
        yield
    except AttuneError as error:
        code = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)
        typer.echo(str(error), err=True)
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Say which extra is missing where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"{error.name} is not installed: pip install 'attune-companion[{name}]'."
        ) from error


def print_json(value: object) -> None:
    """One line, as the last of standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def _analyze_one(text: str | None, language: str | None, as_json: bool) -> None:
    from affect import display
    from affect.fusion import fuse
    from affect.perception.text import TextModel

    words = text if text is not None else sys.stdin.buffer.read().decode("utf-8", "replace")
    read = TextModel.load().read(words, language)
    reading = fuse([read.estimate])
    if as_json:
        print_json(display.as_json(reading, read.language))
    else:
        _console().print(display.as_table(reading, read.language))


def _analyze_batch(
    source: Path, out: Path, column: str, time_column: str | None, as_json: bool
) -> None:
    from affect.batch import read_file
    from affect.perception.text import TextModel

    with _progress(f"Reading {source.name}") as progress:
        summary = read_file(TextModel.load(), source, out, column, time_column, progress)
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
            }
        )
    else:
        _print_summary(summary, out)


def _print_summary(summary: Summary, out: Path) -> None:
    console = _console()
    console.print(f"{summary.read} of {summary.rows} rows read into {out}.", highlight=False)
    for problem, count in summary.problems.most_common():
        console.print(f"  {count} with problem {problem}", highlight=False)
    shares = Table("emotion", "rows", "share", "most typical row", title="Emotions")
    for emotion, count in summary.emotions.most_common():
        _, row, text = summary.typical.get(emotion, (0.0, 0, ""))
        example = f"{row}: {text}" if row else ""
        shares.add_row(emotion, str(count), f"{count / summary.read:.1%}", example)
    console.print(shares)
    if summary.days:
        days = Table("day", "rows", "mean valence", title="Valence by day")
        for day, entry in sorted(summary.days.items()):
            days.add_row(day, str(entry.count), f"{entry.mean:+.3f}")
        console.print(days)


def _figure_table(figures: list[Figure]) -> Table:
    table = Table("test split", "figure", "value", "95 % interval", "texts", "must")
    for f in figures:
        must = "" if f.needed is None else f"{f.needed:.2f} {'ok' if f.value >= f.needed else 'NO'}"
        interval = f"{f.low:.3f} to {f.high:.3f}"
        table.add_row(f.corpus, f.name, f"{f.value:.3f}", interval, f"{f.count:,}", must)
    return table


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error, where somebody can see it."""
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _console() -> Console:
    return Console(soft_wrap=False)


def _say(line: str) -> None:
    typer.echo(line, err=True)
