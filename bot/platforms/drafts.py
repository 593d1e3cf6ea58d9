"""A reply that is seen as it grows, where a platform has nothing of its own for it: a message that
is sent, edited, and in the end becomes the reply's first part or is taken away.

What is shown is known to this process alone. If it dies meanwhile, the beginning stays where it is
and the reply comes as a message of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from bot.messages import Address, Outgoing


@dataclass(frozen=True, slots=True)
class Shown:
    """A beginning that is shown, in a message of the platform."""

    text: str
    message: str


class Drafts(ABC):
    """The beginnings that are shown, by address. What fails in a platform passes through."""

    def __init__(self) -> None:
        self._shown: dict[Address, Shown] = {}

    async def show(self, address: Address, text: str, reply_to: str | None) -> None:
        """Show `text` as the beginning of a reply; empty takes it away."""
        before = self._shown.get(address)
        if not text:
            if before is not None:
                del self._shown[address]
                await self._remove(address, before.message)
            return
        outgoing = Outgoing(text, reply_to=reply_to)
        if before is None:
            self._shown[address] = Shown(text, await self._post(address, outgoing))
        elif await self._rewrite(address, before.message, outgoing):
            self._shown[address] = Shown(text, before.message)

    async def finish(self, address: Address, outgoing: Outgoing) -> str | None:
        """Make what is shown the reply's part where it begins it, else take it away.

        Gives the message's id, or None where the part is still to be sent.
        """
        before = self._shown.get(address)
        if before is None:
            return None
        message: str | None = None
        if outgoing.attachment is None and outgoing.text.startswith(before.text):
            same = outgoing.text == before.text and not outgoing.buttons
            if same or await self._rewrite(address, before.message, outgoing):
                message = before.message
        else:
            await self._remove(address, before.message)
        del self._shown[address]
        return message

    @abstractmethod
    async def _post(self, address: Address, outgoing: Outgoing) -> str:
        """Send it as a message; give its id."""

    @abstractmethod
    async def _rewrite(self, address: Address, message: str, outgoing: Outgoing) -> bool:
        """Change a message to it; False where there is no such message any more."""

    @abstractmethod
    async def _remove(self, address: Address, message: str) -> None:
        """Take a message away, if it is still there."""
