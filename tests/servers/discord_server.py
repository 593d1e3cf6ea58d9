"""A Discord on loopback: enough of its REST API and gateway for the real discord.py to live with.

Made from Discord's documentation, not from the library. It keeps channels' history, replays a
resumed session, blanks what the message_content intent would hide, knows who has answered an
interaction, drops a repeated nonce, and fails on demand. Everything asked of it is in `calls`.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from aiohttp import BodyPartReader, WSCloseCode, WSMsgType, web

from tests.servers import discord_payloads as payloads
from tests.servers.discord_payloads import (
    APP,
    BOT,
    FIRST_ID,
    GUILD,
    HIDDEN,
    LOADING,
    ME,
    TEXT,
    TOKEN,
    Json,
    answer,
    refusal,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the REST API."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: dict[str, bytes]


@dataclass(slots=True)
class Interaction:
    """What the server knows of one interaction."""

    id: int
    token: str
    channel: int
    answered: bool = False
    original: Json | None = None
    over: bool = False


@dataclass(slots=True)
class Session:
    """One gateway session and what was told in it."""

    id: str
    socket: web.WebSocketResponse | None
    events: list[Json] = field(default_factory=list)


class DiscordServer:
    """The server. `async with DiscordServer() as server`, then start a bot at `server.api_url`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: list[tuple[str, str, Callable[[], web.Response]]] = []
        self.history: dict[int, list[Json]] = {}
        self.channels: dict[int, Json] = {}
        self.commands: list[Json] = []
        self.files: dict[str, bytes] = {}
        self.interactions: dict[str, Interaction] = {}
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.compressed = False
        self.close_on_identify: int | None = None
        self.unresponsive = False
        self.session: Session | None = None
        self._sockets: list[web.WebSocketResponse] = []
        self._compressors: dict[web.WebSocketResponse, Callable[[bytes], bytes]] = {}
        self._last = FIRST_ID
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def api_url(self) -> str:
        """The base to give to the bot."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gw", self._gateway)
        app.router.add_get("/files/{name}", self._file)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop(WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    def new_id(self) -> int:
        """The next snowflake, a millisecond later."""
        self._last += 1 << 22
        return self._last

    def later(self, at: datetime) -> None:
        """Let it be so late that the next snowflake is of this time."""
        milliseconds = round((at - payloads.EPOCH) / timedelta(milliseconds=1))
        self._last = max(self._last, (milliseconds - 1) << 22)

    def fail(self, method: str, path: str, response: Callable[[], web.Response]) -> None:
        """Answer the next request whose path matches `path` so."""
        self.faults.append((method, path, response))

    def made(self, method: str, path: str) -> list[Call]:
        """The requests with this method whose path matches."""
        return [c for c in self.calls if c.method == method and re.fullmatch(path, c.path)]

    # What happens on Discord.

    def message(self, author: Json, content: str, channel: int, **more: Any) -> Json:
        """Write a message into a channel's history without telling anybody."""
        number = self.new_id()
        message = payloads.message(number, author, content, channel, more)
        self.history.setdefault(channel, []).append(message)
        return message

    async def say(self, author: Json, content: str, channel: int, **more: Any) -> Json:
        """Write a message and tell the bot, now or when it resumes."""
        message = self.message(author, content, channel, **more)
        await self.tell("MESSAGE_CREATE", self._told(message))
        return message

    async def edit(self, message: Json, **changes: Any) -> None:
        """Change a message, by its author if `edited_timestamp` is among the changes."""
        message.update(changes)
        await self.tell("MESSAGE_UPDATE", self._told(message))

    async def open_guild(self, *, threads: tuple[int, ...] = (), channel: int = 71) -> None:
        """Let the bot see a guild with one channel and these threads in it."""
        self.channels[channel] = {"id": str(channel), "type": TEXT, "name": "c", "position": 0}
        for thread in threads:
            self.channels[thread] = payloads.thread(thread, channel)
        inside = [self.channels[thread] for thread in threads]
        await self.tell("GUILD_CREATE", payloads.guild(self.channels[channel], inside))

    async def call(self, user: Json, place: int, data: Json, **more: Any) -> Interaction:
        """Let a person call a command or press a button in a DM (or elsewhere, by `more`)."""
        number = self.new_id()
        interaction = Interaction(number, f"aW50ZXJhY3Rpb24-{number}", place)
        self.interactions[interaction.token] = interaction
        event = payloads.interaction(number, interaction.token, user, place, data, more)
        await self.tell("INTERACTION_CREATE", event)
        return interaction

    async def slash(self, user: Json, channel: int, name: str, value: str | None = None) -> str:
        """Let a person call a slash command in a DM; give the interaction's token."""
        options = [] if value is None else [{"name": "x", "type": 3, "value": value}]
        data = {"id": "5", "name": name, "type": 1, "options": options}
        return (await self.call(user, channel, data)).token

    # The gateway.

    async def tell(self, event: str, data: Json) -> None:
        """Dispatch an event in the session, now or when it is resumed; without one nobody hears."""
        if self.session is None:
            return
        number = len(self.session.events) + 1
        frame = {"op": 0, "t": event, "s": number, "d": data}
        self.session.events.append(frame)
        if self.session.socket is not None:
            await self._send(self.session.socket, frame)

    async def frame(self, frame: object) -> None:
        """Send one frame (text: as it is) on every open connection."""
        for socket in tuple(self._sockets):
            await self._send(socket, frame)

    async def _send(self, socket: web.WebSocketResponse, frame: object) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        compress = self._compressors.get(socket)
        with suppress(ConnectionError):  # It may be closing.
            if compress is None:
                await socket.send_str(text)
            else:
                await socket.send_bytes(compress(text.encode()))

    async def drop(self, code: int = 4000) -> None:
        """Close every gateway connection."""
        for socket in tuple(self._sockets):
            await socket.close(code=code)

    def forget_session(self) -> None:
        """Refuse to resume: the next session begins afresh."""
        self.session = None

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.compressed:
            self._compressors[socket] = _compressor(request.query["compress"])
        self._sockets.append(socket)
        try:
            await self._send(socket, {"op": 10, "d": {"heartbeat_interval": 41250}})
            async for received in socket:
                if received.type is WSMsgType.TEXT:
                    await self._received(socket, json.loads(received.data))
                if self.unresponsive:
                    await asyncio.sleep(60)
        finally:
            self._sockets.remove(socket)
            self._compressors.pop(socket, None)
            if self.session is not None and self.session.socket is socket:
                self.session.socket = None
        return socket

    async def _received(self, socket: web.WebSocketResponse, frame: Json) -> None:
        if frame["op"] == 1:
            await self._send(socket, {"op": 11})
        elif frame["op"] == 2:
            self.identified.append(frame["d"])
            if self.close_on_identify or frame["d"]["token"] != TOKEN:
                await socket.close(code=self.close_on_identify or 4004)
                return
            self.session = Session(f"session-{len(self.identified)}", socket)
            await self.tell("READY", payloads.ready(self.session.id, self.port))
        elif frame["op"] == 6:
            await self._resume(socket, frame["d"])

    async def _resume(self, socket: web.WebSocketResponse, asked: Json) -> None:
        self.resumed.append(asked)
        session = self.session
        if session is None or session.id != asked["session_id"]:
            await self._send(socket, {"op": 9, "d": False})
            return
        told = asked["seq"]
        while told < len(session.events):
            await self._send(socket, session.events[told])
            told += 1
        session.socket = socket
        await self.tell("RESUMED", {})

    def _told(self, message: Json) -> Json:
        """The message as a bot without the message_content intent gets it."""
        ours = message["author"]["id"] == str(ME)
        mentioned = any(user["id"] == str(ME) for user in message["mentions"])
        hidden = "guild_id" in message and not ours and not mentioned
        return {**message, **HIDDEN} if hidden else message

    # The REST API.

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        call = await _read(request)
        self.calls.append(call)
        for fault in self.faults:
            method, path, response = fault
            if method == call.method and re.fullmatch(path, call.path):
                self.faults.remove(fault)
                return response()
        open_to_all = call.path == "gateway" or call.path.startswith(("webhooks/", "interactions/"))
        if not open_to_all and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return refusal(401, 0, "401: Unauthorized")
        for method, path, handle in self._routes():
            if method == call.method and (found := re.fullmatch(path, call.path)):
                return await handle(call, *found.groups())
        return refusal(404, 0, "404: Not Found")

    def _routes(self) -> list[tuple[str, str, Callable[..., Awaitable[web.StreamResponse]]]]:
        hook = rf"webhooks/{APP}/([^/]+)"
        return [
            ("GET", "gateway", self._gateway_url),
            ("GET", "users/@me", self._me),
            ("GET", "oauth2/applications/@me", self._application),
            ("GET", f"applications/{APP}/commands", self._list_commands),
            ("PUT", f"applications/{APP}/commands", self._put_commands),
            ("GET", r"channels/(\d+)", self._get_channel),
            ("GET", r"channels/(\d+)/messages", self._get_messages),
            ("GET", r"channels/(\d+)/messages/(\d+)", self._get_message),
            ("POST", r"channels/(\d+)/messages", self._post_message),
            ("PATCH", r"channels/(\d+)/messages/(\d+)", self._edit_message),
            ("DELETE", r"channels/(\d+)/messages/(\d+)", self._delete_message),
            ("POST", r"channels/(\d+)/typing", self._typed),
            ("POST", r"interactions/(\d+)/([^/]+)/callback", self._callback),
            ("GET", rf"{hook}/messages/@original", self._original),
            ("PATCH", rf"{hook}/messages/@original", self._original),
            ("POST", hook, self._follow_up),
        ]

    async def _gateway_url(self, _: Call) -> web.StreamResponse:
        return answer({"url": f"ws://127.0.0.1:{self.port}/gw"})

    async def _me(self, _: Call) -> web.StreamResponse:
        return answer(BOT)

    async def _application(self, _: Call) -> web.StreamResponse:
        return answer(payloads.application())

    async def _list_commands(self, call: Call) -> web.StreamResponse:
        if call.query.get("with_localizations") == "true":
            return answer(self.commands)
        return answer([{**c, "description_localizations": None} for c in self.commands])

    async def _put_commands(self, call: Call) -> web.StreamResponse:
        extra = {"application_id": str(APP), "version": "1"}
        self.commands = [{**c, "id": str(self.new_id()), **extra} for c in call.body]
        return answer(self.commands)

    async def _get_channel(self, _: Call, channel: str) -> web.StreamResponse:
        found = self.channels.get(int(channel))
        return answer({**found, "guild_id": str(GUILD)}) if found else refusal(404, 10003)

    async def _get_messages(self, call: Call, channel: str) -> web.StreamResponse:
        after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 50))
        later = [m for m in self.history.get(int(channel), []) if int(m["id"]) > after]
        # The oldest of those after the mark, the newest of them first.
        return answer([self._told(m) for m in later[:limit]][::-1])

    async def _get_message(self, _: Call, channel: str, message: str) -> web.StreamResponse:
        found = [m for m in self.history.get(int(channel), []) if m["id"] == message]
        return answer(found[0]) if found else refusal(404, 10008)

    async def _post_message(self, call: Call, channel: str) -> web.StreamResponse:
        nonce = call.body.get("nonce")
        if nonce is not None and len(str(nonce)) > 25:
            return refusal(400, 50035, "Must be 25 or fewer in length.")
        if problem := _unsendable(call):
            return problem
        for message in self.history.get(int(channel), []):
            if nonce is not None and message.get("nonce") == nonce and call.body["enforce_nonce"]:
                return answer(message)
        content = call.body.get("content", "")
        return answer(self.message(BOT, content, int(channel), nonce=nonce))

    async def _edit_message(self, call: Call, channel: str, message: str) -> web.StreamResponse:
        if problem := _unsendable(call):
            return problem
        for found in self.history.get(int(channel), []):
            if found["id"] == message:
                found["content"] = call.body["content"]
                return answer(found)
        return refusal(404, 10008)

    async def _delete_message(self, _: Call, channel: str, message: str) -> web.StreamResponse:
        before = self.history.get(int(channel), [])
        self.history[int(channel)] = [one for one in before if one["id"] != message]
        return (
            web.Response(status=204)
            if len(before) > len(self.history[int(channel)])
            else refusal(404, 10008)
        )

    async def _typed(self, _: Call, __: str) -> web.StreamResponse:
        return web.Response(status=204)

    async def _callback(self, call: Call, number: str, token: str) -> web.StreamResponse:
        interaction = self.interactions.get(token)
        if interaction is None or interaction.over:
            return refusal(404, 10062, "Unknown interaction")
        if interaction.answered:
            return refusal(400, 40060, "Interaction has already been acknowledged.")
        interaction.answered = True
        flags = call.body.get("data", {}).get("flags", 0)
        interaction.original = self.message(
            BOT, "", interaction.channel, flags=flags | LOADING, webhook_id=str(APP)
        )
        if call.query.get("with_response") != "1":
            return web.Response(status=204)
        about = {"id": number, "type": 2, "response_message_id": interaction.original["id"]}
        return answer({"interaction": {**about, "response_message_loading": True}})

    async def _original(self, call: Call, token: str) -> web.StreamResponse:
        interaction = self.interactions.get(token)
        if interaction is None or interaction.over:
            return refusal(401, 50027, "Invalid Webhook Token")
        if interaction.original is None:
            return refusal(404, 10008, "Unknown Message")
        if call.method == "PATCH":
            if problem := _unsendable(call):
                return problem
            flags = interaction.original["flags"] & ~LOADING
            interaction.original.update(content=call.body.get("content", ""), flags=flags)
        return answer(interaction.original)

    async def _follow_up(self, call: Call, token: str) -> web.StreamResponse:
        interaction = self.interactions.get(token)
        if interaction is None or interaction.over:
            return refusal(401, 50027, "Invalid Webhook Token")
        if problem := _unsendable(call):
            return problem
        content, flags = call.body.get("content", ""), call.body.get("flags", 0)
        return answer(self.message(BOT, content, interaction.channel, flags=flags, webhook_id="1"))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self.files.get(request.match_info["name"])
        if content is None:
            return web.Response(status=404)
        if "stream" in request.query:
            # Of a length that nobody announces.
            response = web.StreamResponse()
            response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(content)
            return response
        return web.Response(body=content)


