"""Replies that are seen as they grow on Discord: a message that is edited and becomes the reply."""

from __future__ import annotations

import discord
from ulid import ULID

from bot.messages import Address, Outgoing
from bot.platforms.discord_sending import parts_of, post
from bot.platforms.drafts import Drafts

GONE = 10008  # the message is not there any more


class DiscordDrafts(Drafts):
    """What is shown of the replies of one bot account."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__()
        self._client = client

    async def _post(self, address: Address, outgoing: Outgoing) -> str:
        return await post(self._client, address, outgoing, str(ULID()))

    async def _rewrite(self, address: Address, message: str, outgoing: Outgoing) -> bool:
        try:
            await self._message(address, message).edit(**parts_of(outgoing))
        except discord.NotFound as gone:
            if gone.code != GONE:
                raise
            return False
        return True

    async def _remove(self, address: Address, message: str) -> None:
        try:
            await self._message(address, message).delete()
        except discord.NotFound as gone:
            if gone.code != GONE:
                raise

    def _message(self, address: Address, message: str) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(int(address.thread or address.chat))
        return channel.get_partial_message(int(message))
