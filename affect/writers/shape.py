"""What is counted of a wording, so that replies can be compared and do not repeat one another."""

from __future__ import annotations

import re
from dataclasses import dataclass

from affect.writers import words

# To ask for what was just said shows that nobody read it.
_TIME_ASKED = re.compile(
    r"\b(how long|since when|when (did|was|is))\b|多久|多长时间|什么时候|哪天", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A wording in numbers; `words` as `words.count` has them."""

    stems: frozenset[str]
    opening: tuple[str, ...]
    first: tuple[str, ...]
    grams: frozenset[tuple[str, ...]]
    words: float
    asks_time: bool


def measure(text: str) -> Shape:
    """Count a wording."""
    return Shape(
        stems=words.stems(text),
        opening=words.opening(text),
        first=tuple(words.units(text)[:1]),
        grams=frozenset(words.grams(text, 3)),
        words=words.count(text),
        asks_time=bool(_TIME_ASKED.search(text)),
    )
