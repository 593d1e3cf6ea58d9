"""`logs search`: opens turn after turn and looks for words; nothing written is indexed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console, RenderableType
from rich.progress import Progress

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Rows, Unread, print_rows
from bot.admin.output import Form
from bot.clock import SystemClock
from storage import finding, search
from storage.database import Database
from storage.finding import Hit

EXAMPLE = 'Example: attune-admin logs search oven --user 8WZ3K0QF --reveal --reason "ticket 12"'


def search_words(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="All of them must stand in the turn.")
    ],
    user: options.User = None,
    platform: options.PlatformName = None,
    since: options.Since = None,
    until: options.Until = None,
    emotion: options.EmotionName = None,
    valence_below: options.ValenceBelow = None,
    risk: options.RiskName = None,
    strategy: options.StrategyName = None,
    writer: options.WriterName = None,
    language: options.LanguageCode = None,
    limit: options.Limit = options.NEWEST,
    reveal: options.Reveal = False,
    reason: options.Reason = None,
    tz: options.Tz = "UTC",
    as_json: options.AsJson = False,
    as_jsonl: options.AsJsonl = False,
    env_file: options.EnvFile = None,
    log_level: options.LogLevel = "warning",
) -> None:
    """Turns in which words stand, newest first. It reads what people wrote: needs --reveal."""
    clock, zone = SystemClock(), options.zone(tz)
    form = output.form(as_json=as_json, as_jsonl=as_jsonl)
    asked = disclosure.ask("logs search", clock, reveal=reveal, reason=reason, needed=True)
    patterns = finding.patterns(words)
    filters = Filters(
        user, platform, since, until, emotion, valence_below, risk, strategy, writer, language, tz
    )

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()

        async def rows() -> AsyncIterator[dict[str, Any]]:
            left = limit or sys.maxsize
            with _progress(await search.count(database, wanted), form) as opened:
                async for page in search.pages(
                    database, wanted, newest_first=True, unread=unread, opened=opened
                ):
                    looked = (finding.find(view, patterns, disclosure.texts) for view in page)
                    hits = [hit for hit in looked if hit is not None][:left]
                    await asked.record(database, [hit.turn for hit in hits])
                    for hit in hits:
                        yield _row(hit, zone)
                    left -= len(hits)
                    if left == 0:
                        return

        await print_rows(rows(), form, _table)
        unread.say()

    store.serve(env_file, log_level, job)


def _row(hit: Hit, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "turn": hit.turn.id,
        "at": hit.turn.at.astimezone(zone).isoformat(),
        "person": hit.turn.person_uid,
        "platform": hit.turn.platform,
        "hits": hit.count,
        "found": [
            {"in": one.where, "count": one.count, "snippet": one.snippet} for one in hit.found
        ],
    }


def _table(rows: Rows) -> RenderableType:
    columns = ("at", "turn", "person", "platform", "hits", "in", "snippet")
    return output.table(
        columns,
        (
            [turns.short(name, {**row, **one}[name]) for name in columns]
            for row in rows
            for one in row["found"]
        ),
    )


@contextmanager
def _progress(total: int, form: Form) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while a terminal looks on; takes how many turns were opened.

    Not where lines of the result would run through it.
    """
    if not sys.stderr.isatty() or (form is Form.JSONL and sys.stdout.isatty()):
        yield lambda _: None
        return
    # Left to itself, the bar would take standard output along to where it is drawn.
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task("opening turns", total=total)
        yield lambda opened: progress.advance(task, opened)
