"""How well an entry fits a scene: named weights, whose sum is the candidate's score.

The numbers were set by reading replies to the script of affect/evaluation/replies.yaml, meaning
first: a sentence that is about something else is worse than a plain one.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affect import kinds
from affect.matters import NEWS
from affect.shares import intensity
from affect.types import Emotion, Strategy
from affect.writers import words
from affect.writers.entry import DARK
from affect.writers.shape import measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affect.writers.base import Scene
    from affect.writers.entry import Entry
    from affect.writers.ground import Ground
    from affect.writers.kindred import Feelings
    from affect.writers.shape import Shape

NEAR = 0.825  # likeness from which an entry is about what was said (affect/evaluation/nearness.py)
TURN_NEAR = 0.65  # the same for an answer to a special turn of the talk
GLAD = 0.7  # what an entry for a joy answers where an outcome was told, however it was read
MATTER = 0.5  # what an entry for the matter at hand answers of what is felt, as a floor
EMOTION = 0.5  # weight of the probability of an emotion that the entry answers
FELT = 0.25  # probability from which an emotion may be spoken to
FAR = 0.2  # what an entry that is not near is worth less
MOSTLY = 0.5  # share of the dark emotions from which something dark is felt
BARE = 0.45  # what a sentence that takes up nothing is worth less
KIND = 0.15  # what an entry for lines of this kind has over one for any line
GENERAL = 0.5  # what entries that fit almost anything count as
SAD = -0.05  # valence below which weighty words are in place though no feeling is known
WEIGHS = -0.15  # valence below which light words are out of place
ASKS = 0.4  # what a question is worth more where the plan asks: the judge of replies knows no plan
REMEMBERED = 8  # replies whose wording is not repeated
NAMED = frozenset({"name", "count", "pick"})  # slots that an entry is written for
APT = "apt"  # the reason that `affect/writers/judge.py` adds
MIRROR = "mirror"  # stands where an entry's id would: the event said back

_ABOUT_SOMETHING = frozenset(
    {"good_news", "success", "mixed_news", "asked_advice", "small_talk"}
    | {"relief", "choose", "asked_again", "after_card"}
)
_TIME_TOLD = re.compile(
    r"\b(today|yesterday|tonight|tomorrow|ago|since|(last|next|this) \w+)\b"
    r"|\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\w+ (year|month|week|day|hour)s?\b"
    r"|昨|今|明天|前天|上周|下周|年|个月|天了|周",
    re.IGNORECASE,
)
_KIN = {
    Strategy.RESTATEMENT: Strategy.REFLECTION_OF_FEELINGS,
    Strategy.REFLECTION_OF_FEELINGS: Strategy.RESTATEMENT,
    Strategy.COMMON_HUMANITY: Strategy.AFFIRMATION,
    Strategy.AFFIRMATION: Strategy.COMMON_HUMANITY,
    Strategy.SUGGESTION: Strategy.INFORMATION,
    Strategy.INFORMATION: Strategy.SUGGESTION,
}


@dataclass(frozen=True, slots=True)
class Worded:
    """An entry as it would be said here, with the reasons for and against it."""

    entry: Entry
    text: str
    reasons: Mapping[str, float]

    @property
    def score(self) -> float:
        """The sum of the reasons."""
        return sum(self.reasons.values())

    @property
    def general(self) -> bool:
        """Whether it was written to fit almost anything."""
        return self.entry.situation == "fallback"

    @property
    def felt(self) -> bool:
        """Whether it speaks to something that is felt."""
        return self.reasons.get("emotion", 0.0) >= EMOTION * FELT

    @property
    def bare(self) -> bool:
        """Whether it could be said to anybody: nothing of theirs is in it."""
        return "bare" in self.reasons

    @property
    def apt(self) -> float:
        """What a judge of replies thinks of it, where there is one; 0 for neither good nor bad."""
        return self.reasons.get(APT, 0.0)

    @property
    def near(self) -> bool:
        """Whether it is about what was said and speaks to what is felt."""
        about = self.entry.id != MIRROR and self.reasons.get("meaning", 0.0) >= NEAR
        return self.felt and about and "grave" not in self.reasons


class Weigher:
    """Weighs entries for one scene."""

    def __init__(self, scene: Scene, felt: Feelings, ground: Ground) -> None:
        self._scene = scene
        self._felt = felt
        self._known_answers: dict[frozenset[Emotion], float] = {}
        answers = bool(scene.history) and scene.history[-1].asked
        self._received = answers and not scene.plan.ask  # an answer may simply be taken
        self._others = kinds.kind(scene.said) in {"about", "deeds", "reported"}
        self._heavy = scene.reading.affect.valence < WEIGHS
        self._sad = scene.reading.affect.valence < SAD
        self._dark = felt.known and sum(felt.probabilities[e] for e in DARK) >= MOSTLY
        self._own = words.stems(scene.said)
        self._graves = ground.graves
        self._time_told = bool(_TIME_TOLD.search(scene.said))
        self._strength = intensity(scene.reading)
        asked_for = scene.plan.strategy is Strategy.QUESTION
        self._wish_to_ask = (0.2 if asked_for else 0.1) if scene.plan.ask else 0.0
        earlier = [exchange.reply for exchange in scene.history][-REMEMBERED:]
        self._openings = {words.opening(reply) for reply in earlier}
        self._first_words = {tuple(words.units(reply)[:1]) for reply in earlier[-2:]}
        self._said = {gram for reply in earlier for gram in words.grams(reply, 3)}

    def weigh(self, entry: Entry, text: str, meaning: float) -> Worded:
        """The entry worded as `text`, whose nearest cue is `meaning` like what was said."""
        plan, aim = self._scene.plan, self._scene.plan.target
        shape = entry.shape if text == entry.plain else measure(text)
        general = entry.situation == "fallback"
        felt = self._answered(entry)
        reasons = {
            "meaning": meaning,
            "nearness": 1.5 * max(0.0, meaning - NEAR) if entry.id != MIRROR else 0.0,
            "far": _farness(entry, meaning),
            "strategy": _strategy_fit(entry, plan.strategy),
            "stage": 0.08 if plan.stage in entry.stages else -0.1,
            "emotion": EMOTION * felt,
            "grave": 0.0 if not (of := entry.graves) or of & self._graves else -2.0,
            "told": -0.5 if self._time_told and shape.asks_time else 0.0,
            "kind": self._of_kind(entry) if entry.kinds else 0.0,
            "bare": -BARE if text == entry.plain and self._bare(entry, felt) else 0.0,
            "broad": self._breadth(entry) if general and not _pointed(entry) else 0.0,
            "intensity": 0.05 if self._strength in entry.intensity else -0.08,
            "uptake": min(0.24, 0.08 * len(self._own & shape.stems)),
            "slots": _taken_up(entry) if text != entry.plain else 0.0,
            "aim": -0.1 * (abs(entry.valence - aim.valence) + abs(entry.arousal - aim.arousal)),
            "question": self._wish_to_ask if entry.question else 0.0,
            "asks": ASKS if entry.question and plan.ask else 0.0,
            "naming": -0.1 if "naming" in plan.avoid and _names_feeling(entry) else 0.0,
            "length": -0.02 * max(0.0, shape.words - plan.length),
            "repeated": -self._repeats(shape),
            "chance": (0.18 if entry.kinds else 0.06)
            * zlib.crc32(f"{self._scene.seed}\0{entry.id}".encode())
            / 2**32,
        }
        return Worded(entry, text, {why: round(n, 4) for why, n in reasons.items() if n})

    def _bare(self, entry: Entry, felt: float) -> bool:
        """Whether the entry takes up neither words nor a feeling that is there."""
        if entry.situation != "fallback" or entry.question or entry.cues:
            return False
        if entry.emotions == {Emotion.JOY}:  # takes it for an achievement
            return self._scene.plan.situation not in NEWS
        narrow = Emotion.NEUTRAL not in entry.emotions
        theirs = self._others and not entry.kinds  # how somebody else felt
        known = self._felt.known or (self._sad and bool(entry.kinds))
        nothing = _says_nothing(entry) and not self._received
        return nothing or (narrow and (felt < MOSTLY or theirs or not known))

    def _of_kind(self, entry: Entry) -> float:
        """What fits a kind of line whatever is felt is too light for what is surely dark."""
        if entry.question or not self._dark:
            return KIND
        return 0.0 if entry.emotions <= DARK else -KIND

    def _answered(self, entry: Entry) -> float:
        """How far the entry answers what is felt."""
        light = not entry.emotions & (DARK | {Emotion.SURPRISE})
        news = self._scene.plan.situation in NEWS and Emotion.JOY in entry.emotions
        if news or (light and self._heavy):
            return GLAD if news else 0.0
        if entry.situation != "fallback":
            return max(MATTER if entry.matter else 0.0, self._answers(entry.emotions))
        if broad(entry) or entry.kinds:
            return max(self._felt.probabilities[emotion] for emotion in entry.emotions)
        if not self._felt.known:
            return 0.0
        spoken = entry.emotions if self._felt.everyday else entry.emotions - {Emotion.NEUTRAL}
        return max((self._felt.probabilities[emotion] for emotion in spoken), default=0.0)

    def _answers(self, emotions: frozenset[Emotion]) -> float:
        if emotions not in self._known_answers:
            self._known_answers[emotions] = self._felt.answered(emotions)
        return self._known_answers[emotions]

    def _breadth(self, entry: Entry) -> float:
        """Words for any feeling are dull where it is known, and the only right ones where not."""
        if not broad(entry):
            return 0.0 if self._felt.known else -0.3
        weighty = Emotion.JOY not in entry.emotions  # "does anyone know how it is for you?"
        return (-0.1 if self._felt.known else 0.0) - (0.15 if weighty and not self._sad else 0.0)

    def _repeats(self, shape: Shape) -> float:
        """How much the wording of earlier replies comes again: openings and runs of words."""
        if not self._openings:
            return 0.0
        cost = 0.4 if shape.opening in self._openings else 0.0
        cost += 0.1 if shape.first in self._first_words else 0.0
        return cost + 0.5 * len(shape.grams & self._said) / max(len(shape.grams), 1)


def _taken_up(entry: Entry) -> float:
    own = entry.situation in {"corrected", "remember"}
    return 0.4 if own else 0.2 if entry.kinds and not NAMED.intersection(entry.slots) else 0.08


def _pointed(entry: Entry) -> bool:
    """Whether a general entry is for a kind of line, or for a name or a number in it."""
    return bool(entry.kinds) or bool(NAMED.intersection(entry.slots))


_TELLING = frozenset({"told", "about", "own", "did", "deeds", "reported", "detail"})


def _says_nothing(entry: Entry) -> bool:
    """Whether a statement is for any line that tells something, whatever is felt in it.

    Such a sentence reads as evasion, and often as one about something else: their own words said
    back, or a plain question, are better.
    """
    return len(entry.emotions) > 4 and (not entry.kinds or bool(entry.kinds & _TELLING))


def broad(entry: Entry) -> bool:
    """Whether it fits not only any matter but nearly any feeling."""
    return entry.situation == "fallback" and len(entry.emotions) > 3 and not entry.kinds


def _is_general(entry: Entry) -> bool:
    """Entries for a special turn answer the turn itself, others what is told in it."""
    if entry.situation in {None, "fallback"}:
        return entry.id == MIRROR or (entry.situation is not None and not entry.cues)
    return entry.situation not in _ABOUT_SOMETHING or not entry.cues


def _farness(entry: Entry, meaning: float) -> float:
    """What it costs that the nearest cue is not near."""
    if not _is_general(entry):
        return 0.0 if meaning >= NEAR else -FAR - 4 * (NEAR - meaning)
    # An answer to a special turn that was written for other words than these.
    return -max(0.0, TURN_NEAR - meaning) if entry.cues else 0.0


def _names_feeling(entry: Entry) -> bool:
    return entry.strategy is Strategy.REFLECTION_OF_FEELINGS and not entry.question


def _strategy_fit(entry: Entry, wanted: Strategy) -> float:
    if entry.strategy is wanted:
        return 0.15
    return 0.06 if _KIN.get(wanted) is entry.strategy else 0.0
