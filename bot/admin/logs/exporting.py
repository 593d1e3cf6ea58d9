"""`logs export`: turns into files, streamed, for the eyes of their owner alone (mode 0600).

One file or, cut by person, talk, month or day, a folder of them. With `--new` only what was kept
since the last time; with `--resume` an export that was broken off goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TextIO
from zoneinfo import ZoneInfo

import typer
from ulid import ULID

from affect.errors import BadInput, NotFound
from bot.admin import disclosure, options, output, store
from bot.admin.disclosure import Disclosure
from bot.admin.logs import formats, parts
from bot.admin.logs.filters import Filters, Unread
from bot.admin.logs.parts import Draft, Progress
from bot.admin.options import Leave, One
from bot.admin.output import NOTHING
from bot.clock import SystemClock
from storage import search
from storage.database import Database
from storage.wanted import Wanted

EXAMPLE = "attune-admin logs export -o may.jsonl --since 2026-05-01"
SETTLED = timedelta(seconds=10)  # another process may commit a turn a little after its time

Format = Annotated[
    Literal["jsonl", "csv", "md", "html"],
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="jsonl: all that is kept; csv: a row; md, html: a talk to read, html with its line.",
    ),
]
By = Annotated[
    Literal["person", "talk", "month", "day"] | None,
    typer.Option("--by", metavar="PART", help="A folder with a file a person, talk, month or day."),
]


@dataclass(frozen=True, slots=True)
class Export:
    """One export: what, how, and who may see it."""

    database: Database
    wanted: Wanted
    asked: Disclosure
    name: str
    zone: ZoneInfo
    key: str
    unread: Unread
    looked_at: Callable[[int], None]

    def format(self) -> formats.Format:
        """A writer for one file."""
        return formats.named(self.name, self.zone, revealed=self.asked.allowed)


@options.spread
def export(
    filters: Filters,
    leave: Leave,
    how: One,
    file: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where to; with --by, a folder.")
    ],
    format_: Format = "jsonl",
    by: By = None,
    new: Annotated[
        Path | None,
        typer.Option(
            "--new", metavar="NOTE", help="Only what was kept since this note was last written."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the same export was broken off.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Turns into a file, oldest first. Its owner alone can read it (mode 0600)."""
    clock, zone = SystemClock(), options.zone(filters.tz)
    asked = disclosure.ask("logs export", clock, leave)
    if format_ == "html" and not (filters.user or by == "person"):
        raise BadInput("one_person", "A page is of one person: add --user UID, or --by person.")
    if by and force:
        raise BadInput("folder", "A folder is not replaced: choose another name for it.")

    async def job(database: Database) -> None:
        wanted = await filters.wanted(database, clock)
        parts.free(file, force=force, hint="" if by else parts.FORCE)
        wanted, upto = _since_last(wanted, new, clock.now())
        key = _key(wanted, filters, format_, by, revealed=asked.allowed)
        unread = Unread()
        total = await search.count(database, wanted)
        with output.progress(total, "writing turns", output.form(how)) as looked_at:
            export = Export(database, wanted, asked, format_, zone, key, unread, looked_at)
            if by:
                folder = parts.draft_folder(file, key, resume=resume)
                await asked.begin(database, wanted.person_uid)
                turns, files = await _folder(export, folder, file, by)
            else:
                draft = Draft(file, key)
                # A page keeps its line in mind while it grows: it is begun again, not gone on with.
                begun = draft.progress(resume=resume and format_ != "html")
                await asked.begin(database, wanted.person_uid)
                turns, files = await _file(export, wanted, draft, begun), 1
        if new:
            parts.write_whole(new, json.dumps({"upto": upto}) + "\n")
        if how.as_json:
            told = {"file": str(file), "format": format_, "files": files, "turns": turns}
            output.print_json({**told, "left_out": unread.count, "revealed": asked.allowed})
        else:
            output.print_table(f"{turns} turn(s) written to {file}.")
        unread.say()

    store.serve(how, job)


async def _file(export: Export, wanted: Wanted, draft: Draft, begun: Progress) -> int:
    """Go on with one file; give its turns, or raise `NotFound` and leave nothing."""
    try:
        progress = await _write(export, wanted, draft, begun)
    except BaseException:
        if not draft.progress(resume=True).turns:
            draft.drop()
        raise
    if not progress.turns:
        draft.drop()
        raise NotFound(NOTHING)
    draft.done()
    return progress.turns


async def _write(export: Export, wanted: Wanted, draft: Draft, progress: Progress) -> Progress:
    format_ = export.format()
    export.looked_at(progress.turns)
    with _opened(draft.path, progress.size) as file:
        if not progress.size:
            format_.begin(file)
        async for page in search.pages(
            export.database,
            wanted,
            after=progress.place,
            unread=export.unread,
            opened=export.looked_at,
        ):
            await export.asked.record(export.database, page)
            for view in page:
                format_.turn(file, view, export.asked.words(view))
            file.flush()
            progress = replace(
                progress,
                size=os.fstat(file.fileno()).st_size,
                turns=progress.turns + len(page),
                at=page[-1].at.isoformat(),
                turn=page[-1].id,
            )
            draft.note(progress)
        if progress.turns:
            format_.end(file)
        file.flush()
        os.fsync(file.fileno())
    return progress


async def _folder(export: Export, draft: Path, folder: Path, by: str) -> tuple[int, int]:
    """Write a file a part; give turns and files. The folder appears when all are there."""
    turns = files = 0
    async for name, wanted in parts.cut(export.database, export.wanted, by, export.zone):
        part = f"{name}.{export.name}"
        if parts.written(draft, part):
            files += 1
            continue
        one = Draft(draft / part, export.key)
        try:
            turns += await _file(export, wanted, one, one.progress(resume=False))
            files += 1
        except NotFound:
            continue
    if not files:
        shutil.rmtree(draft)
        raise NotFound(NOTHING)
    parts.finish(draft, folder)
    return turns, files


@contextmanager
def _opened(path: Path, size: int) -> Iterator[TextIO]:
    """A draft of our own, cut to what is known to be whole."""
    if not size:
        path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(descriptor, size)
    with os.fdopen(descriptor, "r+", encoding="utf-8", newline="") as file:
        file.seek(0, os.SEEK_END)
        yield file


def _since_last(wanted: Wanted, note: Path | None, now: datetime) -> tuple[Wanted, str]:
    """Only what was kept since the last time, and up to which turn that is this time."""
    upto = str(ULID.from_datetime(now - SETTLED))
    if note is None:
        return wanted, upto
    parts.in_folder(note)
    try:
        last = json.loads(note.read_text(encoding="utf-8"))["upto"]
    except FileNotFoundError:
        last = None
    except (ValueError, KeyError, TypeError):
        raise BadInput("bad_note", f"{note} was not written by an export.") from None
    return replace(wanted, ids=(last, upto)), upto


def _key(wanted: Wanted, filters: Filters, format_: str, by: str | None, *, revealed: bool) -> str:
    """What an export is known again by; where it ends and relative times do not matter."""
    told = {**asdict(filters), "format": format_, "by": by, "revealed": revealed}
    told["after"] = wanted.ids[0] if wanted.ids else None
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
