"""For networks whose layers cannot be batched continuously: ordinary `generate` on padded batches.

One thread does everything with the network. It takes who waits, up to a handful, answers them
together, and then takes the next; passes of one's own run between two steps. Whoever comes in the
middle waits for the batch to end: slower than `batching`, and the same from outside.
"""

from __future__ import annotations

import asyncio
import logging
import queue
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from affect.errors import AttuneError, ModelUnavailable, Unreachable
from affect.writers.background import in_background
from affect.writers.engine import Request
from affect.writers.loading import Loaded

TOGETHER = 8  # answered in one batch
WAIT_SECONDS = 0.2  # between two looks whether the engine was closed
LET_GO = "The model was let go of."
END = object()

Found = TypeVar("Found")

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Row:
    """One person in a batch, and where what is said to them goes."""

    request: Request
    loop: AbstractEventLoop
    outputs: asyncio.Queue[Any]
    left: int
    gone: bool = False

    def tell(self, output: object) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.outputs.put_nowait, output)


class Padded:
    """The owner of any causal network."""

    def __init__(self, loaded: Loaded, seed: int | None = None) -> None:
        self._loaded = loaded
        self._seed = seed
        self._rows: queue.SimpleQueue[_Row] = queue.SimpleQueue()
        self._asides: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closed = False
        self.people = TOGETHER
        self._thread = in_background(self._work)

    @property
    def room(self) -> int:
        """Whole contexts: the batch is bounded by people."""
        return self._loaded.context * TOGETHER

    def reserved(self, tokens: int) -> int:
        """As many as there are."""
        return tokens

    async def answer(self, request: Request) -> AsyncGenerator[list[int]]:
        """New ids as they come."""
        if self._closed:
            raise ModelUnavailable(LET_GO)
        row = _Row(request, asyncio.get_running_loop(), request.outputs, request.tokens)
        self._rows.put(row)
        try:
            while True:
                output = await request.output()
                if output is None or output is END:
                    return
                if isinstance(output, AttuneError):
                    raise output
                yield output
        finally:
            row.gone = True

    def alone(self, work: Callable[[], Found]) -> Found:
        """Run `work` between two steps; blocks."""
        if self._closed:
            raise ModelUnavailable(LET_GO)
        future: Future[Found] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)

        self._asides.put(run)
        return future.result()

    def close(self) -> None:
        """End the thread; blocks. Who is being answered, or waits, hears that it is over."""
        self._closed = True
        self._thread.result()

    def _work(self) -> None:
        while not self._closed:
            self._aside()
            if rows := self._next():
                try:
                    self._generate(rows)
                except Exception as error:  # noqa: BLE001 - the next batch may do
                    _log.warning("llm_batch_failed", extra={"error": type(error).__name__})
                    _end(rows, Unreachable("The model failed; please try again."))
        self._aside()
        while waiting := self._next():
            _end(waiting, ModelUnavailable(LET_GO))

    def _aside(self) -> None:
        while not self._asides.empty():
            self._asides.get()()

    def _next(self) -> list[_Row]:
        """Who waits now; a short wait for the first."""
        rows: list[_Row] = []
        while len(rows) < TOGETHER:
            try:
                row = self._rows.get(timeout=0.0 if rows else WAIT_SECONDS)
            except queue.Empty:
                break
            if not row.gone:
                rows.append(row)
        return rows

    def _generate(self, rows: list[_Row]) -> None:
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        network = self._loaded.network
        if self._seed is not None:
            torch.manual_seed(self._seed)
        longest = max(len(row.request.ids) for row in rows)
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):  # padded before the prompt, so that all end together
            ids[number, longest - len(row.request.ids) :] = torch.tensor(list(row.request.ids))
            mask[number, longest - len(row.request.ids) :] = 1
        with torch.inference_mode():
            network.generate(
                ids.to(network.device),
                attention_mask=mask.to(network.device),
                generation_config=GenerationConfig(
                    do_sample=True,
                    top_k=0,
                    max_new_tokens=max(row.left for row in rows),
                    pad_token_id=0,
                ),
                logits_processor=LogitsProcessorList([_sampler(rows, network.device)]),
                stopping_criteria=StoppingCriteriaList([self._follow(rows)]),
            )
        _end(rows, ModelUnavailable(LET_GO))  # half an answer is none

    def _follow(self, rows: list[_Row]) -> Any:
        """Called after each step: tells the new ids, and who is done or gone."""
        import torch
        from transformers import StoppingCriteria

        stops = set(self._loaded.stops)
        engine = self

        class Follow(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, input_ids: Any, _scores: Any, **_more: Any) -> Any:
                for row, new in zip(rows, input_ids[:, -1].tolist(), strict=True):
                    if row.left and not row.gone:
                        row.left = 0 if new in stops else row.left - 1
                        row.tell([new])
                        if not row.left:
                            row.tell(END)
                engine._aside()
                done = [row.gone or not row.left or engine._closed for row in rows]
                return torch.tensor(done, device=input_ids.device)

        return Follow()


def _end(rows: list[_Row], why: AttuneError) -> None:
    """Tell everybody who was not answered to the end."""
    for row in rows:
        if row.left:
            row.tell(why)


def _sampler(rows: list[_Row], device: Any) -> Any:
    """Each row's own temperature and share of probability, which `generate` has for all alike."""
    import torch
    from transformers import LogitsProcessor

    heat = torch.tensor([[row.request.temperature] for row in rows], device=device)
    share = torch.tensor([[row.request.top_p] for row in rows], device=device)

    class Sampler(LogitsProcessor):  # type: ignore[misc]
        def __call__(self, _ids: Any, scores: Any) -> Any:
            scores = scores.float() / heat
            ordered, places = torch.sort(scores, descending=True, dim=-1)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            drop = (before >= share).scatter(-1, places, before >= share)
            return scores.masked_fill(drop, float("-inf"))

    return Sampler()
