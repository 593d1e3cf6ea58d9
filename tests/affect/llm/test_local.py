"""The model in this process, through its public door: `load`, `stream`, `weigh`, `aclose`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

pytest.importorskip("torch", reason="a model in this process needs torch (extra `llm`)")
pytest.importorskip("accelerate", reason="a model in this process needs accelerate (extra `llm`)")

from affect.writers.chat import Message, Sampling
from affect.writers.local_llm import LocalModel

pytestmark = pytest.mark.torch

HELLO = [Message("system", "You listen."), Message("user", "I got the job!")]
GREEDY = Sampling(tokens=24, temperature=0.0)


async def said(model: LocalModel, sampling: Sampling = GREEDY, text: str = "I got the job!") -> str:
    messages = [Message("system", "You listen."), Message("user", text)]
    async with aclosing(model.stream(messages, sampling)) as pieces:
        return "".join([piece async for piece in pieces])


def greedy(model: LocalModel, text: str) -> str:
    """What `generate` says, one prompt alone."""
    import torch

    loaded = model._loaded
    messages = [Message("system", "You listen."), Message("user", text)]
    _, ids = model._prompt(messages)
    with torch.inference_mode():
        found = model._engine.alone(
            lambda: loaded.network.generate(
                torch.tensor([ids]), max_new_tokens=24, do_sample=False, eos_token_id=loaded.stops
            )
        )
    text = loaded.tokenizer.decode(found[0][len(ids) :], skip_special_tokens=True)
    return str(text)


async def test_many_people_hear_what_each_alone_would_hear(model: LocalModel) -> None:
    texts = [f"I am person {n} and I cannot sleep" for n in range(12)]
    together = await asyncio.gather(*(said(model, GREEDY, text) for text in texts))
    assert model.batched
    assert len(set(together)) > 1
    for text, heard in zip(texts, together, strict=True):
        alone = greedy(model, text)
        assert alone.strip("\ufffd").lstrip().startswith(heard[:20])
