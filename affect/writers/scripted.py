"""The offline writer: written entries found by meaning, filled with the person's own words.

An entry is weighed by how near one of its cues is to what was said, by how well it fits the plan
and the reading, by the words it takes up, and against what was said before in this talk. Every
weight is a named reason on the candidate. The same scene always gives the same candidates. Rules
that exclude entries are relaxed one after another, so that something always fits.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from affect.errors import ModelUnavailable
from affect.strategy import intensity
from affect.types import EMOTIONS, Emotion, Stage, Strategy
from affect.writers import guard, situations, words
from affect.writers.base import Candidate
from affect.writers.cues import Cues
from affect.writers.entry import INTENSITIES, Entry
from affect.writers.mirror import mirror
from affect.writers.slots import fill, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from affect.writers.bank import Bank
    from affect.writers.base import Exchange, Scene
    from affect.writers.cues import Encoder

CANDIDATES = 5
NEAR = 0.58  # likeness from which an entry may be taken to be about what was said
GENERAL = 0.5  # what entries that fit almost anything count as
MIRROR_MEANING = 0.52  # saying the event back: a little better than a general entry
FEW_STEMS = 5  # words with less content than this are read together with the line before
JOINED = 0.9  # what likeness to both lines counts, beside likeness to the last alone
MIRROR_PAUSE = 3  # replies between two mirrors
REMEMBERED = 8  # replies whose wording is not repeated
TWO_PARTS_WORDS = 20  # a first part longer than this stands alone

_ABOUT_SOMETHING = frozenset({"good_news", "mixed_news", "asked_advice", "small_talk", "support"})
_TWO_PARTS = frozenset({None, "good_news", "mixed_news"})  # special turns want one thing said
_OF_THE_TALK = frozenset({"asked_advice", "permission"})  # answer what was told before
MIRROR = "mirror"  # stands where an entry's id would
_KIN = {
    Strategy.RESTATEMENT: Strategy.REFLECTION_OF_FEELINGS,
    Strategy.REFLECTION_OF_FEELINGS: Strategy.RESTATEMENT,
    Strategy.COMMON_HUMANITY: Strategy.AFFIRMATION,
    Strategy.AFFIRMATION: Strategy.COMMON_HUMANITY,
    Strategy.SUGGESTION: Strategy.INFORMATION,
    Strategy.INFORMATION: Strategy.SUGGESTION,
}


@dataclass(frozen=True, slots=True)
class _Worded:
    """An entry as it would be said here, with the reasons for and against it."""

    entry: Entry
    text: str
    reasons: Mapping[str, float]

    @property
    def score(self) -> float:
        return sum(self.reasons.values())


class ScriptedWriter:
    """Words replies from the bank; `encoder` finds entries by meaning, without it by words."""

    name = "scripted"

    def __init__(self, bank: Bank, encoder: Encoder | None = None) -> None:
        self._bank = bank
        self._cues = Cues(bank.entries, encoder)

    def situation(
        self,
        said: str,
        embedding: Sequence[float] | None = None,
        history: Sequence[Exchange] = (),
    ) -> str | None:
        """The special turn that the words are, for `strategy.plan`; None for an ordinary one."""
        return situations.find(said, self._cues, self._bank, history, embedding)

    async def write(self, scene: Scene) -> list[Candidate]:
        """At most `CANDIDATES`, best first; raise `ModelUnavailable` where the bank is empty."""
        return await asyncio.to_thread(self.candidates, scene)

    def candidates(self, scene: Scene) -> list[Candidate]:
        """What `write` gives, computed here and now."""
        ranked = self._ranked(scene)
        if not ranked:
            raise ModelUnavailable(f"The bank has no entries in {scene.language!r}.")
        best = [_candidate(each) for each in ranked[:CANDIDATES]]
        joined = _two_parts(ranked, scene)
        return [joined, *best[: CANDIDATES - 1]] if joined else best

    def _ranked(self, scene: Scene) -> list[_Worded]:
        likeness = self._likeness(scene)
        taken = take(scene.said, scene.language)
        worded = []
        for entry in _fitting(self._bank.of(scene.language), scene):
            text = (fill(entry.text, taken, scene.language) if entry.slots else None) or entry.plain
            meaning = likeness.get(entry.id, 0.0)
            if entry.situation == "fallback":
                meaning = max(meaning, GENERAL)
            worded.append(_Worded(entry, text, _reasons(entry, text, meaning, scene)))
        if worded and (mirrored := _mirrored(scene)):
            reasons = _reasons(mirrored, mirrored.text, MIRROR_MEANING, scene)
            worded.append(_Worded(mirrored, mirrored.text, reasons))
        worded.sort(key=lambda each: (-each.score, each.entry.id))
        return worded

    def _likeness(self, scene: Scene) -> dict[str, float]:
        """Likeness to what was said; a short line is also taken with the one before it."""
        own = self._cues.likeness(scene.said, scene.language, scene.embedding)
        back = 2 if scene.plan.situation in _OF_THE_TALK else 1
        if not scene.history or (back == 1 and len(words.stems(scene.said)) >= FEW_STEMS):
            return own
        told = [exchange.said for exchange in scene.history[-back:]]
        joined = self._cues.likeness(" ".join([*told, scene.said]), scene.language)
        return {name: max(own[name], JOINED * joined[name]) for name in own}


def _mirrored(scene: Scene) -> Entry | None:
    """The event said back, as if it were an entry; only in ordinary turns, and seldom."""
    recent = [exchange.entry or "" for exchange in scene.history[-MIRROR_PAUSE:]]
    if scene.plan.situation is not None or any(MIRROR in name for name in recent):
        return None
    text = mirror(scene.said, scene.language)
    if text is None or not guard.check(text).ok:
        return None
    return Entry(
        id=MIRROR,
        language=scene.language,
        text=text,
        plain=text,
        cues=(),
        strategy=Strategy.RESTATEMENT,
        stages=frozenset({Stage.EXPLORE, Stage.COMFORT}),
        emotions=frozenset(EMOTIONS),
        intensity=frozenset(INTENSITIES),
        situation=None,
        question=False,
        valence=0.0,
        arousal=0.0,
    )


def _candidate(worded: _Worded) -> Candidate:
    return Candidate(
        text=worded.text,
        writer=ScriptedWriter.name,
        strategy=worded.entry.strategy,
        entry=worded.entry.id,
        score=worded.score,
        reasons=worded.reasons,
    )


def _fitting(entries: Sequence[Entry], scene: Scene) -> list[Entry]:
    """The entries that may be said here; the last rules are given up first."""
    used = {exchange.entry for exchange in scene.history}
    used = {part for name in used if name for part in name.split("+")}
    rules: list[Callable[[Entry], bool]] = [
        lambda entry: _of_situation(entry, scene),
        lambda entry: scene.plan.ask or not entry.question,
        lambda entry: "advice" not in scene.plan.avoid or not _advises(entry),
        lambda entry: entry.id not in used,
    ]
    for count in (4, 3, 2, 1, 0):
        # Not to repeat oneself outlasts the others: it is tried with each relaxation.
        kept = [rules[3], *rules[: count - 1]] if count else []
        fitting = [entry for entry in entries if all(rule(entry) for rule in kept)]
        if fitting:
            return fitting
    return list(entries)


def _of_situation(entry: Entry, scene: Scene) -> bool:
    wanted = scene.plan.situation
    if wanted is None:
        return entry.situation in {None, "fallback"}
    if wanted == "good_news" and entry.situation in {None, "fallback"}:
        return Emotion.JOY in entry.emotions
    if wanted == "asked_advice" and entry.situation is None:
        return entry.strategy in {Strategy.SUGGESTION, Strategy.INFORMATION}
    return entry.situation == wanted


def _advises(entry: Entry) -> bool:
    only_act = entry.stages == {Stage.ACT}
    return entry.situation is None and (only_act or entry.strategy is Strategy.SUGGESTION)


def _reasons(entry: Entry, text: str, meaning: float, scene: Scene) -> dict[str, float]:
    plan, reading = scene.plan, scene.reading
    felt = max(reading.probabilities.get(emotion, 0.0) for emotion in entry.emotions)
    own = words.stems(scene.said)
    content = words.stems(text)
    distance = abs(entry.valence - plan.target.valence) + abs(entry.arousal - plan.target.arousal)
    reasons = {
        "meaning": meaning,
        "far": 0.0 if _is_general(entry) else -2 * max(0.0, NEAR - meaning),
        "strategy": _strategy_fit(entry, plan.strategy),
        "stage": 0.08 if plan.stage in entry.stages else -0.1,
        "emotion": 0.5 * felt,
        "intensity": 0.05 if intensity(reading) in entry.intensity else -0.08,
        "uptake": min(0.15, 0.05 * len(own & content)) + (0.05 if text != entry.plain else 0.0),
        "aim": -0.1 * distance,
        "question": 0.1 if plan.ask and entry.question else 0.0,
        "length": -0.02 * max(0.0, words.count(text) - plan.length),
        "repeated": -_repeats(text, scene.history),
        "chance": 0.03 * zlib.crc32(f"{scene.seed}\0{entry.id}".encode()) / 2**32,
    }
    return {name: round(value, 4) for name, value in reasons.items() if value}


def _is_general(entry: Entry) -> bool:
    """Entries for a special turn answer the turn itself, others what is told in it."""
    if entry.situation is None:
        return entry.id == MIRROR
    return entry.situation not in _ABOUT_SOMETHING or not entry.cues


def _strategy_fit(entry: Entry, wanted: Strategy) -> float:
    if entry.strategy is wanted:
        return 0.15
    return 0.06 if _KIN.get(wanted) is entry.strategy else 0.0


def _repeats(text: str, history: Iterable[Exchange]) -> float:
    """How much the wording of earlier replies comes again: openings and runs of words."""
    earlier = [exchange.reply for exchange in history][-REMEMBERED:]
    opening = words.opening(text)
    cost = 0.4 if any(words.opening(reply) == opening for reply in earlier) else 0.0
    if any(words.units(reply)[:1] == words.units(text)[:1] for reply in earlier[-2:]):
        cost += 0.1
    own = words.grams(text, 3)
    for reply in earlier:
        cost += 0.5 * len(own & words.grams(reply, 3)) / max(len(own), 1)
    return cost


def _two_parts(ranked: Sequence[_Worded], scene: Scene) -> Candidate | None:
    """Two entries in one reply: a statement with a question, or the event said back before."""
    first = ranked[0]
    if scene.plan.situation not in _TWO_PARTS or words.count(first.text) > TWO_PARTS_WORDS:
        return None
    pairs: list[tuple[_Worded, _Worded]] = []
    if scene.plan.ask and not first.entry.question:
        asking = [each for each in ranked[1:] if each.entry.question and _is_near(each)]
        pairs += [(first, second) for second in asking[:4]]
    if "uptake" not in first.reasons and not _says_back(first.entry):
        pairs += [(each, first) for each in ranked if each.entry.id == MIRROR]
    for pair in pairs:
        text = ("" if scene.language == "zh" else " ").join(each.text for each in pair)
        shared = words.grams(pair[0].text, 2) & words.grams(pair[1].text, 2)
        fits = words.count(text) <= scene.plan.length and guard.check(text, scene.plan).ok
        if fits and not shared:
            return replace(
                _candidate(first),
                text=text,
                entry="+".join(each.entry.id for each in pair),
                score=first.score,
            )
    return None


def _says_back(entry: Entry) -> bool:
    """A restatement after a restatement would say the same twice."""
    return entry.strategy is Strategy.RESTATEMENT or entry.situation == "fallback"


def _is_near(worded: _Worded) -> bool:
    return worded.reasons["meaning"] >= NEAR or worded.entry.situation == "fallback"
