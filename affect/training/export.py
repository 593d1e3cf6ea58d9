"""From a trained network to the files that ship: cut vocabulary, quantised graphs, tokenizer."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from affect.perception.text_network import AFFECT, TOKENIZER, TRUNK
from affect.perception.tokens import encode
from affect.training import graph, smoothing, vocabulary
from affect.training.network import Network
from affect.training.text_rows import Scale

SOME, MOST_TOKENS = 2_000, 128  # texts, and pieces of each, that tell how loud channels are


def export(
    network: Network, scale: Scale, tokenizer: Tokenizer, texts: Sequence[str], out: Path
) -> NDArray[np.int64]:
    """Write graphs and tokenizer into `out`; every piece seen in `texts` is kept.

    Gives the numbers of the kept pieces in the base vocabulary.
    """
    out.mkdir(parents=True, exist_ok=True)
    seen: Counter[int] = vocabulary.count(tokenizer, texts)
    keep = vocabulary.select(vocabulary.pieces_of(tokenizer), seen)
    weights, shape = weights_of(network, scale, keep), shape_of(network)
    some = encode(tokenizer, texts[:: 1 + len(texts) // SOME], MOST_TOKENS)
    weights |= smoothing.factors(network, some)
    graph.write(graph.trunk(weights, shape), out / TRUNK)
    graph.write(graph.branch(weights, shape, graph.HEADS), out / AFFECT, graph.HEADS)
    packed = gzip.compress(vocabulary.cut(tokenizer, keep).to_str().encode(), mtime=0)
    (out / TOKENIZER).write_bytes(packed)
    return keep


def weights_of(
    network: Network, scale: Scale, keep: NDArray[np.int64] | None = None
) -> dict[str, NDArray[Any]]:
    """All weights by the names of the encoder; V/A/D comes out on EmoBank's scale."""
    weights = {
        name: value.detach().cpu().float().numpy()
        for name, value in network.encoder.state_dict().items()
        if value.is_floating_point()
    }
    if keep is not None:
        table = "embeddings.word_embeddings.weight"
        weights[table] = weights[table][keep]
    for name in graph.HEADS:
        for part in ("weight", "bias"):
            value = getattr(network.heads[name], part)
            weights[f"heads.{name}.{part}"] = value.detach().cpu().float().numpy()
    deviation = np.array(scale.deviation, dtype=np.float32)
    weights["heads.affect.weight"] = weights["heads.affect.weight"] * deviation[:, None]
    mean = np.array(scale.mean, dtype=np.float32)
    weights["heads.affect.bias"] = weights["heads.affect.bias"] * deviation + mean
    return weights


def shape_of(network: Network) -> graph.Shape:
    """What the graph must know of the encoder."""
    config = network.encoder.config
    # XLM-R counts positions from behind the padding number, BERT from 0.
    roberta = "roberta" in config.model_type
    return graph.Shape(
        layers=config.num_hidden_layers,
        shared=network.frozen,
        heads=config.num_attention_heads,
        width=config.hidden_size,
        epsilon=config.layer_norm_eps,
        first_position=config.pad_token_id + 1 if roberta else 0,
    )
