"""Which turns a command is about, and how those it found are printed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType

from affect.errors import BadInput, NotFound
from bot.admin import options, output
from bot.admin.output import Form
from bot.clock import Clock
from storage import search
from storage.database import Database
from storage.wanted import Wanted

NOTHING = "Nothing of that kind was found."

log = logging.getLogger(__name__)

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they were typed."""

    user: str | None
    platform: str | None
    since: str | None
    until: str | None
    emotion: str | None
    valence_below: float | None
    risk: str | None
    strategy: str | None
    writer: str | None
    language: str | None
    tz: str

    async def wanted(self, database: Database, clock: Clock) -> Wanted:
        """What they mean, now and in this store; raise `BadInput` or `NotFound`."""
        now, zone = clock.now(), options.zone(self.tz)
        since = options.when(self.since, now, zone)
        until = options.when(self.until, now, zone)
        if since and until and since >= until:
            raise BadInput("no_time", "There is no time between --since and --until.")
        return Wanted(
            person_uid=await search.person(database, self.user) if self.user else None,
            platform=self.platform,
            since=since,
            until=until,
            writer=self.writer,
            emotion=self.emotion,
            valence_below=self.valence_below,
            risk=self.risk,
            strategy=self.strategy,
            language=self.language,
        )


class Unread:
    """Counts the turns that do not open, and says so once."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, turn_id: str) -> None:
        """Count one."""
        self.count += 1
        log.info("turn_unreadable", extra={"turn": turn_id})

    def say(self) -> None:
        """Tell the operator, if there were any."""
        if self.count:
            output.note(f"{self.count} turn(s) left out: they do not open with their person's key.")


async def print_rows(
    rows: AsyncIterator[dict[str, Any]], form: Form, table: Callable[[Rows], RenderableType]
) -> None:
    """Print rows as they were asked for; raise `NotFound` after an empty result."""
    if form is Form.JSONL:
        some = False
        async for row in rows:
            output.print_json(row)
            some = True
    else:
        found = [row async for row in rows]
        some = bool(found)
        if form is Form.JSON:
            output.print_json(found)
        elif some:
            output.print_table(table(found))
    if not some:
        raise NotFound(NOTHING)
