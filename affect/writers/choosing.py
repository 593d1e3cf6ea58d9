"""Which of several wordings is said, and why: named costs and gains whose sum is the score.

Our own text model reads each candidate, whoever wrote it, so that what a reply carries is measured
with the same rule as what was said. The weights are set by hand, so that what must not be said
costs more than all that can be gained; they are told with every choice (`/why`, `logs show`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from affect.errors import BadInput
from affect.perception.language import detect
from affect.types import Stage, Strategy
from affect.writers import guard, showing, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.perception.text import TextReader, TextReading
    from affect.writers.base import Candidate, Scene

REMEMBERED = 8  # earlier replies whose wording is not repeated
LIKE = 0.9  # cosine of two replies from which they say the same
FORBIDDEN = -3.0  # what the guard refuses: more than all gains together
LEAST = 0.0  # score below which a generated reply is worse than a written one
SHORT = 4.0  # words below which a reply says too little
KIN = {
    Strategy.RESTATEMENT: Strategy.REFLECTION_OF_FEELINGS,
    Strategy.REFLECTION_OF_FEELINGS: Strategy.RESTATEMENT,
    Strategy.COMMON_HUMANITY: Strategy.AFFIRMATION,
    Strategy.AFFIRMATION: Strategy.COMMON_HUMANITY,
    Strategy.SUGGESTION: Strategy.INFORMATION,
    Strategy.INFORMATION: Strategy.SUGGESTION,
}
# Phrases of any support line; those that are banned outright are the guard's.
_STOCK = re.compile(
    r"\b(?:i understand|i'm here (?:for you|to)|here to (?:help|support|listen)|it sounds like"
    r"|that must be|it's (?:okay|ok|normal|important|understandable) (?:to|that)|completely normal"
    r"|feel free|take care of yourself|be kind to yourself|one (?:day|step) at a time|you are not"
    r" alone|you're not alone|it's not your fault|rollercoaster|sending you|how does that make you"
    r" feel|would you like to talk about|remember that|i'm (?:glad|sorry)|i can (?:imagine|see|only"
    r" imagine)|thanks? (?:you )?for)\b"
    r"|我理解|我明白|我懂|听起来|没关系的?|你并不孤单|照顾好自己|一步一步来|我在这里|我会陪|请记住|这很正常"
    r"|感谢|谢谢你",
    re.IGNORECASE,
)
# Brightness that talks a feeling away.
_CHEER = re.compile(
    r"\b(?:bright side|silver lining|positive|stay strong|better soon|get better"
    r"|be (?:fine|okay|ok)|don't (?:worry|be (?:sad|afraid|upset))|everything (?:will|happens)"
    r"|great opportunity|look forward|cheer|smile|blessing|grateful for|could be worse"
    r"|happier|opportunity to (?:grow|learn))\b"
    r"|会好的|会好起来|别担心|别怕|往好|积极|乐观|阳光|机会成长|感恩|笑一笑|都是最好的安排|开心点",
    re.IGNORECASE,
)

# A program has no self to speak of.
_SELF = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|we|us|our)\b|我", re.IGNORECASE)


def choose(
    candidates: Sequence[Candidate], scene: Scene, reader: TextReader | None
) -> list[Candidate]:
    """The candidates, best first, each with its strategy, score and reasons.

    The order holds for equal scores. Without a `reader` what the texts carry is not judged.
    """
    weighed = [_weigh(candidate, scene, reader) for candidate in candidates]
    return sorted(weighed, key=lambda candidate: -candidate.score)


def _weigh(candidate: Candidate, scene: Scene, reader: TextReader | None) -> Candidate:
    text, plan = candidate.text, scene.plan
    found = showing.shown(text, scene.said)
    read = _read(text, scene.language, reader)
    earlier = [exchange.reply for exchange in scene.history][-REMEMBERED:]
    asks = words.questions(text) > 0
    length = words.count(text)
    reasons = {
        **candidate.reasons,
        "target": -_distance(read, scene),
        "strategy": _strategy(found, plan.strategy),
        "question": (0.1 if plan.ask else -0.4) if asks else 0.0,
        "uptake": min(0.3, 0.1 * _shared(text, scene.said)),
        "length": -0.02 * max(0.0, length - plan.length) - 0.1 * max(0.0, SHORT - length),
        "repeated": -_repeats(text, read, earlier, reader, scene.language),
        "nothing": -0.2 if words.stems(scene.said) and not _shared(text, scene.said) else 0.0,
        "parrot": -0.6 * _copied(text, scene.said),
        "loops": -_loops(text),
        "self": -0.15 * len(_SELF.findall(text)),
        "advice": -0.8 if _advises(text, found) and plan.stage is not Stage.ACT else 0.0,
        "stock": -0.3 * len(_STOCK.findall(text)),
        "cheer": -0.8 if scene.reading.affect.valence < 0 and _CHEER.search(text) else 0.0,
        "language": FORBIDDEN if detect(text, scene.language) != scene.language else 0.0,
    }
    refused = guard.check(text, plan).reason
    if refused:
        reasons[refused] = FORBIDDEN
    told = {why: round(amount, 4) for why, amount in reasons.items() if amount}
    return replace(
        candidate,
        strategy=showing.main(text, scene.said, plan.strategy),
        reasons=told,
        score=round(sum(told.values()), 4),
    )


def _read(text: str, language: str, reader: TextReader | None) -> TextReading | None:
    try:
        return reader.read(text, language) if reader else None
    except BadInput:
        return None


def _distance(read: TextReading | None, scene: Scene) -> float:
    """How far what the reply carries is from what the plan aims at; brightness costs more."""
    if read is None:
        return 0.0
    aim, carried = scene.plan.target, read.estimate.affect
    bright = max(0.0, carried.valence - max(aim.valence, 0.3))
    stirred = max(0.0, carried.arousal - max(scene.reading.affect.arousal, aim.arousal))
    away = abs(carried.valence - aim.valence) + 0.5 * abs(carried.arousal - aim.arousal)
    return 0.4 * away + 0.5 * bright + 0.3 * stirred


def _strategy(found: Sequence[Strategy], wanted: Strategy) -> float:
    if wanted in found:
        return 0.3
    return 0.12 if KIN.get(wanted) in found else 0.0


def _advises(text: str, found: Sequence[Strategy]) -> bool:
    return Strategy.SUGGESTION in found or guard.gives_advice(text)


def _shared(text: str, said: str) -> int:
    """How many words of theirs the reply takes up."""
    return len(words.stems(said) & words.stems(text))


def _loops(text: str) -> float:
    """The share of runs of words that come again within the reply."""
    found = words.units(text)
    runs = [tuple(found[at : at + 3]) for at in range(len(found) - 2)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _copied(text: str, said: str) -> float:
    """The share of the reply that is theirs word for word: taking up is not repeating."""
    own = words.grams(text, 3)
    return len(own & words.grams(said, 3)) / max(len(own), 1)


def _repeats(
    text: str,
    read: TextReading | None,
    earlier: Sequence[str],
    reader: TextReader | None,
    language: str,
) -> float:
    """How much earlier replies come again: openings, runs of words, and in other words."""
    if not earlier:
        return 0.0
    own = words.grams(text, 3)
    before = {gram for reply in earlier for gram in words.grams(reply, 3)}
    cost = 0.5 * len(own & before) / max(len(own), 1)
    cost += 0.3 if words.opening(text) in {words.opening(reply) for reply in earlier} else 0.0
    last = _read(earlier[-1], language, reader) if read else None
    if read and last:
        likeness = sum(a * b for a, b in zip(read.embedding, last.embedding, strict=True))
        cost += 2 * max(0.0, likeness - LIKE)
    return cost
