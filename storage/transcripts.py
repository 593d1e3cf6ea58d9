"""What was heard in a turn, taken out again: a recording that is deleted takes its words along.

The words of a turn's recordings stand together, so they go together. They are in the notes, in
the reading, in the sentence about a recording that was only half heard, and, since that sentence
was said, in the reply.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from affect.types import Reading as ReadingValue
from storage.records import Kept, Notes, Wording
from storage.tables import Reading, Reply, Turn
from storage.values import dump, load
from storage.vault import Sealer

UNSURE = "unsure"  # the kind of problem whose sentence quotes what was made out


def without(kept: Kept) -> Kept:
    """A turn that is about to be kept, without what was heard in it."""
    return replace(
        kept,
        notes=_notes(kept.notes),
        reading=kept.reading and _reading(kept.reading),
        wording=kept.wording and _wording(kept.wording, kept.notes),
    )


async def erase(connection: AsyncConnection, sealer: Sealer, turn_id: str) -> None:
    """Rewrite what is kept of a turn without what was heard in it; no row comes into being."""
    row = (
        await connection.execute(
            select(Turn.sealed, Reading.sealed.label("reading"), Reply.sealed.label("reply"))
            .outerjoin(Reading, Reading.turn_id == Turn.id)
            .outerjoin(Reply, Reply.turn_id == Turn.id)
            .where(Turn.id == turn_id)
        )
    ).one()
    if row.sealed is None:
        return
    notes = load(Notes, sealer.open("turn", turn_id, row.sealed))
    # In the order in which retention takes them, so that neither waits for the other for ever.
    if row.reading is not None:
        reading = _reading(load(ReadingValue, sealer.open("reading", turn_id, row.reading)))
        await connection.execute(
            update(Reading)
            .where(Reading.turn_id == turn_id)
            .values(sealed=sealer.seal("reading", turn_id, dump(reading)))
        )
    if row.reply is not None:
        wording = _wording(load(Wording, sealer.open("reply", turn_id, row.reply)), notes)
        await connection.execute(
            update(Reply)
            .where(Reply.turn_id == turn_id)
            .values(sealed=sealer.seal("reply", turn_id, dump(wording)))
        )
    await connection.execute(
        update(Turn)
        .where(Turn.id == turn_id, Turn.sealed.is_not(None))
        .values(sealed=sealer.seal("turn", turn_id, dump(_notes(notes))))
    )


def _notes(notes: Notes) -> Notes:
    sure = tuple(problem for problem in notes.problems if problem.kind != UNSURE)
    return replace(notes, heard="", problems=sure)


def _reading(reading: ReadingValue) -> ReadingValue:
    return replace(reading, transcript=None)


def _wording(wording: Wording, notes: Notes) -> Wording:
    text = wording.text
    for problem in notes.problems:
        if problem.kind == UNSURE:
            text = text.replace(problem.message, "").strip()
    return replace(wording, text=text)
