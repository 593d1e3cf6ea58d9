"""A Telegram Bot API on loopback: enough for the real python-telegram-bot to live with.

Made from Telegram's documentation, not from the library. An update stays until a later offset
acknowledges it; a long poll waits; every call is kept in `calls`; faults are queued by method and
taken once each. Updates for a webhook are posted as Telegram posts them.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

Json = dict[str, Any]

TOKEN = "4242:LOOPBACK-token_of_nobody"
ME: Json = {"id": 4242, "is_bot": True, "first_name": "Attune", "username": "attune_bot"}
ANA: Json = {"id": 7, "is_bot": False, "first_name": "Ana", "language_code": "en"}
PRIVATE: Json = {"id": 7, "type": "private", "first_name": "Ana"}
GROUP: Json = {"id": -50, "type": "supergroup", "title": "Us", "is_forum": True}
AT = 1_780_000_000  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what was asked, decoded; files by the name of their part."""

    method: str
    args: Json
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What to answer instead. `body` None drops the connection, after doing what was asked if
    `done`."""

    status: int = 200
    body: bytes | None = None
    done: bool = False


def refusal(status: int, description: str, **parameters: int) -> Fault:
    body = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Fault(status, json.dumps(body).encode())


def flood(seconds: int) -> Fault:
    return refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def message(text: str | None = None, **fields: Any) -> Json:
    """A message of Ana's as Telegram sends it; `fields` change it, None takes one away."""
    made: Json = {"message_id": 1, "date": AT, "chat": PRIVATE, "from": ANA}
    if text is not None:
        made["text"] = text
    made |= fields
    made["from"] = made.pop("sender", made["from"])
    return {key: value for key, value in made.items() if value is not None}


