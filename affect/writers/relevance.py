"""How far an entry is about what was said: likeness to its cues, in the light of the whole talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affect import matters
from affect.special import ASKS
from affect.types import Emotion
from affect.writers.entry import DARK, tells_not
from affect.writers.fitting import BARE
from affect.writers.kindred import is_definite
from affect.writers.weighing import GENERAL, NEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affect.writers.base import Scene
    from affect.writers.entry import Entry
    from affect.writers.ground import Ground

ABOUT = 0.04  # what likeness is worth more to an entry of the topic, and less to one of another
TOPIC = 0.83  # likeness that an entry for any line of the topic has
ANSWERS = 0.75  # likeness of a customer's sentence from which an entry answers it
THIS_LINE = 0.82  # likeness that an entry for some lines of a matter must have
ASK = 0.82  # likeness from which a line wants what an entry for one certain request gives
ASKED = 0.7  # the same of one that is told by what it asks, and not by what it asks for
CONGRATULATED = 0.78  # the same of one that is glad of something
SURELY = 0.88  # likeness from which a line is of its cue's kind, whatever the talk is about
MAYBE_TOPIC = 0.2  # probability below which advice of a topic is for another's trouble
MATTER = 0.84  # likeness that an entry for the matter at hand has to any line of it
MATTER_FIRST = 0.83  # and to the line that begins it, where questions come second
DENIED = 0.15  # what likeness is worth less to a line that says that it is not so

_GLAD = frozenset({Emotion.JOY, Emotion.SURPRISE})
_CERTAIN = frozenset({"word_it", "ideas", "fact", "task"})
"""Requests whose entries give one certain thing: a recipe answers no question about a gift."""


class Relevance:
    """Weighs likeness for one scene. `about` holds the topic of each entry that has one."""

    def __init__(
        self,
        scene: Scene,
        likeness: Mapping[str, float],
        ground: Ground,
        about: Mapping[str, str],
    ) -> None:
        self._likeness, self._about = likeness, about
        self._topics, self._topic = ground.topics, ground.topic
        self._matter = matter = ground.matter
        self._grave = ground.grave
        self._wanted = scene.plan.situation
        self._bare = self._wanted in BARE
        self._asked_for = scene.persona == "support"
        # Good news in a grave time takes nothing from what is said of the grave.
        self._glad = matter is not None and matter.name == matters.GOOD and not ground.grave
        self._dark = is_definite(scene.reading, scene.said) or bool(matter and matter.dark)
        self._wary = matter is None and ground.wary
        # Where another matter may have begun, the open one is not taken for granted.
        self._denied = matters.denies(scene.said)
        self._negated = tells_not(scene.said)

    def of(self, entry: Entry) -> float | None:
        """The likeness that counts for an entry; None where it may not be said here."""
        if not entry.cues:
            return None if self._too_dark(entry, 0.0) else self._without_cues(entry)
        meaning = self._likeness.get(entry.id, 0.0) + self._of_topic(entry)
        mine = self._topic is not None and self._about.get(entry.id) == self._topic
        guessed = self._wary and entry.situation is None and not mine
        if self._too_dark(entry, meaning) or (guessed and meaning < SURELY):
            return None  # one wrong guess was enough
        if self._grave and meaning < NEAR and _light(entry):
            return None
        if meaning < self._least(entry):
            return None
        unlike = (entry.denies and not self._negated) or (
            self._denied and not any(matters.denies(cue) for cue in entry.cues)
        )
        return meaning - DENIED if unlike else meaning

    def _without_cues(self, entry: Entry) -> float | None:
        """What fits any line of its matter, topic or turn."""
        if entry.topic:
            return TOPIC
        if entry.matter and self._matter:
            known = MATTER if self._matter.since or self._bare else MATTER_FIRST
            return NEAR if entry.question and known < MATTER else known
        if self._wary and entry.situation is None:
            return None
        return GENERAL if entry.situation else 0.0

    def _of_topic(self, entry: Entry) -> float:
        """What the topic of the talk adds to the likeness of an entry, or takes from it."""
        own = self._about.get(entry.id)
        if own is None or not self._topics:
            return 0.0
        return ABOUT if own == self._topic else -ABOUT * (1 - self._topics[own])

    def _too_dark(self, entry: Entry, meaning: float) -> bool:
        """Nobody is comforted for good news, and "the fridge is so loud" is no sign of pain."""
        odd = (self._glad and meaning < SURELY) or (bool(entry.kinds) and not self._dark)
        return odd and entry.emotions <= DARK

    def _elsewhere(self, entry: Entry) -> bool:
        """Whether it is about a topic that the talk is hardly about."""
        known = bool(self._topics) and entry.topic is not None
        return known and self._topics.get(str(entry.topic), 0.0) < MAYBE_TOPIC

    def _least(self, entry: Entry) -> float:
        """The likeness that an entry with lines of its own needs to be thought of at all."""
        if self._asked_for:
            return ANSWERS  # a case that nobody told of is not to be invented
        if self._wanted == "unknown":
            return SURELY if entry.cues else 0.0
        if entry.situation in ASKS:
            return self._least_asked(entry)
        if entry.situation in _CERTAIN:
            return ASK
        if self._wanted is None and entry.situation is None and entry.emotions <= _GLAD:
            return CONGRATULATED  # "tomorrow is the exam" is far from "I passed", and not enough
        return THIS_LINE if entry.matter else 0.0  # it answers its own lines, not any of the matter

    def _least_asked(self, entry: Entry) -> float:
        """The same for the answer to a request."""
        if self._elsewhere(entry):
            return SURELY  # a barking dog is no dead one
        if entry.situation != self._wanted or entry.situation in _CERTAIN:
            return ASK  # below, what fits any request is better
        if entry.situation != "asked_advice":
            return ASKED
        return THIS_LINE if entry.matter else 0.0


def _light(entry: Entry) -> bool:
    """Whether it is an ordinary one about some other thing, and for more than dark moments."""
    return entry.situation is None and entry.matter is None and not entry.emotions <= DARK
