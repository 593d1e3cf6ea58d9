"""The one gate to what people wrote: hidden, unless it is asked for with a reason, put down first.

Every command that could show content asks here. Words come out of `words` only, and only for a
person whose row stands in the audit already: if writing the row fails, nothing is shown.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from affect.errors import Refused
from bot.admin.options import Leave
from bot.clock import Clock
from bot.messages import Incoming, readable
from storage import audit
from storage.database import Database
from storage.records import TurnView
from storage.values import load

UNREADABLE = "(stored in a form that this version does not read)"


@dataclass(frozen=True, slots=True)
class Words:
    """What was written in a turn: the person's messages, what their voice said, the reply."""

    said: tuple[str, ...]
    transcript: str | None
    reply: str | None


@dataclass(slots=True)
class Disclosure:
    """One command's leave to show content, or the lack of it (`reason` is None)."""

    action: str
    reason: str | None
    clock: Clock
    _on_record: set[str] = field(default_factory=set)

    @property
    def allowed(self) -> bool:
        """Whether content may be shown."""
        return self.reason is not None

    async def begin(self, database: Database, *people: str | None) -> None:
        """Put the command on record, with whom it is about, before it reads or does anything."""
        await self._record(database, people or [None])

    async def record(self, database: Database, views: Sequence[TurnView]) -> None:
        """Put everybody on record whose turns are to be shown and who is not there yet."""
        people = dict.fromkeys(view.person_uid for view in views)
        await self._record(database, [uid for uid in people if uid not in self._on_record])

    def words(self, view: TurnView) -> Words | None:
        """What was written in a turn, or None where that stays hidden."""
        if not self.allowed:
            return None
        if view.person_uid not in self._on_record:
            raise Refused("Nothing is shown of a person before it is on record.")
        return Words(
            said=tuple(_message(body) for body in view.said),
            transcript=_heard(view),
            reply=view.wording.text if view.wording is not None else None,
        )

    async def _record(self, database: Database, people: Sequence[str | None]) -> None:
        if self.reason is None or not people:
            return
        await audit.record(
            database,
            actor=actor(),
            action=self.action,
            reason=self.reason,
            now=self.clock.now(),
            about=people,
        )
        self._on_record.update(uid for uid in people if uid is not None)


def ask(action: str, clock: Clock, leave: Leave, *, needed: bool = False) -> Disclosure:
    """Decide whether a command may show content; raise `Refused` with what is missing."""
    why = readable(leave.reason).strip() if leave.reason is not None else None
    if needed and not leave.reveal:
        raise Refused("This reads what people wrote: it needs --reveal and --reason TEXT.")
    if leave.reveal and not why:
        raise Refused("Showing what people wrote needs a reason: add --reason TEXT.")
    if why is not None and not leave.reveal:
        raise Refused("A reason is for showing what people wrote: add --reveal, or leave it out.")
    return Disclosure(action, why, clock)


def act(action: str, clock: Clock, reason: str | None) -> Disclosure:
    """What changes or copies something of people: on record with its reason; raise `Refused`."""
    why = readable(reason).strip() if reason is not None else None
    if not why:
        raise Refused("This goes on record with its reason: add --reason TEXT.")
    return Disclosure(action, why, clock)


def texts(view: TurnView) -> Mapping[str, Sequence[str]]:
    """The texts of a turn, for a scan; who scans has asked before."""
    wording, heard = view.wording, _heard(view)
    return {
        "said": [_message(body) for body in view.said],
        "transcript": [heard] if heard else [],
        "reply": [wording.text] if wording is not None else [],
    }


def _heard(view: TurnView) -> str | None:
    """What was said aloud in a turn; in danger nothing is read, and the notes alone hold it."""
    return view.notes.heard or (view.reading.transcript if view.reading is not None else None)


def actor() -> str:
    """Who is at the keyboard, as the operating system knows them; the environment could lie."""
    if os.name != "posix":
        return getpass.getuser()
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER") if os.getuid() == 0 else None
    return f"{name} for {behind}" if behind else name


def _message(body: bytes) -> str:
    """One message as people read it: its words, and the kind of each thing that came with it."""
    try:
        incoming = load(Incoming, body)
    except ValidationError:
        return UNREADABLE
    return " ".join((incoming.text, *(f"[{item.kind}]" for item in incoming.media))).strip()
