"""What Discord sends, as Discord's documentation shapes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

Json = dict[str, Any]

ME, APP, GUILD = 1, 1, 700
TOKEN = "loopback.discord-token.s3cret"
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # of snowflakes
FIRST_ID = (1_767_225_600_000 - 1_420_070_400_000) << 22  # the first instant of 2026
BOT: Json = {"id": str(ME), "username": "attune", "discriminator": "0", "avatar": None, "bot": True}
DM, TEXT, THREAD = 1, 0, 11
LOADING, EPHEMERAL = 1 << 7, 1 << 6
HIDDEN: Json = {"content": "", "attachments": [], "embeds": [], "sticker_items": []}


def person(number: int, name: str = "Ana") -> Json:
    """A user as Discord writes one."""
    return {
        "id": str(number),
        "username": name.lower(),
        "global_name": name,
        "discriminator": "0",
        "avatar": None,
    }


def answer(body: object, status: int = 200, **headers: str) -> web.Response:
    """A reply whose Content-Type is exactly what discord.py compares with."""
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, content_type="application/json", headers=headers)


def refusal(status: int, code: int, message: str = "no") -> web.Response:
    """An error as Discord words it."""
    return answer({"code": code, "message": message}, status)


def slow_down(seconds: float, *, everywhere: bool = False) -> web.Response:
    """A rate limit; without Via the library takes it for a ban."""
    body = {"message": "slow", "retry_after": seconds, "global": everywhere}
    return answer(body, 429, Via="1.1 loopback", **{"Retry-After": str(seconds)})


def application() -> Json:
    """What the bot asks about itself."""
    owner = person(9, "Owner")
    told = {"id": str(APP), "name": "attune", "description": "", "icon": None, "owner": owner}
    return {
        **told,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "k",
        "flags": 0,
    }


def message(number: int, author: Json, content: str, channel: int, more: Json) -> Json:
    """A message as Discord writes one."""
    return {
        "id": str(number),
        "channel_id": str(channel),
        "author": author,
        "content": content,
        "timestamp": time_of(number),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        **more,
    }


def guild(channel: Json, threads: list[Json]) -> Json:
    """A guild with one channel."""
    return {
        "id": str(GUILD),
        "name": "g",
        "owner_id": "9",
        "roles": [],
        "emojis": [],
        "features": [],
        "member_count": 2,
        "channels": [channel],
        "threads": threads,
        "members": [],
    }


def interaction(number: int, token: str, user: Json, channel: int, data: Json, more: Json) -> Json:
    """A called command or a pressed button, in a DM unless `more` says otherwise."""
    return {
        "id": str(number),
        "application_id": str(APP),
        "type": 3 if "custom_id" in data else 2,
        "token": token,
        "version": 1,
        "attachment_size_limit": 10 * 1024 * 1024,
        "locale": "zh-CN",
        "context": 1,
        "channel": {"id": str(channel), "type": DM},
        "channel_id": str(channel),
        "data": data,
        "user": user,
        "authorizing_integration_owners": {},
        "entitlements": [],
        **more,
    }


def ready(session: str, port: int) -> Json:
    """The first event of a session."""
    return {
        "v": 10,
        "user": BOT,
        "guilds": [],
        "session_id": session,
        "resume_gateway_url": f"ws://127.0.0.1:{port}/gw",
        "application": {"id": str(APP), "flags": 0},
        "private_channels": [],
    }


def thread(number: int, parent: int) -> Json:
    """A public thread."""
    return {
        "id": str(number),
        "type": THREAD,
        "guild_id": str(GUILD),
        "parent_id": str(parent),
        "owner_id": "9",
        "name": "t",
        "last_message_id": None,
        "message_count": 1,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 60,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": False,
        },
    }


def time_of(snowflake: int) -> str:
    """When this id was given out."""
    return (EPOCH + timedelta(milliseconds=snowflake >> 22)).isoformat()
