"""What the frozen half of the encoder says of every training text, computed once and kept on disk.

The frozen layers have no dropout, so their output is the same in every epoch: keeping it saves a
quarter of each. Beside it lies the untouched encoder's own sentence vector, the target of `recall`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affect.training.network import Network

BATCH_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Cache:
    """Frozen output of n texts: `hidden` is (all tokens, width) in float16, text i holds rows
    `starts[i]` to `starts[i + 1]`; `recall` is (n, width), centred and of length 1.
    """

    hidden: NDArray[np.float16]
    starts: NDArray[np.int64]
    recall: NDArray[np.float16]
    centre: NDArray[np.float32]

    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text."""
        lengths: NDArray[np.int64] = np.diff(self.starts)
        return lengths

    def batch(self, rows: NDArray[np.int64], device: str) -> tuple[Tensor, Tensor]:
        """Padded (batch, length, width) and 0/1 mask of some texts."""
        lengths = self.lengths()[rows]
        hidden = np.zeros((len(rows), int(lengths.max()), self.hidden.shape[1]), dtype=np.float16)
        mask = np.zeros(hidden.shape[:2], dtype=np.int64)
        for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            start = self.starts[row]
            hidden[place, :length] = self.hidden[start : start + length]
            mask[place, :length] = 1
        return torch.from_numpy(hidden).float().to(device), torch.from_numpy(mask).to(device)


def build(
    network: Network, tokens: Sequence[Sequence[int]], folder: Path, device: str, autocast: Any
) -> Cache:
    """Read the cache in `folder`, or compute it; the network must be untouched by training."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in tokens])]).astype(np.int64)
    mark = _fingerprint(network, tokens)
    done = folder / "cache.json"
    shape = (int(starts[-1]), network.width)
    if not (done.is_file() and json.loads(done.read_text())["fingerprint"] == mark):
        _compute(network, tokens, starts, folder, shape, device, autocast)
        done.write_text(json.dumps({"fingerprint": mark}))
    hidden = np.memmap(folder / "hidden.f16", dtype=np.float16, mode="r", shape=shape)
    recall, centre = np.load(folder / "recall.npy"), np.load(folder / "centre.npy")
    return Cache(hidden, starts, recall, centre)


def _compute(
    network: Network,
    tokens: Sequence[Sequence[int]],
    starts: NDArray[np.int64],
    folder: Path,
    shape: tuple[int, int],
    device: str,
    autocast: Any,
) -> None:
    hidden = np.memmap(folder / "hidden.f16", dtype=np.float16, mode="w+", shape=shape)
    pooled = np.zeros((len(tokens), network.width), dtype=np.float32)
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    network.train(on=False)
    at = 0
    while at < len(order):
        size = max(1, BATCH_TOKENS // len(tokens[order[min(at + 63, len(order) - 1)]]))
        rows = order[at : at + size]
        ids, mask = pad([tokens[row] for row in rows])
        with torch.no_grad(), autocast():
            below = network.below(ids.to(device), mask.to(device))
            pooled[rows] = network.above(below, mask.to(device)).float().cpu().numpy()
        kept = below.half().cpu().numpy()
        for place, row in enumerate(rows):
            hidden[starts[row] : starts[row + 1]] = kept[place, : len(tokens[row])]
        at += size
        if (at // size) % 50 == 0:
            print(f"cache {at}/{len(order)}", flush=True)
    hidden.flush()
    centre = pooled.mean(axis=0)
    pooled -= centre
    pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
    np.save(folder / "recall.npy", pooled.astype(np.float16))
    np.save(folder / "centre.npy", centre)


def pad(rows: Sequence[Sequence[int]], filler: int = 0) -> tuple[Tensor, Tensor]:
    """(batch, length) ids and 0/1 mask."""
    ids = np.full((len(rows), max(len(row) for row in rows)), filler, dtype=np.int64)
    mask = np.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _fingerprint(network: Network, tokens: Sequence[Sequence[int]]) -> str:
    digest = hashlib.sha256()
    for row in tokens:
        digest.update(np.asarray(row, dtype=np.int32).tobytes())
        digest.update(b"|")
    for parameter in network.encoder.parameters():  # the heads begin at random
        digest.update(np.float64(parameter.detach().double().abs().sum().item()).tobytes())
    return digest.hexdigest()
