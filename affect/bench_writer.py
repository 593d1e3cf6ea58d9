"""How fast a language model answers: many people together, against one by one.

Tokens a second in all, and the time to a person's first word, counted from when everybody asked.
Each way and each number of people on the same model in the same process, after a warm-up; all
answers are equally long, so that ways can be compared. Without a model named, one with random
weights is made: speed does not depend on what weights hold.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.table import Table

from affect.writers.chat import Message, Sampling

PEOPLE = (1, 8, 32, 128)
TOGETHER, ONE_BY_ONE = "together", "one by one"
PERSONA = "You listen first and advise only when asked. Answer in a few plain sentences. " * 24
LIMIT_SECONDS = 3600.0
COPIED = 2 << 30  # bytes copied to measure a GPU's memory
COPIES = 10


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of all people together; milliseconds to the first token.

    `of_limit` is the share of what the memory allows: every step reads every weight once. None
    without a GPU, whose memory is measured by copying.
    """

    way: str
    people: int
    tokens: int
    tokens_per_second: float
    first_p50_ms: float
    first_p95_ms: float
    of_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of one run; `prefix_ms` is the first token with the persona new and known."""

    model: str
    device: str
    quantization: str
    weights_gb: float
    speeds: tuple[Speed, ...]
    prefix_ms: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Rounded for a report."""
        told = asdict(self)
        told["speeds"] = [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(one).items()}
            for one in self.speeds
        ]
        told["prefix_ms"] = {
            "new": round(self.prefix_ms[0], 1),
            "known": round(self.prefix_ms[1], 1),
        }
        return told | {"weights_gb": round(self.weights_gb, 3)}


def run(
    model: str | None,
    quantization: str | None,
    shape: str,
    tokens: int,
    people: Sequence[int],
    against: bool,
    say: Callable[[str], None],
) -> Report:
    """Load, warm up and time; raises `ModelUnavailable` as loading does."""
    if model:
        return _run(model, quantization, tokens, people, against, say)
    from affect import random_model

    with TemporaryDirectory() as folder:
        say(f"Making a model with random weights: {shape}.")
        made = random_model.make(Path(folder) / f"random-{shape}", shape)
        return _run(str(made), quantization, tokens, people, against, say)


def _run(
    model: str,
    quantization: str | None,
    tokens: int,
    people: Sequence[int],
    against: bool,
    say: Callable[[str], None],
) -> Report:
    from affect.writers import loading
    from affect.writers.local_llm import LocalModel

    loaded = loading.load(model, quantization, lambda *_: None)
    loaded = replace(loaded, stops=())  # nobody ends early
    ready = LocalModel(loaded, seed=0)
    limit = _limit(loaded.network)
    speeds = []
    try:
        asyncio.run(_together(ready, 1, tokens))
        for number in people:
            say(f"{number} people, together.")
            speeds.append(asyncio.run(_together(ready, number, tokens)))
        for number in people if against else ():
            say(f"{number} people, one by one.")
            speeds.append(_one_by_one(ready, number, tokens))
        prefix = asyncio.run(_prefix(ready))
    finally:
        ready.close()
    return Report(
        model=loaded.name,
        device=_device(loaded.network),
        quantization=_stored(loaded.network),
        weights_gb=loaded.network.get_memory_footprint() / 1e9,
        speeds=tuple(
            replace(one, of_limit=one.tokens_per_second / one.people / limit)
            if limit and one.way == TOGETHER
            else one
            for one in speeds
        ),
        prefix_ms=prefix,
    )


async def _together(model: Any, people: int, tokens: int) -> Speed:
    began = time.perf_counter()

    async def ask(number: int) -> float:
        first = 0.0
        async with aclosing(model.stream(_asked(number), _sampling(tokens))) as pieces:
            async for _ in pieces:
                first = first or time.perf_counter() - began
        return first or time.perf_counter() - began

    firsts = await asyncio.gather(*(ask(number) for number in range(people)))
    return _speed(TOGETHER, people, tokens, time.perf_counter() - began, firsts)


