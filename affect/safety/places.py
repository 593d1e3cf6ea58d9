"""The country that a person says they are in, for the lines on a card; never guessed otherwise.

Only plain statements of one's own place are read ("i'm in the UK", 我在英国). "My sister is in
Canada" is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from affect import written

_BEFORE = (
    r"(?<!not )\b(?:i(?:'m| am| live| study| work|'m living| am living)(?: (?!not\b)\w+)?"
    r"|we(?:'re| are| live)(?: (?!not\b)\w+)?|(?:here|based|living)) (?:in|from) "
)
_AFTER = r"(?!\w)(?!(?:,)? (?:last|next) )"
_BEFORE_CHINESE = r"(?:我(?:现在|人|一个人|家|就)?在|我住在?|我是|人在|我们在)"


def country_said(said: str) -> str | None:
    """Return the code of the country that the words name as the person's own, or None."""
    plain = said.replace("’", "'")
    found = [*_english().finditer(plain), *_chinese().finditer(plain)]
    # Where two are named, the later one is where they are now.
    last = max(found, key=lambda match: match.start(), default=None)
    return names()[last["place"].lower()] if last else None


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """Return the code of every name of a country or town, the names in lower case."""
    content: dict[str, list[str]] = written.read(files("affect.safety") / "places.yaml")
    return {name.lower(): code for code, names in content.items() for name in names}


@lru_cache(maxsize=1)
def _english() -> re.Pattern[str]:
    return re.compile(
        f"{_BEFORE}(?P<place>{_alternatives(ascii_only=True)}){_AFTER}", re.IGNORECASE
    )


@lru_cache(maxsize=1)
def _chinese() -> re.Pattern[str]:
    return re.compile(f"{_BEFORE_CHINESE}(?P<place>{_alternatives(ascii_only=False)})")


def _alternatives(*, ascii_only: bool) -> str:
    chosen = [name for name in names() if (ord(name[-1]) < 0x2E80) == ascii_only]
    return "|".join(re.escape(name) for name in sorted(chosen, key=lambda name: -len(name)))
