"""What trained text models say of the texts that another learns from: targets without a gap, for
every text and every head (distillation, Hinton et al. 2015; born-again networks, Furlanello et al.
2018). EmoBank rates 8,000 sentences; its teachers have an opinion of all 86,000 texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from affect.perception.text_network import Network as TextNetwork
from affect.perception.tokens import encode
from affect.training.data import Task
from affect.training.network import Network

WEIGHTS = {Task.LABELS: 1.0, Task.AFFECT: 0.5, Task.CHINESE: 0.7}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Of n texts: `labels` (n, 28) and `chinese` (n, 6) probabilities, `affect` (n, 3) on the scale
    that the head is trained on.
    """

    labels: Floats
    affect: Floats
    chinese: Floats


def told(raw: Mapping[str, NDArray[np.floating]]) -> Told:
    """From the raw outputs of the heads."""
    likely = 1 / (1 + np.exp(-raw["labels"].astype(np.float64)))
    powers = np.exp(raw["chinese"] - raw["chinese"].max(axis=1, keepdims=True))
    classes = powers / powers.sum(axis=1, keepdims=True)
    return Told(
        likely.astype(np.float32), raw["affect"].astype(np.float32), classes.astype(np.float32)
    )


def told_by(
    folder: Path, texts: Sequence[str], mean: Sequence[float], deviation: Sequence[float]
) -> Told:
    """What the model in a weights folder says; `mean` and `deviation` are of EmoBank's ratings.

    Raises `ModelUnavailable`.
    """
    network = TextNetwork.load(folder)
    raw = network.feelings(encode(network.tokenizer, texts))
    affect = (raw.affect - np.array(mean)) / np.array(deviation)
    return told({"labels": raw.labels, "affect": affect, "chinese": raw.chinese})


def mean_of(several: Sequence[Told]) -> Told:
    """The mean of what each says."""
    return Told(
        np.mean([each.labels for each in several], axis=0),
        np.mean([each.affect for each in several], axis=0),
        np.mean([each.chinese for each in several], axis=0),
    )


def taught(
    network: Network, task: Task, pooled: Tensor, wanted: Told, rows: NDArray[np.int64]
) -> Tensor:
    """Mean loss of a batch against what was told of its texts; the six classes are for Chinese."""
    device = pooled.device
    labels, affect, chinese = (
        torch.from_numpy(part[rows]).to(device)
        for part in (wanted.labels, wanted.affect, wanted.chinese)
    )
    each = functional.binary_cross_entropy_with_logits(
        network.head("labels", pooled), labels, reduction="none"
    )
    loss = WEIGHTS[Task.LABELS] * each.sum(dim=1).mean()
    gap = network.head("affect", pooled) - affect
    loss = loss + WEIGHTS[Task.AFFECT] * gap.square().sum(dim=1).mean()
    if task is Task.CHINESE:
        said = functional.log_softmax(network.head("chinese", pooled), dim=1)
        loss = loss - WEIGHTS[Task.CHINESE] * (chinese * said).sum(dim=1).mean()
    return loss
