"""What a line has told already is not asked again: "stood 40 min" leaves no "how long?"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affect.writers.entry import Entry

_WANTS_TIME = re.compile(r"\b(how (long|many|late|old)|since when|when)\b[^.!?]*\?$", re.IGNORECASE)
_TIME = re.compile(
    r"\b(\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|half an|few|couple of) ?"
    r"(mins?|minutes?|h|hrs?|hours?|days?|nights?|weeks?|months?|years?|yrs?)\b"
    r"|\b(ago|since|yesterday|tomorrow|tonight|last (night|week|month|year)|(for|all) (ages|day))\b"
    r"|\bin (19|20)\d\d\b|\bon (mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)


def unasked(entry: Entry, said: str) -> Entry | None:
    """The entry, without a question for the time that the line has told; None where it is that."""
    if not entry.question or not _WANTS_TIME.search(entry.plain) or not _TIME.search(said):
        return entry
    return None if entry.stated.question else entry.stated
