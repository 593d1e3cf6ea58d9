"""`python -m affect evaluate`: a table of figures, recomputed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from affect import tables
from affect.commands.asking import Words, open_model
from affect.commands.telling import (
    DataOption,
    JsonOption,
    What,
    console,
    needs_extra,
    print_json,
    say,
    told_in_one_sentence,
)
from affect.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from affect.evaluation.figures import Figure
    from affect.evaluation.generated import Talks
    from affect.writers.chat import ChatModel


def evaluate(
    what: Annotated[What, typer.Argument(help="Which table.")],
    data: DataOption = None,
    weights: Annotated[Path | None, typer.Option(help="A folder; else what ships.")] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write the figures into the card of --weights too.")
    ] = False,
    writer: Annotated[
        Words, typer.Option(help="replies: whose; an LLM's stand beside its bare prompt.")
    ] = Words.SCRIPTED,
    model: Annotated[
        str | None, typer.Option(help="The LLM: a folder or hub id, or its name on a server.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Its server, with --writer openai; else ATTUNE_LLM_BASE_URL.")
    ] = None,
    appraiser: Annotated[
        str | None,
        typer.Option(
            help="text: what an LLM's reading adds; a folder or hub id, or a server's URL."
        ),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(help="A file that keeps what the LLM says: to go on where one broke off."),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="For an LLM: about so many lines, by lot. [replies: else all] "
            "trajectory: about so many people a part.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the lot.")] = 0,
    half: Annotated[
        Literal["even", "odd"] | None,
        typer.Option(help="replies: every other talk, to try on one and report on the other."),
    ] = None,
    language: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="replies: one language's of these; else both."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute a table of figures: a card's, the line's, the replies'.

    A card's are those on people who were held out. The last line is JSON.
    """
    with told_in_one_sentence():
        if card and weights is None:
            raise BadInput("option", "--card needs --weights, the folder whose card to write.")
        if what is What.REPLIES and writer is not Words.SCRIPTED:
            opening = _opened(writer, model, base_url, kept)
            from affect.evaluation import generated

            talks = generated.drawn(sample, seed, half, language)
            asyncio.run(_generated(opening, talks, as_json))
        elif what is What.TEXT and appraiser:
            remote = appraiser.startswith(("http://", "https://"))
            opening = (
                _opened(Words.OPENAI, model, appraiser, kept)
                if remote
                else _opened(Words.LOCAL, appraiser, None, kept)
            )
            asyncio.run(_appraised(opening, data, sample, seed, as_json))
        else:
            _ours(what, data, weights, sample, card, as_json)


def _ours(
    what: What,
    data: Path | None,
    weights: Path | None,
    sample: int | None,
    card: bool,
    as_json: bool,
) -> None:
    """The tables that need nothing but what ships."""
    from affect.training import data as corpora

    match what:
        case What.REPLIES:
            from affect.evaluation import replies

            replies.main(json=as_json, read_too=True)
        case What.STRATEGY:
            from affect.evaluation import strategy

            strategy.main(corpora.folder(data), json=as_json)
        case What.TEXT | What.VOICE | What.FACE:
            _model(what, data, weights, card, as_json)
        case What.FUSION:
            from affect.evaluation import fusion

            found = fusion.evaluate(corpora.folder(data), say)
            if not as_json:
                for table in found.tables():
                    console().print(table)
            print_json(found.as_json())
        case What.TRAJECTORY:
            from affect.evaluation import trajectory

            measured = trajectory.evaluate(say, sample or trajectory.PEOPLE)
            if not as_json:
                console().print(measured.table())
            print_json(measured.as_json())
        case What.FAIRNESS:
            from affect.evaluation import fairness

            _print("fairness", fairness.evaluate(corpora.folder(data), say), as_json)


@asynccontextmanager
async def _opened(
    writer: Words, model: str | None, base_url: str | None, kept: Path | None
) -> AsyncIterator[ChatModel]:
    """The LLM, its answers kept where a file is named."""
    from affect.evaluation.kept import Kept

    with needs_extra("llm"):
        chat = await open_model(writer, model, base_url)
    try:
        yield Kept(chat, kept) if kept else chat
    finally:
        await chat.aclose()


async def _generated(
    opening: AbstractAsyncContextManager[ChatModel], talks: Talks, as_json: bool
) -> None:
    from affect.evaluation import generated
    from affect.perception.text import TextModel
    from affect.writers import bank
    from affect.writers.scripted import ScriptedWriter

    reader = TextModel.load()
    scripted = ScriptedWriter(bank.load(), reader)
    async with opening as chat:
        found = await generated.compare(chat, scripted, reader, talks, say)
    if as_json:
        print_json(generated.as_json(found))
    else:
        generated.show(found)


async def _appraised(
    opening: AbstractAsyncContextManager[ChatModel],
    data: Path | None,
    sample: int | None,
    seed: int,
    as_json: bool,
) -> None:
    from affect.evaluation import appraisal
    from affect.perception.text import TextModel
    from affect.training import data as corpora

    texts = appraisal.drawn(corpora.folder(data), sample or appraisal.TEXTS, seed)
    async with opening as chat:
        figures = await appraisal.evaluate(chat, TextModel.load(), texts, say)
    _print(chat.name, figures, as_json)


def _model(what: What, data: Path | None, weights: Path | None, card: bool, as_json: bool) -> None:
    from affect.evaluation.card import write_figures
    from affect.training import data as corpora

    model, measure = _program(what, weights)
    figures: list[Figure] = measure(model, corpora.folder(data), say)
    if card and weights is not None:
        write_figures(weights, figures, datetime.now(UTC).date(), what)
    _print(model.name, figures, as_json)


def _program(what: What, weights: Path | None) -> tuple[Any, Any]:
    """The model and the `evaluate` that measures it."""
    from importlib import import_module

    module = import_module(f"affect.perception.{what}")
    model = getattr(module, f"{what.capitalize()}Model").load(weights)
    return model, import_module(f"affect.evaluation.{what}").evaluate


def _print(model: str, figures: Sequence[Figure], as_json: bool) -> None:
    from affect.evaluation.figures import as_json as figures_as_json

    if not as_json:
        console().print(_table(figures))
    print_json({"model": model, "figures": figures_as_json(list(figures))})


def _table(figures: Sequence[Figure]) -> Table:
    table = tables.plain("figure", "value", "95 % interval", "n", "must", right=("value", "n"))
    return tables.by_part(table, ((f.corpus, _row(f)) for f in figures))


def _row(f: Figure) -> tuple[str, ...]:
    must = "" if f.needed is None else f"{f.needed:.2f} {'ok' if f.value >= f.needed else 'NO'}"
    return f.name, f"{f.value:.3f}", f"{f.low:.3f} to {f.high:.3f}", f"{f.count:,}", must
