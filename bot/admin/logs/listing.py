"""`logs list`: the newest turns, a line each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bot.admin import disclosure, options, output, store
from bot.admin.disclosure import Disclosure
from bot.admin.logs import turns
from bot.admin.logs.filters import Filters, Unread, print_rows
from bot.clock import SystemClock
from storage import search
from storage.database import Database
from storage.records import TurnView
from storage.wanted import Wanted

EXAMPLE = "Example: attune-admin logs list --since 7d --emotion sadness -n 50"


def list_turns(
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
    latest: options.Latest = False,
    reveal: options.Reveal = False,
    reason: options.Reason = None,
    tz: options.Tz = "UTC",
    as_json: options.AsJson = False,
    as_jsonl: options.AsJsonl = False,
    env_file: options.EnvFile = None,
    log_level: options.LogLevel = "warning",
) -> None:
    """The newest turns, a line each, in the order in which they came."""
    clock, zone = SystemClock(), options.zone(tz)
    form = output.form(as_json=as_json, as_jsonl=as_jsonl)
    asked = disclosure.ask("logs list", clock, reveal=reveal, reason=reason)
    filters = Filters(
        user, platform, since, until, emotion, valence_below, risk, strategy, writer, language, tz
    )

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        await asked.begin(database, wanted.person_uid)
        unread = Unread()

        async def rows() -> AsyncIterator[dict[str, Any]]:
            async for page in _pages(database, wanted, limit, unread, latest=latest):
                for view in await _on_record(database, asked, page):
                    yield turns.flat(view, asked.words(view), zone)

        await print_rows(rows(), form, turns.listed)
        unread.say()

    store.serve(env_file, log_level, job)


async def _pages(
    database: Database, wanted: Wanted, limit: int, unread: Unread, *, latest: bool
) -> AsyncIterator[list[TurnView]]:
    """The newest `limit` turns (0: all), page by page, in the order that was asked for."""
    if limit and not latest:
        newest = search.pages(database, wanted, limit=limit, newest_first=True, unread=unread)
        yield [view async for page in newest for view in page][::-1]
        return
    found = search.pages(database, wanted, limit=limit or None, newest_first=latest, unread=unread)
    async for page in found:
        yield page


async def _on_record(database: Database, asked: Disclosure, page: list[TurnView]) -> list[TurnView]:
    await asked.record(database, page)
    return page
