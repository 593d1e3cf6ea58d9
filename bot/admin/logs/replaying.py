"""`logs replay`: a turn once more with what went into it, and what comes out differently now.

Nothing is kept and nothing is sent. Voices and faces are gone, so what was made out of them then
stands in for them; what the person agrees to is what they agree to today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from affect.errors import BadInput, NotFound
from bot.admin import disclosure, options, output, store
from bot.admin.logs import turns
from bot.admin.logs.showing import Turn
from bot.admin.options import Leave, One
from bot.clock import SystemClock
from bot.messages import Incoming, Kind
from bot.settings import Settings
from storage import search
from storage.database import Database
from storage.records import TurnView
from storage.values import load

EXAMPLE = "attune-admin logs replay 8WZ3K0QF"
SAME = frozenset({"turn", "at", "person", "no", "platform", "kind"})  # those of the turn itself
UNLIKE = frozenset({"timings"})  # never twice the same


@options.spread
def replay(turn: Turn, leave: Leave, how: One, tz: options.Tz = "UTC") -> None:
    """Run one turn again as things are now. Shows what differs; nothing is kept or sent."""
    clock, zone = SystemClock(), options.zone(tz)
    asked = disclosure.ask("logs replay", clock, leave)
    configured = store.settings(how)

    async def job(database: Database) -> None:
        view = await search.turn(database, turn)
        again = await _again(database, configured, view)
        asked.action = f"logs replay {view.id}"
        await asked.record(database, [view])
        then, now = (turns.whole(one, asked.words(one), zone) for one in (view, again))
        told = list(_differences(then, now))
        replies = [one.wording.text if one.wording else None for one in (view, again)]
        if not asked.allowed and replies[0] != replies[1]:
            told.append({"what": "reply", "then": turns.HIDDEN, "now": turns.HIDDEN})
        if how.as_json:
            output.print_json({"turn": view.id, "same": not told, "differences": told})
        elif told:
            output.print_table(
                output.table(
                    ("what", "then", "now"),
                    ([_short(value) for value in one.values()] for one in told),
                )
            )
        else:
            output.print_table("Nothing differs.")

    store.serve(how, job)


async def _again(database: Database, settings: Settings, view: TurnView) -> TurnView:
    """The turn as it would come out now; raise `NotFound` or `BadInput` where it cannot."""
    try:
        messages = [load(Incoming, body) for body in view.said]
    except ValidationError:
        raise NotFound("What came in was kept in a form that this version does not read.") from None
    if not messages:
        raise NotFound("What was said in that turn is erased: there is nothing to run again.")
    if messages[-1].kind is Kind.COMMAND:
        raise BadInput("command", "A command is not run again: it may change what is kept.")
    from bot.admin.logs.rerunning import companion  # models: only where they are needed

    async with companion(database, settings, Moment(view.at), view) as runner:
        taken = await runner.take(view.person_id, view.talk_id, messages, upto=view.no - 1)
    return replace(
        view,
        notes=taken.notes,
        reading=taken.reading,
        moment=taken.moment,
        plan=taken.plan,
        wording=taken.wording,
        timings=taken.timings,
    )


def _differences(
    then: Mapping[str, Any], now: Mapping[str, Any], where: str = ""
) -> Iterator[dict[str, Any]]:
    """What is not the same in two documents, by the way to it."""
    for name in dict.fromkeys((*then, *now)):
        if not where and name in SAME | UNLIKE:
            continue
        before, after = then.get(name), now.get(name)
        path = f"{where}{name}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{path}.")
        elif _named(before) and _named(after):
            yield from _differences(_named(before), _named(after), f"{path}.")
        elif before != after:
            yield {"what": path, "then": before, "now": after}


def _short(value: Any) -> Any:
    """One side of a difference as a table shows it; JSON holds all of it."""
    if isinstance(value, Mapping):
        if "chosen" in value:
            return "chosen" if value["chosen"] else "considered"
        return ", ".join(f"{name} {_short(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(_short(one)) for one in value)
    return value


def _named(told: Any) -> Mapping[str, Any]:
    """Estimates and candidates by name, so that like is compared with like."""
    if not (isinstance(told, Sequence) and told and isinstance(told[0], Mapping)):
        return {}
    key = next((key for key in ("modality", "entry", "part") if key in told[0]), None)
    return {str(one[key]): one for one in told} if key else {}


class Moment:
    """A clock that stands at the time of a turn."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self._at

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing: no step of a turn sleeps."""
