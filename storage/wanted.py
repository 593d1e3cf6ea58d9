"""Which turns are wanted: what columns can tell goes into the query, the rest into `fits`.

A sealed value is looked at as the JSON it is, not built: that is what makes a scan fast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from affect import trajectory
from affect.errors import BadInput
from affect.types import Moment as MomentValue
from storage.tables import Moment, Person, Plan, Reading, Reply, Talk, Turn
from storage.values import load

ABSTAINED = "none"  # the filter for readings that name no emotion

Facts = Mapping[str, Any]
"""Sealed values of one turn, as parsed JSON by table; what is not kept is absent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which turns; what is None does not matter. `since` <= sent < `until`.

    `emotion` is one of the seven or `none`; `min_score` is the confidence of the reading in [0, 1];
    `valence_below` is in [-1, 1]. `falling` wants turns after which the person's line lies below
    their home base by more than it is unsure. `strategy` is what the reply really showed, or what
    was planned where the writer did not know.
    """

    person_uid: str | None = None
    platform: str | None = None
    talk: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    writer: str | None = None
    emotion: str | None = None
    min_score: float | None = None
    valence_below: float | None = None
    falling: bool = False
    risk: str | None = None
    strategy: str | None = None
    language: str | None = None

    def sealed(self) -> dict[str, InstrumentedAttribute[Any]]:
        """The sealed columns that have to be opened to tell, by table."""
        wanted: dict[str, InstrumentedAttribute[Any]] = {}
        if self.risk is not None or self.language is not None:
            wanted["turn"] = Turn.sealed
        if not (self.emotion is None and self.min_score is None and self.valence_below is None):
            wanted["reading"] = Reading.sealed
        if self.falling:
            wanted["moment"] = Moment.sealed
        if self.strategy is not None:
            wanted |= {"plan": Plan.sealed, "reply": Reply.sealed}
        return wanted

    def asked(self) -> Select[*tuple[Any, ...]]:
        """The turns by what columns can tell: id, person, time, and `sealed` by table."""
        sealed = self.sealed()
        asked = select(
            Turn.id,
            Turn.person_id,
            Turn.at,
            *(column.label(f"sealed_{table}") for table, column in sealed.items()),
        )
        if self.platform is not None:
            asked = asked.join(Talk, Talk.id == Turn.talk_id)
        if self.writer is not None or "reply" in sealed:
            asked = asked.outerjoin(Reply, Reply.turn_id == Turn.id)
        for name, table in (("reading", Reading), ("moment", Moment), ("plan", Plan)):
            if name in sealed:
                asked = asked.outerjoin(table, table.turn_id == Turn.id)  # type: ignore[attr-defined]
        return asked.where(*self._conditions())

    def counted(self) -> Select[tuple[int]]:
        """How many turns `asked` gives."""
        counted = select(func.count()).select_from(Turn)
        if self.platform is not None:
            counted = counted.join(Talk, Talk.id == Turn.talk_id)
        if self.writer is not None:
            counted = counted.join(Reply, Reply.turn_id == Turn.id)
        return counted.where(*self._conditions())

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.person_uid is not None:
            person = select(Person.id).where(Person.uid == self.person_uid).scalar_subquery()
            conditions.append(Turn.person_id == person)
        if self.platform is not None:
            conditions.append(Talk.platform == self.platform)
        if self.talk is not None:
            conditions.append(Turn.talk_id == self.talk)
        if self.since is not None:
            conditions.append(Turn.at >= self.since)
        if self.until is not None:
            conditions.append(Turn.at < self.until)
        if self.writer is not None:
            conditions.append(Reply.writer == self.writer)
        return conditions

    def fits(self, facts: Facts) -> bool:
        """What only the opened values can tell."""
        notes, reading = facts.get("turn"), facts.get("reading")
        return (
            (self.risk is None or (notes or {}).get("risk", "none") == self.risk)
            and (self.language is None or (notes or {}).get("language", "en") == self.language)
            and (self.emotion is None or _emotion(reading) == self.emotion)
            and (
                self.min_score is None
                or (reading is not None and reading["confidence"] >= self.min_score)
            )
            and (
                self.valence_below is None
                or (reading is not None and reading["affect"]["valence"] < self.valence_below)
            )
            and (not self.falling or falling(facts.get("moment")))
            and (self.strategy is None or _strategy(facts) == self.strategy)
        )


def falling(moment: bytes | MomentValue | None) -> bool:
    """Whether a line lies below its home base by more than it is unsure (one SD)."""
    if moment is None:
        return False
    try:
        line = load(MomentValue, moment) if isinstance(moment, bytes) else moment
        now, home = trajectory.affect_of(line).valence, trajectory.home_of(line).valence
        return now + math.sqrt(trajectory.spread_of(line).valence) < home
    except (BadInput, ValueError):
        return False  # kept in a form that this version does not follow


def _emotion(reading: Mapping[str, Any] | None) -> str | None:
    return None if reading is None else reading["emotion"] or ABSTAINED


def _strategy(facts: Facts) -> str | None:
    shown = (facts.get("reply") or {}).get("strategy")
    return shown or (facts.get("plan") or {}).get("strategy")
