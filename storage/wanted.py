"""Which turns are wanted: what columns can tell goes into the query, the rest into `fits`.

A sealed value is looked at as the JSON it is, not built: that is what makes a scan fast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from affect.errors import BadInput
from affect.looking import affect_of, home_of, spread_of
from affect.types import Moment as MomentValue
from affect.types import Risk
from storage.tables import Moment, Person, Plan, Reading, Reply, Talk, Turn
from storage.values import load

ABSTAINED = "none"  # the filter for readings that name no emotion

SEALED: Mapping[str, Any] = {
    "turn": Turn, "reading": Reading, "moment": Moment, "plan": Plan, "reply": Reply,
}  # fmt: skip

Facts = Mapping[str, Any]
"""Sealed values of one turn, as parsed JSON by table; what is not kept is absent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which turns; what is None does not matter. `since` <= sent < `until`.

    `emotion` is one of the seven or `none`; `min_score` is the confidence of the reading in [0, 1];
    `valence_below` is in [-1, 1]. `falling` wants turns after which the person's line lies below
    their home base by more than it is unsure. `strategy` is what the reply really showed, or what
    was planned where the writer did not know. `ids` are those after the first (if any) up to and
    with the second, which is the order in which turns were kept.
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
    ids: tuple[str | None, str] | None = None

    def sealed(self) -> frozenset[str]:
        """The tables whose sealed values have to be opened to tell."""
        decide = {
            "turn": not (self.risk is None and self.language is None),
            "reading": not (
                self.emotion is None and self.min_score is None and self.valence_below is None
            ),
            "moment": self.falling,
            "plan": self.strategy is not None,
            "reply": self.strategy is not None,
        }
        return frozenset(name for name, does in decide.items() if does)

    def asked(self, *also: str, counted: bool = False) -> Select[*tuple[Any, ...]]:
        """The turns by what columns can tell: id, person, and `sealed_` by table.

        `also` names tables whose sealed values are wanted beside those that decide; `counted` adds
        what is counted in the clear: time, platform, kind, writer and timings. Who looks at many
        turns to find a few does without: a time costs half as much to read as a seal to open.
        """
        names = [name for name in SEALED if name in also or name in self.sealed()]
        clear = (Turn.at, Talk.platform, Turn.kind, Reply.writer, Reply.timings) if counted else ()
        asked: Select[*tuple[Any, ...]] = select(
            Turn.id,
            Turn.person_id,
            *clear,
            *(SEALED[name].sealed.label(f"sealed_{name}") for name in names),
        )
        if counted:
            asked = asked.join(Talk, Talk.id == Turn.talk_id)
            names += [] if "reply" in names else ["reply"]
        for name in names:
            if name != "turn":
                asked = asked.outerjoin(SEALED[name], SEALED[name].turn_id == Turn.id)
        return asked.where(*self._conditions())

    def places(self) -> Select[datetime, str]:
        """Time and id of the turns that `asked` gives."""
        return select(Turn.at, Turn.id).where(*self._conditions())

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [Turn.sealed.is_not(None)]  # or it was erased
        if self.person_uid is not None:
            person = select(Person.id).where(Person.uid == self.person_uid).scalar_subquery()
            conditions.append(Turn.person_id == person)
        if self.platform is not None:
            # Looked up turn by turn along the index on time: a join would begin with the talks.
            here = exists().where(Talk.id == Turn.talk_id, Talk.platform == self.platform)
            conditions.append(here.correlate(Turn))
        if self.talk is not None:
            conditions.append(Turn.talk_id == self.talk)
        if self.ids is not None:
            conditions.append(Turn.id <= self.ids[1])
            if self.ids[0] is not None:
                conditions.append(Turn.id > self.ids[0])
        if self.since is not None:
            conditions.append(Turn.at >= self.since)
        if self.until is not None:
            conditions.append(Turn.at < self.until)
        if self.writer is not None:
            theirs = exists().where(Reply.turn_id == Turn.id, Reply.writer == self.writer)
            conditions.append(theirs.correlate(Turn))
        return conditions

    def possible(self, name: str, body: bytes) -> bool:
        """Whether a turn may fit, by the bytes of its value in a table: a no is sure.

        Danger is rare, so that nearly all notes that are opened for it need not be parsed.
        """
        if name != "turn" or self.risk is None or self.risk == Risk.NONE:
            return True
        return f'"risk":"{self.risk}"'.encode() in body  # as `values.dump` writes it

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
        now, home = affect_of(line).valence, home_of(line).valence
        return now + math.sqrt(spread_of(line).valence) < home
    except (BadInput, ValueError):
        return False  # kept in a form that this version does not follow


def _emotion(reading: Mapping[str, Any] | None) -> str | None:
    return None if reading is None else reading["emotion"] or ABSTAINED


def _strategy(facts: Facts) -> str | None:
    shown = (facts.get("reply") or {}).get("strategy")
    return shown or (facts.get("plan") or {}).get("strategy")
