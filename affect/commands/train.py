"""`python -m affect train`: from data to the files that ship."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from affect.commands.telling import (
    DataOption,
    NotYet,
    What,
    needs_extra,
    print_json,
    say,
    told_in_one_sentence,
)
from affect.errors import BadInput

TRAINED = (What.TEXT, What.VOICE, What.FACE, What.FUSION)


def train(
    what: Annotated[What, typer.Argument(help="Which model: text, voice, face or fusion.")],
    data: DataOption = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="What is begun from: for text the hub id or folder of an encoder, else "
            "multilingual-e5-small; for voice the folder of Whisper base; for face the file of "
            "dlib's face network, else random weights."
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Cache, checkpoint and TensorBoard log; else runs/WHAT.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the finished files go; else RUN/weights.")
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(min=0, help="Else the model's own; with --tune, of each try.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same data: same model.")] = 0,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(help="text: a folder of weights to learn from as well; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1)] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    tune: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="First try N settings, and train with the best."),
    ] = None,
) -> None:
    """Train a model and write the files that ship; needs the extra `train`.

    `train fusion` learns no network: it fits the weights of the modalities on held-out readings of
    the models that ship.

    `--tune N` tries learning rates and shares of the epochs first, in N short runs of `--epochs` at
    most, goes by dev alone, prints the best as JSON and trains with it at the model's own length.
    """
    with told_in_one_sentence():
        if what not in TRAINED:
            raise NotYet(f"There is nothing to train for {what}.")
        if tune is not None and what is What.FUSION:
            raise BadInput("tune", "`train fusion` weighs its whole grid: nothing is left to try.")
        run = run or Path("runs") / what
        given = {
            "run": run,
            "seed": seed,
            "device": device,
            "threads": threads,
            "resume": resume,
            **({"epochs": epochs} if epochs is not None and tune is None else {}),
            **({"base": base} if base is not None else {}),
            "teachers": tuple(teacher or ()),
        }
        settings, build = _program(what)
        from affect.training import data as corpora

        today = datetime.now(UTC).date()
        known = {name: value for name, value in given.items() if name in settings.__annotations__}
        own, folder = settings(**known), corpora.folder(data)
        if tune is not None:
            own = _tuned(what, own, folder, tune, epochs)
        build(own, folder, out or run / "weights", today, say)


def _tuned(what: What, own: Any, folder: Path, count: int, epochs: float | None) -> Any:
    """The settings that did best on dev, which are printed."""
    from affect.training.tune import SEARCHES, search

    with needs_extra("train"):
        found = search(SEARCHES[what], own, folder, count, epochs, say)
    print_json(found.to_json())
    return found.settings


def _program(what: What) -> tuple[Any, Any]:
    """The settings and the `build` of a model's training."""
    module = {"text": "affect.training.text"}.get(what, f"affect.training.{what}")
    builder = {"text": "affect.training.ship"}.get(what, module)
    with needs_extra("train"):
        return import_module(module).Settings, import_module(builder).build
