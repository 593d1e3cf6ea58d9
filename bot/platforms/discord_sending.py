"""A part of a reply as a Discord message: plain text, a file, buttons; nobody is pinged."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from typing import Any

import discord

from bot.messages import Address, Button, Outgoing
from bot.platforms.discord_events import clean

log = logging.getLogger(__name__)

NO_PINGS = discord.AllowedMentions.none()
LONGEST_TEXT = 2000  # code points
LONGEST_NONCE = 25
LONGEST_DESCRIPTION = 1024  # of a picture, for who does not see it
MOST_BUTTONS, LONGEST_LABEL, LONGEST_ACTION = 25, 80, 100


async def post(client: discord.Client, address: Address, outgoing: Outgoing, nonce: str) -> str:
    """Send one part as a message of its own; give its id."""
    channel = client.get_partial_messageable(int(address.thread or address.chat))
    parts = parts_of(outgoing)
    if not address.private and outgoing.reply_to and outgoing.reply_to.isdecimal():
        parts["mention_author"] = False
        parts["reference"] = discord.MessageReference(
            message_id=int(outgoing.reply_to), channel_id=channel.id, fail_if_not_exists=False
        )
    sent: discord.Message = await channel.send(nonce=_short(nonce), **parts)
    return str(sent.id)


def parts_of(outgoing: Outgoing) -> dict[str, Any]:
    """What a message is made of, in the library's names."""
    parts: dict[str, Any] = {"allowed_mentions": NO_PINGS}
    text = clean(outgoing.text)
    if text:
        # Plain means plain: what people wrote is not to become bold or a list.
        escaped = discord.utils.escape_markdown(text)
        parts["content"] = escaped if len(escaped) <= LONGEST_TEXT else text
    if outgoing.attachment is not None:
        content = io.BytesIO(outgoing.attachment.content)
        told = clean(outgoing.attachment.told)[:LONGEST_DESCRIPTION] or None
        name = outgoing.attachment.name
        parts["file"] = discord.File(content, filename=name, description=told)
    if outgoing.buttons:
        parts["view"] = _view(outgoing.buttons)
    return parts


def _view(buttons: Sequence[Button]) -> discord.ui.View:
    """Buttons that carry their command, so that pressing one works in any later process."""
    view = discord.ui.View(timeout=None)
    for button in buttons[:MOST_BUTTONS]:
        if len(button.command) > LONGEST_ACTION:
            log.warning("discord_button_too_long", extra={"length": len(button.command)})
            continue
        label = clean(button.label)[:LONGEST_LABEL]
        view.add_item(discord.ui.Button(label=label, custom_id=button.command))
    # A running view would be kept in memory for ever.
    view.stop()
    return view


def _short(nonce: str) -> str:
    """The nonce, or what always stands for it where it is longer than Discord takes."""
    if len(nonce) <= LONGEST_NONCE:
        return nonce
    return hashlib.blake2b(nonce.encode(), digest_size=12).hexdigest()
