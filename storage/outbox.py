"""Parts of replies on their way to a platform.

    put       in the transaction that keeps their turn
    claim     pending -> sending, compare-and-set with a token and a lease; then it is settled

A part whose lease ran out while `sending` is in doubt and is sent again: a turn happens exactly
once, a part at least once, in order. Statements are built once: that costs more than to run them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from storage.database import Database
from storage.records import Kept, Part
from storage.tables import Delivery
from storage.vault import Sealer

LEASE = timedelta(seconds=60)
PENDING, SENDING, SENT, DEAD = "pending", "sending", "sent", "dead"

# Written out, not bound: else SQLite cannot tell that `ix_delivery_open` holds them, and reads all.
UNSETTLED = Delivery.state.in_(
    bindparam("unsettled", (PENDING, SENDING), expanding=True, literal_execute=True)
)

_FIRST = (
    select(func.min(Delivery.id))
    .where(
        Delivery.person_id == bindparam("person"),
        UNSETTLED,
        Delivery.platform.in_(bindparam("platforms", expanding=True)),
    )
    .group_by(Delivery.talk_id)
)
_HEADS = select(Delivery).where(Delivery.id.in_(_FIRST)).order_by(Delivery.id)
_CLAIM = update(Delivery).where(
    Delivery.id == bindparam("part_id"),
    Delivery.attempts == bindparam("tried"),
    or_(
        Delivery.state == PENDING,
        and_(Delivery.state == SENDING, Delivery.lease_until <= bindparam("now")),
    ),
)
_SETTLE = update(Delivery).where(
    Delivery.id == bindparam("part_id"),
    Delivery.token == bindparam("held"),
    Delivery.state == SENDING,
)


async def put(connection: AsyncConnection, sealer: Sealer, kept: Kept) -> None:
    """Store the parts of a turn, in their order."""
    parts = [
        {
            "turn_id": kept.id,
            "person_id": kept.person_id,
            "talk_id": kept.talk_id,
            "platform": kept.platform,
            "part": number,
            "state": PENDING,
            "sealed": sealer.seal("delivery", f"{kept.id}:{number}", body),
        }
        for number, body in enumerate(kept.parts)
    ]
    if parts:
        await connection.execute(insert(Delivery), parts)


async def head(
    database: Database,
    connection: AsyncConnection,
    person_id: int,
    platforms: Collection[str],
    now: datetime,
) -> Part | datetime | None:
    """A part that may leave now, else when to look again, else None: everything left.

    In each talk parts leave in order, so one that must wait holds back those behind it.
    """
    wanted = {"person": person_id, "platforms": tuple(platforms)}
    rows = (await connection.execute(_HEADS, wanted)).all()
    waits = [row.lease_until if row.state == SENDING else row.not_before for row in rows]
    free = [row for row, wait in zip(rows, waits, strict=True) if not wait or wait <= now]
    if not free:
        return min((wait for wait in waits if wait), default=None)
    row = free[0]
    sealer = await database.sealer(connection, person_id)
    return Part(
        id=row.id,
        person_id=person_id,
        turn_id=row.turn_id,
        part=row.part,
        platform=row.platform,
        body=sealer.open("delivery", f"{row.turn_id}:{row.part}", row.sealed),
        attempts=row.attempts,
        in_doubt=row.state == SENDING,
    )


async def claim(database: Database, part: Part, now: datetime) -> str | None:
    """Take a part for sending; give the token to settle it with, or None if another was faster."""
    token = str(ULID.from_datetime(now))
    held = {"state": SENDING, "token": token, "lease_until": now + LEASE}
    async with database.write() as connection:
        taken = await connection.execute(
            _CLAIM,
            {
                "part_id": part.id,
                "tried": part.attempts,
                "now": now,
                "attempts": part.attempts + 1,
                **held,
            },
        )
    return token if taken.rowcount else None


async def settle_sent(
    database: Database, part: Part, token: str, message: str | None, now: datetime
) -> None:
    """The part arrived. Its words are kept with the reply, not here."""
    await _settle(database, part, token, state=SENT, sealed=None, message=message, sent_at=now)


async def settle_dead(database: Database, part: Part, token: str) -> None:
    """The part can never arrive."""
    await _settle(database, part, token, state=DEAD, sealed=None)


async def settle_later(database: Database, part: Part, token: str, at: datetime) -> None:
    """The part must wait until `at`."""
    await _settle(database, part, token, state=PENDING, not_before=at)


async def _settle(database: Database, part: Part, token: str, **values: object) -> None:
    mine = {"part_id": part.id, "held": token}
    async with database.write() as connection:
        await connection.execute(_SETTLE, {**mine, "token": None, "lease_until": None, **values})
