"""Check-ins at a person's own times: when the next one is due, and sending those that are.

A check-in is a turn that the person did not begin. It is planned as a `job` row, moved on to the
next day before anything is said, so that whatever falls between is a check-in missed and never one
said twice. What is late is dropped, and who is talking at that moment is not interrupted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ulid import ULID

from bot.delivery import Parcel
from bot.messages import Address, Button, Outgoing
from bot.texts import say
from storage import checkins as stored
from storage import people, talks
from storage.database import Database
from storage.records import Checkin, Kept, Notes, Wording
from storage.values import dump

MOST = 2  # a day
LATE = timedelta(hours=1)  # a check-in later than this is dropped
QUIET_FROM, QUIET_UNTIL = time(22), time(7)

CITIES = {
    "beijing": "Asia/Shanghai", "北京": "Asia/Shanghai", "上海": "Asia/Shanghai",
    "广州": "Asia/Shanghai", "深圳": "Asia/Shanghai", "中国": "Asia/Shanghai",
    "台北": "Asia/Taipei", "香港": "Asia/Hong_Kong", "澳门": "Asia/Macau",
    "新加坡": "Asia/Singapore", "吉隆坡": "Asia/Kuala_Lumpur", "东京": "Asia/Tokyo",
    "首尔": "Asia/Seoul", "悉尼": "Australia/Sydney", "墨尔本": "Australia/Melbourne",
    "伦敦": "Europe/London", "巴黎": "Europe/Paris", "柏林": "Europe/Berlin",
    "纽约": "America/New_York", "洛杉矶": "America/Los_Angeles", "多伦多": "America/Toronto",
    "温哥华": "America/Vancouver",
}  # fmt: skip
"""Places that the names of zones do not hold, or not as people there write them."""

VALENCES = {"awful": -0.7, "bad": -0.35, "soso": 0.0, "good": 0.35, "great": 0.7}
ENERGIES = {"low": -0.5, "middle": 0.0, "high": 0.5}

Ask = Callable[[Kept], Awaitable[bool]]
"""Says the turn that asks; False where its person talks at this very moment."""

log = logging.getLogger(__name__)


def quiet(at: time) -> bool:
    """Whether nobody is asked anything at that time of their day."""
    return at >= QUIET_FROM or at < QUIET_UNTIL


def zone_named(name: str) -> str | None:
    """The zone that a person names, by its whole name or its city ("berlin"); None if unknown."""
    wanted = name.strip().removesuffix("时间").replace(" ", "_").casefold()
    if wanted in CITIES:
        return CITIES[wanted]
    known = {zone.casefold(): zone for zone in available_timezones()}
    if wanted in known:
        return known[wanted]
    cities = {zone for zone in known.values() if zone.rpartition("/")[2].casefold() == wanted}
    return min(cities, key=lambda zone: (zone.count("/"), zone)) if cities and wanted else None


def next_time(local_time: str, zone: str, after: datetime) -> datetime:
    """When "HH:MM" comes next in a zone. Where a clock leaps over it, it is as much later.

    Raises `ZoneInfoNotFoundError` for a zone that there is not, or not any more.
    """
    wanted, place = time.fromisoformat(local_time), ZoneInfo(zone)
    day = after.astimezone(place).date()
    while True:
        at = datetime.combine(day, wanted, place).astimezone(UTC)
        if at > after:
            return at
        day += timedelta(days=1)


def question(language: str) -> tuple[str, tuple[Button, ...]]:
    """The first of the two taps."""
    buttons = (
        Button(say(f"checkin_valence_{name}", language), f"/checkin {name}") for name in VALENCES
    )
    return say("checkin_ask", language), tuple(buttons)


async def send_due(database: Database, ask: Ask, platforms: Collection[str], now: datetime) -> int:
    """Have every check-in asked that is due (`Turns.ask` does); give how many were."""
    said = 0
    for one in await stored.due(database, platforms, now):
        fields: dict[str, object] = {"person": one.person_id, "job": one.id}
        try:
            following = next_time(one.local_time, one.zone, now)
        except (ZoneInfoNotFoundError, ValueError):
            log.warning("checkin_zone_gone", extra=fields)
            await stored.stop(database, one.person_id)
            continue
        if not await stored.move(database, one, following):
            continue  # another process has it, or it was stopped meanwhile
        if now - one.run_at > LATE or await _enough_today(database, one, now):
            log.info("checkin_dropped", extra=fields)
            continue
        said += await ask(await _turn(database, one, now))
    return said


async def _enough_today(database: Database, one: Checkin, now: datetime) -> bool:
    place = ZoneInfo(one.zone)
    midnight = datetime.combine(now.astimezone(place).date(), time(), place)
    return await stored.asked_since(database, one.person_id, midnight) >= MOST


async def _turn(database: Database, one: Checkin, now: datetime) -> Kept:
    profile = await people.profile(database, one.person_id)
    recent = await talks.recent(database, one.person_id, 1)
    language = profile.language or (recent[-1].notes.language if recent else "en")
    text, answers = question(language)
    buttons = (*answers, Button(say("checkin_stop", language), "/checkin stop"))
    address = Address(one.platform, one.chat, one.thread)
    return Kept(
        id=str(ULID.from_datetime(now)),
        person_id=one.person_id,
        no=profile.turns + 1,
        talk_id=one.talk_id,
        platform=one.platform,
        kind=stored.KIND,
        at=now,
        kept_at=now,
        inbox_ids=(),
        notes=Notes(language),
        parts=(dump(Parcel(address, Outgoing(text, buttons=buttons))),),
        wording=Wording(text, writer="fixed"),
    )
