"""One entry of the bank: a reply written by hand, with what it answers and what it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Any

from affect import kinds, matters
from affect.errors import BadInput
from affect.special import SPECIAL
from affect.types import EMOTIONS, Emotion, Stage, Strategy
from affect.writers.shape import Shape, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGES = ("en", "zh")
SLOTS = ("topic", "person", "time", "deed", "other", "told", "feeling", "name", "count", "pick")
INTENSITIES = ("low", "middle", "high")
SITUATIONS = frozenset({*SPECIAL, "fallback"})
DARK = frozenset({Emotion.ANGER, Emotion.DISGUST, Emotion.FEAR, Emotion.SADNESS})
_KEYS = frozenset(
    {"id", "text", "plain", "cues", "strategy", "stages", "emotions", "intensity"}
    | {"situation", "question", "aim", "matter", "kinds"}
)
_STAGES = (Stage.EXPLORE, Stage.COMFORT)  # of an entry that names none
# What a reply to a feeling carries where its entry does not say: the middle of voice.md, 2.
_AIMS = {
    Emotion.ANGER: (-0.1, 0.1),
    Emotion.DISGUST: (-0.1, -0.2),
    Emotion.FEAR: (0.0, -0.2),
    Emotion.JOY: (0.6, 0.3),
    Emotion.SADNESS: (-0.1, -0.2),
    Emotion.SURPRISE: (0.0, 0.1),
    Emotion.NEUTRAL: (0.1, 0.0),
}
_ID = re.compile(r"(en|zh)(-[a-z0-9]+)+")
# What is said before a question at the end; a few words of greeting are not enough.
_STATED = re.compile(r"(.{12,}[.!。！])\s*[^.!。！]+[?？]", re.DOTALL)
_SLOT = re.compile(r"\{(\w*)\}")
_NEGATED = re.compile(
    r"\b(not|never|no|nobody|nothing|none|without|cannot|hardly|barely|stop(ped|s)?|refus\w+|forg[eo]t\w*"
    r"|lost|missed|fail\w*|only|just|un\w+ed)\b|n'?t\b|没|不|别|忘|丢",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Entry:
    """A written reply; the bank makes each once, and what is found out of it is found out once.

    `text` may hold slots ({topic}, {person} ...); `plain` is the version without (equal to
    `text` where there are none). `cues` are lines that it answers. `valence` and `arousal`, in
    [-1, 1], are what the reply carries. `situation` names a special turn of the talk, or is None.
    `matter` names what the talk must be about (affect/matters.yaml); such an entry may follow up
    any line of it. `kinds` are the kinds of line that it answers (affect/kinds.yaml); empty: any.
    `topic` is what it is about, as a classifier of lines names it (affect/writers/topics.py); one
    without cues may follow up any line of a talk about it.
    """

    id: str
    language: str
    text: str
    plain: str
    cues: tuple[str, ...]
    strategy: Strategy
    stages: frozenset[Stage]
    emotions: frozenset[Emotion]
    intensity: frozenset[str]
    situation: str | None
    question: bool
    valence: float
    arousal: float
    matter: str | None = None
    kinds: frozenset[str] = frozenset()
    topic: str | None = None

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots in `text`, in their order."""
        return tuple(_SLOT.findall(self.text))

    @cached_property
    def shape(self) -> Shape:
        """What is counted of `plain`."""
        return measure(self.plain)

    @cached_property
    def marks(self) -> tuple[bool, ...]:
        """Which of the strategies is its own, and to which of the emotions it speaks."""
        own = (self.strategy is strategy for strategy in Strategy)
        return (*own, *(emotion in self.emotions for emotion in EMOTIONS))

    @cached_property
    def graves(self) -> frozenset[str]:
        """The grave matters that it is for: its words speak of one, or most of its cues do."""
        found = {self.matter} if self.matter in matters.grave() else set()
        for name in matters.grave():
            cues = sum(matters.holds_word_of(name, cue) for cue in self.cues)
            if matters.holds_word_of(name, self.plain) or 2 * cues >= len(self.cues) > 0:
                found.add(name)
        return frozenset(found)

    @cached_property
    def stock(self) -> bool:
        """Whether it was written for any line of a kind, a feeling or a topic."""
        return self.situation in {None, "fallback"} and not self.cues and self.matter is None

    @cached_property
    def glad(self) -> bool:
        """Whether it takes for granted that something is good."""
        if self.situation == "wrong_guess":
            return Emotion.JOY in self.emotions and not self.emotions & DARK
        return self.emotions == {Emotion.JOY}

    @cached_property
    def advises(self) -> bool:
        """Whether it is advice, or for the stage of acting only."""
        only_act = self.stages == {Stage.ACT}
        return self.situation is None and (only_act or self.strategy is Strategy.SUGGESTION)

    @cached_property
    def denies(self) -> bool:
        """Whether every line that it answers tells of what is not, so that no other may be it."""
        return bool(self.cues) and all(map(tells_not, self.cues))

    @cached_property
    def stated(self) -> Entry:
        """It without the question at its end, where enough is said before it; else itself."""
        if not self.question or self.strategy is Strategy.QUESTION:
            return self
        texts = [_STATED.fullmatch(text) for text in (self.text, self.plain)]
        stated = [found[1] for found in texts if found]
        if len(stated) < len(texts):
            return self
        return replace(self, text=stated[0], plain=stated[1], question=False)


