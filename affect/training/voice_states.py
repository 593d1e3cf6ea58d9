"""What Whisper's lower part makes of clips, worked out once: as they are, and in other rooms.

All of a person's clips are heard in one room by one microphone, as their notes are, and in several
such rooms one after another (`voice_augment`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affect.perception.mel import BANDS, FLOOR
from affect.perception.voice import WINDOW, cut
from affect.training.voice_augment import SPEED, hide, vary
from affect.training.voice_data import Clips, join
from affect.training.voice_network import Lower

States = NDArray[np.float16]  # (steps, WIDTH) of one clip


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Clips and their states: first as they are, then in each room."""

    clips: Clips
    states: tuple[tuple[States, ...], ...]

    def take(self, rows: NDArray[np.bool_]) -> Heard:
        """Those where `rows` holds."""
        kept = [
            tuple(one for one, keep in zip(room, rows, strict=True) if keep) for room in self.states
        ]
        return Heard(self.clips.take(rows), tuple(kept))


def both(parts: Sequence[Heard]) -> Heard:
    """One after another; each must have been heard in as many rooms."""
    rooms = zip(*(part.states for part in parts), strict=True)
    states = tuple(tuple(one for part in room for one in part) for room in rooms)
    return Heard(join([part.clips for part in parts]), states)


def hear(lower: Lower, clips: Clips, rooms: int, seed: int, report: Callable[[str], None]) -> Heard:
    """Clips as they are and in `rooms` rooms."""
    draws = torch.Generator().manual_seed(seed)
    states = [tuple(_plain(lower, picture) for picture in clips.pictures)]
    for room in range(rooms):
        report(f"Heard as they are and in {room} of {rooms} rooms ...")
        found: dict[int, States] = {}
        for name in sorted(set(clips.people)):
            rows = np.flatnonzero(clips.people == name)
            found |= dict(zip(rows.tolist(), _elsewhere(lower, clips, rows, draws), strict=True))
        states.append(tuple(found[row] for row in range(len(clips))))
    return Heard(clips, tuple(states))


def _plain(lower: Lower, picture: NDArray[np.float32]) -> States:
    windows, mask = cut(picture)
    return np.concatenate(_run(lower, torch.from_numpy(windows), torch.from_numpy(mask)))


def _elsewhere(
    lower: Lower, clips: Clips, rows: NDArray[np.int64], draws: torch.Generator
) -> list[States]:
    """The clips of one person in a room that is drawn."""
    pictures = [clips.pictures[row][:WINDOW] for row in rows]
    longest = max(len(picture) for picture in pictures)
    frames = min(WINDOW, int(longest * (1 + SPEED)) + 1)
    x = np.full((len(rows), frames, BANDS), -FLOOR, dtype=np.float32)
    mask = np.zeros((len(rows), frames), dtype=np.float32)
    for place, picture in enumerate(pictures):
        x[place, : len(picture)] = picture
        mask[place, : len(picture)] = 1
    varied, real = vary(torch.from_numpy(x), torch.from_numpy(mask), draws, len(rows))
    return _run(lower, hide(varied.transpose(1, 2), draws), real)


def _run(lower: Lower, pictures: Tensor, mask: Tensor) -> list[States]:
    with torch.no_grad():
        states, real = lower(pictures, mask)
    return [one[: int(n)].half().numpy() for one, n in zip(states, real.sum(dim=1), strict=True)]


def together(states: Sequence[States]) -> tuple[Tensor, Tensor]:
    """Clips' states as one tensor (n, steps, WIDTH), with their mask (n, steps)."""
    longest = max(len(one) for one in states)
    x = np.zeros((len(states), longest, states[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(states), longest), dtype=np.float32)
    for place, one in enumerate(states):
        x[place, : len(one)] = one
        mask[place, : len(one)] = 1
    return torch.from_numpy(x), torch.from_numpy(mask)