def _one_by_one(model: Any, people: int, tokens: int) -> Speed:
    import torch
    from transformers import GenerationConfig
    from transformers.generation.streamers import BaseStreamer

    loaded = model._loaded  # noqa: SLF001 - the same network, past the engine
    began = time.perf_counter()
    firsts: list[float] = []

    class First(BaseStreamer):  # type: ignore[misc]
        """Notes when the first token comes; the prompt comes before it."""

        seen = 0

        def put(self, _value: Any) -> None:
            self.seen += 1
            if self.seen == 2:
                firsts.append(time.perf_counter() - began)

        def end(self) -> None:
            pass

    def answer(ids: list[int]) -> None:
        with torch.inference_mode():
            loaded.network.generate(
                torch.tensor([ids], device=loaded.network.device),
                generation_config=GenerationConfig(
                    do_sample=True,
                    temperature=0.7,
                    top_p=0.9,
                    top_k=0,
                    min_new_tokens=tokens,
                    max_new_tokens=tokens,
                    pad_token_id=0,
                ),
                streamer=First(),
            )

    for number in range(people):
        _, ids = model._prompt(_asked(number))  # noqa: SLF001
        model._engine.alone(lambda ids=ids: answer(ids))  # noqa: SLF001
    return _speed(ONE_BY_ONE, people, tokens, time.perf_counter() - began, firsts)


async def _prefix(model: Any) -> tuple[float, float]:
    """Milliseconds to the first token: with a persona never seen, and with the same one again."""
    found = []
    for number in range(2):
        talk = [Message("system", PERSONA), Message("user", f"Hello for the time {number}.")]
        began = time.perf_counter()
        async with aclosing(model.stream(talk, _sampling(2))) as pieces:
            async for _ in pieces:
                break
        found.append((time.perf_counter() - began) * 1000)
        async with aclosing(model.stream(talk, _sampling(4))) as pieces:
            async for _ in pieces:  # to its end: what is read is kept when a step is over
                pass
    return found[0], found[1]


def _asked(number: int) -> list[Message]:
    return [
        Message("system", "You listen first and advise only when asked."),
        Message("user", f"I am person {number}. It was a long day and I cannot sleep."),
    ]


def _sampling(tokens: int) -> Sampling:
    return Sampling(tokens=tokens, temperature=0.7, top_p=0.9, seconds=LIMIT_SECONDS)


def _speed(way: str, people: int, tokens: int, seconds: float, firsts: Sequence[float]) -> Speed:
    p50, p95 = (float(q) * 1000 for q in np.percentile(firsts, [50, 95]))
    return Speed(way, people, tokens, people * tokens / seconds, p50, p95)


def _limit(network: Any) -> float | None:
    """Steps a second that the GPU's memory allows, by how fast it copies."""
    import torch

    if network.device.type != "cuda":
        return None
    source = torch.empty(COPIED, dtype=torch.uint8, device=network.device)
    target = torch.empty_like(source)
    target.copy_(source)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(COPIES):
        target.copy_(source)
    torch.cuda.synchronize()
    bandwidth = 2 * COPIED * COPIES / (time.perf_counter() - began)
    return float(bandwidth / network.get_memory_footprint())


def _device(network: Any) -> str:
    import torch

    if network.device.type == "cuda":
        return str(torch.cuda.get_device_name(0))
    return f"CPU, {torch.get_num_threads()} threads"


def _stored(network: Any) -> str:
    bits = getattr(network.config, "quantization_config", None)
    if bits is None:
        return str(network.dtype).removeprefix("torch.")
    return "nf4" if getattr(bits, "load_in_4bit", False) else "int8"


def as_table(report: Report) -> Table:
    """One row a way and a number of people."""
    table = Table(
        "way", "people", "tokens/s", "first p50 ms", "first p95 ms", "of limit",
        title=f"{report.model}, {report.quantization}, {report.device}",
    )  # fmt: skip
    for one in report.speeds:
        limit = "" if one.of_limit is None else f"{one.of_limit:.0%}"
        table.add_row(
            one.way,
            str(one.people),
            f"{one.tokens_per_second:.1f}",
            f"{one.first_p50_ms:.0f}",
            f"{one.first_p95_ms:.0f}",
            limit,
        )
    return table
