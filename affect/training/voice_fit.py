"""Train the voice network: first on CREMA-D, then on CREMA-D and RAVDESS together.

The first stage knows no RAVDESS person, so what comes of it serves every fold over RAVDESS actors
and the shipped network alike, and its figure on RAVDESS is the cross-corpus one. Each clip is heard
through another microphone every time (`voice_augment`), against a drawn amount of its speaker's
other clips, so that the network reads strangers and known voices. Seeded, resumable.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from affect.perception import speaker
from affect.perception.mel import BANDS, FLOOR
from affect.perception.speaker import Usual
from affect.perception.voice_calibration import CLASSES
from affect.training.precision import half_precision
from affect.training.tune import Watch, unwatched
from affect.training.voice_augment import hide, vary
from affect.training.voice_data import Clips, speakers
from affect.training.voice_network import VoiceNetwork

FRAMES = 120  # of a training crop
AFFECT_WEIGHT, SMOOTHING = 1.0, 0.05
MIXUP, MIXUP_SHARE = 0.3, 0.3  # Beta parameter; share of batches
WEIGHT_DECAY, AVERAGE = 0.02, 0.99
UNHEARD = -1e4  # logit of a class that a corpus does not have
HISTORY, MOST_CLIPS = 0.5, 20  # share of clips heard with history; most clips in it

Check = Callable[[VoiceNetwork], dict[str, float]]
"""Figures of a network on dev; none where dev is not looked at."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One training. `run` is its folder (checkpoints); `first` and `second` are the epochs
    of the two stages, `drawn` the clips in an epoch of the second.
    """

    run: Path
    first: int = 36
    second: int = 14
    drawn: int = 2560
    batch: int = 64
    rate: float = 2e-3
    second_rate: float = 1e-3
    seed: int = 0
    threads: int = 1
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name, clips, epochs, learning rate at the top, most clips drawn an epoch."""

    name: str
    clips: Clips
    epochs: int
    rate: float
    most: int = 1_000_000


def usual(clips: Clips) -> Usual:
    """Mean and spread of each band over all frames of some clips."""
    frames = np.concatenate(clips.pictures).astype(np.float64)
    spread = np.maximum(frames.std(axis=0), speaker.LEAST_SPREAD)
    return Usual(frames.mean(axis=0).astype(np.float32), spread.astype(np.float32))


def fit(
    network: VoiceNetwork,
    stage: Stage,
    base: Usual,
    settings: Settings,
    check: Check,
    report: Callable[[str], None],
    watch: Watch = unwatched,
) -> VoiceNetwork:
    """Run one stage; gives the averaged weights. `check` measures now and then how it stands."""
    torch.set_num_threads(settings.threads)
    network = network.to(memory_format=torch.channels_last)
    steps = min(len(stage.clips), stage.most) // settings.batch
    total = steps * stage.epochs
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=stage.rate, weight_decay=WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, stage.rate, total_steps=total + 1, pct_start=0.2
    )
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE), use_buffers=True
    )
    path = settings.run / f"{stage.name}.pt"
    begun = 0
    if settings.resume and path.is_file():
        state = torch.load(path, weights_only=True)
        begun = state["epoch"]
        for part, name in ((network, "network"), (average, "average")):
            part.load_state_dict(state[name])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
    feed = Feed(stage.clips, base)
    for epoch in range(begun, stage.epochs):
        random = np.random.default_rng([settings.seed, epoch])
        torch.manual_seed(settings.seed * 1000 + epoch)  # dropout
        draws = torch.Generator().manual_seed(settings.seed * 1000 + epoch)
        order = random.permutation(len(stage.clips))
        start, losses = time.monotonic(), []
        network.train()
        for step in range(steps):
            rows = order[step * settings.batch : (step + 1) * settings.batch]
            loss = batch_loss(network, feed, rows, random, draws)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            losses.append(float(loss.detach()))
        pace = time.monotonic() - start
        _save(path, epoch + 1, network, average, optimizer, schedule)
        figures = check(average.module) if epoch % 2 or epoch + 1 == stage.epochs else {}
        told = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        where = f"{stage.name} {epoch + 1}/{stage.epochs}"
        report(f"{where} loss {np.mean(losses):.3f} {pace:.0f} s {told}")
        if figures:
            watch((epoch + 1) / stage.epochs, figures)
    found: VoiceNetwork = average.module
    found.train(mode=False)
    return found


