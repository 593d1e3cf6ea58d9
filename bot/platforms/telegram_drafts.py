"""Replies that are seen as they grow on Telegram: its own drafts in private talks, else edits.

Its drafts vanish by themselves when the reply comes, or after half a minute. A server that knows
none, and a chat that takes none, is left to edits from then on.
"""

from __future__ import annotations

import itertools
from contextlib import suppress

from telegram.error import BadRequest, InvalidToken

from bot.messages import Address, Outgoing
from bot.platforms.drafts import Drafts
from bot.platforms.telegram_client import Client
from bot.platforms.telegram_sending import NO_PREVIEW, keyboard, where
from bot.platforms.telegram_updates import clean


class TelegramDrafts(Drafts):
    """What is shown of the replies of one bot account."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._numbers = itertools.count(1)
        self._own: dict[Address, int] = {}  # numbers of Telegram's own drafts
        self._takes_none: set[str] = set()

    async def show(self, address: Address, text: str, reply_to: str | None) -> None:
        """Show `text` as the beginning of a reply; empty takes it away, or lets it vanish."""
        if address.private and address.chat not in self._takes_none:
            if not text:
                self._own.pop(address, None)
                return
            if await self._drafted(address, text):
                return
            self._takes_none.add(address.chat)
        await super().show(address, text, reply_to)

    async def finish(self, address: Address, outgoing: Outgoing) -> str | None:
        """Make what is shown the reply's part; a draft of Telegram's own gives way by itself."""
        self._own.pop(address, None)
        return await super().finish(address, outgoing)

    async def _drafted(self, address: Address, text: str) -> bool:
        number = self._own.setdefault(address, next(self._numbers))
        thread = int(address.thread) if address.thread else None
        try:
            await self._client.send_message_draft(
                int(address.chat), number, text=clean(text), message_thread_id=thread
            )
        except (BadRequest, InvalidToken):  # the latter is what a method without a name gives
            return False
        return True

    async def _post(self, address: Address, outgoing: Outgoing) -> str:
        sent = await self._client.send_message(
            text=clean(outgoing.text),
            link_preview_options=NO_PREVIEW,
            **where(address, outgoing.reply_to),
        )
        return str(sent.message_id)

    async def _rewrite(self, address: Address, message: str, outgoing: Outgoing) -> bool:
        try:
            await self._client.edit_message_text(
                clean(outgoing.text),
                chat_id=address.chat,
                message_id=int(message),
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(outgoing.buttons),
            )
        except BadRequest:
            return False
        return True

    async def _remove(self, address: Address, message: str) -> None:
        with suppress(BadRequest):  # it is not there any more
            await self._client.delete_message(chat_id=address.chat, message_id=int(message))
