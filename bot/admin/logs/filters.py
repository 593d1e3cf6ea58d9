"""Which turns a command is about."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from affect.errors import BadInput
from bot.admin import options, output
from bot.clock import Clock
from storage import search
from storage.database import Database
from storage.wanted import Wanted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filters of one person's turns, as they are typed."""

    platform: options.PlatformName = None
    talk: options.TalkName = None
    since: options.Since = None
    until: options.Until = None
    emotion: options.EmotionName = None
    min_score: options.MinScore = None
    valence_below: options.ValenceBelow = None
    falling: options.Falling = False
    risk: options.RiskName = None
    strategy: options.StrategyName = None
    writer: options.WriterName = None
    language: options.LanguageCode = None
    tz: options.Tz = "UTC"

    async def wanted(self, database: Database, clock: Clock, user: str | None = None) -> Wanted:
        """What they mean, now and in this store; raise `BadInput` or `NotFound`."""
        now, zone = clock.now(), options.zone(self.tz)
        since = options.when(self.since, now, zone)
        until = options.when(self.until, now, zone)
        if since and until and since >= until:
            raise BadInput("no_time", "There is no time between --since and --until.")
        return Wanted(
            person_uid=await search.person(database, user) if user else None,
            platform=self.platform,
            talk=await search.talk(database, self.talk) if self.talk else None,
            since=since,
            until=until,
            writer=self.writer,
            emotion=self.emotion,
            min_score=self.min_score,
            valence_below=self.valence_below,
            falling=self.falling,
            risk=self.risk,
            strategy=self.strategy,
            language=self.language,
        )


@dataclass(frozen=True, slots=True)
class Filters(Narrowed):
    """The filters of everybody's turns."""

    user: options.User = None

    async def wanted(self, database: Database, clock: Clock, user: str | None = None) -> Wanted:
        """What they mean, now and in this store; raise `BadInput` or `NotFound`."""
        return await Narrowed.wanted(self, database, clock, user or self.user)


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
