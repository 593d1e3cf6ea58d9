"""Which two sentences may make one reply: the line said back, and what goes after it.

Two written sentences beside each other fitted less often than the first of them alone, and were
wrong more often (docs/decisions.md), so a pair always begins with the person's own words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.types import Strategy
from affect.writers.weighing import MIRROR, Worded, broad

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affect.writers.base import Scene

_THEIRS = ("You ", "你说", "你跟", "你问")  # what they said themselves
SECOND = 4  # second parts that are tried


def pairs(ranked: Sequence[Worded], scene: Scene) -> Iterator[tuple[Worded, str]]:
    """The line said back with second parts, the better pairs first.

    A second part that fits anything is said plainly: the first has named the thing already.
    """
    first, rest = ranked[0], ranked[1:]
    if first.entry.id != MIRROR:
        mirrored = next((each for each in rest if each.entry.id == MIRROR), None)
        if mirrored:
            yield from _said_back_before(mirrored, first, scene)
        return
    asks = scene.plan.ask
    spoken = [each for each in rest if each.felt and each.entry.question == asks and not each.bare]
    adding = [each for each in spoken if each.general and _adds(each)]
    yield from ((first, each.entry.plain) for each in _pointed(adding))
    if asks:
        yield from ((first, each.entry.plain) for each in adding)
    yield from ((first, text) for text in _more(rest, scene))


def _said_back_before(
    mirrored: Worded, first: Worded, scene: Scene
) -> Iterator[tuple[Worded, str]]:
    """The line said back before what may be said to any such line, or what is said in a breath."""
    entry, takes_up = first.entry, "uptake" in first.reasons
    if "reported" in entry.kinds and mirrored.text.startswith(_THEIRS):
        return  # "You told her. What did you say to that?"
    if entry.kinds and (scene.language != "zh" or _is_short(first)):
        if entry.question:
            yield mirrored, entry.plain
        elif not takes_up:
            yield mirrored, first.text
    elif not first.general and not takes_up and not _restates(first) and _is_short(first):
        yield mirrored, first.text


def _pointed(adding: Sequence[Worded]) -> Sequence[Worded]:
    return [each for each in adding if not broad(each.entry)][:SECOND]


def _more(rest: Sequence[Worded], scene: Scene) -> Iterator[str]:
    """What may be said after a Chinese line said back: a question first, if one may be asked."""
    if scene.language != "zh":
        return
    asks = scene.plan.ask
    fitting = [each for each in rest if each.general and _is_short(each) and not each.bare]
    of_kind = [each for each in fitting if each.entry.kinds or each.entry.question]
    of_kind.sort(key=lambda each: each.entry.question != asks)
    yield from (each.entry.plain for each in of_kind if asks or not each.entry.question)


def _adds(worded: Worded) -> bool:
    """Whether a general sentence adds to a first part, and does not begin anew."""
    return not _restates(worded) and _is_short(worded) and _fits_breadth(worded)


def _is_short(worded: Worded) -> bool:
    return len(re.findall(r"[.!?。！？]", worded.entry.plain)) == 1


def _fits_breadth(worded: Worded) -> bool:
    """Whether it is neither too wide nor too narrow for what is known of the feeling."""
    return worded.reasons.get("broad", 0.0) >= 0.0


def _restates(worded: Worded) -> bool:
    """A restatement after a restatement would say the same twice."""
    return worded.entry.strategy is Strategy.RESTATEMENT
