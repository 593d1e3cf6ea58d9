"""Answers many people at once: transformers' continuous batching, watched and rebuilt.

Its facts, all of them met in practice, decide the shape of this file. A fatal error ends the
generating thread for everybody, and whoever waits then hears nothing: so each waiter looks now and
then whether the thread still lives, and the first to see it dead builds a new one around the same
weights. A beginning is shared only once it was read: so of several answers to one prompt the first
begins alone. A request that is cancelled gets no last output: so its handler is taken out here. Any
other call of the network while it generates comes out wrong: so those wait for a pause.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from asyncio import wrap_future
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from queue import Empty
from typing import Any, TypeVar

from affect.errors import ModelUnavailable, Unreachable
from affect.writers.background import in_background
from affect.writers.engine import EngineDied, Request
from affect.writers.loading import Loaded

LOOK_SECONDS = 0.5  # between two looks whether the engine lives, while nothing comes
STOP_SECONDS = 10.0
WARM_SECONDS = 300.0  # the first pass on a GPU compiles; longer is as good as never
WARM_TOKENS = 2
# Share of the free memory that the cache may take, and what is tried after it was too much. Half,
# because speech and text models share the GPU.
SHARES = (0.5, 0.35, 0.2, 0.1, 0.05)
CPU_TOKENS = 16_384  # of cache without a GPU, where a share of the free memory says little
PAGE = 32  # tokens that are kept and shared together
FLASH_PAGE = 256  # what flash attention's kernels need
# People answered in one step, and tokens of prompt that it reads. Without flash attention everybody
# pays for everybody's past, so on a processor more at once is slower (docs/performance.md).
ON_GPU = (256, 2048)
ON_CPU = (16, 256)
SPARE = 1  # pages kept free for each answer: it begins and ends inside one

Found = TypeVar("Found")

_log = logging.getLogger(__name__)


class CannotBatch(Exception):
    """The network has layers that continuous batching does not know."""


class Batching:
    """The owner of a network that can be batched. Answers belong to one event loop at a time."""

    def __init__(
        self, loaded: Loaded, seed: int | None = None, cpu_tokens: int = CPU_TOKENS
    ) -> None:
        """Build and warm up; blocks. Raises `CannotBatch`, or `ModelUnavailable` for memory."""
        _silence()
        self._loaded = loaded
        self._seed = seed
        self._shares = list(SHARES)
        self._cpu_tokens = cpu_tokens
        self._building = threading.Lock()
        self._forward = threading.Lock()
        self._closed = False
        self._reading: dict[tuple[int, ...], asyncio.Event] = {}
        cuda = loaded.network.device.type == "cuda"
        self.people, self._batch_tokens = ON_GPU if cuda else ON_CPU
        self._engine: Any = in_background(self._build).result()

    @property
    def room(self) -> int:
        """Tokens that the cache holds."""
        config = self._engine.continuous_batching_config
        return int(config.num_blocks * config.page_size)

    def reserved(self, tokens: int) -> int:
        """Whole pages, and one to spare."""
        page = self._engine.continuous_batching_config.page_size
        return int((-(-tokens // page) + SPARE) * page)

    async def answer(self, request: Request) -> AsyncGenerator[list[int]]:
        """New ids as they come. What fails before the first one is tried once more."""
        for last in (False, True):
            if request.stopped:
                return
            given = False
            request.outputs = asyncio.Queue()
            engine = self._engine
            if not _lives(engine):
                engine = await wrap_future(in_background(self._living))
            try:
                async with aclosing(self._run(engine, request)) as pieces:
                    async for ids in pieces:
                        given = True
                        yield ids
            except EngineDied:
                if given or last:
                    raise Unreachable("The model failed; please try again.") from None
            else:
                return

    def alone(self, work: Callable[[], Found]) -> Found:
        """Run `work` while generation pauses; blocks. One at a time."""
        for last in (False, True):
            engine = self._living()
            inside = False
            try:
                with self._forward, engine.pause():
                    inside = True
                    return work()
            except RuntimeError:
                if inside or last:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Stop generating; blocks. What is still being answered fails with a sentence."""
        with self._building:
            self._closed = True
            _stop(self._engine)

    async def _run(self, engine: Any, request: Request) -> AsyncGenerator[list[int]]:
        ids = tuple(request.ids)
        if same := self._reading.get(ids):
            await same.wait()
        read = asyncio.Event()
        self._reading.setdefault(ids, read)
        seen = 0
        finished = False
        # Before the request is added: a quick answer would find nobody to take it.
        engine.register_result_handler(request.name, request.outputs.put_nowait)
        try:
            taken = engine.add_request(
                list(ids),
                request_id=request.name,
                max_new_tokens=request.tokens,
                streaming=True,
                eos_token_id=list(self._loaded.stops) or -1,
                temperature=request.temperature,
                top_p=request.top_p,
            )
            if taken is None:
                raise EngineDied
            while not finished:
                output = await _next(engine, request)
                if output is None:
                    return
                if output.error is not None:
                    raise _failure(engine, output)
                finished = output.is_finished()
                fresh, seen = output.generated_tokens[seen:], len(output.generated_tokens)
                if fresh:
                    self._has_read(ids, read)
                    yield fresh
        finally:
            self._has_read(ids, read)
            if not finished:
                engine.cancel_request(request.name)
            _forget(engine, request.name)

    def _has_read(self, ids: tuple[int, ...], read: asyncio.Event) -> None:
        """Let begin who waits for the same prompt."""
        if self._reading.get(ids) is read:
            del self._reading[ids]
        read.set()

    def _living(self) -> Any:
        """The engine, built anew where it died; blocks."""
        with self._building:
            if self._closed:
                raise ModelUnavailable("The model was let go of.")
            if not _lives(self._engine):
                self._rebuild()
            return self._engine

    def _rebuild(self) -> None:
        dead = self._engine
        _stop(dead)
        error = dead.background_thread_status.fatal_error
        if _is_memory(error):
            self._shrink()
        _log.warning(
            "llm_engine_rebuilt",
            extra={"error": type(error).__name__, "cache_share": self._shares[0]},
        )
        # The error's traceback holds tensors of the old cache.
        dead.background_thread_status.fatal_error = None
        del dead, error
        gc.collect()
        try:
            self._engine = self._build()
        except CannotBatch as again:
            raise ModelUnavailable("The model failed and could not be started again.") from again

    def _shrink(self) -> None:
        if len(self._shares) > 1:
            self._shares.pop(0)
            self._cpu_tokens //= 2

    def _build(self) -> Any:
        """A running engine that has said its first words; with less cache where it must."""
        while True:
            try:
                return self._start()
            except Exception as error:
                if not _is_memory(error):
                    raise CannotBatch(type(error).__name__) from error
                if len(self._shares) == 1:
                    raise ModelUnavailable(
                        "The model leaves no memory for talking: take a smaller one, or "
                        "ATTUNE_LLM_QUANTIZATION=nf4."
                    ) from error
                _log.warning("llm_cache_too_large", extra={"cache_share": self._shares[0]})
            self._shrink()
            gc.collect()

    def _start(self) -> Any:
        import transformers

        network = self._loaded.network
        cuda = network.device.type == "cuda"
        flash = "flash" in str(network.config._attn_implementation)  # noqa: SLF001
        page = FLASH_PAGE if flash else PAGE
        # Samplers exist only for what differs from its default here; each request brings its own.
        generation = transformers.GenerationConfig(
            do_sample=True,
            temperature=0.7,
            top_p=0.9,
            top_k=0,
            eos_token_id=list(self._loaded.stops) or -1,
            pad_token_id=0,
        )
        engine = network.init_continuous_batching(
            generation_config=generation,
            continuous_batching_config=transformers.ContinuousBatchingConfig(
                page_size=page,
                num_blocks=None if cuda else -(-self._cpu_tokens // page),
                max_memory_percent=self._shares[0] if cuda else None,
                max_batch_tokens=self._batch_tokens,
                max_requests_per_batch=self.people,
                per_request_processors=True,
                auto_switch_to_flash=False,  # it would ask the hub for kernels
                seed=self._seed,
            ),
        )
        engine.warmup()  # makes the cache here, where its error can be caught
        engine.start()
        try:
            self._say_something(engine)
        except BaseException:
            _stop(engine)
            raise
        return engine

    def _say_something(self, engine: Any) -> None:
        ids = self._loaded.ids("a") or [0]
        engine.add_request(ids, max_new_tokens=WARM_TOKENS, temperature=0.7, top_p=0.9)
        said = engine.get_result(timeout=WARM_SECONDS)
        error = engine.background_thread_status.fatal_error
        if error is not None:
            raise error
        if said is None or said.error is not None:
            raise CannotBatch("silent" if said is None else "failed")


async def _next(engine: Any, request: Request) -> Any:
    """The next output; each while nothing comes, a look whether anything still can."""
    while True:
        try:
            return await request.output(LOOK_SECONDS)
        except TimeoutError:
            if not _lives(engine):
                raise EngineDied from None


def _lives(engine: Any) -> bool:
    status = engine.background_thread_status
    return bool(engine.is_running() and status.can_accept_new_requests() is None)


def _failure(engine: Any, output: Any) -> Exception:
    if not _lives(engine):
        return EngineDied()
    _log.warning("llm_request_failed", extra={"tokens": len(output.generated_tokens)})
    return ModelUnavailable("The model could not answer this.")


def _forget(engine: Any, name: str) -> None:
    """Take the handler out, and what came too late for one."""
    router = engine.output_router
    with router._lock:  # noqa: SLF001 - cancelling leaves it there, and there is no other way
        router.result_handlers.pop(name, None)
    with suppress(Empty):
        while True:
            router.output_queue.get_nowait()


def _stop(engine: Any) -> None:
    engine.stop(block=True, timeout=STOP_SECONDS, hard_stop=True)


def _is_memory(error: BaseException | None) -> bool:
    """Out of memory, in each of the ways in which it is said when a cache is made or used."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # So little is free that not one page fits; or what torch says without a GPU.
    return error is not None and any(
        said in str(error) for said in ("num_sectors", "can't allocate memory")
    )


def _silence() -> None:
    """Its logger writes token ids, which are people's words."""
    logging.getLogger("ContinuousBatchingLogger").setLevel(logging.CRITICAL + 1)
