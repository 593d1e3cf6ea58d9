"""The only things that cross between a platform and the companion.

A platform turns its event into an `Incoming`; an `Outgoing` goes back to an `Address`. Both are
plain values: they can be stored, sealed, replayed and made up in a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict


class Kind(StrEnum):
    """What happened."""

    MESSAGE = "message"
    COMMAND = "command"
    EDIT = "edit"
    DELETE = "delete"


class MediaKind(StrEnum):
    """What came along with the words."""

    VOICE = "voice"
    PHOTO = "photo"
    VIDEO = "video"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Media:
    """A handle to bytes that are fetched late, by the platform that named it.

    `name` is the kind of thing for people ("sticker", "location") where `kind` is OTHER.
    `size` is in bytes and `seconds` a length, where the platform told them.
    """

    kind: MediaKind
    handle: str
    size: int | None = None
    seconds: float | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a talk takes place and where a reply goes.

    `thread` is a Telegram topic or a Discord thread. `token` answers one event only (a Discord
    interaction) and is not part of the place.
    """

    platform: str
    chat: str
    thread: str | None = None
    private: bool = True
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event of one person.

    `ext_id` is unique on its platform and makes a redelivered event recognisable; `message` is
    the platform's id of the message meant by it (for EDIT and DELETE: of the one changed).
    `account` is the platform's id of the person, `name` what they are called there.
    For COMMAND, `text` is the command with its arguments, beginning with a slash ("/mood 7").
    `language` is the language of the person's app, a hint only. `at` is when it was sent (UTC).
    """

    kind: Kind
    address: Address
    account: str
    ext_id: str
    at: datetime
    text: str = ""
    media: tuple[Media, ...] = ()
    message: str | None = None
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file for the person. `told` says in words what is in a picture, for who does not see it."""

    # Kept as JSON while it is on its way, and bytes are no text.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64"
    )

    name: str
    content: bytes
    told: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether it is to be looked at, not saved."""
        return self.name.endswith(".png")


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a reply: pressing it is the same as sending `command`."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One part of a reply, short enough for its platform. Text is plain: no markup, no pings.

    `reply_to` is the platform's id of the message answered; used in groups.
    """

    text: str
    attachment: Attachment | None = None
    buttons: tuple[Button, ...] = ()
    reply_to: str | None = None


MOST_CHARACTERS = 100_000


def readable(text: str) -> str:
    """Words as they can be stored and shown: no NUL, no half of a surrogate pair, bounded.

    Of a longer text, the beginning and the end stay.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if len(whole) <= MOST_CHARACTERS:
        return whole
    half = MOST_CHARACTERS // 2
    return whole[:half] + whole[-half:]
