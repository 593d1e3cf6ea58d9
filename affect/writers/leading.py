"""The one entry that a line is clearly nearer to than to all others.

Chinese typed to a friend (花了八百多。。这个月又要吃土) is less like any cue than what is written,
but far nearer to the entry that it is about than to the rest: that one is as good as near.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.writers.entry import Entry

LEAST = 0.70  # likeness from which an entry may be near in this way
LEAD = 0.06  # and what it is nearer by than the next
NEAR = 0.87  # the likeness that it then has, also where the talk is about another topic


def led(
    likeness: Mapping[str, float], alone: Mapping[str, float], entries: Sequence[Entry]
) -> dict[str, float]:
    """The likenesses, with the one of these entries that leads by the line `alone` made near."""
    if not entries:
        return dict(likeness)
    first, *rest = heapq.nlargest(2, entries, key=lambda entry: alone.get(entry.id, 0.0))
    best = alone.get(first.id, 0.0)
    leads = best >= LEAST and all(best - alone.get(e.id, 0.0) >= LEAD for e in rest)
    return {**likeness, first.id: max(best, NEAR)} if leads else dict(likeness)
