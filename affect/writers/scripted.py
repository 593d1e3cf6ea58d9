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
from affect.types import Stage, Strategy
from affect.writers import guard, situations, words
from affect.writers.base import Candidate
from affect.writers.cues import Cues
from affect.writers.slots import fill, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from affect.writers.bank import Bank
    from affect.writers.base import Exchange, Scene
    from affect.writers.cues import Encoder
    from affect.writers.entry import Entry

CANDIDATES = 5
FALLBACK_MEANING = 0.42  # what an entry about something must beat to be preferred to a general one
REMEMBERED = 8  # replies whose wording is not repeated
TWO_PARTS_WORDS = 20  # a first part longer than this stands alone

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
        likeness = self._cues.likeness(scene.said, scene.language, scene.embedding)
        taken = take(scene.said, scene.language)
        worded = []
        for entry in _fitting(self._bank.of(scene.language), scene):
            text = (fill(entry.text, taken, scene.language) if entry.slots else None) or entry.plain
            meaning = FALLBACK_MEANING if not entry.cues else likeness.get(entry.id, 0.0)
            if entry.situation == "fallback":
                meaning = max(meaning, FALLBACK_MEANING)
            worded.append(_Worded(entry, text, _reasons(entry, text, meaning, scene)))
        worded.sort(key=lambda each: (-each.score, each.entry.id))
        return worded


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
    if wanted == "support":
        return entry.situation == "support"
    return entry.situation == wanted


def _advises(entry: Entry) -> bool:
    only_act = entry.stages == {Stage.ACT}
    return entry.situation is None and (only_act or entry.strategy is Strategy.SUGGESTION)


def _reasons(entry: Entry, text: str, meaning: float, scene: Scene) -> dict[str, float]:
    plan, reading = scene.plan, scene.reading
    felt = sum(reading.probabilities.get(emotion, 0.0) for emotion in entry.emotions)
    own = words.stems(scene.said)
    content = words.stems(text)
    distance = abs(entry.valence - plan.target.valence) + abs(entry.arousal - plan.target.arousal)
    reasons = {
        "meaning": meaning,
        "strategy": _strategy_fit(entry, plan.strategy),
        "stage": 0.08 if plan.stage in entry.stages else -0.1,
        "emotion": 0.4 * felt,
        "intensity": 0.05 if intensity(reading) in entry.intensity else -0.08,
        "uptake": min(0.15, 0.05 * len(own & content)) + (0.1 if text != entry.plain else 0.0),
        "aim": -0.1 * distance,
        "question": 0.1 if plan.ask and entry.question else 0.0,
        "length": -0.02 * max(0.0, words.count(text) - plan.length),
        "repeated": -_repeats(text, scene.history),
        "chance": 0.03 * zlib.crc32(f"{scene.seed}\0{entry.id}".encode()) / 2**32,
    }
    return {name: round(value, 4) for name, value in reasons.items() if value}


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
    """A statement and a question in one reply, where the plan asks and both fit well."""
    if not scene.plan.ask or ranked[0].entry.question or scene.plan.situation is not None:
        return None
    first = ranked[0]
    if words.count(first.text) > TWO_PARTS_WORDS:
        return None
    for second in ranked[1:12]:
        text = _join(first.text, second.text, scene.language)
        if (
            second.entry.question
            and not words.grams(first.text, 2) & words.grams(second.text, 2)
            and words.count(text) <= scene.plan.length
            and guard.check(text, scene.plan).ok
        ):
            return replace(
                _candidate(first),
                text=text,
                entry=f"{first.entry.id}+{second.entry.id}",
                score=(first.score + second.score) / 2,
            )
    return None


def _join(first: str, second: str, language: str) -> str:
    return first + second if language == "zh" else f"{first} {second}"
