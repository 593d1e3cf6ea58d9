"""How many days, on dark or on light, as people type it: 30 dark, two weeks, 一个月 深色."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.commands.numbers import NUMBER, plain, read

DAYS = 7
MOST_DAYS = 365
UNITS = {1: "days?|d|天|日", 7: "weeks?|wks?|w|周|星期|礼拜", 30: "months?|月", 365: "years?|y|年"}
TODAY = "today|今天|今日"
DARK = "dark|black|night|深色|暗色|黑色|夜间|深|暗|黑"
LIGHT = "light|bright|white|浅色|亮色|白色|日间|浅|亮|白"
FILLERS = (
    "the|my|this|last|past|in|on|of|for|with|and|please|mode|theme|background|colou?r|"
    "最近|过去|这|本|上|近|个|的|我|看看|看|画|给|用|模式|主题|背景|请|,|、"
)

_WHOLE = "(?![a-z])"  # an English word does not end within one
_UNIT = "|".join(f"(?P<d{days}>{names})" for days, names in UNITS.items())
_PIECE = re.compile(
    rf"""\s*(?:
        (?P<today>(?:{TODAY}){_WHOLE})
      | (?:(?P<half>half\s+an?\s+|半个?)|(?P<count>{NUMBER})\s*个?\s*|an?\s+)?(?:{_UNIT}){_WHOLE}
      | (?P<number>{NUMBER})
      | (?P<dark>(?:{DARK}){_WHOLE})
      | (?P<light>(?:{LIGHT}){_WHOLE})
      | (?:{FILLERS}){_WHOLE}
    )\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be drawn."""

    days: int = DAYS
    dark: bool = False


def span(typed: str) -> Span | None:
    """What is meant, a week on light unless something else is said; None where it is not clear."""
    text, at = plain(typed), 0
    days: list[int] = []
    dark: list[bool] = []
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            return None
        at = found.end()
        days += _days(found)
        dark += [True] * bool(found["dark"]) + [False] * bool(found["light"])
    if len(days) > 1 or len(dark) > 1:
        return None
    return Span(days[0] if days else DAYS, True in dark)


def _days(found: re.Match[str]) -> list[int]:
    """How many days a piece says, from 1 to the most; none where it says nothing of it."""
    unit = next((days for days in UNITS if found[f"d{days}"]), None)
    if found["today"]:
        return [1]
    if found["number"]:
        count = read(found["number"])
    elif unit is None:
        return []
    elif found["half"]:
        count = unit // 2
    else:
        count = unit * (read(found["count"]) if found["count"] else 1)
    return [min(max(count, 1), MOST_DAYS)]
