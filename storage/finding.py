"""Words looked for in texts: whatever their case or width, ranked, with what stands around them.

    score = sum over words of log2(1 + weight of its finds)

where a whole word weighs 1 and a part of one a half; in a reply both weigh half of that: what a
person said is looked for first.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from affect.errors import BadInput
from storage.records import TurnView

AROUND = 40  # characters shown on either side of a hit
PART, REPLY = 0.5, 0.5  # weights of a part of a word, and of a find in a reply

Texts = Mapping[str, Sequence[str]]
"""The texts of a turn by where they stand: `said`, `transcript`, `reply`."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something to look for. `stored` is how it stands in sealed JSON, in lower case if ASCII."""

    pattern: re.Pattern[str]
    whole: re.Pattern[str]
    escaped: re.Pattern[str]
    stored: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found in a turn, how often, and the text around the first of them."""

    where: str
    count: int
    snippet: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn in which all the words were found."""

    turn: TurnView
    score: float
    found: tuple[Found, ...]

    @property
    def count(self) -> int:
        """How often, in all its texts."""
        return sum(one.count for one in self.found)


def patterns(words: Sequence[str]) -> list[Word]:
    """Words to look for; raise `BadInput` if nothing is left of them."""
    wanted = [told for word in words if (told := plain(word).strip())]
    if not wanted:
        raise BadInput("no_words", "There are no words to look for.")
    return [_word(word) for word in wanted]


def _word(word: str) -> Word:
    stored = json.dumps(word, ensure_ascii=False)[1:-1]
    return Word(
        pattern=re.compile(re.escape(word), re.IGNORECASE),
        whole=re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE),
        escaped=re.compile(re.escape(stored), re.IGNORECASE),
        stored=stored.lower().encode() if stored.isascii() else None,
    )


def possible(words: Sequence[Word], bodies: Sequence[bytes]) -> bool:
    """Whether JSON as it was stored may hold every word; a no is sure, a yes is not."""
    return all(any(_holds(word, body) for body in bodies) for word in words)


def _holds(word: Word, body: bytes) -> bool:
    if body.isascii():
        return word.stored is not None and word.stored in body.lower()
    return word.escaped.search(plain(body.decode())) is not None


def score(words: Sequence[Word], texts: Texts) -> float:
    """How well a turn answers the words; 0 if one of them is missing."""
    kept = [(where, plain(one)) for where, those in texts.items() for one in those]
    total = 0.0
    for word in words:
        weight = 0.0
        for where, one in kept:
            whole = sum(1 for _ in word.whole.finditer(one))
            parts = sum(1 for _ in word.pattern.finditer(one)) - whole
            weight += (whole + PART * parts) * (REPLY if where == "reply" else 1.0)
        if not weight:
            return 0.0
        total += math.log2(1 + weight)
    return round(total, 4)


def find(view: TurnView, words: Sequence[Word], texts: Callable[[TurnView], Texts]) -> Hit | None:
    """The turn as a hit, if every one of the words stands somewhere in it."""
    told = texts(view)
    scored = score(words, told)
    if not scored:
        return None
    found = []
    for where, those in told.items():
        for one in map(plain, those):
            hits = [match for word in words for match in word.pattern.finditer(one)]
            if hits:
                found.append(Found(where, len(hits), _snippet(one, min(hits, key=re.Match.start))))
    return Hit(view, scored, tuple(found))


def plain(text: str) -> str:
    """A text without differences of width."""
    return unicodedata.normalize("NFKC", text)


def _snippet(text: str, hit: re.Match[str]) -> str:
    start, end = max(0, hit.start() - AROUND), hit.end() + AROUND
    shown = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"
