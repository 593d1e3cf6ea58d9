"""Whether a line wants something of us: by all acts that do together, or by its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affect.special import ASKS
from affect.writers.hearing import TELLS
from affect.writers.lexicon import turns

if TYPE_CHECKING:
    from collections.abc import Mapping

SURE_ASKS = 0.5  # probability of all such acts together from which a line does one of them
MAYBE_ASKS = 0.05  # the same where a form says so
_DOUBTED = frozenset(
    {None, "open_question", "small_talk", "task", "about_me", "your_life", "your_view"}
    | {"anger_at_bot", "corrected", "meant", "you_said"}
)  # what a line is taken for that may be a request by its form: of 20 such lines 18 were
_FOR_ADVICE = frozenset({"asked_advice", "should_i"})
_ADVISED_ON = frozenset({"word_it", "choose", "ideas"})  # what such a question may be about


def likeliest(acts: Mapping[str, float]) -> tuple[str, float] | None:
    """The likeliest of the acts that want something of us, where together they are sure: "what do i
    wear??" asks for an idea as well as for advice.
    """
    asks = _asks(acts)
    together = sum(asks.values())
    if together < max(SURE_ASKS, acts.get(TELLS, 0.0)):
        return None
    return max(asks, key=lambda name: asks[name]), together


def wanted(said: str, heard: str | None, acts: Mapping[str, float]) -> str | None:
    """What a line wants by its form, where it was heard as nothing else but may be a request, or
    as one for advice: "how do I tell her" wants words.
    """
    if heard in _DOUBTED and sum(_asks(acts).values()) >= MAYBE_ASKS:
        return by_form(said) or heard
    if heard == "ideas" and by_form(said) == "asked_advice":
        return "asked_advice"  # "what can I do about the noise" wants no list to choose from
    if heard in _FOR_ADVICE and (form := by_form(said)) in _ADVISED_ON:
        return form
    return heard


def _asks(acts: Mapping[str, float]) -> dict[str, float]:
    return {name: likely for name, likely in acts.items() if name in ASKS}


def by_form(said: str) -> str | None:
    """What a line wants by its form alone: ideas, words, advice ..."""
    return next((name for name, form in turns("wants").items() if form.search(said)), None)
