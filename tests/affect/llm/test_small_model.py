"""The whole path with a real model: 4 bits, many people at once, real English, on a processor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from affect.writers import local_llm, spoken
from affect.writers.chat import Message, Sampling
from affect.writers.local_llm import LocalModel
from tests.affect.llm import small_model

pytest.importorskip("torch", reason="a model in this process needs the extra `llm`")
pytest.importorskip("accelerate", reason="a model in this process needs the extra `llm`")
pytest.importorskip("bitsandbytes", reason="a model in this process needs the extra `llm`")

pytestmark = pytest.mark.torch

COMMON = re.compile(
    r"\b(a|am|and|are|as|be|but|can|for|have|help|here|how|i|i'm|in|is|it|it's|me|my|not|of|on|or"
    r"|sorry|so|that|the|this|to|understand|was|we|what|with|you|your|you're)\b"
)
TALKS = (
    "My boss yelled at me today.",
    "I got the job!",
    "I cannot sleep and it is late.",
    "My dog died last night.",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Iterator[LocalModel]:
    folder = small_model.folder(tmp_path_factory.mktemp("wheel"))
    loaded = local_llm.load(str(folder), "nf4", lambda *_: None)
    yield loaded
    loaded.close()


async def test_it_speaks_english_with_four_people_at_once(model: LocalModel) -> None:
    async def say(text: str) -> str:
        talk = [Message("system", "You are a kind friend."), Message("user", text)]
        async with aclosing(model.stream(talk, Sampling(24, temperature=0.0, seconds=600))) as told:
            return "".join([piece async for piece in told])

    replies = await asyncio.gather(*(say(text) for text in TALKS))
    assert model.batched
    assert len(set(replies)) == len(TALKS)
    for reply in replies:
        words = re.findall(r"[a-z']+", reply.lower().replace("’", "'"))
        assert len(words) >= 8
        assert sum(bool(COMMON.fullmatch(word)) for word in words) / len(words) > 0.3
        assert "<|" not in reply


def test_it_has_words_for_english_alone(model: LocalModel) -> None:
    assert spoken.writes(model.count, "en")
    assert not spoken.writes(model.count, "zh")


async def test_it_weighs_what_is_likelier(model: LocalModel) -> None:
    talk = [Message("user", "The capital of France is a city. Which? Answer with one word.")]
    paris, rome, blue = await model.weigh(talk, ["Paris", "Rome", "Blue"])
    assert paris + rome + blue == pytest.approx(1)
    assert paris > max(rome, blue)
