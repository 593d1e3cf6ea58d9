"""The special turn that a line is by meaning: the nearest cue of an entry for one must be near
enough, and clearly nearer than the nearest cue of an ordinary entry. In doubt the talk is ordinary.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.writers import words
from affect.writers.addressed import sentences
from affect.writers.forms import asked
from affect.writers.leaving import may_leave
from affect.writers.lexicon import turns
from affect.writers.possible import asks_us, asks_view, possible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.writers.bank import Bank
    from affect.writers.base import Exchange
    from affect.writers.cues import Cues

MAYBE_ACT = 0.2  # probability from which an act is believed where a form says the same
FLOOR = 0.55
SURE = 0.88  # likeness from which an ordinary entry answers, even a question
MARGIN = 0.03
MARGIN_TO_US = -0.2  # of a question to the program itself, which ordinary lines never are
# Praise is oftener meant than not, and wrong cheer is worse than none.
FLOORS = {
    "irony": 0.65,
    "good_news": 0.78,
    "leaning": 0.65,
    "take_sides": 0.65,
    "asked_advice": 0.75,
    "small_talk": 0.8,
    "loved": 0.85,
}
# Likeness from which a line takes leave in words of its own, or gives thanks.
PARTING = {"goodbye": 0.52, "thanks": 0.7}
BY_MEANING = frozenset(
    {"mixed_news", "anger_at_bot", "are_you_real", "love_me", "how_do_you_know", "take_sides"}
    | {"what_do_you_keep", "cannot_serve", "harsh_on_self", "leaning", "irony", "wrong_guess"}
    | {"small_talk", "good_news", "self_blame", "loved", "like_me", "comfort", "congratulate"}
    | {"about_me", "how_are_you", "fact", "asked_advice"}
)
"""Situations that people put in many words; the others have fixed forms or come from the plan."""
_SAID_BY_US = frozenset({"after_card", "after_crisis", "support", "support_first"})
REQUESTS = frozenset({"self_blame", "loved", "like_me", "comfort", "congratulate"})
_OF_A_SENTENCE = REQUESTS | {"about_me", "are_you_real", "fact", "asked_advice", "how_are_you"}
_PLEASE = re.compile(
    r"\b(please|help me|tell me|say|give me|can you)\b|你能|帮|说|给我|有没有", re.IGNORECASE
)
_OF_US = frozenset({"about_me", "are_you_real"})


def by_meaning(
    said: str,
    cues: Cues,
    bank: Bank,
    history: Sequence[Exchange],
    embedding: Sequence[float] | None,
    acts: Mapping[str, float],
    *,
    settles: bool,
) -> str | None:
    """The situation whose cue is nearest; `settles` tells that the last line asked what to do."""
    best = _nearness(said, cues, bank, embedding)
    ordinary = best.pop(None, 0.0)
    if requested := request(said, cues, bank, history):
        return requested
    # What is an act must be heard as one a little, however near its cues are.
    likely = frozenset(name for name in BY_MEANING if acts.get(name, 1.0) >= MAYBE_ACT)
    name, score = _likeliest(best, likely, said, history)
    if ordinary >= SURE and not (name in REQUESTS and score > ordinary):
        return None
    if name == "cannot_serve" and score < SURE and turns("asked")["task"].search(said):
        return "task"
    if _near_enough(name, score, ordinary, said):
        return name
    if may_leave(said) and not settles and (parting := _parting(best, ordinary)):
        return parting
    return asked(said)


def _parting(best: Mapping[str | None, float], ordinary: float) -> str | None:
    """`goodbye` or `thanks` where that is the nearest thing that people say."""
    said = {name: score for name, score in best.items() if name not in _SAID_BY_US}
    name, score = max(said.items(), key=lambda item: item[1], default=(None, 0.0))
    near = score >= PARTING.get(name or "", FLOOR) and score >= ordinary + MARGIN
    return name if near and name in PARTING else None


def _likeliest(
    best: Mapping[str | None, float],
    among: frozenset[str],
    said: str,
    history: Sequence[Exchange],
) -> tuple[str | None, float]:
    """The nearest of these situations that the words can be, with its likeness."""
    allowed = {
        name: score
        for name, score in best.items()
        if name in among and possible(name, said, history)
    }
    return max(allowed.items(), key=lambda item: item[1], default=(None, 0.0))


def _near_enough(name: str | None, score: float, ordinary: float, said: str) -> bool:
    margin = MARGIN_TO_US if name in _OF_US and asks_us(said) else MARGIN
    return score >= FLOORS.get(name or "", FLOOR) and score - ordinary >= margin


def request(
    said: str, cues: Cues, bank: Bank, history: Sequence[Exchange], fewest: int = 2
) -> str | None:
    """What is asked of the program in one sentence of at least so many: "he slept here. did he
    know it?".
    """
    parted = sentences(said)
    asking = [part for part in parted if asks_view(part) or _PLEASE.search(part)]
    if len(parted) < fewest:
        return None
    for sentence in asking[-2:]:
        best = _nearness(sentence, cues, bank, None)
        ordinary = best.pop(None, 0.0)
        name, score = _likeliest(best, _OF_A_SENTENCE, sentence, history)
        nearest = score >= max(best.values(), default=0.0)
        if name and nearest and _near_enough(name, score, ordinary, sentence):
            return name
    return None


def _nearness(
    said: str, cues: Cues, bank: Bank, embedding: Sequence[float] | None
) -> dict[str | None, float]:
    language = "zh" if words.is_chinese(said) else "en"
    return _best(cues.likeness(said, language, embedding), bank, language)


def _best(likeness: Mapping[str, float], bank: Bank, language: str) -> dict[str | None, float]:
    """The best likeness of each situation; under None that of ordinary entries."""
    told = bank.evidence(language)
    return {situation: max(likeness[name] for name in names) for situation, names in told.items()}
