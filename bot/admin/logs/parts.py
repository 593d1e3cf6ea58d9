"""Which files an export is cut into, and the drafts they grow in.

A file or folder takes its name when all of it is written. Until then it is a draft beside its
place; what stands in a draft of a file, and up to which turn, is noted after every page, so an
export that was broken off goes on from there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from affect.errors import BadInput, Refused
from storage import search
from storage.database import Database
from storage.search import Place
from storage.wanted import Wanted

FORCE = ", or add --force"
ASKED = ".asked"  # in a folder that is being written: what was asked for


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a draft has come: its size in bytes, its turns, and the last of them."""

    asked: str
    size: int = 0
    turns: int = 0
    at: str | None = None
    turn: str | None = None

    @property
    def place(self) -> Place | None:
        """Where to go on."""
        return (datetime.fromisoformat(self.at), self.turn) if self.at and self.turn else None


class Draft:
    """A file that is being written, beside the place where it will stand."""

    def __init__(self, path: Path, asked: str) -> None:
        self.path = path.with_name(f".{path.name}.partial")
        self._notes = path.with_name(f".{path.name}.partial.json")
        self._place = path
        self._asked = asked

    def progress(self, *, resume: bool) -> Progress:
        """Where it stands; anew unless it is to be resumed and was asked for in the same way."""
        fresh = Progress(self._asked)
        if not resume:
            return fresh
        try:
            noted = Progress(**json.loads(self._notes.read_text(encoding="utf-8")))
            there = self.path.stat().st_size
        except (OSError, ValueError, TypeError):
            return fresh
        if noted.asked != self._asked:
            raise Refused("The export that was broken off asked for something else: run that one.")
        return noted if there >= noted.size else fresh

    def note(self, progress: Progress) -> None:
        """Put down how far it has come."""
        write_whole(self._notes, json.dumps(asdict(progress)))

    def drop(self) -> None:
        """Leave nothing behind."""
        for path in (self.path, self._notes):
            path.unlink(missing_ok=True)

    def done(self) -> None:
        """Give it its name."""
        self.path.replace(self._place)
        self._notes.unlink(missing_ok=True)


def draft_folder(folder: Path, asked: str, *, resume: bool) -> Path:
    """The folder in which the files of an export come together; those of before if it resumes."""
    draft = folder.with_name(f".{folder.name}.partial")
    noted = draft / ASKED
    if draft.is_dir() and not resume:
        shutil.rmtree(draft)
    if draft.is_dir() and noted.read_text(encoding="utf-8") != asked:
        raise Refused("The export that was broken off asked for something else: run that one.")
    draft.mkdir(mode=0o700, exist_ok=True)
    write_whole(noted, asked)
    return draft


def written(draft: Path, name: str) -> bool:
    """Whether a part is there already, from the run that was broken off."""
    return (draft / name).exists()


def finish(draft: Path, folder: Path) -> None:
    """Give the folder its name."""
    (draft / ASKED).unlink()
    draft.replace(folder)


def free(path: Path, *, force: bool, hint: str = "") -> None:
    """Raise `Refused` if a name is taken; `hint` is what to do besides choosing another.

    Raise `BadInput` for what is no name of a file.
    """
    in_folder(path)
    if path.name == "-":
        raise BadInput("no_stream", "This is written to a file of its owner alone: name one.")
    if force and path.is_dir():
        raise BadInput("folder", f"{path} is a folder: name a file.")
    if not force and os.path.lexists(path):
        raise Refused(f"{path} is there already: choose another name{hint}.")


def in_folder(path: Path) -> None:
    """Raise `BadInput` if the folder of a file is not there."""
    if not path.parent.is_dir():
        raise BadInput("no_folder", f"There is no folder {path.parent}.")


def write_whole(path: Path, content: str | bytes) -> None:
    """A small file of ours alone (mode 0600), replaced in one piece."""
    draft = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise


async def cut(
    database: Database, wanted: Wanted, by: str, zone: ZoneInfo
) -> AsyncIterator[tuple[str, Wanted]]:
    """The parts of an export by person, talk, month or day, each with its name."""
    if by == "person":
        for uid in await search.people_of(database, wanted):
            yield uid, replace(wanted, person_uid=uid)
    elif by == "talk":
        for talk_id in await search.talks_of(database, wanted):
            yield talk_id, replace(wanted, talk=talk_id)
    else:
        async for part in _by_time(database, wanted, by, zone):
            yield part


async def _by_time(
    database: Database, wanted: Wanted, by: str, zone: ZoneInfo
) -> AsyncIterator[tuple[str, Wanted]]:
    ends = await search.span(database, wanted)
    if ends is None:
        return
    first, last = (at.astimezone(zone).date() for at in ends)
    day = first.replace(day=1) if by == "month" else first
    while day <= last:
        following = (
            (day + timedelta(days=32)).replace(day=1) if by == "month" else day + timedelta(days=1)
        )
        start, end = (
            datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, following)
        )
        name = f"{day:%Y-%m}" if by == "month" else f"{day:%Y-%m-%d}"
        since = max(start, wanted.since) if wanted.since else start
        until = min(end, wanted.until) if wanted.until else end
        yield name, replace(wanted, since=since, until=until)
        day = following
