"""Word lists of a language (lexicon/*.yaml): what is content, what may be taken up, what never.

Lists live in files so that people without code can add to them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from affect import written

FOLDER = Path(__file__).parent / "lexicon"


@cache
def listed(language: str, name: str) -> frozenset[str]:
    """The words of one list; phrases where the list is separated by commas."""
    raw = _file(language)[name]
    parts = raw.split(",") if "," in raw else re.split(r"\s+", raw)
    return frozenset(part.strip() for part in parts if part.strip())


@cache
def table(language: str, name: str) -> dict[str, str]:
    """A list that maps words to words."""
    return {str(key): str(value) for key, value in _file(language)[name].items()}


@cache
def rows(language: str, name: str) -> tuple[str, ...]:
    """A list whose lines belong together as they stand."""
    return tuple(_file(language)[name])


@cache
def forbidden() -> dict[str, re.Pattern[str]]:
    """The patterns of forbidden.yaml by the name of their reason, in the order of the checks."""
    content = dict(_file("forbidden"))
    known: dict[str, str] = content.pop("words")
    return {reason: _pattern(parts, known) for reason, parts in content.items()}


@cache
def turns(where: str) -> dict[str, re.Pattern[str]]:
    """The patterns of situations.yaml under `where`, by situation, in their order."""
    return {name: _pattern(parts, {}) for name, parts in _file("situations")[where].items()}


@cache
def no_outcome() -> re.Pattern[str]:
    """Words by which an outcome is none: not yet, not really, or mixed."""
    return re.compile(_file("situations")["no_outcome"], re.IGNORECASE)


@cache
def contrast() -> re.Pattern[str]:
    """Words by which a sentence turns: news that is mixed has one."""
    return re.compile(_file("situations")["contrast"], re.IGNORECASE)


def _pattern(parts: list[str], known: dict[str, str]) -> re.Pattern[str]:
    joined = "|".join(f"(?:{part})" for part in parts)
    for name, words in known.items():
        joined = joined.replace(name, words)
    return re.compile(joined, re.IGNORECASE)


@cache
def _file(name: str) -> dict[str, Any]:
    content: dict[str, Any] = written.read(FOLDER / f"{name}.yaml")
    return content
