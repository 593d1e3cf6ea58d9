"""Discord's objects become `Incoming`: pure functions, None where an event is no business of ours.

Without the message_content intent a message has content only in DMs and where it mentions us, so
what is addressed to us is also all that can be read. No connection and no store is known here.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import discord

from bot.messages import Address, Incoming, Kind, Media, MediaKind

PLATFORM = "discord"
# Everything else (joins, pins, calls, thread openings) is written by Discord itself.
PERSONAL = frozenset({discord.MessageType.default, discord.MessageType.reply})
CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
MEDIA_KINDS = {"audio": MediaKind.VOICE, "image": MediaKind.PHOTO, "video": MediaKind.VIDEO}


def address_of(channel: discord.abc.Snowflake | None) -> Address | None:
    """The place of a channel; None where the library knows no more than the id.

    A thread's `chat` is its parent channel, so an unknown channel of a guild may be either.
    """
    if channel is None or isinstance(channel, discord.PartialMessageable):
        return None
    if isinstance(channel, discord.Thread):
        return Address(PLATFORM, str(channel.parent_id), thread=str(channel.id), private=False)
    return Address(PLATFORM, str(channel.id), private=isinstance(channel, discord.DMChannel))


def addressed(message: discord.Message, me: int, *, private: bool) -> bool:
    """Whether a person (no bot, no webhook, not us, not the system) speaks to us."""
    author = message.author
    if author.bot or author.id == me or message.webhook_id is not None:
        return False
    # A reply to us counts where it pings, which puts us among the mentions.
    return message.type in PERSONAL and (private or any(user.id == me for user in message.mentions))


def message_event(message: discord.Message, me: int, address: Address) -> Incoming | None:
    """What a person said to us."""
    if not addressed(message, me, private=address.private):
        return None
    return Incoming(
        kind=Kind.MESSAGE,
        address=address,
        account=str(message.author.id),
        ext_id=str(message.id),
        at=message.created_at,
        text=words(message.content, me),
        media=tuple(_media(message)),
        message=str(message.id),
        name=clean(message.author.display_name),
    )


def edit_event(message: discord.Message, me: int, address: Address) -> Incoming | None:
    """What a person changed in what they said.

    Discord also reports an update when it unfolds a link or somebody pins: such an update carries
    no time of edit, or that of an edit already seen (and then the same `ext_id`).
    """
    said = message_event(message, me, address)
    if said is None or message.edited_at is None or not message.content:
        return None
    return Incoming(
        kind=Kind.EDIT,
        address=address,
        account=said.account,
        ext_id=f"{message.id}:{message.edited_at.isoformat()}",
        at=message.edited_at,
        text=said.text,
        media=said.media,
        message=said.message,
        name=said.name,
    )


def deletion(message_id: int, address: Address, at: datetime) -> Incoming:
    """A message is gone. Discord does not say whose it was: `account` is empty.

    The store finds the row by platform, place and message, and ignores what it does not hold.
    """
    return Incoming(
        kind=Kind.DELETE,
        address=address,
        account="",
        ext_id=f"{message_id}:deleted",
        at=at,
        message=str(message_id),
    )


def wanted(interaction: discord.Interaction) -> str | None:
    """What a slash command or a button asks for, as text ("/mood 7"); None for anything else."""
    data = cast(Mapping[str, Any], interaction.data or {})
    if interaction.type is discord.InteractionType.component:
        # 2 is a button: its custom_id is the command.
        return clean(data["custom_id"]) if data.get("component_type") == 2 else None
    if interaction.type is discord.InteractionType.application_command and data.get("type", 1) == 1:
        values = [str(option.get("value", "")) for option in data.get("options") or ()]
        return clean(" ".join(["/" + data["name"], *values]).strip())
    return None


def interaction_event(interaction: discord.Interaction) -> Incoming | None:
    """A slash command or a pressed button; its address answers this interaction alone."""
    text = wanted(interaction)
    channel = interaction.channel
    if text is None or channel is None:
        return None
    thread = channel if isinstance(channel, discord.Thread) else None
    # Installed by a person, we may be called in a DM of two others or in a group DM as well.
    private = interaction.guild_id is None and isinstance(channel, discord.DMChannel)
    foreign = interaction.context.private_channel and not interaction.context.dm_channel
    return Incoming(
        kind=Kind.COMMAND if text.startswith("/") else Kind.MESSAGE,
        address=Address(
            PLATFORM,
            chat=str(thread.parent_id if thread else channel.id),
            thread=str(thread.id) if thread else None,
            private=private and not foreign,
            token=interaction.token,
        ),
        account=str(interaction.user.id),
        ext_id=f"i{interaction.id}",
        at=interaction.created_at,
        text=text,
        name=clean(interaction.user.display_name),
        language=str(interaction.locale),
    )


def words(content: str, me: int) -> str:
    """What was said: without the mention of us, and custom emoji as people read them."""
    said = re.sub(rf"[ \t]*<@!?{me}>[ \t]*", " ", content)
    return clean(CUSTOM_EMOJI.sub(r"\1", said)).strip()


def clean(text: str) -> str:
    """Without NUL and with U+FFFD for half surrogate pairs: neither can be stored or sent."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


def _media(message: discord.Message) -> Iterator[Media]:
    for attachment in message.attachments:
        kind = _kind(attachment)
        yield Media(
            kind=kind,
            # The address expires after a day; the ids before it let a new one be asked for.
            handle=f"{message.channel.id}/{message.id}/{attachment.id} {attachment.url}",
            size=attachment.size,
            seconds=attachment.duration,
            name="file" if kind is MediaKind.OTHER else None,
        )
    things = ["sticker"] * len(message.stickers)
    if message.poll is not None:
        things.append("poll")
    if message.message_snapshots:
        things.append("forwarded message")
    for thing in things:
        yield Media(kind=MediaKind.OTHER, handle="", name=thing)


def _kind(attachment: discord.Attachment) -> MediaKind:
    if attachment.is_voice_message():
        return MediaKind.VOICE
    mime = attachment.content_type or mimetypes.guess_type(attachment.filename)[0] or ""
    return MEDIA_KINDS.get(mime.partition("/")[0], MediaKind.OTHER)
