"""What a line plainly asks, by forms that leave little doubt: one of two things, whether wording of
their own will do, whether the program can sing, something interesting, something about owls.

Heard before anything else of a line but who can read along: a complaint or a story beside it does
not take the question away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affect.writers import drafts, reacting, sides, subjects
from affect.writers.addressed import sentences
from affect.writers.lexicon import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Exchange

PICK, SUBJECT, WHY_PICK, TOO_LATE = "pick", "subject", "why_pick", "too_late"


def asked(said: str, history: Sequence[Exchange] = ()) -> str | None:
    """The situation that the line plainly is, or None."""
    if drafts.held_up(said, history):
        return drafts.HELD_UP
    if sides.light(said):
        return PICK
    if subjects.subject(said):
        return SUBJECT
    return reacting.reacts(said, history) or _by_form(said, history)


def _by_form(said: str, history: Sequence[Exchange]) -> str | None:
    """What one of its sentences asks by the forms under `plain`."""
    forms = dict(turns("plain"))
    why = forms.pop(WHY_PICK)
    if history and history[-1].situation == PICK and why.search(_straight(said)):
        return WHY_PICK
    for sentence in map(_straight, sentences(said)):
        found = next((name for name, form in forms.items() if form.search(sentence)), None)
        # Whether it is too late for a marriage or a treatment is not for a program to lean on.
        if found and not (found == TOO_LATE and turns("either")["grave"].search(sentence)):
            return found
    return None


def _straight(sentence: str) -> str:
    return sentence.replace("’", "'").strip()
