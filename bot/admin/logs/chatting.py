"""`logs chat`: one person's talk as it went, with what was read beside what was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.filters import Narrowed, Unread
from bot.admin.logs.listing import newest
from bot.admin.options import Leave, Many
from bot.clock import SystemClock
from storage.database import Database

EXAMPLE = 'attune-admin logs chat 8WZ3K0QF --since 2d --reveal --reason "ticket 9"'

Person = Annotated[str, typer.Argument(metavar="USER", help="Their uid, or the end of it.")]


@options.spread
def chat(
    user: Person,
    filters: Narrowed,
    leave: Leave,
    how: Many,
    limit: options.Limit = options.NEWEST,
) -> None:
    """One person's newest turns as a talk.

    What was said, how it was read, what was answered.
    """
    clock, zone, form = SystemClock(), options.zone(filters.tz), output.form(how)
    asked = disclosure.ask("logs chat", clock, leave)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock, user)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()

        async def rows() -> AsyncIterator[dict[str, Any]]:
            async for page in newest(database, wanted, limit, unread):
                for view in page:
                    yield turns.in_talk(view, asked.words(view), zone)

        await output.print_rows(rows(), form, turns.talked)
        unread.say()

    store.serve(how, job)
