"""An OpenAI-compatible server on loopback, for what a real one does only when it is in trouble.

Made from the public API reference, not from the client. Requests are kept in `requests`; `faults`
are taken once each, before anything is answered. A well-behaved answer says `words`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

from aiohttp import web

Json = dict[str, Any]
MODEL = "attune-tiny"
KEY = "loopback-key-of-nobody"

_OWNERS = {
    "vllm": "vllm",
    "llama.cpp": "llamacpp",
    "llama-cpp-python": "me",
    "generic": "somebody",
}
_TRANSFORMERS: Json = {"paths": {"/load_model": {}, "/v1/chat/completions": {}}}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is answered instead: a status, a `body` as it is, or the connection dropped (None).

    With `stream` the status is 200 and the body an event stream that ends with it.
    """

    status: int = 200
    body: str | None = ""
    headers: tuple[tuple[str, str], ...] = ()
    stream: bool = False


def refusal(status: int, **headers: str) -> Fault:
    body = json.dumps({"error": {"message": "no", "type": "test", "code": status}})
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(status, body, pairs)


def chunk(text: str | None = None, finish: str | None = None) -> str:
    delta = {} if text is None else {"role": "assistant", "content": text}
    told = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(told)}\n\n"


class OpenAIServer:
    """The server. `async with OpenAIServer() as server`, then a client at `server.url`."""

    def __init__(
        self,
        kind: Literal["vllm", "llama.cpp", "llama-cpp-python", "transformers", "generic"] = "vllm",
        words: tuple[str, ...] = ("That ", "sounds ", "like a ", "long day."),
    ) -> None:
        self.kind = kind
        self.words = words
        self.faults: deque[Fault] = deque()
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.models = [MODEL]
        self.probabilities: dict[str, float] = {}  # of first tokens, most likely first
        self.hold_after: int | None = None  # words after which an answer waits for `go_on`
        self.go_on = asyncio.Event()
        self.abandoned = asyncio.Event()  # somebody hung up on an answer
        self.url = ""
        self.broken_off = 0  # answers that another request ended: llama-cpp-python alone does so
        self._answers = 0
        self._happened = asyncio.Condition()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/v1/models", self._models)
        application.router.add_post("/v1/chat/completions", self._chat)
        if self.kind == "vllm":
            application.router.add_post("/tokenize", self._tokenize)
        if self.kind == "llama.cpp":
            application.router.add_get("/props", self._props)
        if self.kind == "transformers":
            application.router.add_get("/openapi.json", self._openapi)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0.2
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await self._runner.cleanup()

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until `condition` holds; it is looked at after every request."""
        async with asyncio.timeout(seconds), self._happened:
            await self._happened.wait_for(condition)

    async def _models(self, request: web.Request) -> web.Response:
        if self.kind == "transformers":
            return web.Response(status=500)  # where no cache of a hub is there
        owner = _OWNERS[self.kind]
        listed: list[Json] = [
            {"id": name, "object": "model", "owned_by": owner} for name in self.models
        ]
        if self.kind == "vllm":
            listed = [{**one, "max_model_len": 1024} for one in listed]
        return web.json_response({"object": "list", "data": listed})

    async def _props(self, request: web.Request) -> web.Response:
        return web.json_response({"default_generation_settings": {"n_ctx": 2048}})

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response(_TRANSFORMERS)

    async def _tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"tokens": [ord(letter) for letter in body["prompt"]]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.keys.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        async with self._happened:
            self.requests.append(body)
            self._happened.notify_all()
        if self.faults:
            return await self._faulty(request, self.faults.popleft())
        if self.kind == "transformers" and set(body) - _KNOWN_TO_TRANSFORMERS:
            return await self._faulty(request, refusal(422))
        return await self._streamed(request) if body.get("stream") else self._whole(body)

    def _whole(self, body: Json) -> web.Response:
        choice: Json = {
            "index": 0,
            "message": {"role": "assistant", "content": "A"},
            "finish_reason": "length",
        }
        if body.get("logprobs") and self.probabilities:
            allowed = body.get("allowed_token_ids")
            tops = [
                {"token": token, "logprob": math.log(share), "bytes": None}
                for token, share in self.probabilities.items()
                if allowed is None or ord(token[0]) in allowed
            ][: body["top_logprobs"]]
            choice["logprobs"] = {"content": [{**tops[0], "top_logprobs": tops}]}
        told = {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL}
        return web.json_response({**told, "choices": [choice]})

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._answers += 1
        mine = self._answers
        try:
            for number, word in enumerate(self.words):
                if number == self.hold_after:
                    await self.go_on.wait()
                await asyncio.sleep(0)
                if self.kind == "llama-cpp-python" and mine != self._answers:
                    self.broken_off += 1
                    return response
                await response.write(chunk(word).encode())
            await response.write(chunk(finish="stop").encode())
            if self.kind != "transformers":
                await response.write(b"data: [DONE]\n\n")
        except (asyncio.CancelledError, ConnectionError):
            self.abandoned.set()
            raise
        return response

    async def _faulty(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.body is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if not fault.stream:
            headers = {"Content-Type": "application/json", **dict(fault.headers)}
            return web.Response(status=fault.status, body=fault.body.encode(), headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(fault.body.encode())
        return response


_KNOWN_TO_TRANSFORMERS = {
    "model",
    "messages",
    "max_tokens",
    "temperature",
    "top_p",
    "stream",
    "stop",
    "seed",
    "chat_template_kwargs",
}
