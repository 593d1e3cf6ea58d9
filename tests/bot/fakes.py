"""A platform and a companion for tests of everything between them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.answering import Answering
from bot.companion import Taken
from bot.messages import Address, Incoming, Kind, Media, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from storage.records import Notes, Wording

_numbers = itertools.count(1)


@dataclass
class FakePlatform:
    """Keeps what it is given; `faults` are raised by the next sendings, in order."""

    name: str = "terminal"
    sent: list[tuple[str, str]] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)
    faults: list[Exception | None] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    typing_now: int = 0
    typed: int = 0
    receive: Receive | None = None

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place], /
    ) -> None:
        self.receive = receive

    async def stop(self) -> None:
        """Nothing to let go."""

    async def send(self, address: Address, outgoing: Outgoing, /, nonce: str) -> str | None:
        self.nonces.append(nonce)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.sent.append((address.chat, outgoing.text))
        self.outgoing.append(outgoing)
        return f"sent{len(self.sent)}"

    async def draft(self, address: Address, text: str, /, reply_to: str | None = None) -> None:
        self.drafts.append(text)

    @asynccontextmanager
    async def typing(self, address: Address, /) -> AsyncIterator[None]:
        self.typing_now += 1
        self.typed += 1
        yield
        self.typing_now -= 1

    async def fetch(self, media: Media, limit: int) -> bytes:
        return media.handle.encode()


class Echo:
    """Answers "re: " and what was said; `then` may look on or fail."""

    def __init__(self, then: Callable[[Sequence[Incoming]], None] | None = None) -> None:
        self._then = then

    async def take(
        self,
        person_id: int,
        talk_id: str,
        messages: Sequence[Incoming],
        /,
        answering: Answering | None = None,
    ) -> Taken:
        if self._then:
            self._then(messages)
        text = "re: " + " | ".join(message.text for message in messages)
        return Taken(text, Notes("en"), wording=Wording(text, writer="echo"))

    def apologise(self, messages: Sequence[Incoming], /) -> Taken:
        return Taken("sorry", Notes("en"), wording=Wording("sorry", writer="fixed"))


def incoming(
    text: str,
    at: datetime,
    *,
    account: str = "ana",
    kind: Kind | None = None,
    private: bool = True,
    chat: str | None = None,
    ext_id: str | None = None,
    message: str | None = None,
    platform: str = "terminal",
    media: tuple[Media, ...] = (),
    language: str | None = None,
) -> Incoming:
    """A message of an invented person."""
    number = str(next(_numbers))
    return Incoming(
        kind=kind or (Kind.COMMAND if text.startswith("/") else Kind.MESSAGE),
        address=Address(platform, chat=chat or account, private=private),
        account=account,
        ext_id=ext_id or number,
        at=at,
        text=text,
        media=media,
        message=message or number,
        name=account.capitalize(),
        language=language,
    )
