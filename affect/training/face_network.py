"""The expression network: a small residual net after dlib's, two heads, and flips.

It knows nothing of files: grey tiles in, logits out. 2.0 M parameters, about 90 M multiplications
for a tile seen at 80 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from affect.perception.face_network import LABELS, VOTES

STEM = 32
BLOCKS = (  # width, and whether the side is halved
    *((32, False), (32, False), (32, False)),
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    (256, True),
)
VIEW = 80  # pixels that a tile is enlarged to: a face is nearly as large as dlib's network knew it
CONTRAST = 0.24  # deviation that tiles begin with: about that of grey, of 256, in a photograph
DROPOUT = 0.3


class Block(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions around a shortcut that has no weights (He et al. 2016; King 2017)."""

    def __init__(self, inside: int, outside: int, *, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        stride, padding = (2, 0) if halves else (1, 1)
        self.first = nn.Conv2d(inside, outside, 3, stride, padding, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inside, h, w) -> (n, outside, h', w'), halved and rounded up where it `halves`."""
        y = functional.relu(self.first_norm(self.first(self.padded(x))))
        y = self.second_norm(self.second(y))
        if self.halves:
            x = functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
        more = y.shape[1] - x.shape[1]
        return functional.relu(y + functional.pad(x, (0, 0, 0, 0, 0, more)))

    def padded(self, x: Tensor) -> Tensor:
        """What the first convolution sees: as in dlib, nothing is added above and to the left."""
        if not self.halves:
            return x
        more = 2 if x.shape[-1] % 2 else 1
        return functional.pad(x, (0, more, 0, more))


class FaceNetwork(nn.Module):  # type: ignore[misc]
    """Grey tiles -> logits of FER+'s nine columns and of FER2013's seven labels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, STEM, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(STEM)
        widths = [STEM, *(width for width, _ in BLOCKS)]
        self.blocks = nn.ModuleList(
            Block(inside, outside, halves=halves)
            for inside, (outside, halves) in zip(widths, BLOCKS, strict=False)
        )
        self.drop = nn.Dropout(DROPOUT)
        self.heads = nn.Linear(widths[-1], len(VOTES) + len(LABELS))

    def forward(self, tiles: Tensor) -> Tensor:
        """(n, 1, h, w) standardised tiles -> (n, 16) logits."""
        x = self.seen(tiles)
        for block in self.blocks:
            x = block(x)
        return self.heads(self.drop(x.mean(dim=(2, 3))))

    def seen(self, tiles: Tensor) -> Tensor:
        """(n, 1, h, w) -> (n, `STEM`, h / 4, w / 4), what the first block sees."""
        x = functional.relu(self.norm(self.stem(tiles * CONTRAST)))
        return functional.max_pool2d(x, 3, 2, 1)


class Shipped(nn.Module):  # type: ignore[misc]
    """What is exported: standardises each tile, and averages what all networks say of it and its
    mirror.
    """

    def __init__(self, networks: Sequence[FaceNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 1, 48, 48) grey values in [0, 255] -> (n, 9) and (n, 7) logits."""
        x = standardise(enlarged(tiles))
        views = (x, torch.flip(x, [3]))
        logits = sum(network(view) for network in self.networks for view in views)
        logits = logits / (len(views) * len(self.networks))
        return logits[:, : len(VOTES)], logits[:, len(VOTES) :]


def enlarged(tiles: Tensor) -> Tensor:
    """(n, 1, 48, 48) -> (n, 1, `VIEW`, `VIEW`)."""
    return functional.interpolate(tiles, size=(VIEW, VIEW), mode="bilinear", align_corners=False)


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


def pasted(tiles: Tensor, wanted: Tensor, random: np.random.Generator) -> Tensor:
    """Paste a square of another tile into each, in place; the targets of what is seen now."""
    side = tiles.shape[-1]
    other = torch.from_numpy(random.permutation(len(tiles)))
    half = int(side * math.sqrt(random.random())) // 2
    y, x = random.integers(0, side, 2)
    rows, columns = (slice(max(0, at - half), min(side, at + half)) for at in (y, x))
    tiles[:, :, rows, columns] = tiles[other][:, :, rows, columns]
    share = (rows.stop - rows.start) * (columns.stop - columns.start) / side**2
    return (1 - share) * wanted + share * wanted[other]


def _cut(tiles: Tensor, jitter: Jitter, random: np.random.Generator) -> None:
    """Blot a square out of some tiles, in place: a hand, hair, the edge of a picture."""
    side = tiles.shape[-1]
    for row in np.flatnonzero(random.random(len(tiles)) < jitter.cut):
        size = math.ceil(side * random.uniform(*jitter.cut_side))
        top, left = random.integers(-size // 2, side - size // 2, 2).clip(min=0)
        tiles[row, :, top : top + size, left : left + size] = 0
