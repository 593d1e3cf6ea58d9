"""A model of this process behind the whole house: when a crowd waits for it, and in trouble."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from affect import random_model
from affect.writers import local_llm
from affect.writers.batching import Batching
from affect.writers.chat import Message, Sampling
from affect.writers.llm import LLMWriter
from affect.writers.local_llm import Answer, LocalModel
from bot.llm import open_llm
from bot.settings import Settings
from bot.texts import say
from storage.vault import Vault
from tests.bot.house import House, opened
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock

torch = pytest.importorskip("torch", reason="a model in this process needs the extra `llm`")
pytest.importorskip("accelerate", reason="a model in this process needs the extra `llm`")
pytest.importorskip("bitsandbytes", reason="a model in this process needs the extra `llm`")

pytestmark = pytest.mark.torch

SAID = "my boss shouted at me all day and I am sad"
LONG = Sampling(tokens=400, seconds=600)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return random_model.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(tiny: Path) -> Iterator[LocalModel]:
    loaded = local_llm.load(str(tiny), "none", lambda *_: None)
    yield loaded
    loaded.close()


@pytest.fixture
async def house(
    model: LocalModel, tmp_path: Path, vault: Vault, clock: FakeClock
) -> AsyncIterator[House]:
    database = await opened(f"sqlite+aiosqlite:///{tmp_path / 'attune.db'}", vault)
    yield House(database, clock, writer=LLMWriter(model, scripted(), WordReader(), seconds=600))
    await database.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.005)


async def listen(answer: Answer) -> None:
    async for _ in answer:
        pass


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", SAID),
        ("zh", "老板今天骂了我一天，我好难过"),
    ],
)
async def test_who_waits_reads_their_place_until_they_are_answered(
    house: House, model: LocalModel, language: str, said: str
) -> None:
    crowd: list[Answer] = []
    listening = []
    while not model.waiting:  # until nobody more is taken, and one waits
        answer = model.stream([Message("user", "tell me all")], LONG)
        crowd.append(answer)
        listening.append(asyncio.create_task(listen(answer)))
        await until(lambda: crowd[-1].seat)
    talking = asyncio.create_task(house.answer(said))
    drafts = house.platform.drafts
    await until(lambda: say("queued", language, place=2) in drafts)
    await crowd[-1].aclose()
    await until(lambda: say("queued", language, place=1) in drafts)
    assert not house.platform.sent
    for answer in crowd:
        await answer.aclose()
    told = await asyncio.wait_for(talking, 300)
    assert told == house.platform.sent[-1][1]
    assert say("queued", language, place=1) not in told
    await asyncio.gather(*listening)
    assert model.waiting == 0


async def test_who_need_not_wait_reads_no_place(house: House) -> None:
    await house.answer(SAID)
    assert not [shown for shown in house.platform.drafts if "line" in shown]


async def test_a_model_that_fails_for_good_is_stood_in_for(house: House, model: LocalModel) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bad day")

    hook = model._loaded.network.register_forward_pre_hook(fail)
    told = await house.answer(SAID)
    hook.remove()
    last = await house.last()
    assert last.wording is not None
    assert (last.wording.writer, last.wording.text) == ("scripted", told)
    assert [(one.part, one.kind) for one in last.notes.problems] == [("writer", "stood_in")]
    assert await house.open_messages() == 0


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def half(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5_000])


def no_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def too_large(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    large = {"hidden_size": 65_536, "intermediate_size": 1_048_576}
    (folder / "config.json").write_text(json.dumps(config | large), "utf-8")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (no_folder, "neither a folder nor a hub id"),
        (half, "cut short"),
        (no_template, "no chat template"),
        (too_large, "would fit"),
    ],
)
async def test_a_folder_that_cannot_be_used_is_one_sentence_for_the_operator(
    tiny: Path, tmp_path: Path, harm: Callable[[Path], None], told: str
) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "model"))
    harm(folder)
    found = await open_llm(Settings(llm_model=str(folder)))
    assert found.model is None
    assert found.fault is not None
    assert told in found.fault
    assert found.fault.endswith(".")
    assert "\n" not in found.fault
    assert found.told.startswith("scripted, for the LLM cannot be used")


async def test_layers_that_cannot_be_batched_are_told_at_the_start(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise ValueError("Invalid layer type: linear_attention")

    monkeypatch.setattr(Batching, "_start", cannot)
    found = await open_llm(Settings(llm_model=str(tiny)))
    assert found.fault is None
    assert "cannot be batched" in found.told
    assert found.model is not None
    await found.model.aclose()
