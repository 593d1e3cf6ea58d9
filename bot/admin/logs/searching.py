"""`logs search`: opens turn after turn and looks for words; nothing written is indexed.

One person's talk is opened here; much is opened by several processes side by side.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Unread
from bot.admin.options import Leave, Many
from bot.admin.output import Rows
from bot.clock import SystemClock
from storage import finding, scanning, search
from storage.database import Database
from storage.finding import Hit

EXAMPLE = 'attune-admin logs search oven --user 8WZ3K0QF --reveal --reason "ticket 12"'


@options.spread
def search_words(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="All of them must stand in the turn.")
    ],
    filters: Filters,
    leave: Leave,
    how: Many,
    limit: options.Limit = options.NEWEST,
) -> None:
    """Turns in which words stand, best first. It reads what people wrote: needs --reveal."""
    clock, zone, form = SystemClock(), options.zone(filters.tz), output.form(how)
    asked = disclosure.ask("logs search", clock, leave, needed=True)
    wanted_words = finding.patterns(words)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()
        total = await search.count(database, wanted)
        with output.progress(total, "opening turns", form) as looked_at:
            found = await scanning.scan(
                database, wanted, wanted_words, limit=limit or None, looked_at=looked_at
            )
        for turn_id in found.unread:
            unread(turn_id)

        async def rows() -> AsyncIterator[dict[str, Any]]:
            async for page in search.these(database, [one.turn for one in found.best], unread):
                await asked.record(database, page)
                for view in page:
                    if hit := finding.find(view, wanted_words, disclosure.texts):
                        yield _row(hit, zone)

        await output.print_rows(rows(), form, _table)
        if found.hits > len(found.best):
            output.note(f"The best {len(found.best)} of {found.hits} turns: -n 0 shows all.")
        unread.say()

    store.serve(how, job)


def _row(hit: Hit, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "turn": hit.turn.id,
        "at": hit.turn.at.astimezone(zone).isoformat(),
        "person": hit.turn.person_uid,
        "platform": hit.turn.platform,
        "score": hit.score,
        "hits": hit.count,
        "found": [
            {"in": one.where, "count": one.count, "snippet": one.snippet} for one in hit.found
        ],
    }


def _table(rows: Rows) -> RenderableType:
    more = ["platform", "score"] if output.wide() else []
    columns = ["at", "turn", "person", *more, "in", "snippet"]
    return output.table(
        columns,
        (
            [turns.short(name, {**row, **one}[name]) for name in columns]
            for row in rows
            for one in row["found"]
        ),
    )
