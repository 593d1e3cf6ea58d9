"""Splitting a reply into parts that a platform takes, without breaking what stands in it.

Parts joined are the text again, character by character. A cut prefers the end of a paragraph, then
of a line, a sentence, a word; it falls into a character of several code points, a link or a code
fence only where that alone is longer than a part. Time grows with the length of the text only.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import accumulate

# In UTF-16 units. Telegram counts these; Discord counts code points, of which there are never
# more, so the same measure is safe for both.
LIMITS: dict[str, int | None] = {"telegram": 4096, "discord": 2000, "terminal": None}

# A cut at a better place is taken only if the part still fills this share of the limit: half a
# page is better than a paragraph of three words and then a full page.
WELL_FILLED = 1 / 3

_SPACES = re.compile(r"\s++")
_FULL_STOPS = re.compile(r"[。！？；…]++[”’」』）】\"']*+")
_FENCE = re.compile(r"`{3,}+")
_LINK = re.compile(
    r"(?:\[[^\[\]\n]*+\]\()?"
    r"(?:https?://|ftp://|tg://|discord://|www\.)[^\s<>。，！？；：、）】」』》“”‘’]++",
    re.IGNORECASE,
)
_ENDS = frozenset(".!?…。！？；")
_CLOSERS = frozenset("\"'”’)]」』）】")
_JOINER = "\u200d"


class _Cut(IntEnum):
    """How good a place is for a cut in front of a code point."""

    NEVER = 0
    CHARACTER = 1
    WORD = 2
    SENTENCE = 3
    LINE = 4
    PARAGRAPH = 5


def split(text: str, platform: str) -> tuple[str, ...]:
    """Cut `text` into parts within the limit of `platform`; nothing is added or lost.

    An empty text has no parts. Platforms refuse a part of nothing but white space; one comes about
    only where the text is nothing else for longer than a part.
    """
    if not text:
        return ()
    limit = LIMITS.get(platform)
    if limit is None:
        return (text,)
    return tuple(_parts(text, limit))


def _parts(text: str, limit: int) -> Iterator[str]:
    # A supplementary code point needs two units, and a part has to make room for one.
    limit = max(limit, 2)
    units = [0, *accumulate(2 if ord(letter) > 0xFFFF else 1 for letter in text)]
    if units[-1] <= limit:
        yield text
        return
    cuts = _cuts(text)
    kept = _kept_whole(text, units, limit)
    ink = _next_ink(text)
    last_ink = next((at for at in range(len(text) - 1, -1, -1) if ink[at] == at), -1)
    start = 0
    while units[-1] - units[start] > limit:
        end = bisect_right(units, units[start] + limit) - 1

        def says_something(cut: int, start: int = start) -> bool:
            """Whether neither this part nor the next would be nothing but white space."""
            return ink[start] < cut <= last_ink and units[ink[cut]] - units[cut] < limit

        cut = _choose(start, end, cuts, kept, units, says_something)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _choose(
    start: int,
    end: int,
    cuts: list[_Cut],
    kept: bytearray,
    units: list[int],
    says_something: Callable[[int], bool],
) -> int:
    """The best cut behind `start`, at most at `end`."""
    filled = units[start] + (units[end] - units[start]) * WELL_FILLED
    best, level = 0, _Cut.NEVER
    last_whole = last_character = last_any = 0
    for at in range(end, start, -1):
        if not says_something(at):
            continue
        last_any = last_any or at
        if cuts[at] is _Cut.NEVER:
            continue
        last_character = last_character or at
        if kept[at]:
            continue
        if units[at] < filled and last_whole:
            break
        last_whole = last_whole or at
        if cuts[at] > level:
            best, level = at, cuts[at]
            if level is _Cut.PARAGRAPH:
                break
    return best or last_character or last_any or end


def _cuts(text: str) -> list[_Cut]:
    """For each place in front of a code point: how good a cut it would be."""
    cuts = [_Cut.CHARACTER] * (len(text) + 1)
    for stop in _FULL_STOPS.finditer(text):
        cuts[stop.end()] = _Cut.SENTENCE
    for space in _SPACES.finditer(text):
        cuts[space.start()] = max(cuts[space.start()], _Cut.WORD)
        cuts[space.end()] = _after_space(text, space.start(), space.group().count("\n"))
    flags = 0
    for at, letter in enumerate(text):
        # Two regional indicators are one flag: a cut may stand behind every second one.
        flags = flags + 1 if "\U0001f1e6" <= letter <= "\U0001f1ff" else 0
        if at and (_continues(text[at - 1], letter) or (flags and flags % 2 == 0)):
            cuts[at] = _Cut.NEVER
    return cuts


def _after_space(text: str, space: int, newlines: int) -> _Cut:
    if newlines:
        return _Cut.PARAGRAPH if newlines > 1 else _Cut.LINE
    while space and text[space - 1] in _CLOSERS:
        space -= 1
    return _Cut.SENTENCE if space and text[space - 1] in _ENDS else _Cut.WORD


def _continues(before: str, letter: str) -> bool:
    """Whether `letter` belongs to the same visible character as the code point before it."""
    if letter < "\u0300":
        return before == "\r" and letter == "\n"
    return (
        _JOINER in (before, letter)
        or unicodedata.category(letter)[0] == "M"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= letter <= "\U000e007f"  # tags, of which regional flags are made
        or ("\udc00" <= letter <= "\udfff" and "\ud800" <= before <= "\udbff")
        or ("\u1160" <= letter <= "\u11ff" and "\u1100" <= before <= "\u11ff")  # Hangul jamo
    )


def _kept_whole(text: str, units: list[int], limit: int) -> bytearray:
    """For each place: 1 inside a link or a code fence that fits a part."""
    kept = bytearray(len(text) + 1)
    for start, end in (*_fences(text), *(link.span() for link in _LINK.finditer(text))):
        if units[end] - units[start] <= limit:
            kept[start + 1 : end] = b"\x01" * (end - start - 1)
    return kept


def _fences(text: str) -> Iterator[tuple[int, int]]:
    """Code fences from their first backtick to their last; an open one lasts to the end."""
    opened, ticks = -1, 0
    for fence in _FENCE.finditer(text):
        width = fence.end() - fence.start()
        if opened < 0:
            opened, ticks = fence.start(), width
        elif width >= ticks:
            yield opened, fence.end()
            opened = -1
    if opened >= 0:
        yield opened, len(text)


def _next_ink(text: str) -> list[int]:
    """For each place: the first code point from there on that is seen; the end if there is none."""
    ink = [len(text)] * (len(text) + 1)
    for at in range(len(text) - 1, -1, -1):
        seen = not text[at].isspace() and unicodedata.category(text[at]) not in ("Cc", "Cf")
        ink[at] = at if seen else ink[at + 1]
    return ink
