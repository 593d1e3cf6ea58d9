"""What is usual for a person's voice, kept where they agreed that its tone is read.

`people.consent` erases it as they take that back, `retention` as its first note grows too old.
"""

from __future__ import annotations

from sqlalchemy import literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import people, retention
from storage.database import Database
from storage.records import Kept, UsualVoice
from storage.tables import Instant, Voice
from storage.vault import Sealer


async def usual(database: Database, person_id: int) -> UsualVoice | None:
    """What is kept of a person's voice."""
    async with database.read() as connection:
        found = await connection.execute(
            select(Voice.since, Voice.sealed).where(Voice.person_id == person_id)
        )
        row = found.one_or_none()
        if row is None:
            return None
        sealer = await database.sealer(connection, person_id)
    return UsualVoice(sealer.open("voice", str(person_id), row.sealed), row.since)


async def keep(
    database: Database, connection: AsyncConnection, sealer: Sealer, kept: Kept, voice: UsualVoice
) -> None:
    """Keep what a turn taught of a voice, if the person's newest word on it is still yes.

    The caller holds the person's row, so leave that is taken back waits or is seen. What was
    erased while the turn was thought over does not come back with it.
    """
    sealed = sealer.seal("voice", str(kept.person_id), voice.body)
    agreed = retention.agreed(kept.person_id, people.VOICE)
    if voice.since is not None:
        known = update(Voice).where(
            Voice.person_id == kept.person_id, Voice.since == voice.since, agreed
        )
        await connection.execute(known.values(sealed=sealed))
        return
    row = select(literal(kept.person_id), literal(kept.kept_at, Instant()), literal(sealed))
    dialect = sqlite if database.embedded else postgresql
    first = dialect.insert(Voice).from_select(["person_id", "since", "sealed"], row.where(agreed))
    await connection.execute(first.on_conflict_do_nothing(index_elements=["person_id"]))
