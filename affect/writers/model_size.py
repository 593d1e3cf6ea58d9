"""Whether a language model fits into memory, told from its configuration alone.

The network is built without weights (on torch's `meta` device), so that every matrix is known with
its size and its kind: bitsandbytes quantizes `nn.Linear`, and leaves embeddings, the output
layer and norms as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from affect.errors import ModelUnavailable
from affect.writers.weight_files import stored_bytes

# Bytes of a weight. NF4 with double quantization: 4 bits, and 8 bits of scale for 64 weights with
# 32 bits for 256 scales (QLoRA, arXiv 2305.14314, section 3).
QUANTIZED = {"nf4": 0.5 + 0.127 / 8, "int8": 1.0}
LEAST_TALK = 4096  # tokens of cache without which nobody can be answered
BESIDE = 0.6e9  # bytes: the CUDA context, activations, logits
GIGABYTE = 1e9


def dtype(quantization: str | None) -> Any:
    """What is computed in: bfloat16 on a GPU and beside 4 bits, float32 otherwise."""
    import torch

    return torch.bfloat16 if torch.cuda.is_available() or quantization else torch.float32


def shape(config: Any) -> Any:
    """The network without weights."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config, trust_remote_code=False)


def has_experts(network: Any) -> bool:
    """Whether it holds experts as one block of weights (three dimensions, no `nn.Linear`)."""
    return any(
        weight.dim() == 3 and "expert" in name for name, weight in network.named_parameters()
    )


def check(model: str, network: Any, config: Any, quantization: str | None, folder: Path) -> None:
    """Raise `ModelUnavailable`, with the size that would fit, where this one does not."""
    if getattr(config, "quantization_config", None):
        weights = float(stored_bytes(folder))
    else:
        weights = weight_bytes(network, quantization)
    fixed = BESIDE + LEAST_TALK * token_bytes(config, quantization)
    free = free_bytes()
    if weights + fixed <= free:
        return
    count = sum(weight.numel() for weight in network.parameters())
    fitting = max(0.0, free - fixed) / (weights / count)
    raise ModelUnavailable(
        f"{model} needs about {(weights + fixed) / GIGABYTE:.1f} GB "
        f"({quantization or 'not quantized'}) and {free / GIGABYTE:.1f} GB of memory are free: "
        f"a model of up to about {fitting / 1e9:.1f} billion weights would fit"
        f"{_smaller(network, fixed, free, quantization)}."
    )


def weight_bytes(network: Any, quantization: str | None) -> float:
    """Bytes of all weights once they are loaded."""
    import torch

    width = dtype(quantization).itemsize
    total = sum(weight.numel() for weight in network.parameters())
    if quantization is None:
        return float(total * width)
    output = network.get_output_embeddings()
    linear = sum(
        module.weight.numel()
        for module in network.modules()
        if isinstance(module, torch.nn.Linear) and module is not output
    )
    return float(linear * QUANTIZED[quantization] + (total - linear) * width)


def token_bytes(config: Any, quantization: str | None) -> float:
    """Bytes of cache for one token: keys and values of every layer; 0 without attention."""
    text = config.get_text_config()
    queries = getattr(text, "num_attention_heads", None)
    if not queries:
        return 0.0
    heads = getattr(text, "num_key_value_heads", None) or queries
    size = getattr(text, "head_dim", None) or text.hidden_size // queries
    return float(2 * text.num_hidden_layers * heads * size * dtype(quantization).itemsize)


def free_bytes() -> float:
    """Memory that is free: of the GPU, else of the machine."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info(0)[0])
    return float(psutil.virtual_memory().available)


def _smaller(network: Any, fixed: float, free: float, quantization: str | None) -> str:
    if quantization == "nf4":
        return ""
    needed = weight_bytes(network, "nf4") + fixed
    if needed > free:
        return ""
    return f", and so would this one with ATTUNE_LLM_QUANTIZATION=nf4 ({needed / GIGABYTE:.1f} GB)"
