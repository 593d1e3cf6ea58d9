"""A person's line as it was kept: the latest moment, and the readings since a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from affect.types import Moment as MomentValue
from storage import talks
from storage.database import Database
from storage.records import TurnView
from storage.tables import Moment, Turn
from storage.values import load


async def latest(database: Database, person_id: int) -> MomentValue | None:
    """The person's line after their last reading."""
    async with database.read() as connection:
        row = (
            await connection.execute(
                select(Moment.turn_id, Moment.sealed)
                .join(Turn, Turn.id == Moment.turn_id)
                .where(Moment.person_id == person_id)
                .order_by(Turn.no.desc())
                .limit(1)
            )
        ).first()
        if row is None:
            return None
        sealer = await database.sealer(connection, person_id)
        return load(MomentValue, sealer.open("moment", row.turn_id, row.sealed))


async def since(database: Database, person_id: int, start: datetime) -> list[TurnView]:
    """The person's turns with a reading since `start`, oldest first."""
    wanted = (
        talks.turns()
        .where(Turn.person_id == person_id, Turn.at >= start, Moment.turn_id.is_not(None))
        .order_by(Turn.no)
    )
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
        return await talks.opened(database, connection, rows) if rows else []
