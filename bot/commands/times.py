"""Times of the day as people type them: 9:00, 9am, half past nine, 早上九点, 晚上8点半."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import Enum

from bot.commands.numbers import CHINESE, ENGLISH, NUMBER, plain, read


class Part(Enum):
    """A part of the day, by the hours that people give it."""

    SMALL = "small hours"
    EARLY = "early"
    NOON = "noon"
    LATE = "late"
    NIGHT = "night"


PARTS = {
    "凌晨": Part.SMALL, "早上": Part.EARLY, "早晨": Part.EARLY, "清晨": Part.EARLY,
    "上午": Part.EARLY, "早": Part.EARLY, "中午": Part.NOON, "下午": Part.LATE,
    "午后": Part.LATE, "傍晚": Part.LATE, "今晚": Part.NIGHT, "晚上": Part.NIGHT,
    "晚": Part.NIGHT, "夜里": Part.NIGHT, "深夜": Part.NIGHT, "半夜": Part.NIGHT,
    "am": Part.SMALL, "morning": Part.EARLY, "pm": Part.LATE, "afternoon": Part.LATE,
    "evening": Part.NIGHT, "night": Part.NIGHT,
}  # fmt: skip
ALONE = {"noon": time(12), "midday": time(12), "正午": time(12), "中午": time(12),
         "midnight": time(0), "午夜": time(0)}  # fmt: skip
AROUND = {"half past": 30, "quarter past": 15, "quarter to": -15}
QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}
SPOKEN = {"fifteen": 15, "thirty": 30, "forty-five": 45, "forty five": 45}

LEAD = re.compile(
    r"(?:(?:every ?day|each day|daily|at(?![a-z])|@|(?:ask|remind) me|每天|每日|在|请|问我|提醒我)"
    r"\s*,?\s*)+"
)
AFTER = re.compile(
    r"(?:\s*(?:(?:and|at|every ?day|each day|daily|please)(?![a-z])|[&,、;/]|和|跟|与|还有|以及"
    r"|来?问我|来问|提醒我|叫我|吧))*\s*"
)
_ALONE = re.compile(rf"(?:{'|'.join(ALONE)})(?!\s*{NUMBER})(?![a-z])")
_TIME = re.compile(
    rf"""
    (?:(?P<around>{"|".join(AROUND).replace(" ", "[ ]")})\s+)?
    (?P<part>{"|".join(part for part in PARTS if not part.isascii())})?\s*
    (?P<hour>\d{{1,2}}(?!\d)|{CHINESE}{{1,3}}|(?:{"|".join(ENGLISH)})(?![a-z]))
    (?P<mark>
        [:.](?P<minute>\d{{2}}(?!\d))
      | h(?P<minute_h>\d{{2}})?(?![a-z\d])
      | \s*o'?clock
      | \s+(?P<spoken>{"|".join(SPOKEN).replace(" ", "[ ]")})
      | \s*(?:点钟?|[时時點])(?:
            (?P<quarter>半|一刻|三刻)|(?P<minute_zh>{NUMBER})(?![\d点:]|{CHINESE})分?
        )?
    )?
    (?:\s*(?P<half>[ap])\.?\s?m(?![a-z])\.?
      |\s*(?:in\sthe|at)\s(?P<said>morning|afternoon|evening|night)(?![a-z])
    )?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """Times in their order, each once, and what stands after them (a place, or nothing).

    `bare` tells that there is nothing but numbers, which may mean something else.
    """

    times: tuple[time, ...]
    place: str
    bare: bool


def led(typed: str) -> bool:
    """Whether it begins as one tells a time: "at ...", 每天 ..."""
    return LEAD.match(plain(typed)) is not None


def said(typed: str) -> Said | None:
    """The times that stand at the beginning; None where there are none, or one that is none."""
    text = plain(typed)
    lead = LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    times: list[time] = []
    bare = lead is None
    while found := _ALONE.match(rest) or _TIME.match(rest):
        at = _time(found)
        if at is None:
            return None
        times.append(at)
        bare = bare and found.groupdict().get("hour") == found[0].strip()
        after = rest[found.end() :]
        rest = AFTER.sub("", after, count=1)  # it matches where it begins, if only nothing
        if after and after == rest and not (rest[0].isalpha() or found[0][-1].isalpha()):
            return None  # 9:7
    return Said(tuple(dict.fromkeys(times)), rest, bare) if times else None


def _time(found: re.Match[str]) -> time | None:
    """What was found as a time; None where no clock shows it."""
    if found.re is _ALONE:
        return ALONE[found[0]]
    parts = found.groupdict()
    hour, minute = read(parts["hour"]), _minute(parts)
    half = f"{parts['half']}m" if parts["half"] else parts["said"]
    if half and parts["part"]:
        return None
    if half in {"am", "pm"} and not 1 <= hour <= 12:
        return None
    part = PARTS.get(parts["part"] or half or "")
    hour = _hour(hour, part) if part else hour
    if parts["around"]:
        hour, minute = divmod(60 * hour + AROUND[parts["around"]], 60)
    return time(hour, minute) if 0 <= hour < 24 and minute < 60 else None


def _minute(parts: dict[str, str | None]) -> int:
    told = parts["minute"] or parts["minute_h"] or parts["minute_zh"]
    if told:
        return read(told)
    return SPOKEN.get(parts["spoken"] or "") or QUARTERS.get(parts["quarter"] or "", 0)


def _hour(hour: int, part: Part) -> int:
    """The hour of 24 that is meant; 24 or more where that part of the day has no such hour."""
    if hour > 12:
        return 24 if part in {Part.SMALL, Part.EARLY} else hour
    match part:
        case Part.SMALL:
            return hour % 12
        case Part.EARLY:
            return hour
        case Part.NOON:
            return hour + 12 if hour < 3 else hour
        case Part.LATE:
            return hour % 12 + 12
        case Part.NIGHT:
            return hour % 12 if hour < 5 or hour == 12 else hour + 12
