"""`logs list`: the newest turns, a line each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Unread
from bot.admin.options import Leave, Many
from bot.clock import SystemClock
from storage import search
from storage.database import Database
from storage.records import TurnView
from storage.wanted import Wanted

EXAMPLE = "attune-admin logs list --since 7d --emotion sadness -n 50"


@options.spread
def list_turns(
    filters: Filters,
    leave: Leave,
    how: Many,
    limit: options.Limit = options.NEWEST,
    latest: options.Latest = False,
) -> None:
    """The newest turns, a line each, in the order in which they came."""
    clock, zone, form = SystemClock(), options.zone(filters.tz), output.form(how)
    asked = disclosure.ask("logs list", clock, leave)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()

        async def rows() -> AsyncIterator[dict[str, Any]]:
            async for page in newest(database, wanted, limit, unread, latest=latest):
                await asked.record(database, page)
                for view in page:
                    yield turns.flat(view, asked.words(view), zone)

        await output.print_rows(rows(), form, turns.listed)
        unread.say()

    store.serve(how, job)


async def newest(
    database: Database, wanted: Wanted, limit: int, unread: Unread, *, latest: bool = False
) -> AsyncIterator[list[TurnView]]:
    """The newest `limit` turns (0: all), page by page, oldest first or as they are `latest`."""
    if limit and not latest:
        found = search.pages(database, wanted, limit=limit, newest_first=True, unread=unread)
        yield [view async for page in found for view in page][::-1]
        return
    found = search.pages(database, wanted, limit=limit or None, newest_first=latest, unread=unread)
    async for page in found:
        yield page
