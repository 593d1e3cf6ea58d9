"""`logs tail`: the newest turns, and with `-f` those that are kept from now on, as they come.

Following asks once a second for ids beyond the last one, which the primary key answers. An id
begins with the time at which its turn was kept; since another process may commit a little later
than it took the time, what lies `OVERLAP` back is looked at again and told once.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated

import typer
from ulid import ULID

from affect.errors import BadInput, NotFound
from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Unread
from bot.admin.logs.listing import newest
from bot.admin.options import Leave, Many
from bot.admin.output import Form
from bot.clock import Clock, SystemClock
from storage import search
from storage.database import Database
from storage.records import TurnView
from storage.wanted import Wanted

EXAMPLE = "attune-admin logs tail -f --risk crisis"
EVERY = 1.0  # seconds between two looks
OVERLAP = timedelta(seconds=10)


@options.spread
def tail(
    filters: Filters,
    leave: Leave,
    how: Many,
    limit: options.Limit = 10,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with turns as they are kept.")
    ] = False,
) -> None:
    """The newest turns, a line each. With -f also those to come, until it is interrupted."""
    clock, zone, form = SystemClock(), options.zone(filters.tz), output.form(how)
    if follow and form is Form.JSON:
        raise BadInput("endless", "What has no end is no one document: use --jsonl with -f.")
    asked = disclosure.ask("logs tail", clock, leave)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()
        start = clock.now()
        pages = newest(database, wanted, limit, unread)
        told: list[dict[str, object]] = []
        some = False
        async for page in _both(pages, following(database, wanted, clock, start, unread), follow):
            await asked.record(database, page)
            rows = [turns.flat(view, asked.words(view), zone) for view in page]
            told += rows if form is Form.JSON else []
            some = some or bool(rows)
            for row in rows:
                if form is Form.JSONL:
                    output.print_json(row)
                elif form is Form.TABLE:
                    output.print_line(turns.line(row))
            sys.stdout.flush()  # somebody may be following, through a pipe too
        if form is Form.JSON:
            output.print_json(told)
        unread.say()
        if not some:
            raise NotFound(output.NOTHING)

    store.serve(how, job)


async def _both(
    pages: AsyncIterator[list[TurnView]], coming: AsyncIterator[list[TurnView]], follow: bool
) -> AsyncIterator[list[TurnView]]:
    seen: set[str] = set()
    async for page in pages:
        seen.update(view.id for view in page)
        yield page
    if follow:
        async for page in coming:
            if fresh := [view for view in page if view.id not in seen]:
                yield fresh


async def following(
    database: Database, wanted: Wanted, clock: Clock, start: datetime, unread: Unread
) -> AsyncIterator[list[TurnView]]:
    """The turns kept from `start` on, as they come; it never ends by itself."""
    seen: dict[str, datetime] = {}
    while True:
        now = clock.now()
        since = max(start, now - OVERLAP) - OVERLAP
        views = await search.kept_since(database, wanted, str(ULID.from_datetime(since)), unread)
        fresh = [view for view in views if view.id not in seen]
        seen |= {view.id: now for view in fresh}
        for old in [one for one, at in seen.items() if now - at > 4 * OVERLAP]:
            del seen[old]
        if fresh:
            yield fresh
        await clock.sleep(EVERY)
