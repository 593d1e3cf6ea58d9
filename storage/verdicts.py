"""How people judged what was read of them: right, wrong, or what it was. Numbers, never words."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from affect.calibration import Judged
from affect.types import Emotion, Reading
from storage.database import Database
from storage.records import Report as ReportValue
from storage.tables import Reading as ReadingRow
from storage.tables import Report, Turn
from storage.values import load
from storage.wanted import Wanted

BATCH = 500


async def judged(database: Database, wanted: Wanted, consenting: Collection[int]) -> list[Judged]:
    """The readings that were judged in the turns that are wanted, as far as columns can tell.

    Of `consenting` people (ids) alone; of several verdicts on one reading the last one counts.
    """
    asked = (
        select(Turn.id, Turn.person_id, Report.sealed)
        .join(Report, Report.turn_id == Turn.id)
        .where(Turn.id.in_(wanted.places().with_only_columns(Turn.id)))
        .order_by(Turn.id)
    )
    last: dict[str, ReportValue] = {}
    async with database.read() as connection:
        rows = [row for row in await connection.execute(asked) if row.person_id in consenting]
        sealers = await database.sealers(connection, {row.person_id for row in rows})
    for row in rows:
        told = load(ReportValue, sealers[row.person_id].open("report", row.id, row.sealed))
        if told.about and told.verdict:
            last[told.about] = told
    readings = await _readings(database, list(last))
    return [_judged(reading, last[turn_id].emotion) for turn_id, reading in readings.items()]


def _judged(reading: Reading, truth: str | None) -> Judged:
    estimates = {estimate.modality: estimate.probabilities for estimate in reading.estimates}
    return Judged(reading.emotion, estimates, Emotion(truth) if truth else None)


async def _readings(database: Database, ids: list[str]) -> dict[str, Reading]:
    found = {}
    for start in range(0, len(ids), BATCH):
        asked = select(ReadingRow).where(ReadingRow.turn_id.in_(ids[start : start + BATCH]))
        async with database.read() as connection:
            rows = (await connection.execute(asked)).all()
            sealers = await database.sealers(connection, {row.person_id for row in rows})
        for row in rows:
            body = sealers[row.person_id].open("reading", row.turn_id, row.sealed)
            found[row.turn_id] = load(Reading, body)
    return found
