"""`logs stats`: how much was said where, what it was read as, and how long a turn took."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from affect.errors import NotFound
from bot.admin import options, output, store
from bot.admin.logs.filters import Filters, Unread
from bot.admin.options import One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import search
from storage.database import Database
from storage.search import Glance

EXAMPLE = "Example: attune-admin logs stats --since 30d"
SHARES = (50, 95, 99)  # percentiles of the timings


@dataclass(slots=True)
class Statistics:
    """Counts and times of some turns; of constant size but for eight bytes a time."""

    turns: int = 0
    people: set[int] = field(default_factory=set)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    taken: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))

    def add(self, glance: Glance) -> None:
        """Count one turn."""
        row, facts = glance.row, glance.facts
        notes, reading = facts.get("turn", {}), facts.get("reading")
        reply, plan = facts.get("reply", {}), facts.get("plan", {})
        self.turns += 1
        self.people.add(row.person_id)
        told = {
            "platform": row.platform,
            "kind": row.kind,
            "language": notes.get("language"),
            "risk": notes.get("risk", "none"),
            "writer": row.writer,
            "strategy": reply.get("strategy") or plan.get("strategy"),
            "emotion": None if reading is None else reading["emotion"] or "none",
        }
        for name, value in told.items():
            if value is not None:
                self.counts[name][value] += 1
        for step, milliseconds in (row.timings or {}).items():
            self.taken[step].append(milliseconds)

    def told(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "turns": self.turns,
            "people": len(self.people),
            **{name: dict(counter.most_common()) for name, counter in self.counts.items()},
            "timings_ms": {step: _percentiles(taken) for step, taken in self.taken.items()},
        }


@options.spread
def stats(filters: Filters, how: One) -> None:
    """Turns and people counted: platforms, emotions, strategies, writers; how long steps took."""
    clock, form = SystemClock(), output.form(how)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        unread, counted = Unread(), Statistics()
        total = await search.count(database, wanted)
        with output.progress(total, "counting turns", form) as opened:
            async for page in search.glances(
                database, wanted, "turn", "reading", "plan", "reply", unread=unread, opened=opened
            ):
                for glance in page:
                    counted.add(glance)
        if not counted.turns:
            raise NotFound(NOTHING)
        if how.as_json:
            output.print_json({**counted.told(), "left_out": unread.count})
        else:
            _print(counted)
        unread.say()

    store.serve(how, job)


def _print(counted: Statistics) -> None:
    told = counted.told()
    parts = [output.pairs({"turns": told["turns"], "people": told["people"]})]
    for name, counter in counted.counts.items():
        whole = counter.total()
        rows = (
            (value, count, f"{100 * count / whole:.1f} %") for value, count in counter.most_common()
        )
        parts.append(output.table((name, "turns", "share"), rows))
    columns = ("ms", *(f"p{share}" for share in SHARES))
    steps: Mapping[str, Mapping[str, float]] = told["timings_ms"]
    parts.append(output.table(columns, ((step, *taken.values()) for step, taken in steps.items())))
    output.print_table(*parts)


def _percentiles(taken: array[float]) -> dict[str, float]:
    values = np.percentile(np.asarray(taken), SHARES)
    return {
        f"p{share}": round(float(value), 2) for share, value in zip(SHARES, values, strict=True)
    }
