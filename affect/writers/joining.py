"""What a reply is put together from: an entry alone, two parts, or the line said back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from affect.matters import NEWS
from affect.types import EMOTIONS, Stage, Strategy
from affect.writers import guard, words
from affect.writers.base import Candidate
from affect.writers.entry import INTENSITIES, Entry
from affect.writers.judge import WEIGHT
from affect.writers.mirror import fragment, mirror
from affect.writers.pairing import pairs
from affect.writers.weighing import MIRROR, Worded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Scene

SCRIPTED = "scripted"  # the writer's name
MIRRORS = 2  # replies in a row that may say the line back
LESS_APT = 0.15 * WEIGHT  # what the second part of a reply may be less apt than the first
TWO_PARTS_WORDS = 22  # a first part longer than this stands alone
_TWO_PARTS = frozenset({None, "lift", *NEWS})  # other special turns want one thing said


def _mirrored_enough(scene: Scene) -> bool:
    """Whether the last replies said lines back: two in a row are enough, one where one can ask."""
    recent = [MIRROR in (exchange.entry or "") for exchange in scene.history[-MIRRORS:]]
    if scene.language == "zh" and any(recent[-1:]):
        return True  # a clause said back whole is more of an echo in Chinese
    return sum(recent) == MIRRORS or (any(recent[-1:]) and scene.plan.ask)


def mirrored(scene: Scene, *, small: bool) -> Entry | None:
    """The line said back, as if it were an entry; only in ordinary turns, and not each time."""
    # Small things said back sound like a parrot, and so do all things; in mourning none is small.
    small = small and scene.plan.situation != "lift"
    if small or scene.plan.situation not in _TWO_PARTS or _mirrored_enough(scene):
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


def candidate(worded: Worded) -> Candidate:
    """It as the reply that the writer offers."""
    return Candidate(
        text=worded.text,
        writer=SCRIPTED,
        strategy=worded.entry.strategy,
        entry=worded.entry.id,
        score=worded.score,
        reasons=worded.reasons,
    )


def answering(ranked: Sequence[Worded], scene: Scene) -> Candidate | None:
    """A bare yes or no taken up, and the talk led on in the matter that it belongs to."""
    wanted = scene.plan.situation
    first = next((e for e in ranked if e.entry.situation == wanted and not e.entry.question), None)
    for second in ranked if first else ():
        leads = second.entry.situation is None and second.entry.question == scene.plan.ask
        if first and leads:
            text = ("" if scene.language == "zh" else " ").join([first.text, second.text])
            if guard.check(text, scene.plan).ok:
                names = f"{first.entry.id}+{second.entry.id}"
                return replace(
                    candidate(first), text=text, entry=names, strategy=second.entry.strategy
                )
    return None


def echo(first: Worded, scene: Scene) -> Candidate | None:
    """A line that is no sentence ("over text") said before the reply, so that it is seen."""
    if scene.plan.situation is not None or scene.language == "zh" or "uptake" in first.reasons:
        return None
    said = fragment(scene.said)
    if said is None or _mirrored_enough(scene):
        return None
    text = said if first.bare else f"{said} {first.text}"
    entry = MIRROR if first.bare else f"{MIRROR}+{first.entry.id}"
    fits = guard.check(text, scene.plan).ok
    return replace(candidate(first), text=text, entry=entry) if fits else None


def two_parts(ranked: Sequence[Worded], scene: Scene) -> Candidate | None:
    """Two parts in one reply, where the first pair of them reads well."""
    first = ranked[0]
    if scene.plan.situation not in _TWO_PARTS or words.count(first.text) > TWO_PARTS_WORDS:
        return None
    for one, two in pairs(ranked, scene):
        text = ("" if scene.language == "zh" else " ").join([one.text, two])
        shared = words.grams(one.text, 2) & words.grams(two, 2)
        fits = words.count(text) <= scene.plan.length and guard.check(text, scene.plan).ok
        second = next(each for each in ranked if two in {each.text, each.entry.plain})
        if fits and not shared and second.apt >= one.apt - LESS_APT:
            names = f"{one.entry.id}+{second.entry.id}"
            return replace(candidate(first), text=text, entry=names, strategy=one.entry.strategy)
    return None
