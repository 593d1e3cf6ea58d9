"""Parts of a reply reach the platform: in order, as slowly as it asks, across restarts.

A part is claimed, sent and settled. When death falls between the platform's OK and our note of
it, the part is in doubt and is sent again with the same nonce once its lease is over.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from affect.errors import RetryLater, Undeliverable, Unreachable
from bot.clock import Clock
from bot.logs import where
from bot.messages import Address, Outgoing
from bot.platforms.base import Platform
from storage import checkins, outbox
from storage.database import Database
from storage.records import Part
from storage.values import load

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=30)
TRIES = 60  # with these pauses, about a day; after that the part is dead

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A part with its address, as it is sealed in the store."""

    address: Address
    outgoing: Outgoing


def nonce(turn_id: str, part: int) -> str:
    """The name of a part for a platform that drops what it has seen: at most 25 characters."""
    return f"{turn_id[-22:]}{part:03}"


class Delivery:
    """Sends what is due to the platforms of this process."""

    def __init__(self, database: Database, platforms: Mapping[str, Platform], clock: Clock) -> None:
        self._database = database
        self._platforms = platforms
        self._clock = clock

    async def deliver(self, part: Part) -> None:
        """Send a part that may leave now, unless somebody else does."""
        token = await outbox.claim(self._database, part, self._clock.now())
        if token is not None:
            await self._send(part, token)

    async def _send(self, part: Part, token: str) -> None:
        fields = {"person": part.person_id, "turn": part.turn_id, "part": part.part}
        if part.in_doubt:
            log.warning("part_sent_again", extra=fields)
        try:
            parcel = load(Parcel, part.body)
            message = await self._platforms[part.platform].send(
                parcel.address, parcel.outgoing, nonce=nonce(part.turn_id, part.part)
            )
        except RetryLater as wait:
            log.info("part_told_to_wait", extra={**fields, "seconds": wait.seconds})
            later = self._clock.now() + timedelta(seconds=wait.seconds)
            await outbox.settle_later(self._database, part, token, later)
        except Undeliverable:
            log.warning("part_undeliverable", extra=fields)
            await outbox.settle_dead(self._database, part, token)
            await checkins.stop(self._database, part.person_id)  # whoever blocked us is left alone
        except Unreachable:
            await self._try_again(part, token, fields)
        except Exception as error:  # noqa: BLE001 - a part that fails must not stop the rest
            name = type(error).__name__
            log.error("part_failed", extra={**fields, "error": name, "where": where(error)})
            await self._try_again(part, token, fields)
        else:
            await outbox.settle_sent(self._database, part, token, message, self._clock.now())

    async def _try_again(self, part: Part, token: str, fields: dict[str, object]) -> None:
        if part.attempts + 1 >= TRIES:
            log.error("part_given_up", extra=fields)
            await outbox.settle_dead(self._database, part, token)
            return
        pause = min(FIRST_PAUSE * 2 ** min(part.attempts, 20), LONGEST_PAUSE)
        log.info("part_postponed", extra={**fields, "seconds": pause.total_seconds()})
        await outbox.settle_later(self._database, part, token, self._clock.now() + pause)
