"""What a line says of our own last reply ("ooh nice", "ur so sweet"), and asides that ask nothing.

"Can you believe it" after something told wants no answer, and no encyclopedia. "Love that" after a
recipe is a nod to the recipe and no news. Only whole lines and whole sentences count: more than
that tells something, which is answered instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affect.writers import words
from affect.writers.addressed import reported, sentences
from affect.writers.lexicon import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Exchange

LIKED, PRAISED, ASIDE = "liked", "praised", "rhetorical"
# What was given, so that even a bare "wow" is about it, and so is a nod to what asks at its end.
_GIVEN = frozenset(
    {"ideas", "something", "story", "small_talk", "asked_advice", "advice_any", "word_it"}
    | {"plan_help", "too_late", "wish_luck", "pick", "should_i", "choose"}
)
LEFT = 2  # words that must be left for an aside to be taken off


def reacts(said: str, history: Sequence[Exchange] = ()) -> str | None:
    """Whether the line likes our last reply, praises us, or only calls out to nobody."""
    plain = said.replace("’", "'").strip()
    forms = turns("reacting")
    if any(forms[PRAISED].search(part) and not reported(part) for part in sentences(plain)):
        return PRAISED
    if forms[ASIDE].fullmatch(plain):
        return ASIDE
    if not history:
        return None
    given = history[-1].situation in _GIVEN
    if forms[LIKED].fullmatch(plain) and (given or not history[-1].asked):
        return LIKED
    return LIKED if given and forms["marvels"].fullmatch(plain) else None


def heard(said: str) -> str:
    """The line without the question to nobody beside what it tells."""
    rest = turns("reacting")["beside"].sub("", said).strip()
    return rest if words.count(rest) >= LEFT else said
