"""The voice network: the lower part of Whisper's encoder under attentive statistics pooling.

`Lower` makes states of log-mel pictures (n, 78, frames), as `perception.mel.picture` makes them,
and learns nothing. `VoiceNetwork` makes of states a summary (n, SUMMARY) of how each sounds, to be
set against what is usual for the voice; `told` reads classes and affect from that. They are joined
in the graph that ships. Pooling after Okabe et al., Interspeech 2018.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affect.perception import mel, whisper_mel
from affect.perception.speaker import SUMMARY, Usual
from affect.perception.voice import GRAPH, HEAD
from affect.perception.voice_calibration import CLASSES
from affect.training.small import keep_small

WIDTH, HEADS, INNER = 512, 8, 2048  # Whisper base's
TAPS = 3  # of each convolution
LONGEST = 80  # places: a window of 160 frames (3.7 s)
NARROW, ATTENTION = SUMMARY // 2, 64
MOVE = 0.02  # of what is usual, by each batch
LARGE = 10_000  # numbers: kept in 8 bits
MASKED = 1e4  # taken off the score of what is not there


class Layer(nn.Module):  # type: ignore[misc]
    """One layer of Whisper's encoder: attention, then two linear maps, each beside a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.inner_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.wide, self.back = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """(n, steps, WIDTH); `hidden` (n, 1, 1, steps) is added to the scores of each step."""
        seen = self.norm(x)
        query, key, value = (_apart(part(seen)) for part in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5 + hidden
        found = torch.softmax(scores, dim=3) @ value
        x = x + self.out(found.transpose(1, 2).flatten(2))
        return x + self.back(functional.gelu(self.wide(self.inner_norm(x))))


class Lower(nn.Module):  # type: ignore[misc]
    """Whisper's two convolutions and first layer: 4.0 M parameters, 270 M multiplications for 3 s.

    Nothing in it is learned here: its states of a clip need to be worked out once only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bands", torch.from_numpy(bands()))
        self.first = nn.Linear(TAPS * whisper_mel.BANDS, WIDTH)
        self.second = nn.Linear(TAPS * WIDTH, WIDTH)
        self.places = nn.Parameter(torch.zeros(LONGEST, WIDTH))
        self.layer = Layer()
        self.requires_grad_(False)

    def forward(self, picture: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 78, frames) dB, (n, frames) of 0 and 1 -> states (n, steps, WIDTH), their mask."""
        real = mask[:, None, :]
        picture = picture * real - mel.FLOOR * (1 - real)
        # As Whisper sees sound: decades of power in 80 bands, loud speech near 1. It knows 100
        # frames a second, these are 43: no worse than stretched to its pace, and half the cost.
        x = picture.transpose(1, 2) @ self.bands / 40 + 1.25
        x = functional.gelu(self.first(_beside(x, 1)))
        x = functional.gelu(self.second(_beside(x, 2)))
        real = functional.max_pool1d(real, 2, 2, ceil_mode=True)
        x = self.layer(x + self.places[: x.shape[1]], (real[:, :, None, :] - 1) * MASKED)
        return x, real[:, 0]


class VoiceNetwork(nn.Module):  # type: ignore[misc]
    """What is learned, on the states of `Lower`: 90 thousand parameters."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.register_buffer("usual_mean", torch.zeros(SUMMARY))
        self.register_buffer("usual_spread", torch.ones(SUMMARY))
        self.narrow = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Dropout(dropout), nn.Linear(WIDTH, NARROW), nn.GELU()
        )
        self.attention = nn.Sequential(
            nn.Linear(NARROW, ATTENTION), nn.Tanh(), nn.Linear(ATTENTION, NARROW)
        )
        self.dropout = nn.Dropout(dropout)
        self.classes, self.affect = nn.Linear(SUMMARY, len(CLASSES)), nn.Linear(SUMMARY, 2)

    def forward(self, states: Tensor, real: Tensor) -> Tensor:
        """States (n, steps, WIDTH) and their mask -> (n, SUMMARY): means, then spreads."""
        steps = self.narrow(states)
        weights = torch.softmax(self.attention(steps) + (real[:, :, None] - 1) * MASKED, dim=1)
        mean = (weights * steps).sum(dim=1)
        spread = ((weights * steps.square()).sum(dim=1) - mean.square()).clamp(min=1e-4).sqrt()
        return torch.cat([mean, spread], dim=1)

    def remember(self, summaries: Tensor) -> None:
        """Move what is usual a little toward the (n, SUMMARY) of a batch."""
        self.usual_mean.lerp_(summaries.mean(dim=0), MOVE)
        self.usual_spread.lerp_(summaries.std(dim=0), MOVE)

    def usual(self) -> Usual:
        """What is usual over the training corpora."""
        mean, spread = self.usual_mean.double().numpy(), self.usual_spread.double().numpy()
        return Usual(mean.copy(), spread.copy())

    def told(self, usual: Tensor) -> tuple[Tensor, Tensor]:
        """Summaries against what is usual for the voice -> logits (n, 8), affect (n, 2)."""
        kept = self.dropout(usual)
        return self.classes(kept), self.affect(kept)


def bands() -> mel.Floats:
    """(78, 80): reads our bands at the centres of Whisper's, in a straight line between two."""
    ours, whispers = mel.centres(), whisper_mel.centres()
    rows = [np.interp(whispers, ours, row) for row in np.eye(mel.BANDS)]
    return np.stack(rows).astype(np.float32)


def _beside(x: Tensor, stride: int) -> Tensor:
    """(n, steps, width) -> (n, steps / stride, TAPS * width): each with its neighbours, nothing
    beyond the ends. A convolution is a linear map of that.
    """
    padded = functional.pad(x, (0, 0, 1, 1))
    return torch.cat([padded[:, k : k + x.shape[1] : stride] for k in range(TAPS)], dim=2)


def _apart(x: Tensor) -> Tensor:
    """(n, steps, WIDTH) -> (n, HEADS, steps, WIDTH / HEADS)."""
    return x.unflatten(2, (HEADS, -1)).transpose(1, 2)


class Joined(nn.Module):  # type: ignore[misc]
    """Both, from pictures to summaries."""

    def __init__(self, lower: Lower, network: VoiceNetwork) -> None:
        super().__init__()
        self.lower, self.network = lower, network

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """(n, 78, frames) dB, (n, frames) of 0 and 1 -> summaries (n, SUMMARY)."""
        return self.network(*self.lower(picture, mask))


def export(lower: Lower, network: VoiceNetwork, folder: Path) -> None:
    """Write what makes summaries as ONNX with free batch and length, and the head."""
    torch.onnx.export(
        Joined(lower, network).eval(),
        (torch.zeros(2, mel.BANDS, 64), torch.ones(2, 64)),
        str(folder / GRAPH),
        input_names=["picture", "mask"],
        output_names=["summary"],
        dynamic_axes={"picture": {0: "n", 2: "frames"}, "mask": {0: "n", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    keep_small(folder / GRAPH, LARGE)
    parts, usual = (network.classes, network.affect), network.usual()
    np.savez(
        folder / HEAD,
        mean=usual.mean.astype(np.float32),
        spread=usual.spread.astype(np.float32),
        weights=torch.cat([part.weight.detach() for part in parts]).numpy().T,
        bias=torch.cat([part.bias.detach() for part in parts]).numpy(),
    )
