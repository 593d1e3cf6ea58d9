"""The judge-free panel: what can be counted about replies, each with its gate.

Gates from the science notes, 6.4 (docs/decisions.md); human figures are those of ESConv's talks.
Nothing here reads for sense: a panel that holds is a reason to read, not a reason to stop.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from affect.types import Emotion, Strategy
from affect.writers import guard, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from affect.types import Plan
    from affect.writers.base import Candidate
    from affect.writers.entry import Entry

BRIGHT = 0.3  # valence of a reply that is too bright for somebody below -.4
_STOCK = re.compile(r"it sounds like|听起来", re.IGNORECASE)
# Turns that tell something: greetings and questions to the program have nothing to take up.
_TELLING = frozenset({None, "good_news", "mixed_news", "harsh_on_self", "take_sides"})
_REFLECTING = {Strategy.REFLECTION_OF_FEELINGS, Strategy.RESTATEMENT}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the script."""

    emotion: Emotion
    valence: float
    arousal: float
    said: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One answered line: `number` counts from 1 within its talk."""

    talk: int
    number: int
    language: str
    told: Told
    plan: Plan
    reply: Candidate
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure with its gate: `low` <= `value` <= `high`, as far as given."""

    language: str
    measure: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the gate holds."""
        above = self.low is None or self.value >= self.low
        return above and (self.high is None or self.value <= self.high)


def figures(turns: Sequence[Turn], entries: Sequence[Entry] = ()) -> list[Figure]:
    """The panel for each language; `entries` tell what affect the replies carry."""
    known = {entry.id: entry for entry in entries}
    return [
        figure
        for language in sorted({turn.language for turn in turns})
        for figure in _panel(language, [t for t in turns if t.language == language], known)
    ]


def _panel(language: str, turns: Sequence[Turn], entries: Mapping[str, Entry]) -> Iterator[Figure]:
    texts = [turn.reply.text for turn in turns]
    lengths = [words.count(text) for text in texts]
    asks = [words.questions(text) for text in texts]
    early = [t for t in turns if t.number <= 3 and t.plan.situation != "asked_advice"]
    advice = [_advises(turn) for turn in early]
    telling = [t for t in turns if t.plan.situation in _TELLING and words.stems(t.told.said)]
    uptake = [_uptake(turn) for turn in telling]
    openings = Counter(words.opening(text) for text in texts)
    echoes = [_echo(turn) for turn in turns if turn.earlier]
    reflecting = sum(turn.reply.strategy in _REFLECTING for turn in turns)
    questioning = sum(turn.reply.strategy is Strategy.QUESTION for turn in turns)
    carried = [(turn, entry) for turn in turns for entry in _said(turn, entries)]
    sad = [entry.valence > BRIGHT for turn, entry in carried if turn.told.valence < -0.4]
    stirred = [e.arousal > t.told.arousal for t, e in carried if t.told.arousal > 0.4]
    away = [abs(entry.valence - turn.plan.target.valence) for turn, entry in carried]
    most = max(0.03, 2 / len(texts))  # twice is no habit, however few the replies
    gates: list[tuple[str, float, float | None, float | None]] = [
        ("replies", len(turns), None, None),
        ("words, median", float(np.median(lengths)), 15, 35),
        ("words, p95", float(np.percentile(lengths, 95)), None, 70),
        ("with a question", _share(asks), 0.35, 0.60),
        ("two questions", _share([n > 1 for n in asks]), None, 0.02),
        ("advice in replies 1-3", _share(advice), None, 0.02),
        ("advice", _share([_advises(turn) for turn in turns]), None, 0.15),
        ("content taken up", float(np.mean(uptake)), 0.12, None),
        ("replies that take up", _share([u > 0 for u in uptake]), 0.50, None),
        ("reflections : questions", reflecting / max(questioning, 1), 1.0, None),
        ("3-grams repeated, mean", float(np.mean(echoes)) if echoes else 0.0, None, 0.03),
        ("3-grams repeated, p90", float(np.percentile([*echoes, 0.0], 90)), None, 0.10),
        ("distinct openings", len(openings) / len(texts), 0.60, None),
        ("commonest opening", max(openings.values()) / len(texts), None, most),
        ("'it sounds like'", _share([bool(_STOCK.search(t)) for t in texts]), None, 0.02),
        ("exclamation marks", _share(["!" in t or "！" in t for t in texts]), None, 0.05),
        ("in the language", _share([_in(language, t) for t in texts]), 0.995, None),
        ("refused by the guard", _share([not guard.check(t).ok for t in texts]), None, 0.0),
        ("bright to the sad", _share(sad), None, 0.0),
        ("valence away from plan", float(np.mean(away)) if away else 0.0, None, 0.35),
        ("stirring the stirred", _share(stirred), None, 0.0),
        ("questions at goodbye", _share(_asked_at_goodbye(turns)), None, 0.0),
    ]
    for measure, value, low, high in gates:
        yield Figure(language, measure, round(float(value), 3), low, high)


def _share(flags: Sequence[object]) -> float:
    return sum(map(bool, flags)) / max(len(flags), 1)


def _advises(turn: Turn) -> bool:
    suggests = turn.reply.strategy is Strategy.SUGGESTION and turn.plan.situation != "permission"
    return suggests or guard.gives_advice(turn.reply.text)


def _uptake(turn: Turn) -> float:
    own = words.stems(turn.told.said)
    return len(own & words.stems(turn.reply.text)) / len(own)


def _echo(turn: Turn) -> float:
    own = words.grams(turn.reply.text, 3)
    before = {gram for reply in turn.earlier for gram in words.grams(reply, 3)}
    return len(own & before) / max(len(own), 1)


def _said(turn: Turn, entries: Mapping[str, Entry]) -> list[Entry]:
    """The entries that the reply was put together from."""
    return [entries[part] for part in (turn.reply.entry or "").split("+") if part in entries]


def _in(language: str, text: str) -> bool:
    return words.is_chinese(text) == (language == "zh")


def _asked_at_goodbye(turns: Sequence[Turn]) -> list[bool]:
    goodbyes = [turn for turn in turns if turn.plan.situation == "goodbye"]
    return [words.questions(turn.reply.text) > 0 for turn in goodbyes]