async def _read(request: web.Request) -> Call:
    body: Any = {}
    files: dict[str, bytes] = {}
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content = await part.read()
            if part.name == "payload_json":
                body = json.loads(content)
            else:
                files[part.filename or ""] = bytes(content)
    elif request.can_read_body:
        body = await request.json()
    path = request.match_info["path"]
    return Call(request.method, path, dict(request.query), body, files)


def _unsendable(call: Call) -> web.Response | None:
    content = call.body.get("content") or ""
    if len(content) > 2000:
        return refusal(400, 50035, "Must be 2000 or fewer in length.")
    if not content and not call.files and not call.body.get("components"):
        return refusal(400, 50006, "Cannot send an empty message")
    rows = [row["components"] for row in call.body.get("components") or []]
    buttons = [one for row in rows for one in row]
    if len(rows) > 5 or any(len(row) > 5 for row in rows):
        return refusal(400, 50035, "Must be 5 or fewer in length.")
    if not all(one["label"].strip() and len(one["label"]) <= 80 for one in buttons):
        return refusal(400, 50035, "Must be between 1 and 80 in length.")
    carried = [one["custom_id"] for one in buttons]
    if len(set(carried)) < len(carried) or not all(1 <= len(one) <= 100 for one in carried):
        return refusal(400, 50035, "Component custom id cannot be duplicated")
    return None


def _compressor(kind: str) -> Callable[[bytes], bytes]:
    """One stream for the connection, flushed at each frame, as Discord does."""
    if kind == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda frame: deflate.compress(frame) + deflate.flush(zlib.Z_SYNC_FLUSH)
    zstandard = importlib.import_module("zstandard")
    zstd = zstandard.ZstdCompressor().compressobj()
    flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return lambda frame: bytes(zstd.compress(frame) + zstd.flush(flush))
