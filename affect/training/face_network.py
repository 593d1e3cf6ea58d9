"""The expression network: a small residual net with squeeze and excitation, two heads, and flips.

It knows nothing of files: grey tiles in, logits out. 1.5 M parameters, about 90 M multiplications
for a 48x48 tile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from affect.perception.face_network import LABELS, VOTES

STEM = 32
STAGES = ((32, 2), (96, 2), (192, 2))  # width and number of blocks; sides 24, 12 and 6 at 48
SQUEEZE = 8
DROPOUT = 0.2


class Block(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions, weighed channel by channel (Hu et al. 2018), around a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(outside, outside // SQUEEZE, 1),
            nn.ReLU(),
            nn.Conv2d(outside // SQUEEZE, outside, 1),
            nn.Sigmoid(),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inside != outside:
            pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
            self.shortcut = nn.Sequential(pool, nn.Conv2d(inside, outside, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(n, inside, h, w) -> (n, outside, h / stride, w / stride)."""
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return functional.relu(y * self.squeeze(y) + self.shortcut(x))


class FaceNetwork(nn.Module):  # type: ignore[misc]
    """Grey tiles -> logits of FER+'s nine columns and of FER2013's seven labels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, STEM, 5, 2, 2, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
        ]
        width = STEM
        for stage, (outside, blocks) in enumerate(STAGES):
            for block in range(blocks):
                layers.append(Block(width, outside, 2 if stage and not block else 1))
                width = outside
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.drop = nn.Dropout(DROPOUT)
        self.heads = nn.Linear(width, len(VOTES) + len(LABELS))

    def forward(self, tiles: Tensor) -> Tensor:
        """(n, 1, h, w) standardised tiles, sides divisible by 8 -> (n, 16) logits."""
        return self.heads(self.drop(self.body(tiles)))


class Shipped(nn.Module):  # type: ignore[misc]
    """What is exported: standardises each tile, and averages the logits of it and its mirror."""

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 1, 48, 48) grey values in [0, 255] -> (n, 9) and (n, 7) logits."""
        x = standardise(tiles)
        logits = (self.network(x) + self.network(torch.flip(x, [3]))) / 2
        return logits[:, : len(VOTES)], logits[:, len(VOTES) :]


def standardise(tiles: Tensor) -> Tensor:
    """Mean 0 and deviation 1 for each tile, so that light and contrast count for little."""
    flat = tiles.flatten(1)
    mean = flat.mean(dim=1)[:, None, None, None]
    centred = tiles - mean
    deviation = centred.flatten(1).square().mean(dim=1).sqrt()[:, None, None, None]
    return centred / (deviation + 8.0)


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far a training tile is moved: what a detector's box does, and a bit more."""

    degrees: float = 12.0
    scale: float = 0.12  # a natural logarithm, both ways
    shift: float = 0.08  # of the side, both ways
    light: float = 0.25  # gamma's logarithm, both ways
    cut: float = 0.2  # share of tiles with a square blotted out
    cut_side: tuple[float, float] = (0.15, 0.4)  # of the side


def jittered(
    tiles: NDArray[np.uint8], side: int, jitter: Jitter, random: np.random.Generator
) -> Tensor:
    """(n, 48, 48) -> (n, 1, side, side), turned, scaled, shifted, mirrored, standardised."""
    count = len(tiles)
    angle = np.radians(random.uniform(-jitter.degrees, jitter.degrees, count))
    scale = np.exp(random.uniform(-jitter.scale, jitter.scale, (2, count)) * [[1.0], [0.4]])
    across, down = scale[0] * scale[1], scale[0] / scale[1]
    mirror = np.where(random.random(count) < 0.5, -1.0, 1.0)
    shift = 2 * random.uniform(-jitter.shift, jitter.shift, (2, count))
    cos, sin = np.cos(angle), np.sin(angle)
    affine = np.stack([cos * across * mirror, -sin * down, shift[0],
                       sin * across * mirror, cos * down, shift[1]], axis=1)  # fmt: skip
    matrix = torch.from_numpy(affine.astype(np.float32).reshape(count, 2, 3))
    pixels = torch.from_numpy(tiles).float()[:, None] / 255
    gamma = np.exp(random.uniform(-jitter.light, jitter.light, count)).astype(np.float32)
    pixels = pixels.pow(torch.from_numpy(gamma)[:, None, None, None])
    grid = functional.affine_grid(matrix, [count, 1, side, side], align_corners=False)
    moved = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    done = standardise(moved * 255)
    _cut(done, jitter, random)
    return done.contiguous(memory_format=torch.channels_last)


def _cut(tiles: Tensor, jitter: Jitter, random: np.random.Generator) -> None:
    """Blot a square out of some tiles, in place: a hand, hair, the edge of a picture."""
    side = tiles.shape[-1]
    for row in np.flatnonzero(random.random(len(tiles)) < jitter.cut):
        size = math.ceil(side * random.uniform(*jitter.cut_side))
        top, left = random.integers(-size // 2, side - size // 2, 2).clip(min=0)
        tiles[row, :, top : top + size, left : left + size] = 0
