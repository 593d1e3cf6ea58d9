"""What a talk is about over several turns: "yeah, three years" belongs to the breakup before it.

Told by words that leave little doubt (matters.yaml), because a matter that was guessed wrong is
worse than none. A matter holds until another begins, the person changes the topic, or `KEPT` turns
have passed without a word of it. After good news the matter is the good news. Knows no entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one if it is there
FILE = Path(__file__).parent / "matters.yaml"
LOOKED_BACK = 12  # turns that are read for it
READ = 400  # characters of a line that are read for it
KEPT = 6  # turns that a matter holds without another word of it
GOOD = "good"
NEWS = frozenset({"good_news", "success", "relief"})
GLAD_TURNS = 7  # turns that good news is spoken about

NEW_TOPIC = re.compile(
    r"^(anyway|by the way|btw|on another note|something else|also, there'?s|different thing)\b"
    r"|\b(change the subject|talk about something else)\b"
    r"|^(对了|另外|还有(件|个)|话说|换个)|不(说|聊)这个",
    re.IGNORECASE,
)


class Turned(Protocol):
    """What is needed of an earlier turn."""

    @property
    def said(self) -> str:
        """The person's words."""

    @property
    def situation(self) -> str | None:
        """The special turn it was, if any."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter by its name; `since` counts the turns after the one that began it, `dark` is its
    colour: good news in a dark matter is a relief."""

    name: str
    since: int
    dark: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    dark: bool
    weak: bool
    begins: re.Pattern[str]
    stays: re.Pattern[str]


def names() -> frozenset[str]:
    """All matters that an entry may be for."""
    return frozenset({*_kinds(), GOOD})


def begun(said: str) -> str | None:
    """The matter that these words begin, or None."""
    plain = said.replace("’", "'")
    return next((name for name, kind in _kinds().items() if kind.begins.search(plain)), None)


def current(history: Sequence[Turned], said: str) -> Matter | None:
    """What the talk is about now; `history` holds its earlier turns, oldest first."""
    now: str | None = None
    since = silent = 0
    for turn in (*history[-LOOKED_BACK:], None):
        words = (turn.said if turn else said)[:READ]
        opened = begun(words)
        if now is not None and opened != now and (_stays(now, words) or _weak(opened)):
            opened = None
        if NEW_TOPIC.search(words.strip()) and not opened:
            now = None
        elif opened and (opened != now or now is None):
            now, since, silent = opened, 0, 0
        elif now is not None:
            since += 1
            silent = 0 if opened or _stays(now, words) else silent + 1
            now = None if silent >= (GLAD_TURNS if now == GOOD else KEPT) else now
        if turn and turn.situation in NEWS:
            now, since, silent = GOOD, 0, 0
    return Matter(now, since, now != GOOD and _kinds()[now].dark) if now else None


def _weak(name: str | None) -> bool:
    """Whether a matter begins only where none is open: bad nights may be part of any other."""
    return name is not None and _kinds()[name].weak


def _stays(name: str, said: str) -> bool:
    return name != GOOD and bool(_kinds()[name].stays.search(said.replace("’", "'")))


@cache
def _kinds() -> Mapping[str, _Kind]:
    text = FILE.read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe
    return {
        name: _Kind(
            bool(raw["dark"]), bool(raw.get("weak")), _any(raw["begins"]), _any(raw["stays"])
        )
        for name, raw in content.items()
    }


def _any(parts: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)