class Feed:
    """Clips as batches of tensors."""

    def __init__(self, clips: Clips, base: Usual) -> None:
        self.clips = clips
        self.mean, self.spread = torch.from_numpy(base.mean), torch.from_numpy(base.spread)
        sums = [(len(p), p.sum(axis=0), (p**2).sum(axis=0)) for p in clips.pictures]
        self.frames = np.array([n for n, _, _ in sums], dtype=np.float32)
        self.first = np.stack([s for _, s, _ in sums])
        self.second = np.stack([s for _, _, s in sums])
        self.same = {name: np.flatnonzero(clips.people == name) for name in set(clips.people)}
        # A corpus's classes are those that it has at all.
        corpus = np.array([name.split("-")[0] for name in clips.people])
        heard = {name: np.unique(clips.acted[corpus == name]) for name in set(corpus)}
        self.heard = np.stack([np.isin(np.arange(len(CLASSES)), heard[c]) for c in corpus])

    def pictures(
        self, rows: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Crops (n, frames, 78) and their mask."""
        x = np.full((len(rows), FRAMES, BANDS), -FLOOR, dtype=np.float32)
        mask = np.zeros((len(rows), FRAMES), dtype=np.float32)
        for place, row in enumerate(rows):
            picture = self.clips.pictures[row]
            start = random.integers(0, max(1, len(picture) - FRAMES + 1))
            part = picture[start : start + FRAMES]
            x[place, : len(part)] = part
            mask[place, : len(part)] = 1
        return torch.from_numpy(x), torch.from_numpy(mask)

    def history(
        self, rows: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Frames (n, 1) and sums of x and x² (n, 78) of other clips of the same people."""
        frames = np.zeros((len(rows), 1), dtype=np.float32)
        first, second = (np.zeros((len(rows), BANDS), dtype=np.float32) for _ in range(2))
        for place, row in enumerate(rows):
            if random.random() < HISTORY:
                continue
            count = int(random.integers(1, MOST_CLIPS + 1))
            others = random.choice(self.same[self.clips.people[row]], count)
            frames[place] = self.frames[others].sum()
            first[place] = self.first[others].sum(axis=0)
            second[place] = self.second[others].sum(axis=0)
        return torch.from_numpy(frames), torch.from_numpy(first), torch.from_numpy(second)

    def normalise(
        self, x: Tensor, mask: Tensor, past: tuple[Tensor, Tensor, Tensor], tone: Tensor
    ) -> Tensor:
        """What `Usual.normalise` does, for a batch; the past had the same tone."""
        frames, first, second = past
        real = mask[:, :, None]
        total = speaker.PRIOR + frames + mask.sum(dim=1, keepdim=True)
        second = second + 2 * tone * first + frames * tone.square() + (real * x.square()).sum(dim=1)
        first = first + frames * tone + (real * x).sum(dim=1)
        mean = (speaker.PRIOR * self.mean + first) / total
        square = (speaker.PRIOR * (self.spread.square() + self.mean.square()) + second) / total
        spread = (square - mean.square()).clamp(min=speaker.LEAST_SPREAD**2).sqrt()
        own = (x - mean[:, None]) / spread[:, None]
        centre = (real * x).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        power = (real * x.square()).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        swing = (power - centre.square()).clamp(min=speaker.LEAST_SPREAD**2).sqrt()
        alone = (x - centre[:, None]) / swing[:, None]
        return torch.stack([alone, own], dim=1).transpose(2, 3)


def batch_loss(
    network: VoiceNetwork,
    feed: Feed,
    rows: NDArray[np.int64],
    random: np.random.Generator,
    draws: torch.Generator,
) -> Tensor:
    """Soft cross-entropy and squared error of valence and arousal."""
    varied = vary(*feed.pictures(rows, random), draws)
    x = feed.normalise(varied.pictures, varied.mask, feed.history(rows, random), varied.tone)
    x, mask = hide(x, draws), varied.mask
    heard = torch.from_numpy(feed.heard[rows])
    truth = torch.from_numpy(feed.clips.targets[rows])
    truth = (1 - SMOOTHING) * truth + SMOOTHING * heard / heard.sum(dim=1, keepdim=True)
    affect = torch.from_numpy(feed.clips.affect[rows])
    if random.random() < MIXUP_SHARE:
        share = float(random.beta(MIXUP, MIXUP))
        other = torch.randperm(len(rows), generator=draws)
        x = share * x + (1 - share) * x[other]
        mask = torch.maximum(mask, mask[other])
        truth = share * truth + (1 - share) * truth[other]
        affect = share * affect + (1 - share) * affect[other]
        heard = heard | heard[other]
    with half_precision("cpu"):
        logits, told = network(x.contiguous(memory_format=torch.channels_last), mask)
    logits = torch.where(heard, logits, UNHEARD)
    loss = -(truth * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    return loss + AFFECT_WEIGHT * (told - affect).square().sum(dim=1).mean()


def outputs(
    network: VoiceNetwork, clips: Clips, base: Usual, known: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits (n, 8) and affect (n, 2) of whole clips, of strangers or of known voices."""
    network.train(mode=False)
    inputs = [
        base.normalise(picture, before.after(picture))
        for picture, before in zip(clips.pictures, speakers(clips, known), strict=True)
    ]
    order = np.argsort([x.shape[2] for x in inputs], kind="stable")
    logits, affect = np.zeros((len(inputs), len(CLASSES))), np.zeros((len(inputs), 2))
    with torch.no_grad():
        for at in range(0, len(order), 64):
            rows = order[at : at + 64]
            longest = max(inputs[row].shape[2] for row in rows)
            x = torch.zeros(len(rows), 2, BANDS, longest)
            mask = torch.zeros(len(rows), longest)
            for place, row in enumerate(rows):
                length = inputs[row].shape[2]
                x[place, :, :, :length] = torch.from_numpy(inputs[row])
                mask[place, :length] = 1
            one, two = network(x.contiguous(memory_format=torch.channels_last), mask)
            logits[rows], affect[rows] = one.numpy(), two.numpy()
    return logits, affect


def recall(logits: NDArray[np.float64], acted: NDArray[np.int64], classes: list[int]) -> float:
    """Unweighted average recall among some classes; clips of other classes are left out."""
    kept = np.isin(acted, classes)
    guess = np.array(classes)[logits[kept][:, classes].argmax(axis=1)]
    return float(np.mean([(guess[acted[kept] == k] == k).mean() for k in classes]))


def _save(path: Path, epoch: int, network, average, optimizer, schedule) -> None:  # type: ignore[no-untyped-def]
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "epoch": epoch,
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
    }
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)
