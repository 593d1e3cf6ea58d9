"""Whole turns for storage tests."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from affect import trajectory
from affect.types import (
    EMOTIONS,
    Affect,
    Emotion,
    Estimate,
    Modality,
    Plan,
    Reading,
    Stage,
    Strategy,
    Variance,
)
from storage.records import Kept, Notes, StoredMessage, Wording

SADNESS = {emotion: 0.76 if emotion is Emotion.SADNESS else 0.04 for emotion in EMOTIONS}
HEAVY = Affect(-0.6, -0.2, -0.3)
SURE = Variance(0.04, 0.05, 0.06)
READING = Reading(
    emotion=Emotion.SADNESS,
    probabilities=SADNESS,
    affect=HEAVY,
    variance=SURE,
    confidence=0.76,
    conflict=0.0,
    weights={Modality.TEXT: 1.0},
    estimates=(Estimate(Modality.TEXT, SADNESS, HEAVY, SURE, 1.0, "test", {"grief": 0.7}),),
    labels={"grief": 0.7},
)
PLAN = Plan(Stage.EXPLORE, Strategy.REFLECTION_OF_FEELINGS, "gentle", HEAVY, 30, ask=False)


async def nobody(connection: AsyncConnection, person_id: int, platform: str) -> None:
    """An engine that wakes nobody."""


def kept(
    person_id: int,
    no: int,
    waiting: Sequence[StoredMessage],
    parts: Sequence[bytes] = (b'{"part": 1}', b'{"part": 2}'),
) -> Kept:
    """A turn of talk over all that waits."""
    at = waiting[-1].at
    return Kept(
        id=str(ULID.from_datetime(at)),
        person_id=person_id,
        no=no,
        talk_id=waiting[0].talk_id,
        platform=waiting[0].platform,
        kind="talk",
        at=at,
        kept_at=at,
        inbox_ids=tuple(message.id for message in waiting),
        notes=Notes("en"),
        parts=tuple(parts),
        reading=READING,
        moment=trajectory.follow(None, READING, at),
        plan=PLAN,
        wording=Wording("The oven, of all things.", "scripted", "restatement", "en-oven-01"),
        timings={"perceive": 4.2},
    )
