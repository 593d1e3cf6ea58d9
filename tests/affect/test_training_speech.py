"""The exported graphs against the network they come from, with a tiny random Whisper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="the reference needs torch (extra `train`)")
pytest.importorskip("transformers", reason="the reference needs transformers (extra `train`)")
pytest.importorskip("onnx", reason="export needs onnx (extra `train`)")

import torch
from transformers import WhisperConfig, WhisperModel

from affect.training import speech_graph

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

KEPT, FRAMES = 90, 40
SAID = [3, 41, 7, 80, 12]


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=100,
        num_mel_bins=8,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        d_model=32,
        max_source_positions=FRAMES,
        max_target_positions=16,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=1,
        suppress_tokens=None,
        begin_suppress_tokens=None,
        init_std=0.2,
    )
    return WhisperModel(config).eval()


@pytest.fixture(scope="module")
def sessions(network: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = tmp_path_factory.mktemp("speech")
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    shape = speech_graph.Shape(2, 2, 2, 32, 8, KEPT)
    paths = (folder / "encoder.onnx", folder / "decoder.onnx")
    speech_graph.write(weights, shape, *paths)
    return opened(paths[0]), opened(paths[1])


def opened(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def mel() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 1, (1, 8, 2 * FRAMES)).astype(np.float32)


def follow(sessions: tuple[Any, Any], parts: list[list[int]]) -> NDArray[np.float32]:
    """The logits behind the last of `parts`, given one after another."""
    places = np.arange(FRAMES, dtype=np.int64)
    keys, values = sessions[0].run(["keys", "values"], {"mel": mel(), "places": places})
    past = [np.zeros((2, 2, 0, 16), dtype=np.float32)] * 2
    logits = np.zeros(0, dtype=np.float32)
    for part in parts:
        done, count = past[0].shape[2], len(part)
        hidden = np.full((count, done + count), -np.inf, dtype=np.float32)
        given = {
            "ids": np.array([part], dtype=np.int64),
            "places": np.arange(done, done + count, dtype=np.int64),
            "bias": np.triu(hidden, done + 1),
            "past_keys": past[0],
            "past_values": past[1],
            "keys": keys,
            "values": values,
        }
        logits, *past = sessions[1].run(["next", "new_keys", "new_values"], given)
    return logits


def test_the_graphs_say_what_the_network_says(network: Any, sessions: tuple[Any, Any]) -> None:
    with torch.no_grad():
        ids = torch.tensor([SAID])
        hidden = network(torch.from_numpy(mel()), decoder_input_ids=ids).last_hidden_state[0, -1]
        wanted = (network.decoder.embed_tokens.weight @ hidden).numpy()[:KEPT]
    found = follow(sessions, [SAID])
    assert found.shape == (KEPT,)
    assert np.corrcoef(found, wanted)[0, 1] > 0.99  # int8 against float32


def test_word_by_word_is_the_same_as_all_at_once(sessions: tuple[Any, Any]) -> None:
    alone = follow(sessions, [[token] for token in SAID])
    assert np.corrcoef(alone, follow(sessions, [SAID[:2], SAID[2:]]))[0, 1] > 0.99


def test_quantised_rows_come_back_within_half_a_step() -> None:
    weight = np.random.default_rng(0).normal(0, 1, (5, 40)).astype(np.float32)
    small, scale = speech_graph.quantise(weight)
    assert np.abs(small).max() <= speech_graph.LEVELS
    assert (np.abs(small * scale[:, None] - weight) <= scale[:, None] / 2 + 1e-6).all()
