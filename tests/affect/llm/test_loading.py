"""What cannot be loaded is refused in one sentence; what can tells how far it is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from affect import random_model
from affect.errors import ModelUnavailable
from affect.writers import loading, local_llm
from affect.writers.chat import Message, Sampling
from tests.servers.hub_server import serving

torch: Any = pytest.importorskip("torch", reason="loading needs torch (extra `llm`)")
transformers: Any = pytest.importorskip("transformers", reason="loading needs the extra `llm`")
pytest.importorskip("accelerate", reason="loading needs accelerate (extra `llm`)")
pytest.importorskip("bitsandbytes", reason="loading needs bitsandbytes (extra `llm`)")

pytestmark = pytest.mark.torch


def refused(model: Path | str, quantization: str | None = "none") -> str:
    with pytest.raises(ModelUnavailable) as caught:
        loading.load(str(model), quantization, lambda *_: None)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def change(folder: Path, **values: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")


class TestRefusals:
    def test_a_folder_that_is_missing(self, tmp_path: Path) -> None:
        assert "neither a folder nor a hub id" in refused(tmp_path / "nowhere")

    def test_a_folder_without_a_model(self, tmp_path: Path) -> None:
        assert "holds no model" in refused(tmp_path)

    def test_a_folder_without_weights(self, copy: Path) -> None:
        (copy / "model.safetensors").unlink()
        assert "holds no weights" in refused(copy)

    def test_weights_that_are_cut_short(self, copy: Path) -> None:
        file = copy / "model.safetensors"
        file.write_bytes(file.read_bytes()[:-100])
        assert "model.safetensors is cut short" in refused(copy)
        file.write_bytes(b"\x10")
        assert "cut short" in refused(copy)

    def test_a_part_of_the_weights_that_is_missing(self, copy: Path) -> None:
        index = {
            "metadata": {"total_size": 10},
            "weight_map": {"a": "model-1-of-2.safetensors", "b": "model.safetensors"},
        }
        (copy / "model.safetensors.index.json").write_text(json.dumps(index))
        assert "model-1-of-2.safetensors is missing" in refused(copy)
        (copy / "model.safetensors.index.json").write_text("{")
        assert "cannot be read" in refused(copy)

    def test_weights_that_lack_a_layer(self, copy: Path) -> None:
        change(copy, num_hidden_layers=5, layer_types=["full_attention"] * 5)
        assert "lacks weights" in refused(copy)

    def test_no_chat_template(self, copy: Path) -> None:
        (copy / "chat_template.jinja").unlink()
        assert "no chat template" in refused(copy)

    def test_a_model_that_does_not_write(self, copy: Path) -> None:
        change(copy, architectures=["Qwen3Model"])
        assert "no language model that writes (Qwen3Model)" in refused(copy)
        change(copy, architectures=["BertModel"], model_type="bert")
        assert "no language model that writes" in refused(copy)

    def test_a_kind_that_nobody_knows(self, copy: Path) -> None:
        change(copy, model_type="of_tomorrow")
        assert "does not load as a chat model" in refused(copy)

    def test_a_tokenizer_of_another_model(self, copy: Path) -> None:
        words = random_model.tokenizer()
        words.add_tokens([f"<more {n}>" for n in range(8)])
        words.save_pretrained(copy)
        assert "do not belong together" in refused(copy)

    def test_one_that_is_too_large_tells_the_size_that_would_fit(self, copy: Path) -> None:
        change(
            copy,
            hidden_size=65_536,
            intermediate_size=262_144,
            num_hidden_layers=32,
            layer_types=["full_attention"] * 32,
        )
        sentence = refused(copy)
        assert "GB (not quantized)" in sentence
        assert "billion weights would fit" in sentence

    def test_one_that_would_fit_quantized_says_so(
        self, copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(copy, hidden_size=2048, intermediate_size=8192)
        monkeypatch.setattr("affect.writers.model_size.free_bytes", lambda: 1.3e9)
        assert "would this one with ATTUNE_LLM_QUANTIZATION=nf4" in refused(copy)
        monkeypatch.setattr("affect.writers.model_size.free_bytes", lambda: 0.5e9)
        assert "nf4" not in refused(copy)

    @pytest.mark.parametrize("quantization", ["nf4", "int8"])
    def test_a_mixture_of_experts_cannot_be_quantized(
        self, tmp_path: Path, quantization: str
    ) -> None:
        words = random_model.tokenizer()
        config = transformers.Qwen3MoeConfig(
            vocab_size=len(words),
            num_experts=4,
            moe_intermediate_size=32,
            **random_model.SHAPES["tiny"],
        )
        transformers.Qwen3MoeForCausalLM(config).save_pretrained(tmp_path)
        words.save_pretrained(tmp_path)
        assert "mixture of experts" in refused(tmp_path, quantization)
        assert loading.load(str(tmp_path), "none", lambda *_: None).network

    def test_a_quantization_that_nobody_knows(self, tiny: Path) -> None:
        assert "nf4, int8, none" in refused(tiny, "q3")

    def test_without_the_extra(self, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("affect.writers.loading.find_spec", lambda _: None)
        assert "pip install 'attune-companion[llm]'" in refused(tiny)

    def test_a_hub_that_cannot_be_reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        assert "could not be fetched" in refused("nobody/has-this")

    def test_nothing_of_the_weights_is_fetched_of_a_model_that_cannot_be_used(
        self, copy: Path, hub: Callable[[Path], list[str]]
    ) -> None:
        change(copy, hidden_size=65_536, intermediate_size=16_777_216)
        fetched = hub(copy)
        assert "billion weights would fit" in refused("somebody/tiny")
        assert "config.json" in fetched
        assert "model.safetensors" not in fetched

    def test_nothing_heavy_is_imported_before_it_is_needed(self) -> None:
        code = (
            "import sys, affect.writers.local_llm; "
            "assert not {'torch', 'transformers'} & set(sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestTheHub:
    def test_a_model_is_fetched_by_its_id_once_and_told_as_it_comes(
        self, tiny: Path, hub: Callable[[Path], list[str]]
    ) -> None:
        fetched = hub(tiny)
        shares: list[float] = []

        def told(stage: str, share: float) -> None:
            if stage == loading.FETCHING:
                shares.append(share)

        assert loading.load("somebody/tiny", "none", told).name == "somebody/tiny"
        assert fetched.count("model.safetensors") == 1
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        loading.load("somebody/tiny", "none", told)
        assert fetched.count("model.safetensors") == 1

    def test_an_id_that_is_not_there(self, hub: Callable[[Path], list[str]], tiny: Path) -> None:
        hub(tiny)
        assert "could not be fetched" in refused("somebody/else")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], list[str]]]:
    """Serve a folder as somebody/tiny; gives the names of the files that were fetched."""
    with ExitStack() as open_ones:

        def serve(folder: Path) -> list[str]:
            address, fetched = open_ones.enter_context(serving("somebody/tiny", folder))
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
            monkeypatch.setattr(
                "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
                address + "/{repo_id}/resolve/{revision}/{filename}",
            )
            monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
            return fetched

        yield serve


class TestSizes:
    def test_what_is_quantized_is_counted_as_it_is_stored(self, tiny: Path) -> None:
        from affect.writers import model_size

        config = transformers.AutoConfig.from_pretrained(tiny)
        shape = model_size.shape(config)
        for quantization in ("nf4", "int8"):
            loaded = loading.load(str(tiny), quantization, lambda *_: None)
            stored = loaded.network.get_memory_footprint()
            assert model_size.weight_bytes(shape, quantization) == pytest.approx(stored, rel=0.1)
        assert model_size.weight_bytes(shape, None) == (
            tiny / "model.safetensors"
        ).stat().st_size - 8 - _header(tiny / "model.safetensors")

    def test_it_tells_how_far_it_is(self, tiny: Path) -> None:
        told: list[tuple[str, float]] = []
        local_llm.load(str(tiny), "none", lambda stage, share: told.append((stage, share))).close()
        assert [stage for stage, share in told if share == 1.0][-2:] == ["loading", "warming"]
        loads = [share for stage, share in told if stage == "loading"]
        assert loads == sorted(loads)
        assert len(loads) > 10


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
async def test_a_quantized_model_talks_to_many(
    tiny: Path, quantization: str, count_linear: Callable[[Any, str], int]
) -> None:
    model = local_llm.load(str(tiny), quantization, lambda *_: None)
    assert count_linear(model._loaded.network, quantization) == 28
    assert model.batched
    import asyncio

    async def say(number: int) -> str:
        talk = [Message("user", f"I am {number}")]
        return "".join([p async for p in model.stream(talk, Sampling(8, seconds=300))])

    assert all(await asyncio.gather(*(say(number) for number in range(4))))
    assert sum(await model.weigh([Message("user", "a")], ["A", "B"])) == pytest.approx(1)
    await model.aclose()


@pytest.fixture
def count_linear() -> Callable[[Any, str], int]:
    def count(network: Any, quantization: str) -> int:
        from bitsandbytes import nn

        kind = {"nf4": nn.Linear4bit, "int8": nn.Linear8bitLt}[quantization]
        return sum(isinstance(module, kind) for module in network.modules())

    return count


def _header(file: Path) -> int:
    with file.open("rb") as opened:
        return int.from_bytes(opened.read(8), "little")
