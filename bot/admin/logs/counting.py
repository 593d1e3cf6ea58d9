"""`logs stats`: how much was said where, what it was read as, and how long a turn took."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import typer

from affect import calibration
from affect.calibration import Judged, Refit
from affect.errors import BadInput, NotFound
from affect.types import Modality
from bot.admin import options, output, store
from bot.admin.logs.filters import Filters, Unread
from bot.admin.options import One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import roll, search, verdicts
from storage.database import Database
from storage.search import Glance
from storage.wanted import Wanted

EXAMPLE = "attune-admin logs stats --since 30d"
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
def stats(
    filters: Filters,
    how: One,
    judged: Annotated[
        bool,
        typer.Option("--verdicts", help="How often readings were right, by those who were read."),
    ] = False,
) -> None:
    """How many turns and people, and how long steps took.

    By platform, emotion, strategy and writer.
    """
    clock, form = SystemClock(), output.form(how)

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        if judged:
            _print_verdicts(await _verdicts(database, wanted), as_json=how.as_json)
            return
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


async def _verdicts(database: Database, wanted: Wanted) -> list[Judged]:
    """What people who agreed to memory said of their readings, in the turns that are wanted."""
    if wanted.sealed() or wanted.writer:
        raise BadInput("verdicts", "Verdicts are told apart by person, platform, talk and time.")
    consenting = {one.id for one in await roll.members(database) if one.consents.get("remember")}
    found = await verdicts.judged(database, wanted, consenting)
    if not found:
        raise NotFound("Nobody who agreed to memory has judged a reading in those turns.")
    return found


def _print_verdicts(found: list[Judged], *, as_json: bool) -> None:
    counted, refits = calibration.tally(found), calibration.refits(found)
    if as_json:
        told = {
            source: {e.value: {"judged": n, "right": right} for e, (n, right) in emotions.items()}
            for source, emotions in counted.items()
        }
        fitted = {modality.value: _told_refit(refit) for modality, refit in refits.items()}
        output.print_json({"verdicts": len(found), "by_modality": told, "refits": fitted})
        return
    rows = (
        (source, emotion.value, count, right, f"{100 * right / count:.0f} %")
        for source, emotions in counted.items()
        for emotion, (count, right) in emotions.items()
    )
    parts = [output.table(("said by", "emotion", "judged", "right", "share"), rows)]
    for modality, refit in refits.items():
        parts.append(output.pairs({"refit of": modality.value, **_flat(_told_refit(refit))}))
    output.print_table(*parts)
    for modality in (m for m in Modality if m.value in counted and m not in refits):
        output.note(f"{modality.value}: too few verdicts to refit ({calibration.ENOUGH}).")


def _told_refit(refit: Refit) -> dict[str, Any]:
    return {
        "temperature": round(refit.temperature, 3),
        "offsets": {emotion.value: round(value, 3) for emotion, value in refit.offsets.items()},
        "nats_before": round(refit.before, 4),
        "nats_after": round(refit.after, 4),
    }


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    offsets = {f"offset of {name}": value for name, value in told["offsets"].items()}
    return {name: value for name, value in told.items() if name != "offsets"} | offsets


def _percentiles(taken: array[float]) -> dict[str, float]:
    values = np.percentile(np.asarray(taken), SHARES)
    return {
        f"p{share}": round(float(value), 2) for share, value in zip(SHARES, values, strict=True)
    }
