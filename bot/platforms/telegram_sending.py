"""What a part of a reply is on Telegram: plain text without previews, its place, its buttons."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TypedDict

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)

from bot.messages import Address, Button
from bot.platforms.telegram_updates import clean

log = logging.getLogger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
LONGEST_ACTION = 64  # bytes of what a button carries


class Where(TypedDict):
    """Where a message goes, in the library's names."""

    chat_id: str
    message_thread_id: int | None
    reply_parameters: ReplyParameters | None


def where(address: Address, reply_to: str | None = None) -> Where:
    """The place of a message, and what it answers."""
    reply = None
    if reply_to and reply_to.isdecimal():
        reply = ReplyParameters(int(reply_to), allow_sending_without_reply=True)
    return {
        "chat_id": address.chat,
        "message_thread_id": int(address.thread) if address.thread else None,
        "reply_parameters": reply,
    }


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """One button a row. They carry their command, so that any later process understands them."""
    rows = []
    for button in buttons:
        if len(button.command.encode()) > LONGEST_ACTION:
            log.warning("telegram_button_too_long", extra={"length": len(button.command)})
            continue
        rows.append([InlineKeyboardButton(clean(button.label), callback_data=button.command)])
    return InlineKeyboardMarkup(rows) if rows else None
