"""Whether a line goes on with what was told before it, or begins with a greeting."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.writers import words

if TYPE_CHECKING:
    from affect.matters import Matter
    from affect.writers.base import Scene

GLAD_LINES = 1  # lines after good news that are still taken to be about it
DULL = 0.12  # valence below which they are not
TOLD_WORDS = 2  # after a greeting: what tells something that is taken up

# A greeting before something told; "hi there", "hey you".
_GREETING = re.compile(
    r"^\W*(hey+|hi+|hello|heya|hiya|yo|(good )?(morning|evening|afternoon))( there| again)?"
    r"[\s,.!~…-]*(?<=[,.!~…-])\s*(?=\w)|^(你好|嗨|哈喽|早上好|晚上好|早)[\s，。！,.!~…]+",
    re.IGNORECASE,
)
_ADDING = frozenset({kinds.DETAIL, "feels"})
_GOES_ON = re.compile(
    r"^\W*(and|but|because|so|since|then|yeah|yes|no|it|he|she|they|that|there|nobody|no one"
    r"|every\w*|still|i (just |still |really )?(miss|keep|know|thought|wish|hate|can't|don't"
    r"|didn't))\b|^(然后|因为|但|可|所以|他|她|它|还|嗯|是|就|那)",
    re.IGNORECASE,
)
ASIDE = frozenset({"laugh", "laughing", "what_if", "sigh", "nod", "soso", "plans"})
"""Kinds of line that tell nothing more of what was told before."""


def follows(scene: Scene, matter: Matter) -> bool:
    """Whether a line goes on with the matter, so that what is true of all of it may be said."""
    if kinds.asks(scene.said) or kinds.kind(scene.said) in ASIDE:
        return False
    if not matter.dark and matter.since and matter.name != matters.GOOD:
        return False  # what is true of an everyday matter is said once
    if matter.name == matters.GOOD:
        return matter.since <= GLAD_LINES and scene.reading.affect.valence > DULL
    if not matters.goes_on(matter.name, scene.history, scene.said):
        return False
    # A short line hangs on what was told where it answers, adds a detail or a feeling to it.
    kind = kinds.kind(scene.said)
    answers = bool(scene.history) and scene.history[-1].asked and kind != "did"
    adds = kind in _ADDING or bool(_GOES_ON.match(scene.said))
    return answers or adds or matters.goes_on(matter.name, (), scene.said)


def answers_of(scene: Scene, matter: Matter) -> bool:
    """Whether a bare yes or no answers in the matter: the line before it was still of it."""
    if matter.name == matters.GOOD or matter.since <= 1 or not scene.history:
        return True
    *before, last = scene.history
    return follows(replace(scene, said=last.said, history=tuple(before)), matter)


def greeted(said: str, scene: Scene) -> tuple[str, str]:
    """A greeting to be returned, and what is told after it: "hey. long week" -> "long week"."""
    found = _GREETING.match(said)
    rest = said[found.end() :] if found else ""
    first = not scene.history and scene.plan.situation is None
    if not found or not first or kinds.asks(rest) or words.count(rest) < TOLD_WORDS:
        return "", said
    return "你好。" if scene.language == "zh" else "Hey. ", rest