def mention(text: str, name: str = "@attune_bot") -> list[Json]:
    """The entity of the first `name` in `text`, in UTF-16 units."""
    before = text[: text.index(name)]
    return [{"type": "mention", "offset": units(before), "length": units(name)}]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TelegramServer:
    """The server. `async with TelegramServer() as server`, then start a bot at `server.url`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.updates: deque[Json] = deque()
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.files: dict[str, bytes] = {}
        self.file_faults: deque[Fault] = deque()
        self.menus: dict[str, list[Json]] = {}
        self.webhook: Json = {}
        self.texts: dict[int, str] = {}  # of our messages, as they stand
        self.url = ""
        self._ids = 100
        self._happened = asyncio.Condition()

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=64 * 2**20)
        application.router.add_route("*", "/file/bot{token}/{path:.+}", self._file)
        application.router.add_route("*", "/bot{token}/{method}", self._call)
        # A bot that hangs up ends its long poll.
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0.2
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def push(self, **update: Any) -> int:
        """Queue an update for polling; give its id."""
        self._ids += 1
        async with self._happened:
            self.updates.append({"update_id": self._ids, **update})
            self._happened.notify_all()
        return self._ids

    async def post(
        self, url: str, update: Json, secret: str | None = None, kind: str = "application/json"
    ) -> int:
        """Send an update to whoever listens at `url`, as Telegram does; give the status."""
        headers = {"Content-Type": kind}
        if secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=json.dumps(update), headers=headers) as answer,
        ):
            return answer.status

    def made(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until `condition` holds; it is looked at after every call."""
        async with asyncio.timeout(seconds), self._happened:
            await self._happened.wait_for(condition)

    async def calls_of(self, method: str, count: int = 1) -> list[Call]:
        await self.until(lambda: len(self.made(method)) >= count)
        return self.made(method)

    async def acknowledged(self) -> None:
        await self.until(lambda: not self.updates)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.match_info["method"], *await _parsed(request))
        async with self._happened:
            self.calls.append(call)
            self._happened.notify_all()
        if request.match_info["token"] != TOKEN:
            return _answered(request, refusal(401, "Unauthorized"))
        faults = self.faults[call.method]
        fault = faults.popleft() if faults else None
        if fault is not None and not fault.done:
            return _answered(request, fault)
        handler = getattr(self, f"_{call.method}", None)
        if handler is None:
            return _answered(request, refusal(404, "Not Found"))
        result = _unpressable(call) or await handler(call)
        if isinstance(result, Fault):
            fault = result
        if fault is not None:
            return _answered(request, fault)
        return web.json_response({"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if self.file_faults:
            return _answered(request, self.file_faults.popleft())
        content = self.files.get(request.match_info["path"])
        if content is None or request.match_info["token"] != TOKEN:
            return web.Response(status=404)
        # In pieces and without a length, as a server that does not say how much will come.
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(content), 2**16):
            await response.write(content[start : start + 2**16])
        return response

    async def _getMe(self, call: Call) -> Json:  # noqa: N802
        return ME

    async def _getUpdates(self, call: Call) -> list[Json]:  # noqa: N802
        offset = int(call.args.get("offset", 0))
        async with self._happened:
            while self.updates and self.updates[0]["update_id"] < offset:
                self.updates.popleft()
            self._happened.notify_all()
            try:
                async with asyncio.timeout(float(call.args.get("timeout", 0))):
                    await self._happened.wait_for(lambda: self.updates)
            except TimeoutError:
                return []
            return list(self.updates)[: int(call.args.get("limit", 100))]

    async def _deleteWebhook(self, call: Call) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    async def _setWebhook(self, call: Call) -> bool | Fault:  # noqa: N802
        if not call.args["url"].startswith("https://"):
            return refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        self.webhook = dict(call.args)
        return True

    async def _getMyCommands(self, call: Call) -> list[Json]:  # noqa: N802
        return self.menus.get(call.args.get("language_code", ""), [])

    async def _setMyCommands(self, call: Call) -> bool:  # noqa: N802
        self.menus[call.args.get("language_code", "")] = call.args["commands"]
        return True

    async def _sendMessage(self, call: Call) -> Json | Fault:  # noqa: N802
        text = call.args["text"]
        if not text.strip():
            return refusal(400, "Bad Request: message text is empty")
        if units(text) > 4096:
            return refusal(400, "Bad Request: message is too long")
        sent = self._sent(call, text=text)
        self.texts[sent["message_id"]] = text
        return sent

    async def _sendDocument(self, call: Call) -> Json | Fault:  # noqa: N802
        if units(call.args.get("caption", "")) > 1024:
            return refusal(400, "Bad Request: message caption is too long")
        return self._sent(call, document={"file_id": "d", "file_unique_id": "d"})

    async def _sendPhoto(self, call: Call) -> Json | Fault:  # noqa: N802
        if units(call.args.get("caption", "")) > 1024:
            return refusal(400, "Bad Request: message caption is too long")
        size = {"file_id": "p", "file_unique_id": "p", "width": 1080, "height": 1350}
        return self._sent(call, photo=[size])

    async def _sendMessageDraft(self, call: Call) -> bool | Fault:  # noqa: N802
        if int(call.args["chat_id"]) < 0 or not int(call.args["draft_id"]):
            return refusal(400, "Bad Request: TEXTDRAFT_PEER_INVALID")
        return True

    async def _editMessageText(self, call: Call) -> Json | Fault:  # noqa: N802
        number, text = int(call.args["message_id"]), call.args["text"]
        if number not in self.texts:
            return refusal(400, "Bad Request: message to edit not found")
        if self.texts[number] == text and not call.args.get("reply_markup"):
            return refusal(400, "Bad Request: message is not modified")
        self.texts[number] = text
        return {**self._sent(call, text=text), "message_id": number}

    async def _deleteMessage(self, call: Call) -> bool | Fault:  # noqa: N802
        if self.texts.pop(int(call.args["message_id"]), None) is None:
            return refusal(400, "Bad Request: message to delete not found")
        return True

    async def _sendChatAction(self, call: Call) -> bool:  # noqa: N802
        return True

    async def _answerCallbackQuery(self, call: Call) -> bool:  # noqa: N802
        return True

    async def _getFile(self, call: Call) -> Json | Fault:  # noqa: N802
        handle = call.args["file_id"]
        if handle not in self.files:
            return refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(self.files[handle]) > 20_000_000:
            return refusal(400, "Bad Request: file is too big")
        return {"file_id": handle, "file_unique_id": handle, "file_path": handle}

    def _sent(self, call: Call, **fields: Any) -> Json:
        self._ids += 1
        chat = {"id": int(call.args["chat_id"]), "type": "private"}
        return {"message_id": self._ids, "date": AT, "chat": chat, "from": ME, **fields}


def _unpressable(call: Call) -> Fault | None:
    """What is said to buttons that cannot be: each has a label, and 1 to 64 bytes to carry."""
    rows = (call.args.get("reply_markup") or {}).get("inline_keyboard", [])
    for button in (one for row in rows for one in row):
        if not button["text"].strip():
            return refusal(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            return refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return None


async def _parsed(request: web.Request) -> tuple[Json, dict[str, tuple[str, bytes]]]:
    """Arguments as JSON where they are, text otherwise; and files."""
    args: Json = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = (value.filename, value.file.read())
            value.file.close()
        else:
            args[name] = _decoded(name, str(value))
    return args, files


def _decoded(name: str, value: str) -> Any:
    if name in {"text", "caption", "url"}:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _answered(request: web.Request, fault: Fault) -> web.Response:
    if fault.body is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    return web.Response(status=fault.status, body=fault.body, content_type="application/json")
