"""What the talk branch learns from: written lines by what they do, and by what they are about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from affect import written
from affect.errors import BadInput
from affect.writers import bank
from affect.writers.entry import LANGUAGES
from affect.writers.hearing import TELLS
from affect.writers.topics import NONE

LINES = resources.files("affect.training") / "lines"
HELD_OUT = 10  # one line of so many is kept from training
ASKED = "asked_advice"  # the act of a line that an idea for a topic answers


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what it does and what it is about, as far as that is known, and the entry of the
    bank that answers it. `in_talk` holds of lines that were written as talks, in which acts are as
    frequent as in life.
    """

    text: str
    language: str
    act: str | None = None
    topic: str | None = None
    entry: str | None = None
    in_talk: bool = False


def lines() -> list[Line]:
    """All lines, each once; raises `BadInput`."""
    found: dict[str, Line] = {}
    for language in LANGUAGES:
        of_language = (_talks, _acts, _topics, _cues)
        for line in (line for lines_of in of_language for line in lines_of(language)):
            found.setdefault(line.text, line)
    return list(found.values())


def held_out(text: str) -> bool:
    """Whether a line is kept from training, by its own words."""
    return hashlib.sha256(text.encode()).digest()[0] % HELD_OUT == 0


def talks(language: str) -> Iterator[dict[str, Any]]:
    """Talks whose lines were named by what they do, and whose possible replies were graded."""
    return map(json.loads, learned_from(f"judged.{language}.jsonl").read_text("utf-8").splitlines())


def _talks(language: str) -> Iterator[Line]:
    acts = set(_read(f"acts.{language}.yaml"))
    for talk in talks(language):
        for turn in talk["turns"]:
            if turn["act"] in acts:
                yield Line(turn["said"], language, turn["act"], in_talk=True)


def _acts(language: str) -> Iterator[Line]:
    """Lines of each act are about nothing told; those that are merely like it tell something."""
    for act, told in _read(f"acts.{language}.yaml").items():
        for text in told.get("lines", ()):
            yield Line(text, language, act, None if act == TELLS else NONE)
        for text in told.get("like", ()):
            yield Line(text, language, TELLS)


def _topics(language: str) -> Iterator[Line]:
    for topic, told in _read(f"topics.{language}.yaml").items():
        for text in told:
            yield Line(text, language, TELLS, topic)


def _cues(language: str) -> Iterator[Line]:
    """The cues of all entries; of a special turn's the act, of a topic's the topic."""
    acts = set(_read(f"acts.{language}.yaml"))
    for entry in bank.load().of(language):
        act = entry.situation if entry.situation in acts else None
        if entry.topic and entry.situation != ASKED:
            act = TELLS
        topic = entry.topic or (NONE if act not in {None, ASKED, TELLS} else None)
        for cue in entry.cues:
            yield Line(cue, entry.language, act, topic, entry.id)


def learned_from(name: str) -> Traversable:
    """A file of lines; raises `BadInput` outside a checkout, where there are none."""
    file = LINES / name
    if not file.is_file():
        raise BadInput("lines", f"{name} is not in the package: learn from a checkout.")
    return file


def _read(name: str) -> dict[str, Any]:
    content = written.read(learned_from(name))
    if not isinstance(content, dict):
        raise BadInput("lines", f"{name} must map names to lines.")
    return content
