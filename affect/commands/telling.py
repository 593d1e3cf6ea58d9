"""What every command tells and how: JSON, tables, progress, errors as one sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from affect.errors import (
    AttuneError,
    BadInput,
    ModelUnavailable,
    NotFound,
    Refused,
    SettingsError,
    Unreachable,
)

EXIT_CODES: tuple[tuple[type[AttuneError], int], ...] = (
    (BadInput, 2),
    (SettingsError, 2),
    (NotFound, 3),
    (Refused, 4),
    (Unreachable, 5),
    (ModelUnavailable, 5),
)
FAILED, INTERRUPTED = 1, 130

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder; else ATTUNE_DATA, else ../shared/data."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class What(StrEnum):
    """What can be trained or measured, now or one day."""

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
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Say which extra is missing where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"{error.name} is not installed: pip install 'attune-companion[{name}]'."
        ) from error


@contextmanager
def progress(what: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error, where somebody can see it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def print_json(value: object) -> None:
    """One line, as the last of standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def console() -> Console:
    """Where tables go."""
    return Console(soft_wrap=False, markup=False, emoji=False)  # what people wrote is no markup


def say(line: str) -> None:
    """One line of progress, on standard error."""
    typer.echo(line, err=True)
