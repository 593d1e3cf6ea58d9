"""What is known of a person's life, in a reply: as lines for a writer, and asked after once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from affect.facts import Fact, Kind
from affect.types import Plan, Strategy
from affect.writers.base import Candidate
from bot.texts import say
from storage.records import KnownFact, Wording

WRITER = "remembered"
_MINE = re.compile(r"\b(my|our|me|myself)\b", re.IGNORECASE)
_YOURS = {"my": "your", "our": "your", "me": "you", "myself": "yourself"}


@dataclass(frozen=True, slots=True)
class Life:
    """What a turn knows of a person's life: the `lines` for a writer, what they `told` just now.

    `missed` is what to ask after in this reply; `plan` is its plan, which asks if there is any.
    """

    plan: Plan
    lines: tuple[str, ...] = ()
    told: tuple[Fact, ...] = ()
    missed: KnownFact | None = None

    def asked_first(
        self, candidates: Sequence[Candidate] | None, language: str
    ) -> Sequence[Candidate] | None:
        """The candidates for the reply, with the question after what was missed before them."""
        if self.missed is None or candidates is None:
            return candidates
        return (question(self.missed, language), *candidates)

    def asked_in(self, reply: Wording | None) -> str | None:
        """The fact that the reply asks after."""
        return self.missed.id if self.missed and reply and reply.writer == WRITER else None


def recalled(
    known: Sequence[KnownFact], told: tuple[Fact, ...], plan: Plan, today: date, *, ask: bool
) -> Life:
    """What counts of all that is known, now that something was `told`.

    A greeting is answered with a question after what is lately over, light, and not asked before.
    """
    still = [one for one in known if not any(fact.replaces(one.fact) for fact in told)]
    due = [one for one in still if not one.asked and one.fact.to_ask_after(today)]
    if not (ask and due and plan.situation in {"greeting", "back_again"}):
        return Life(plan, _lines(still), told)
    avoid = tuple(what for what in plan.avoid if what != "question")
    asking = replace(plan, strategy=Strategy.QUESTION, ask=True, avoid=avoid)
    return Life(asking, _lines(still), told, due[-1])


def _lines(known: Sequence[KnownFact]) -> tuple[str, ...]:
    return tuple(
        f"{one.fact.words} ({one.fact.when.isoformat()})" if one.fact.when else one.fact.words
        for one in known
    )


def question(one: KnownFact, language: str) -> Candidate:
    """The greeting that asks."""
    key = "remember_plan" if one.fact.kind is Kind.PLAN else "remember_event"
    thing = _MINE.sub(lambda match: _YOURS[match[0].lower()], one.fact.about)
    return Candidate(say(key, language, thing=thing), WRITER, Strategy.QUESTION)
