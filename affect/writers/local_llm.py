"""A chat model in this process: one object owns the network and every access to it.

From the outside a `ChatModel`. Inside, in this order: the prompt is written by the model's own
template with thinking switched off; its length is checked; the person takes a place in the line;
an engine answers, many people at once; ids become text; what was thought is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import wrap_future
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

from affect.errors import AttuneError, ModelUnavailable, Unreachable
from affect.writers import loading
from affect.writers.background import in_background
from affect.writers.batching import Batching, CannotBatch
from affect.writers.chat import Message, Queued, Sampling
from affect.writers.decoding import Decoder
from affect.writers.engine import LATE, Engine, Request
from affect.writers.line import Line, Seat
from affect.writers.loading import Loaded, Report
from affect.writers.padded import Padded
from affect.writers.thoughts import Thoughts

WAITING = 256  # people in the line at most

_log = logging.getLogger(__name__)


def load(model: str, quantization: str | None, report: Report) -> LocalModel:
    """Load a chat model by folder or hub id and warm it up; blocks for as long as that takes.

    `quantization` is nf4, int8, none, or None: nf4 on CUDA, none elsewhere. `report` hears a stage
    (`fetching`, `loading`, `warming`) and its share, 0 to 1. Raises `ModelUnavailable` with one
    sentence where the model cannot be used.
    """
    loaded = loading.load(model, quantization, report)
    report(loading.WARMING, 0.0)
    ready = LocalModel(loaded)
    report(loading.WARMING, 1.0)
    return ready


class LocalModel:
    """A `ChatModel` over a network of transformers. Use it from one event loop at a time."""

    def __init__(self, loaded: Loaded, seed: int | None = None) -> None:
        """Start the engine that fits the network; blocks. `seed` makes sampling repeatable."""
        self.name = loaded.name
        self._loaded = loaded
        self._preparing = ThreadPoolExecutor(1, "attune-llm-prompts")
        self._engine = _engine(loaded, seed)
        self._line = Line(self._engine.room, self._engine.people, WAITING)
        self.context = min(loaded.context, self._engine.room - self._engine.reserved(0))

    @property
    def batched(self) -> bool:
        """Whether many people are answered in one step, whenever they come."""
        return isinstance(self._engine, Batching)

    @property
    def waiting(self) -> int:
        """How many people are in the line; whoever asks now is behind them."""
        return len(self._line)

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self._loaded.ids(text))

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, queued: Queued | None = None
    ) -> Answer:
        """Give an answer piece by piece; closing it stops the work on it."""
        return Answer(self, messages, sampling, queued)

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        """Probabilities, summing to 1, of each option as the answer's first token: exact, by a
        forward pass of its own.
        """
        try:
            _, ids = await self._prepared(messages)
            return await wrap_future(in_background(lambda: self._weigh(ids, options)))
        except AttuneError:
            raise
        except Exception as error:  # of torch: out of memory, most likely
            _log.warning("llm_weighing_failed", extra={"error": type(error).__name__})
            raise Unreachable("The model could not weigh this; please try again.") from error

    async def aclose(self) -> None:
        """Stop the engine and let go of the memory; what is being answered fails."""
        await wrap_future(in_background(self.close))

    def close(self) -> None:
        """`aclose` for where there is no event loop; blocks."""
        self._engine.close()

    async def _pieces(
        self,
        answer: Answer,
        messages: Sequence[Message],
        sampling: Sampling,
        queued: Queued | None,
    ) -> AsyncGenerator[str]:
        deadline = asyncio.get_running_loop().time() + sampling.seconds
        prompt, ids = await self._prepared(messages)
        request = answer.request = Request.of(ids, sampling, deadline)
        if answer.closed:
            return
        self._check(request)
        needed = self._engine.reserved(len(ids) + request.tokens)
        answer.seat = self._line.enter(needed, queued)
        try:
            await self._turn(answer.seat, deadline)
            self._check(request)  # again: the cache may have become smaller while one waited
            decoder, thoughts = Decoder(self._loaded.tokenizer), Thoughts(Thoughts.begun_by(prompt))
            async with aclosing(self._engine.answer(request)) as parts:
                async for new in parts:
                    if piece := thoughts.feed(decoder.text(new)):
                        yield piece
            if rest := thoughts.feed(decoder.rest()) + thoughts.rest():
                yield rest
        finally:
            answer.seat.leave()
            self._line.resize(self._engine.room)

    @staticmethod
    async def _turn(seat: Seat, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await seat.turn()
        except TimeoutError:
            raise Unreachable(LATE) from None

    def _check(self, request: Request) -> None:
        """Everything that would end the engine for all is refused here."""
        needed = len(request.ids) + request.tokens
        room = min(self.context, self._engine.room - self._engine.reserved(0))
        if needed > room:
            raise ModelUnavailable(
                f"A prompt of {len(request.ids)} tokens and {request.tokens} for the answer do not "
                f"fit into the {room} that the model may have."
            )
        rows = self._loaded.network.get_input_embeddings().weight.shape[0]
        if not request.ids or max(request.ids) >= rows:
            raise ModelUnavailable("The model cannot read this prompt.")

    async def _prepared(self, messages: Sequence[Message]) -> tuple[str, list[int]]:
        """The prompt and its ids, made in one thread that is there already: a long one keeps the
        loop waiting, and so do many threads that start or run Python at once.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._preparing, self._prompt, messages)

    def _prompt(self, messages: Sequence[Message]) -> tuple[str, list[int]]:
        plain = self._loaded.plain
        talk = [{"role": one.role, "content": plain(one.content)} for one in messages]
        text = self._written(talk)
        return text, self._loaded.ids(text)

    def _written(self, talk: list[dict[str, str]]) -> str:
        try:
            return self._templated(talk)
        except Exception:  # noqa: BLE001 - templates raise what they like, some at a system message
            try:
                return self._templated(_folded(talk))
            except Exception as error:
                raise ModelUnavailable(
                    f"The chat template of {self.name} refused this talk."
                ) from error

    def _templated(self, talk: list[dict[str, str]]) -> str:
        text: str = self._loaded.tokenizer.apply_chat_template(
            talk, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text

    def _weigh(self, ids: list[int], options: Sequence[str]) -> list[float]:
        import torch

        self._check(Request(ids, 1, 1.0, 1.0, 0.0))
        labels = [self._single(option) for option in options]
        network = self._loaded.network

        def look() -> Any:
            with torch.inference_mode():
                given = torch.tensor([ids], device=network.device)
                return network(given, use_cache=False, logits_to_keep=1).logits[0, -1]

        scores = self._engine.alone(look)[labels].double()
        return [float(share) for share in scores.softmax(0)]

    def _single(self, option: str) -> int:
        ids = self._loaded.ids(option)
        if len(ids) != 1:
            raise ModelUnavailable(f"{option} is not a single token for {self.name}.")
        return ids[0]


class Answer:
    """An answer on its way: iterate over its pieces, or close it, from whatever task."""

    def __init__(
        self,
        model: LocalModel,
        messages: Sequence[Message],
        sampling: Sampling,
        queued: Queued | None,
    ) -> None:
        self.request: Request | None = None
        self.seat: Seat | None = None
        self._awaited = self.closed = False
        begin = model._pieces  # noqa: SLF001 - one object in two
        self._pieces = begin(self, messages, sampling, queued)

    @property
    def place(self) -> int:
        """The person's place in the line, from 1; 0 once they are being answered."""
        return self.seat.number if self.seat else 0

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> str:
        if self.closed:
            raise StopAsyncIteration
        self._awaited = True
        try:
            return await self._pieces.__anext__()
        finally:
            self._awaited = False

    async def aclose(self) -> None:
        """Stop the work. Somebody who waits for the next piece hears that it is over."""
        if not self._awaited:
            await self._pieces.aclose()
            return
        self.closed = True
        if self.request:
            self.request.stop()
        if self.seat:
            self.seat.called.set()


def _folded(talk: list[dict[str, str]]) -> list[dict[str, str]]:
    """What the system says at the head of the person's first words: some templates know no other
    way, Gemma 2's for one.
    """
    if len(talk) < 2 or talk[0]["role"] != "system":
        return talk
    system, first, *rest = talk
    return [first | {"content": f"{system['content']}\n\n{first['content']}"}, *rest]


def _engine(loaded: Loaded, seed: int | None) -> Engine:
    try:
        return Batching(loaded, seed)
    except CannotBatch as reason:
        _log.warning("llm_not_batched", extra={"model": loaded.name, "reason": str(reason)})
        return Padded(loaded, seed)
