"""Other rooms, microphones, codecs, speeds and pitches, done on log-mel pictures in a batch.

CREMA-D's sound is not at hand, so everything happens on its pictures: power adds (noise,
reverberation), gains multiply (equaliser, band limits), and time and bands are stretched.
"""

from __future__ import annotations

import torch
from torch import Tensor

from affect.perception.mel import BANDS, FLOOR

SPEED, PITCH = 0.22, 0.08  # most relative change
TONE = 5.0  # dB, deviation of the equaliser's six knots
KNOTS = 6
CONTRAST = 0.25
SLOPE = 4.0  # dB, deviation of the tilt over all bands, on each end
TAIL = 10  # frames of reverberation
MASKS, MASK_BANDS, MASK_FRAMES = 1, 12, 20


def vary(
    pictures: Tensor, mask: Tensor, random: torch.Generator, group: int = 1
) -> tuple[Tensor, Tensor]:
    """Another recording of each clip: pictures (n, frames, 78) in dB and their mask (n, frames).

    Every `group` clips in turn are heard in one room by one microphone, as one person's notes are.
    """
    count = len(pictures)

    def draw(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=random)

    def room(*shape: int) -> Tensor:
        return torch.rand(count // group, *shape, generator=random).repeat_interleave(group, 0)

    def bell(*shape: int) -> Tensor:
        return torch.randn(count // group, *shape, generator=random).repeat_interleave(group, 0)

    def chance(share: float) -> Tensor:
        return (room(1, 1) < share).float()

    places = torch.arange(BANDS)[None, None, :]

    pictures, mask = _stretch(pictures, mask, draw(1), draw(1))
    contrast = 1 + CONTRAST * (2 * room(1, 1) - 1)  # compressors, and how crisply a room lets hear
    power = 10 ** (pictures * contrast / 10) * mask[:, :, None]
    power = _reverberate(power, 0.75 * room(1, 1) * chance(0.3))
    tone = _tone(bell(KNOTS) * TONE * chance(0.8)[:, 0])
    tone = tone + bell(1) * SLOPE * torch.linspace(-1, 1, BANDS)[None, :]
    level = torch.randn(count, 1, 1, generator=random) * 1.5
    power = power * 10 ** ((tone[:, None, :] + level) / 10)
    power = power * (1 - (places > 58 + 20 * room(1, 1)).float() * chance(0.3))
    power = power * (1 - (places < 10 * room(1, 1)).float() * chance(0.3))
    noise = -36 + 26 * room(1, 1).pow(1.5)  # dB: mostly quiet rooms
    colour = _tone(bell(KNOTS) * 6)[:, None, :]
    jitter = torch.randn(pictures.shape, generator=random) * 3
    power = power + 10 ** ((noise + colour + jitter) / 10) * chance(0.7)
    return 10 * torch.log10(power + 10 ** (-FLOOR / 10)), mask


def hide(x: Tensor, random: torch.Generator) -> Tensor:
    """SpecAugment (Park et al. 2019): bands and stretches of (n, bands, frames) set to the mean."""
    count, bands, frames = x.shape
    keep = torch.ones(count, bands, frames)
    for _ in range(MASKS):
        for size, most, axis in ((bands, MASK_BANDS, 1), (frames, MASK_FRAMES, 2)):
            start = torch.rand(count, 1, generator=random) * size
            width = torch.rand(count, 1, generator=random) * most
            at = torch.arange(size)[None, :]
            gone = ((at >= start) & (at < start + width)).float()
            keep = keep * (1 - gone.unsqueeze(2 if axis == 1 else 1))
    middle = x.mean(dim=(1, 2), keepdim=True)
    return (x - middle) * keep + middle


def _stretch(pictures: Tensor, mask: Tensor, speed: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor]:
    at = torch.arange(pictures.shape[1])[None, :] * (1 + SPEED * (2 * speed - 1))
    pictures = _sample(pictures, at)
    inside = mask.sum(dim=1, keepdim=True)
    mask = (at < inside).float()
    bands = (torch.arange(BANDS)[None, :] + 0.5) * (1 + PITCH * (2 * pitch - 1)) - 0.5
    return _sample(pictures.transpose(1, 2), bands).transpose(1, 2), mask


def _sample(x: Tensor, at: Tensor) -> Tensor:
    """(n, m, k) read at places (n, m) of its middle axis, linearly."""
    at = at.clamp(0, x.shape[1] - 1)
    low = at.floor().long().clamp(max=x.shape[1] - 2)
    part = (at - low)[:, :, None]
    places = low[:, :, None].expand(-1, -1, x.shape[2])
    return x.gather(1, places) * (1 - part) + x.gather(1, places + 1) * part


def _reverberate(power: Tensor, decay: Tensor) -> Tensor:
    result, tail = power.clone(), power
    for _ in range(TAIL):
        tail = torch.nn.functional.pad(tail, (0, 0, 1, 0))[:, :-1] * decay
        result = result + 0.5 * tail
    return result


def _tone(knots: Tensor) -> Tensor:
    """(n, 6) -> (n, 78), smooth."""
    wide = torch.nn.functional.interpolate(
        knots[:, None, :], BANDS, mode="linear", align_corners=True
    )
    return wide[:, 0]