def tells_not(line: str) -> bool:
    """Whether a line holds a word by which something is not, or is no more."""
    return bool(_NEGATED.search(line.replace("’", "'")))


def parse(raw: Any, topic: str | None = None) -> Entry:
    """Make an entry of one YAML mapping; raise `BadInput("entry", ...)` saying what is wrong."""
    if not isinstance(raw, dict):
        raise BadInput("entry", "An entry must be a mapping with an id and a text.")
    name = str(raw.get("id", "without id"))
    try:
        return _parse(raw, topic)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("entry", f"Entry {name}: {_reason(error)}.") from error


def _parse(raw: dict[str, Any], topic: str | None) -> Entry:
    if unknown := sorted(set(raw) - _KEYS):
        raise ValueError(f"unknown key {unknown[0]!r}")
    name, text, situation = str(raw["id"]), _line(raw, "text"), raw.get("situation")
    if not _ID.fullmatch(name):
        raise ValueError("the id must be like en-anger-work-01")
    if situation is not None and situation not in SITUATIONS:
        raise ValueError(f"unknown situation {situation!r}")
    if (matter := raw.get("matter")) is not None and matter not in matters.names():
        raise ValueError(f"unknown matter {matter!r}")
    answered = frozenset(_list(raw, "kinds") if "kinds" in raw else ())
    if odd := sorted(answered - kinds.names()):
        raise ValueError(f"unknown kind {odd[0]!r}")
    slots = _SLOT.findall(text)
    if strange := [slot for slot in slots if slot not in SLOTS]:
        raise ValueError(f"unknown slot {strange[0]!r}")
    if slots and not raw.get("plain"):
        raise ValueError("a text with slots needs a plain version")
    emotions = [Emotion(emotion) for emotion in _list(raw, "emotions")]
    valence, arousal = _aim(raw, emotions)
    return Entry(
        id=name,
        language=name[:2],
        text=text,
        plain=_line(raw, "plain") if raw.get("plain") else text,
        cues=tuple(_string(cue, "cues") for cue in raw.get("cues") or ()),
        strategy=Strategy(raw["strategy"]),
        stages=frozenset(Stage(stage) for stage in _list(raw, "stages", _STAGES)),
        emotions=frozenset(emotions),
        intensity=frozenset(_intensity(level) for level in _list(raw, "intensity", INTENSITIES)),
        situation=situation,
        question=_flag(raw["question"]) if "question" in raw else asks(text),
        valence=valence,
        arousal=arousal,
        matter=matter,
        kinds=answered,
        topic=topic,
    )


def asks(text: str) -> bool:
    """Whether a text ends in a question."""
    return text.rstrip("”\"'’").endswith(("?", "？"))


def _aim(raw: dict[str, Any], emotions: Sequence[Emotion]) -> tuple[float, float]:
    if aim := raw.get("aim"):
        return _unit(aim["valence"]), _unit(aim["arousal"])
    aims = [_AIMS[emotion] for emotion in emotions]
    return fmean(valence for valence, _ in aims), fmean(arousal for _, arousal in aims)


def _string(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must hold words")
    return value.strip()


def _line(raw: dict[str, Any], key: str) -> str:
    return " ".join(_string(raw[key], key).split())


def _list(raw: dict[str, Any], key: str, usual: Sequence[Any] = ()) -> Sequence[Any]:
    value = raw[key] if key in raw or not usual else list(usual)
    if not isinstance(value, list) or not value:
        raise ValueError(f"{key} must be a list with at least one item")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("question must be true or false")  # noqa: TRY004 - one kind for all
    return value


def _intensity(value: Any) -> str:
    if value not in INTENSITIES:
        raise ValueError(f"unknown intensity {value!r}")
    return str(value)


def _unit(value: Any) -> float:
    number = float(value)
    if not -1 <= number <= 1:
        raise ValueError("aim must lie in [-1, 1]")
    return number


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error)
