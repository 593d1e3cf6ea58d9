"""What the voice network begins from: the lower part of Whisper's encoder.

OpenAI trained Whisper (Radford et al. 2022, MIT) on 680,000 hours of speech. Its two convolutions
and first layer know what a voice is made of, which two corpora of acted sentences cannot teach.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from affect.errors import BadInput, NotFound
from affect.training.voice_network import INNER, LONGEST, WIDTH, Lower

FILE = "model.safetensors"
BEFORE = "model.encoder."
PARTS = {
    "first": "conv1",
    "second": "conv2",
    "layer.norm": "layers.0.self_attn_layer_norm",
    "layer.query": "layers.0.self_attn.q_proj",
    "layer.key": "layers.0.self_attn.k_proj",
    "layer.value": "layers.0.self_attn.v_proj",
    "layer.out": "layers.0.self_attn.out_proj",
    "layer.inner_norm": "layers.0.final_layer_norm",
    "layer.wide": "layers.0.fc1",
    "layer.back": "layers.0.fc2",
}


def begin(lower: Lower, folder: Path) -> None:
    """Give it the weights of a Whisper base `folder`; raises `NotFound`, `BadInput`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not (folder / FILE).is_file():
        raise NotFound(f"{folder / FILE} is not there.")
    try:
        stored = load_file(folder / FILE)
        own = {name: _found(stored, name) for name in lower.state_dict() if _ours(name)}
        own["places"] = stored[f"{BEFORE}embed_positions.weight"][:LONGEST].float()
        lower.load_state_dict(own, strict=False)
    except (KeyError, RuntimeError, SafetensorError) as error:
        raise BadInput(
            "base", f"{folder} is no Whisper base: a first layer of {WIDTH} by {INNER} is needed."
        ) from error


def _ours(name: str) -> bool:
    return name.rpartition(".")[0] in PARTS


def _found(stored: dict[str, Tensor], name: str) -> Tensor:
    part, _, kind = name.rpartition(".")
    value = stored[f"{BEFORE}{PARTS[part]}.{kind}"].to(torch.float32)
    # A convolution (out, in, taps) as a linear map of the taps one after another.
    return value.transpose(1, 2).flatten(1) if value.dim() == 3 else value
