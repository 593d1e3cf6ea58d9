"""What a customer has given so far, in their own words: number, date, and what they ask for.

The support persona says it back, so that nobody has to say it twice. Fixed forms: what is not
plainly there is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(
    r"\b(?P<of>order|parcel|invoice|booking|customer|tracking|contract)(?: (?:number|no\.?|is|id))*"
    r"[ :#]*(?P<no>[A-Z]{0,4}-?\d[A-Z0-9-]{2,14})\b",
    re.IGNORECASE,
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_DATE = re.compile(
    rf"\b(?:(?:last|this|next) )?{_DAY}(?: the \d{{1,2}}(?:st|nd|rd|th)?)?\b"
    rf"|\b(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)
_THING = (
    r"(?:(?:a|the|my|full) )*(?:refund|replacement|exchange|repair|money back|new one|credit"
    r"|cancellation|compensation)"
)
_WISH = re.compile(
    rf"\b{_THING}(?:,? (?:or|and) {_THING})*(?: (?:by {_DAY}|by tomorrow|today|this week))?\b",
    re.IGNORECASE,
)
_UNTIL = re.compile(rf"\bby {_DAY}\b", re.IGNORECASE)
_NUMBER_CHINESE = re.compile(
    r"(?:订单|单号|运单|快递单)号?(?:是|为|：|:)?\s*(?P<no>[A-Z]{0,4}-?\d[A-Z0-9-]{2,14})",
    re.IGNORECASE,
)
_DATE_CHINESE = re.compile(
    r"(?:上上?个?|这个?|下个?)?(?:周|星期|礼拜)[一二三四五六日天]|\d{1,2}月\d{1,2}[号日]"
)
_WISH_CHINESE = re.compile(r"退款|退钱|退货|换货|换一个|赔偿|维修|补发|取消(?:订单)?")
MOST_DATES = 2


def given(lines: Sequence[str], language: str) -> str | None:
    """Number, date and wish out of all lines of a talk, as one phrase; None where there is none."""
    chinese = language == "zh"
    plain = _plain(lines)
    numbers = _numbers(plain, _NUMBER_CHINESE if chinese else _NUMBER)
    until = plain if chinese else [_UNTIL.sub(" ", line) for line in plain]  # part of the wish
    dates = [
        each[0] for line in until for each in (_DATE_CHINESE if chinese else _DATE).finditer(line)
    ]
    parts = [*numbers[:1], *_distinct(map(_lower, dates))[:MOST_DATES], wish(lines, language) or ""]
    return ("，" if chinese else ", ").join(part for part in parts if part) or None


def wish(lines: Sequence[str], language: str) -> str | None:
    """What is asked for: "a refund or a replacement by Friday"; None where nothing is."""
    pattern = _WISH_CHINESE if language == "zh" else _WISH
    found = [each[0] for line in _plain(lines) for each in pattern.finditer(line)]
    if language == "zh":
        return "或".join(_distinct(found)[-2:]) or None
    if not found:
        return None
    thing = _lower(max(found[-2:], key=len))
    return f"a {thing}" if re.match(r"refund|replacement|repair|cancellation", thing) else thing


def _plain(lines: Sequence[str]) -> list[str]:
    """The lines, shouted words joined: "REFUND. OR. REPLACEMENT."."""
    return [re.sub(r"(?<=[A-Z])\.\s+(?=[A-Z])", " ", line.replace("’", "'")) for line in lines]


def _numbers(lines: Sequence[str], pattern: re.Pattern[str]) -> list[str]:
    """Each number with what it is of: "order 48213-B", 订单48213."""
    found = [each for line in lines for each in pattern.finditer(line)]
    chinese = pattern is _NUMBER_CHINESE
    return _distinct(
        f"订单{each['no'].upper()}" if chinese else f"{each['of'].lower()} {each['no'].upper()}"
        for each in found
    )


def _distinct(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _lower(words: str) -> str:
    """In lower case, but for days and months."""
    capital = re.compile(rf"\b({_DAY}|{_MONTH})\b")
    return capital.sub(lambda found: found[0].capitalize(), words.lower())
