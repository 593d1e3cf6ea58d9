"""`logs rm`: words, readings and replies of turns, gone for good; a dry run unless told `--yes`.

The rows that keep a person's messages in order stay, empty, as they do when talk grows too old.
"""

from __future__ import annotations

from dataclasses import fields

from affect.errors import BadInput, NotFound
from bot.admin import disclosure, options, output, store
from bot.admin.logs.filters import Filters
from bot.admin.options import One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import retention, search
from storage.database import Database

EXAMPLE = 'attune-admin logs rm --user 8WZ3K0QF --until 90d --yes --reason "ticket 4"'


@options.spread
def remove(
    filters: Filters, how: One, yes: options.Yes = False, reason: options.Why = None
) -> None:
    """Erase turns that the filters name: words, readings, replies. Nothing brings them back."""
    clock = SystemClock()
    if not any(getattr(filters, one.name) for one in fields(filters) if one.name != "tz"):
        raise BadInput("no_filter", "Say which turns: --user, --talk, --until or another filter.")
    act = disclosure.act("logs rm", clock, reason) if yes else None

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        ids: list[str] = []
        people: set[str] = set()
        total = await search.count(database, wanted)
        with output.progress(total, "looking at turns", output.form(how)) as looked_at:
            async for page in search.pages(database, wanted, opened=looked_at):
                ids += [view.id for view in page]
                people |= {view.person_uid for view in page}
        if not ids:
            raise NotFound(NOTHING)
        if act is not None:
            await act.begin(database, *sorted(people))
            await retention.erase(database, ids)
        if how.as_json:
            output.print_json({"turns": len(ids), "people": len(people), "erased": yes})
        else:
            said = "erased" if yes else "would be erased: add --yes and --reason TEXT to do it"
            output.print_table(f"{len(ids)} turn(s) of {len(people)} person(s) {said}.")

    store.serve(how, job)
