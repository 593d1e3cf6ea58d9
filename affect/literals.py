"""Words that a pattern cannot match without, so that of many patterns few are run.

To look for a word in a line costs a hundredth of what a long pattern does, and most lines hold no
word of most patterns. The words are found in a pattern's own parse, never kept by hand: a pattern
that changes brings its own. Where nothing certain can be said of a pattern, it is always run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

MOST = 24  # strings that a part of a pattern may stand for; of more, no word is derived
LONG = 4  # characters beyond which a longer word is no better
BEGINNING = 3  # characters by which words are looked up

_parser: Any = import_module("re._parser")  # what `re.compile` itself reads patterns with
_ZERO_WIDTH = frozenset({"AT", "ASSERT", "ASSERT_NOT"})
# Letters that a pattern without case takes for others, and that `lower` leaves or makes two of.
_ODD = str.maketrans("\u017f\u0130\u0131", "sii")

Words = frozenset[str]
_EMPTY: Words = frozenset({""})


class Index:
    """Which of some patterns may match in a text; all others certainly do not."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._always: set[int] = set()
        self._places: dict[str, list[tuple[int, tuple[Words, ...]]]] = {}
        for number, pattern in enumerate(patterns):
            for needs in alternatives(pattern):
                if not needs:
                    self._always.add(number)
                for word in needs[0] if needs else ():
                    self._places.setdefault(word, []).append((number, needs[1:]))
        self._words: dict[str, list[str]] = {}
        for word in self._places:
            self._words.setdefault(word[:BEGINNING], []).append(word)

    def may_match(self, text: str) -> list[int]:
        """The numbers of the patterns that may match anywhere in `text`, in their order."""
        text = fold(text)
        found = set(self._always)
        sizes = range(1, BEGINNING + 1)
        begins = {text[at : at + size] for size in sizes for at in range(len(text))}
        for beginning in begins & self._words.keys():
            for word in self._words[beginning]:
                if word in text:
                    found.update(
                        number
                        for number, needs in self._places[word]
                        if number not in found and _all(needs, text)
                    )
        return sorted(found)


def fold(text: str) -> str:
    """The text as words are looked for in it: a letter and what a pattern takes for it are one."""
    return text.lower() if text.isascii() else text.translate(_ODD).lower()


def alternatives(pattern: re.Pattern[str]) -> tuple[tuple[Words, ...], ...]:
    """For each alternative of a pattern sets of words, of each of which every match holds one.

    The rarest come first. Words have no spaces in them, because spaces may move.
    """
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    return tuple(_needs(branch) for branch in _branches(parsed))


def _all(needs: Iterable[Words], text: str) -> bool:
    for words in needs:
        for word in words:
            if word in text:
                break
        else:
            return False
    return True


def _branches(tokens: Any) -> list[Any]:
    """The alternatives of a pattern, where it is nothing but alternatives."""
    wide = [token for token in tokens if str(token[0]) not in _ZERO_WIDTH]
    if len(wide) == 1:
        kind, value = str(wide[0][0]), wide[0][1]
        if kind == "BRANCH":
            return [one for branch in value[1] for one in _branches(branch)]
        if kind == "SUBPATTERN":
            return _branches(value[3])
    return [tokens]


def _needs(tokens: Iterable[Any]) -> tuple[Words, ...]:
    """Sets of words of a sequence, the best first: one of each set stands in every match."""
    found: list[Words] = []
    strings = _EMPTY
    for token in tokens:
        exact = _exact(token)
        if exact is not None and len(strings) * len(exact) <= MOST:
            strings = _followed(strings, exact)
            continue
        found.append(_without_spaces(strings))
        strings = exact or _EMPTY
        if exact is None:
            found += _inside(token)
    found.append(_without_spaces(strings))
    return tuple(sorted({words for words in found if words}, key=_worth, reverse=True))


def _worth(words: Words) -> tuple[int, int]:
    return min(min(len(word), LONG) for word in words), -len(words)


def _without_spaces(strings: Words) -> Words:
    """The longest word of each string; nothing where one has no word."""
    pieces = {fold(max(string.split() or [""], key=len)) for string in strings}
    return frozenset() if "" in pieces else frozenset(pieces)


def _inside(token: Any) -> tuple[Words, ...]:
    """The words of a part that stands for too many strings."""
    kind, value = str(token[0]), token[1]
    match kind:
        case "SUBPATTERN":
            return _needs(value[3])
        case "BRANCH":
            parts = [_needs(branch) for branch in value[1]]
            return (frozenset().union(*(part[0] for part in parts)),) if all(parts) else ()
        case "MAX_REPEAT" | "MIN_REPEAT" if value[0] > 0:
            return _needs(value[2])
    return ()


def _exact(token: Any) -> Words | None:
    """All strings that a part stands for; None where they are too many or not known."""
    kind, value = str(token[0]), token[1]
    found: Words | None = _EMPTY if kind in _ZERO_WIDTH else None
    match kind:
        case "LITERAL":
            found = frozenset({chr(value)})
        case "IN" if all(str(one[0]) == "LITERAL" for one in value):
            found = frozenset(chr(one[1]) for one in value)
        case "SUBPATTERN":
            found = _sequence(value[3])
        case "BRANCH":
            found = _either([_sequence(branch) for branch in value[1]])
        case "MAX_REPEAT" | "MIN_REPEAT" if value[1] == 1:
            once = _sequence(value[2])
            found = once if value[0] else _either([_EMPTY, once])
    return found


def _sequence(tokens: Iterable[Any]) -> Words | None:
    strings = _EMPTY
    for token in tokens:
        exact = _exact(token)
        if exact is None or len(strings) * len(exact) > MOST:
            return None
        strings = _followed(strings, exact)
    return strings


def _followed(strings: Words, more: Words) -> Words:
    return frozenset(one + other for one in strings for other in more)


def _either(sets: Sequence[Words | None]) -> Words | None:
    found: set[str] = set()
    for strings in sets:
        if strings is None:
            return None
        found |= strings
    return frozenset(found) if len(found) <= MOST else None
