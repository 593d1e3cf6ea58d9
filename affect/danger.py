"""What is kept of danger in a turn, as values: its kind, whose it is, how it was answered.

Apart from the rules that find it (`affect.safety`), so that who only reads it needs none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Topic(StrEnum):
    """What kind of danger is spoken of; `LOSS` is somebody lost to suicide, and no danger."""

    OVERDOSE = "overdose"
    ABUSE = "abuse"
    CHILD_IN_DANGER = "child_in_danger"
    HARM_TO_OTHERS = "harm_to_others"
    SUICIDE = "suicide"
    SELF_HARM = "self_harm"
    LOSS = "loss"


class About(StrEnum):
    """Who is in danger (or, for harm to others, who speaks of doing harm)."""

    SELF = "self"
    OTHER = "other"
    UNCLEAR = "unclear"


class Answer(StrEnum):
    """What this turn is answered with; SAFETY is left to the writer, everything else is fixed.

    After CARD come its ends: a denial (DENIED), the news that all is safe (SAFE), or that there
    never was a danger (MISTAKEN). CHECK asks once more, after a while.
    """

    NORMAL = "normal"
    GENTLE = "gentle"
    SAFETY = "safety"
    CARD = "card"
    CHECK = "check"
    DENIED = "denied"
    SAFE = "safe"
    MISTAKEN = "mistaken"


OWN_LIFE = frozenset({Topic.SUICIDE, Topic.SELF_HARM, Topic.OVERDOSE})
"""Kinds in which it is one's own life, unless it is said of another."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is kept of one turn, quiet turns too: the level that held, and how it came.

    `fresh` says that the words of that turn raised it; otherwise it was held from before. `answer`
    is what the turn was answered with.
    """

    level: int
    at: datetime
    topic: Topic = Topic.SUICIDE
    about: About = About.SELF
    fresh: bool = True
    answer: Answer | None = None

    @property
    def own(self) -> bool:
        """Whether it is the person who may end or hurt their own life."""
        return self.topic in OWN_LIFE and self.about is not About.OTHER
