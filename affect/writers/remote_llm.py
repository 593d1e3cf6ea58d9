"""A chat model behind any OpenAI-compatible server: how Attune grows past one GPU.

Every answer has a deadline that holds for all tries together. A request is tried again while that
may help (a connection that fails, 429 with what the server says of waiting, 5xx) and never once
words have arrived. A server that fails again and again is left alone for a while. Closing the
iterator of an answer closes the connection, which is what makes a server stop. One that answers a
single request at a time is asked by one person after another.

What is raised quotes neither what was sent nor what came: so it is never chained.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from affect.errors import ModelUnavailable, Unreachable
from affect.writers.breaker import CircuitBreaker
from affect.writers.chat import Message, Queued, Sampling
from affect.writers.line import Line, Seat
from affect.writers.server_kinds import CONTEXT, Server, probe, token_ids
from affect.writers.thoughts import Thoughts

if TYPE_CHECKING:
    from openai import AsyncStream
    from openai.types.chat import ChatCompletionChunk

PAUSES = (0.5, 1.5)  # seconds before the second and the third try
CONNECT_SECONDS = 5.0
READY_SECONDS = 20.0
WEIGH_SECONDS = 10.0
WAITING = 256  # answers at most in the line for a server that gives one at a time
LISTED = 20  # tokens whose probabilities are asked for: the most that servers give
NO_KEY = "none"  # the client insists on a key, a server on one's own machine has none

T = TypeVar("T")


class _Busy(Unreachable):
    """Trying again may help; `after` is how many seconds the server asks to wait, if it does."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class RemoteModel:
    """An LLM on a server. Without `model`, the one that the server lists.

    `clock` gives seconds that only grow; `sleep` waits as many; `draw` gives a number in [0, 1).
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key: str | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        from openai import AsyncOpenAI, Timeout

        self.name = model or ""
        self.context = CONTEXT
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or NO_KEY,
            max_retries=0,  # the client's own tries know no deadline
            timeout=Timeout(None, connect=CONNECT_SECONDS),
        )
        self._clock, self._sleep, self._draw = clock, sleep, draw
        self._breaker = CircuitBreaker(clock)
        self._server: Server | None = None
        self._looking = asyncio.Lock()
        self._line = Line(tokens=1, people=1, waiting=WAITING)

    async def ready(self, seconds: float = READY_SECONDS) -> str:
        """See that the server answers with this model; give what it is, for an operator.

        Raises `ModelUnavailable` or `Unreachable` with one sentence.
        """
        hello = [Message("user", "Hello")]
        async for _ in self.stream(hello, Sampling(tokens=1, seconds=seconds)):
            pass
        server = await self._found(self._clock() + seconds)
        return f"{self.name} on a server of the kind {server.kind.name}"

    def count(self, text: str) -> int:
        """A safe upper guess; the tokenizer is on the server."""
        return math.ceil(sum(_tokens(character) for character in text))

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        queued: Queued | None = None,
    ) -> AsyncIterator[str]:
        """Give an answer piece by piece; closing the iterator stops the server's work on it.

        `queued` hears of our own line alone: no server tells of its. Raises `ModelUnavailable` or
        `Unreachable`, the latter also where an answer breaks off.
        """
        deadline = self._clock() + sampling.seconds
        async with self._turn(deadline, queued) as server:
            chunks: AsyncStream[ChatCompletionChunk] = await self._asked(
                lambda: self._client.chat.completions.create(
                    stream=True,
                    **self._request(messages, sampling.tokens, server),
                    temperature=sampling.temperature,
                    top_p=sampling.top_p,
                ),
                deadline,
            )
            thoughts, finished = Thoughts(), False
            try:
                while (chunk := await self._next(chunks, deadline)) is not None:
                    text, over = chunk
                    finished = finished or over
                    if told := thoughts.feed(text):
                        yield told
            finally:
                await chunks.close()
            if not finished:
                raise Unreachable("The LLM server broke off its answer.")
            if held := thoughts.rest():
                yield held

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        """Probabilities, summing to 1, of each option as the answer's first token."""
        deadline = self._clock() + WEIGH_SECONDS
        async with self._turn(deadline) as server:
            if not server.kind.logprobs:
                raise ModelUnavailable("The LLM server gives no probabilities of tokens.")
            request = self._request(messages, 1, server)
            if server.kind.allowed:
                ids = await self._asked(
                    lambda: token_ids(self._client, self.name, tuple(options)), deadline
                )
                if ids is not None:
                    request["extra_body"] = {**request["extra_body"], "allowed_token_ids": ids}
            answer = await self._asked(
                lambda: self._client.chat.completions.create(
                    logprobs=True, top_logprobs=LISTED, temperature=1.0, **request
                ),
                deadline,
            )
            with self._meanings():
                given = answer.choices[0].logprobs
                first = given.content[0].top_logprobs if given and given.content else []
                seen = [(one.token.strip(), math.exp(one.logprob)) for one in first]
        return _shares(seen, options)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    def _request(self, messages: Sequence[Message], tokens: int, server: Server) -> dict[str, Any]:
        told = [{"role": one.role, "content": one.content} for one in messages]
        return {
            "model": self.name,
            "messages": told,
            "max_tokens": tokens,
            "extra_body": dict(server.kind.extra),
        }

    @asynccontextmanager
    async def _turn(self, deadline: float, queued: Queued | None = None) -> AsyncIterator[Server]:
        """The server, once it may be asked; what fails inside counts against it."""
        server = self._server
        if server is None:
            with self._breaker.attempt():
                server = await self._found(deadline)
        if server.kind.together:
            with self._breaker.attempt():
                yield server
            return
        seat = self._line.enter(1, queued)
        try:
            await self._wait(seat, deadline)
            with self._breaker.attempt():
                yield server
        finally:
            seat.leave()

    async def _wait(self, seat: Seat, deadline: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                await seat.turn()
        except TimeoutError:
            raise Unreachable("The LLM server was not free in time.") from None

    async def _found(self, deadline: float) -> Server:
        """Who answers at the address, looked up once."""
        async with self._looking:
            if self._server is None:
                server = await self._asked(lambda: probe(self._client), deadline)
                if not self.name and len(server.models) != 1:
                    raise ModelUnavailable(
                        f"The LLM server lists {len(server.models)} models: name the one to use."
                    )
                self.name = self.name or server.models[0]
                self.context, self._server = server.context, server
            return self._server

    async def _asked(self, ask: Callable[[], Awaitable[T]], deadline: float) -> T:
        """One request, tried again while that may help and there is time."""
        for pause in PAUSES:
            try:
                return await self._once(ask, deadline)
            except _Busy as busy:
                # Others wait for the same server: not all at the same time.
                wait = pause * (0.5 + self._draw()) if busy.after is None else busy.after
                if self._clock() + wait >= deadline:
                    raise
                await self._sleep(wait)
        return await self._once(ask, deadline)

    async def _once(self, ask: Callable[[], Awaitable[T]], deadline: float) -> T:
        with self._meanings():
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                return await ask()

    async def _next(
        self, chunks: AsyncStream[ChatCompletionChunk], deadline: float
    ) -> tuple[str, bool] | None:
        """The text of the next chunk and whether it is the last one; None at the end."""
        with self._meanings():
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                try:
                    chunk = await anext(chunks)
                except StopAsyncIteration:
                    return None
            if not chunk.choices:  # usage, or nothing yet
                return "", False
            choice = chunk.choices[0]
            return str(choice.delta.content or ""), choice.finish_reason is not None

    @contextmanager
    def _meanings(self) -> Iterator[None]:
        """Turn the client's failures into ours."""
        import openai

        try:
            yield
        except openai.APIStatusError as refused:
            raise self._meaning(refused) from None
        except openai.APIConnectionError:
            raise _Busy("The LLM server cannot be reached.") from None
        except TimeoutError:
            raise Unreachable("The LLM server did not answer in time.") from None
        except openai.APIResponseValidationError:
            raise Unreachable("The LLM server's answer makes no sense.") from None
        except openai.OpenAIError:
            raise Unreachable("The LLM server broke off its answer.") from None
        except (LookupError, TypeError, ValueError, AttributeError):
            # JSON, or text, that is not what was agreed.
            raise Unreachable("The LLM server's answer makes no sense.") from None

    def _meaning(self, refused: Any) -> ModelUnavailable | Unreachable:
        match int(refused.status_code):
            case 401 | 403:
                return ModelUnavailable("The LLM server refuses the API key.")
            case 404:
                return ModelUnavailable(
                    f"The LLM server has no model {self.name!r}, or its address is another one "
                    "(it usually ends in /v1)."
                )
            case 429:
                return _Busy("The LLM server is busy.", _seconds(refused))
            case 408 | 409:
                return _Busy("The LLM server asks to try again.", _seconds(refused))
            case status if status >= 500:
                return _Busy(f"The LLM server fails (status {status}).", _seconds(refused))
            case status:
                return ModelUnavailable(
                    f"The LLM server refuses the request (status {status}): "
                    "see that the model's name is right and that it is a chat model."
                )


def _tokens(character: str) -> float:
    """What a character may cost (docs/decisions.md has how close this comes)."""
    if character.isascii():
        return 0.5 if character.isalpha() or character == " " else 1.0
    return 2.0 if character <= "\uffff" else 4.0


def _seconds(refused: Any) -> float | None:
    """What the server says of waiting, in seconds; a date is not worth reading here."""
    try:
        return max(0.0, float(refused.response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _shares(seen: Sequence[tuple[str, float]], options: Sequence[str]) -> list[float]:
    """Each option's share; one that is not among what was listed has at most the least of it."""
    found = {option: sum(p for token, p in seen if token == option) for option in options}
    if not any(found.values()):
        raise ModelUnavailable("The LLM server gives no probabilities of the options.")
    least = min(probability for _, probability in seen)
    weights = [found[option] or least for option in options]
    return [weight / sum(weights) for weight in weights]
