"""Reading a Telegram update: a pure function from `Update` to `Incoming`, or to nothing.

Nothing comes of what no person addressed to us: other bots, channels, anonymous admins, talk in a
group that neither mentions nor answers us, service messages, kinds of updates we do not know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telegram import CallbackQuery, Chat, Message, MessageEntity, Update, User

from bot.messages import Address, Incoming, Kind, Media, MediaKind

PLATFORM = "telegram"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

# The library gives lengths of time as timedelta only if asked to here; any other use of one is a
# deprecation warning, even its own when it is told to wait.
os.environ["PTB_TIMEDELTA"] = "true"

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
# What remains of "@name, hello" without the name.
_AFTER_NAME = " \n,:，：、"
# An animation is a document too, and a venue a location: the narrower kind stands first.
_OTHER_KINDS = (
    *("sticker", "animation", "document", "venue", "location", "contact", "poll", "dice", "game"),
    *("story", "checklist", "paid_media", "invoice"),
)
_DOCUMENTS = {"image": MediaKind.PHOTO, "audio": MediaKind.VOICE, "video": MediaKind.VIDEO}


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are on Telegram, and which commands (without slash) we offer."""

    id: int
    username: str
    commands: AbstractSet[str] = frozenset()


def read(update: Update, us: Account, now: datetime) -> Incoming | None:
    """Say what `update` means to us; `now` dates a pressed button, which carries no time."""
    ext_id = f"{us.id}:{update.update_id}"
    if update.callback_query is not None:
        return _pressed(update.callback_query, ext_id, now)
    if update.message is not None:
        return _written(update.message, us, ext_id)
    if update.edited_message is not None:
        return _edited(update.edited_message, us, ext_id)
    return None


def cut_off(update: Update) -> bool:
    """Whether the update says that a person blocked us or a group removed us."""
    change = update.my_chat_member
    return change is not None and change.new_chat_member.status in {"kicked", "left"}


def clean(text: str) -> str:
    """Make `text` one that can be stored and sent: no NUL, no half of a surrogate pair."""
    text = text.replace("\0", "")
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _pressed(query: CallbackQuery, ext_id: str, now: datetime) -> Incoming | None:
    """A button of ours is the command that it carries, of whoever presses it."""
    command = clean(query.data or "")
    message = query.message
    if message is None or query.from_user.is_bot or not _COMMAND.fullmatch(command):
        return None
    # A message too old to be shown to us still names its chat, but not its topic.
    thread = _thread(message) if isinstance(message, Message) else None
    return Incoming(
        kind=Kind.COMMAND,
        address=_address(message.chat, thread),
        ext_id=ext_id,
        at=now,
        text=command,
        message=str(message.message_id),
        **_person(query.from_user),
    )


def _written(message: Message, us: Account, ext_id: str) -> Incoming | None:
    person = message.from_user
    # `sender_chat` speaks for a channel or for the group itself.
    if person is None or person.is_bot or person.id == us.id or message.sender_chat is not None:
        return None
    private = message.chat.type == Chat.PRIVATE
    text, named = clean(message.text or message.caption or ""), False
    if not private:
        text, named = _without_our_name(message, us)
    media = _media(message)
    if not (text or media or named):
        return None
    kind = Kind.MESSAGE
    if command := _COMMAND.fullmatch(text):
        name, of, rest = command.groups()
        ours = of is not None and of.casefold() == us.username.casefold()
        if of is not None and not ours and not private:
            return None
        # In a group, a command that we do not know is one of another bot's.
        named = named or ours or name.lower() in us.commands
        kind = Kind.COMMAND
        text = f"/{name.lower()} {rest or ''}".strip()
    if not (private or named or _answers_us(message, us)):
        return None
    return Incoming(
        kind=kind,
        address=_address(message.chat, _thread(message)),
        ext_id=ext_id,
        at=message.date,
        text=text,
        media=media,
        message=str(message.message_id),
        **_person(person),
    )


def _edited(message: Message, us: Account, ext_id: str) -> Incoming | None:
    said = _written(message, us, ext_id)
    # A live location "edits" its message all the time.
    if said is None or not (said.text or any(one.kind != MediaKind.OTHER for one in said.media)):
        return None
    return Incoming(
        kind=Kind.EDIT,
        address=said.address,
        account=said.account,
        ext_id=said.ext_id,
        at=message.edit_date or said.at,
        text=said.text,
        media=said.media,
        message=said.message,
        name=said.name,
        language=said.language,
    )


def _without_our_name(message: Message, us: Account) -> tuple[str, bool]:
    """The words without mentions of us, and whether there was one."""
    # Entities count UTF-16 units, two bytes each.
    raw = (message.text or message.caption or "").encode("utf-16-le", "surrogatepass")
    named = False
    entities = message.entities if message.text is not None else message.caption_entities
    for entity in sorted(entities, key=lambda entity: -entity.offset):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        if _is_us(entity, _decoded(raw[start:end]), us):
            named = True
            before, after = _decoded(raw[:start]), _decoded(raw[end:])
            joined = before + (after.lstrip(_AFTER_NAME) if before[-1:].isspace() else after)
            joined = joined if before.strip() else after.lstrip(_AFTER_NAME)
            raw = joined.encode("utf-16-le", "surrogatepass")
    text = clean(_decoded(raw))
    return (text.strip() if named else text), named


def _is_us(entity: MessageEntity, text: str, us: Account) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == us.id
    return entity.type == MessageEntity.MENTION and text.casefold() == f"@{us.username}".casefold()


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-16-le", "surrogatepass")


def _answers_us(message: Message, us: Account) -> bool:
    answered = message.reply_to_message
    return (
        answered is not None
        and answered.from_user is not None
        and answered.from_user.id == us.id
        # Every message of a topic "answers" the one that opened it, which may be ours.
        and answered.forum_topic_created is None
    )


def _thread(message: Message) -> str | None:
    # Chains of answers in a group have a thread id too, but are no place to send to.
    return str(message.message_thread_id) if message.is_topic_message else None


def _address(chat: Chat, thread: str | None) -> Address:
    return Address(PLATFORM, str(chat.id), thread=thread, private=chat.type == Chat.PRIVATE)


def _person(user: User) -> dict[str, Any]:
    return {
        "account": str(user.id),
        "name": clean(user.first_name) or None,
        "language": user.language_code,
    }


def _media(message: Message) -> tuple[Media, ...]:
    """What came along; of several sizes of a photo the largest."""
    for kind, one in (
        (MediaKind.VOICE, message.voice or message.audio),
        (MediaKind.VIDEO, message.video or message.video_note),
        (MediaKind.PHOTO, max(message.photo, key=lambda size: size.width, default=None)),
    ):
        if one is not None:
            return (_file(kind, one),)
    for name in _OTHER_KINDS:
        if one := getattr(message, name, None):
            kind = MediaKind.OTHER
            if name == "document":
                kind = _DOCUMENTS.get((one.mime_type or "").partition("/")[0], kind)
            return (_file(kind, one, name if kind is MediaKind.OTHER else None),)
    return ()


def _file(kind: MediaKind, one: Any, name: str | None = None) -> Media:
    length = getattr(one, "duration", None)
    return Media(
        kind,
        handle=getattr(one, "file_id", ""),
        size=getattr(one, "file_size", None),
        seconds=length.total_seconds() if isinstance(length, timedelta) else None,
        name=name,
    )
