"""The Platform protocol: what the house needs of Telegram, Discord, a terminal or a test.

A platform decides nothing beyond "is this addressed to us". It hands each event to `receive`,
which returns once the event is stored; only then may the platform acknowledge it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from affect.errors import AttuneError
from bot.messages import Address, Incoming, Media, Outgoing

Receive = Callable[[Incoming], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """A command as a menu shows it: name without slash, one line a language, its argument.

    `argument` is a one-word name of the optional argument ("days"), or None.
    """

    name: str
    description: dict[str, str]
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place where messages may have been missed, with the last message id known there."""

    address: Address
    last_message: str


class Platform(Protocol):
    """One chat platform."""

    name: str

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place], /
    ) -> None:
        """Connect, offer `commands`, fetch what was missed in `places`; return when connected.

        Raises `Unreachable` if the platform cannot be reached and `SettingsError` if it refuses
        the token.
        """
        ...

    async def stop(self) -> None:
        """Stop taking events, let those in hand be stored, disconnect."""
        ...

    async def send(self, address: Address, outgoing: Outgoing, /, nonce: str) -> str | None:
        """Send one part; give the platform's message id, where it has one.

        `nonce` is the same for every try of the same part. Raises `RetryLater` (the platform says
        how long), `Unreachable` (try again with backoff) or `Undeliverable` (never).
        """
        ...

    async def draft(self, address: Address, text: str, /, reply_to: str | None = None) -> None:
        """Show the beginning of a reply that is to come, whole sentences; never raise.

        A longer text replaces it, an empty one takes it away. It is no delivery: `send` puts the
        part itself in its place.
        """
        ...

    def typing(self, address: Address, /) -> AbstractAsyncContextManager[None]:
        """Show that an answer is being written for as long as the context lasts; never raise."""
        ...

    async def fetch(self, media: Media, limit: int) -> bytes:
        """Fetch at most `limit` bytes; raise `MediaRejected` or `Unreachable`."""
        ...


@runtime_checkable
class Remote(Protocol):
    """A platform that may end by itself, because the other side takes its token back."""

    async def ended(self) -> AttuneError:
        """Wait until nothing will be heard any more, whatever is tried, and give why."""
        ...
