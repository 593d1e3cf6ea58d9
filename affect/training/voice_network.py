"""The voice network: a small residual CNN over a log-mel picture, attentive statistics pooling.

In: (n, 2, 78, frames) normalised as `perception.speaker.Usual` does, and a mask of real frames.
Out: logits of eight classes, valence and arousal. Pooling after Okabe et al., Interspeech 2018.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from affect.perception.mel import BANDS
from affect.perception.voice_calibration import CLASSES

WIDTHS = (24, 48, 96)
WIDE, ATTENTION = 192, 64
STRIDE = 8  # frames that become one step: three halvings


class Block(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return torch.relu(x + self.inside(x))


class VoiceNetwork(nn.Module):  # type: ignore[misc]
    """0.7 M parameters, about 75 M multiplications for 3 s."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.trunk = nn.Sequential(
            *_shrink(2, first, 5), *_shrink(first, second, 3), Block(second),
            *_shrink(second, third, 3), Block(third),
        )  # fmt: skip
        heights = -(-BANDS // STRIDE)
        self.join = nn.Sequential(
            nn.Conv1d(third * heights, WIDE, 1, bias=False), nn.BatchNorm1d(WIDE), nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(WIDE, WIDE, 3, padding=1, bias=False), nn.BatchNorm1d(WIDE), nn.ReLU(),
        )  # fmt: skip
        self.attention = nn.Sequential(
            nn.Conv1d(WIDE, ATTENTION, 1), nn.Tanh(), nn.Conv1d(ATTENTION, WIDE, 1)
        )
        self.after = nn.Sequential(nn.BatchNorm1d(2 * WIDE), nn.Dropout(dropout))
        self.classes = nn.Linear(2 * WIDE, len(CLASSES))
        self.affect = nn.Linear(2 * WIDE, 2)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 2, 78, frames), (n, frames) of 0 and 1 -> logits (n, 8), affect (n, 2)."""
        found = self.trunk(x * mask[:, None, None, :])
        steps = self.join(found.flatten(1, 2)).float()
        real = nn.functional.max_pool1d(mask[:, None, :], STRIDE, STRIDE, ceil_mode=True)
        scores = self.attention(steps).float() + (real - 1) * 1e4
        weights = torch.softmax(scores, dim=2)
        mean = (weights * steps).sum(dim=2)
        spread = ((weights * steps.square()).sum(dim=2) - mean.square()).clamp(min=1e-4).sqrt()
        pooled = self.after(torch.cat([mean, spread], dim=1))
        return self.classes(pooled).float(), self.affect(pooled).float()


def export(network: VoiceNetwork, path: Path) -> None:
    """Write the network as ONNX with free batch and length."""
    network.train(mode=False)
    torch.onnx.export(
        network,
        (torch.zeros(2, 2, BANDS, 64), torch.ones(2, 64)),
        str(path),
        input_names=["picture", "mask"],
        output_names=["classes", "affect"],
        dynamic_axes={"picture": {0: "n", 3: "frames"}, "mask": {0: "n", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )


def _shrink(given: int, width: int, size: int) -> list[nn.Module]:
    """A convolution that halves bands and frames."""
    return [
        nn.Conv2d(given, width, size, stride=2, padding=size // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
