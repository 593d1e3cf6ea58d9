"""`logs rm`: words, readings and replies of turns, gone for good; a dry run unless told `--yes`.

The rows that keep a person's messages in order stay, empty, as they do when talk grows too old.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from affect.errors import BadInput, NotFound, Refused
from bot.admin import disclosure, options, output, store
from bot.admin.logs.filters import Filters
from bot.admin.options import One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import audit, retention, search
from storage.database import Database

EXAMPLE = 'Example: attune-admin logs rm --user 8WZ3K0QF --until 90d --yes --reason "ticket 4"'

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, say what would be done.")]
Why = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; goes on record. With --yes.")
]


@options.spread
def remove(filters: Filters, how: One, yes: Yes = False, reason: Why = None) -> None:
    """Erase turns that the filters name: words, readings, replies. Nothing brings them back."""
    clock = SystemClock()
    if not any(getattr(filters, one.name) for one in fields(filters) if one.name != "tz"):
        raise BadInput("no_filter", "Say which turns: --user, --talk, --until or another filter.")
    if yes and not (reason and reason.strip()):
        raise Refused("Erasing goes on record with its reason: add --reason TEXT.")

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        ids: list[str] = []
        people: set[str] = set()
        async for page in search.pages(database, wanted):
            ids += [view.id for view in page]
            people |= {view.person_uid for view in page}
        if not ids:
            raise NotFound(NOTHING)
        if yes:
            await audit.record(
                database,
                actor=disclosure.actor(),
                action="logs rm",
                reason=(reason or "").strip(),
                now=clock.now(),
                about=sorted(people),
            )
            await retention.erase(database, ids)
        if how.as_json:
            output.print_json({"turns": len(ids), "people": len(people), "erased": yes})
        else:
            said = "erased" if yes else "would be erased: add --yes and --reason TEXT to do it"
            output.print_table(f"{len(ids)} turn(s) of {len(people)} person(s) {said}.")

    store.serve(how, job)
