"""What may leave: the last look at a reply, whoever wrote it.

A fixed list of reasons, checked in order; the first that holds is the verdict. It refuses, never
rewrites: the caller takes the next candidate. The patterns are in lexicon/forbidden.yaml,
English and Chinese together, because a reply may mix both. Crisis cards and command answers are
fixed, reviewed text and do not pass here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affect.writers import words
from affect.writers.lexicon import forbidden
from affect.writers.shorthand import spelt_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.types import Plan

MOST_WORDS = 72  # 70, and what 120 Chinese characters count as
MOST_CHARACTERS = 120
SLACK = 1.6  # a plan's length is a wish; this many times it is a miss
SLACK_WORDS = 12  # but short plans may be passed by this much

_SHOUTING = re.compile(r"\b[A-Z]{2,}\b[ ,]+\b[A-Z]{2,}\b[ ,]+\b[A-Z]{2,}\b")
_ONLY_FOR_PLANS = frozenset({"advice", "hook"})  # wrong in some moments, not always
# What a reply may not say of itself; in a line of theirs that it quotes it says nothing.
_OWN_CLAIMS = frozenset(
    {"banned_phrase", "claims_feeling", "claims_human", "claims_clinician", "stock_opening"}
)
_QUOTED = re.compile(r"(?<!\w)['\"](.+)['\"](?!\w)|“([^”]+)”|「([^」]+)」", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text may leave; `reason` is a short constant name where it may not."""

    ok: bool
    reason: str | None = None


def check(text: str, plan: Plan | None = None, told: Sequence[str] = ()) -> Verdict:
    """Whether `text` may leave as the answer that `plan` asked for, and if not, why.

    `told` are lines of the person's: what is quoted of them word for word claims nothing.
    """
    reason = _form(text) or _forbidden(text, told) or (_against(text, plan) if plan else None)
    return Verdict(ok=reason is None, reason=reason)


def reasons(text: str) -> frozenset[str]:
    """Everything for which `text` may never leave, whatever the plan; for counting."""
    form = _form(text)
    plain = _plain(text)
    found = {reason for reason, pattern in forbidden().items() if pattern.search(plain)}
    return frozenset((found - _ONLY_FOR_PLANS) | ({form} if form else set()))


def gives_advice(text: str) -> bool:
    """Whether the text tells the person what to do."""
    return bool(forbidden()["advice"].search(_plain(text)))


def _form(text: str) -> str | None:
    if not text.strip():
        return "empty"
    if words.characters(text) > MOST_CHARACTERS or words.count(text) > MOST_WORDS:
        return "too_long"
    if words.questions(text) > 1:
        return "two_questions"
    return "shouting" if _SHOUTING.search(text) else None


def _forbidden(text: str, told: Sequence[str]) -> str | None:
    plain = _plain(text)
    claimed = _unquoted(plain, told)
    for reason, pattern in forbidden().items():
        searched = claimed if reason in _OWN_CLAIMS else plain
        if reason not in _ONLY_FOR_PLANS and pattern.search(searched):
            return reason
    return None


def _unquoted(plain: str, told: Sequence[str]) -> str:
    """The text without what it quotes of these lines."""

    def theirs(found: re.Match[str]) -> str:
        said = next(filter(None, found.groups())).strip(" .…。").casefold()
        lines = (way for line in told for way in (_plain(line), spelt_out(line)))
        return "" if any(said in line.casefold() for line in lines) else found[0]

    return _QUOTED.sub(theirs, plain) if told else plain


def _against(text: str, plan: Plan) -> str | None:
    if plan.situation == "goodbye":
        hooked = forbidden()["hook"].search(_plain(text))
        if hooked or words.questions(text):
            return "hook"
    if "advice" in plan.avoid and gives_advice(text):
        return "advice_early"
    if words.count(text) > max(plan.length * SLACK, plan.length + SLACK_WORDS):
        return "over_plan"
    return None


def _plain(text: str) -> str:
    """Typographic apostrophes must not hide a phrase."""
    return text.replace("’", "'").replace("ʼ", "'")
