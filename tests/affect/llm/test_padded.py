"""A network whose layers cannot be batched continuously is answered in padded batches instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from affect import random_model
from affect.errors import ModelUnavailable, Unreachable
from affect.writers import local_llm
from affect.writers.chat import Message, Sampling
from affect.writers.local_llm import LocalModel

torch: Any = pytest.importorskip("torch", reason="a model in this process needs the extra `llm`")
transformers: Any = pytest.importorskip("transformers", reason="needs the extra `llm`")
pytest.importorskip("accelerate", reason="a model in this process needs the extra `llm`")
pytest.importorskip("bitsandbytes", reason="a model in this process needs the extra `llm`")

pytestmark = pytest.mark.torch

GREEDY = Sampling(tokens=10, temperature=0.0, seconds=300)
LONG = Sampling(tokens=300, seconds=300)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Iterator[LocalModel]:
    folder = tmp_path_factory.mktemp("hybrid")
    words = random_model.tokenizer()
    torch.manual_seed(0)
    config = transformers.Qwen3_5TextConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=4,  # three of linear attention, one of full
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        linear_key_head_dim=16,
        linear_value_head_dim=16,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        max_position_embeddings=512,
        initializer_range=0.3,
        tie_word_embeddings=False,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    transformers.Qwen3_5ForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    loaded = local_llm.load(str(folder), "none", lambda *_: None)
    yield loaded
    loaded.close()


def asked(text: str) -> list[Message]:
    return [Message("user", text)]


async def said(model: LocalModel, sampling: Sampling = GREEDY, text: str = "hi there") -> str:
    async with aclosing(model.stream(asked(text), sampling)) as pieces:
        return "".join([piece async for piece in pieces])


async def test_people_are_answered_together_and_as_if_alone(model: LocalModel) -> None:
    assert not model.batched
    alone = await said(model)
    texts = ["hi there", "I cannot sleep, and it is late, and my head will not stop", "ok"]
    together = await asyncio.gather(*(said(model, GREEDY, text) for text in texts))
    assert together[0] == alone
    assert all(together)


async def test_each_has_its_own_length(model: LocalModel) -> None:
    short, long = await asyncio.gather(
        said(model, Sampling(2, temperature=0.0, seconds=300)), said(model)
    )
    assert model.count(short) < model.count(long)


async def test_more_people_than_a_batch_holds_wait_in_the_line(model: LocalModel) -> None:
    answers = [model.stream(asked(f"person {n}"), GREEDY) for n in range(10)]

    async def hear(answer: local_llm.Answer) -> str:
        return "".join([piece async for piece in answer])

    listening = [asyncio.create_task(hear(answer)) for answer in answers]
    while any(answer.seat is None for answer in answers):
        await asyncio.sleep(0)
    assert sorted(answer.place for answer in answers)[-2:] == [1, 2]
    assert model.waiting == 2
    assert all(await asyncio.gather(*listening))
    assert model.waiting == 0


async def test_closing_stops_the_work(model: LocalModel) -> None:
    steps: list[int] = []
    hook = model._loaded.network.register_forward_pre_hook(lambda *_: steps.append(1))
    async with aclosing(model.stream(asked("a"), LONG)) as pieces:
        await anext(pieces)
    assert await said(model)
    hook.remove()
    assert len(steps) < 200


async def test_weighing_runs_between_two_steps(model: LocalModel) -> None:
    before = await model.weigh(asked("a"), ["A", "B", "C"])
    talking = asyncio.create_task(said(model, Sampling(100, temperature=0.0, seconds=300)))
    await said(model, Sampling(1, seconds=300))
    assert await model.weigh(asked("a"), ["A", "B", "C"]) == pytest.approx(before)
    assert sum(before) == pytest.approx(1)
    await talking


async def test_half_an_answer_is_none_where_the_model_is_let_go_of(model: LocalModel) -> None:
    short_lived = LocalModel(model._loaded)
    async with aclosing(short_lived.stream(asked("a"), LONG)) as pieces:
        await anext(pieces)
        late = [asyncio.create_task(said(short_lived, LONG, f"person {n}")) for n in range(2)]
        while short_lived._engine._rows.qsize() < 2:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        await short_lived.aclose()
        with pytest.raises(ModelUnavailable, match="let go of"):
            async for _ in pieces:
                pass
        for listening in late:
            with pytest.raises(ModelUnavailable, match="let go of"):
                await listening


async def test_it_takes_too_long_or_fails_in_one_sentence(model: LocalModel) -> None:
    with pytest.raises(Unreachable, match="too long"):
        await said(model, Sampling(tokens=300, seconds=0.0))

    def fail(*_: object) -> None:
        raise RuntimeError("a bad day")

    hook = model._loaded.network.register_forward_pre_hook(fail)
    with pytest.raises(Unreachable, match="failed"):
        await said(model)
    hook.remove()
    assert await said(model)
    with pytest.raises(ModelUnavailable, match="do not fit"):
        await said(model, GREEDY, "long " * 2000)
