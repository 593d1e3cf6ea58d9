"""Train the voice network: first on CREMA-D, then on CREMA-D and RAVDESS together.

The first stage knows no RAVDESS person, so what comes of it serves every fold over RAVDESS actors
and the shipped network alike, and its figure on RAVDESS is the cross-corpus one. Each clip is heard
in several rooms (`voice_states`), against a drawn number of other clips that its speaker said in
the same one, so that strangers and known voices are read. Seeded, resumable.
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
from affect.perception.voice_calibration import CLASSES
from affect.training.tune import Watch, unwatched
from affect.training.voice_data import speakers
from affect.training.voice_network import VoiceNetwork
from affect.training.voice_states import Heard, together

AFFECT_WEIGHT, SMOOTHING = 1.0, 0.05
MIXUP, MIXUP_SHARE = 0.3, 0.3  # Beta parameter; share of batches
WEIGHT_DECAY, AVERAGE = 0.02, 0.99
UNHEARD = -1e4  # logit of a class that a corpus does not have
GROUP = 8  # clips of one person, one after another in a batch
STRANGERS = 0.4  # share of clips heard as a stranger's
SAVED = 10  # epochs between checkpoints
BATCH = 64  # clips measured at once

Check = Callable[[VoiceNetwork], dict[str, float]]
"""Figures of a network on dev; none where dev is not looked at."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One training. `run` is its folder (checkpoints), `base` that of a Whisper base which is begun
    from; every clip is heard in `rooms` other rooms; `first` and `second` are the epochs of the two
    stages, `drawn` the clips in an epoch of the second.
    """

    run: Path
    base: str | None = None
    rooms: int = 4
    first: int = 30
    second: int = 30
    drawn: int = 2560
    batch: int = 64
    rate: float = 2e-3
    second_rate: float = 1e-3
    seed: int = 0
    threads: int = 2
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name, what is heard, epochs, learning rate at the top, most clips an epoch."""

    name: str
    heard: Heard
    epochs: int
    rate: float
    most: int = 1_000_000


def fit(
    network: VoiceNetwork,
    stage: Stage,
    settings: Settings,
    check: Check,
    report: Callable[[str], None],
    watch: Watch = unwatched,
) -> VoiceNetwork:
    """Run one stage; gives the averaged weights. `check` measures now and then how it stands."""
    torch.set_num_threads(settings.threads)
    feed = Feed(stage.heard)
    steps = min(feed.groups() * GROUP, stage.most) // settings.batch
    optimizer = torch.optim.AdamW(network.parameters(), lr=stage.rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, stage.rate, total_steps=steps * stage.epochs + 1, pct_start=0.2
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
    for epoch in range(begun, stage.epochs):
        random = np.random.default_rng([settings.seed, epoch])
        torch.manual_seed(settings.seed * 1000 + epoch)  # dropout
        order = feed.order(random)
        start, losses = time.monotonic(), []
        network.train()
        for step in range(steps):
            rows = order[step * settings.batch : (step + 1) * settings.batch]
            loss = batch_loss(network, feed, rows, random)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            losses.append(float(loss.detach()))
        pace = time.monotonic() - start
        done = epoch + 1
        seldom = done % SAVED == 0 or done == stage.epochs
        figures = check(average.module) if seldom else {}
        if seldom:
            _save(path, done, network, average, optimizer, schedule)
        told = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        report(f"{stage.name} {done}/{stage.epochs} loss {np.mean(losses):.3f} {pace:.0f} s {told}")
        if figures:
            watch(done / stage.epochs, figures)
    found: VoiceNetwork = average.module
    found.train(mode=False)
    return found


class Feed:
    """States as batches of tensors: groups of GROUP clips of one person in one room."""

    def __init__(self, heard: Heard) -> None:
        clips = self.clips = heard.clips
        self.states = heard.states
        people = sorted(set(clips.people))
        self.same = {name: np.flatnonzero(clips.people == name) for name in people}
        # A corpus's classes are those that it has at all.
        corpus = np.array([name.split("-")[0] for name in clips.people])
        known = {name: np.unique(clips.acted[corpus == name]) for name in set(corpus)}
        self.known = np.stack([np.isin(np.arange(len(CLASSES)), known[c]) for c in corpus])

    def groups(self) -> int:
        """How many there are; what is left over of a person waits for another epoch."""
        return sum(len(rows) // GROUP for rows in self.same.values())

    def order(self, random: np.random.Generator) -> NDArray[np.int64]:
        """All groups, one after another, in a new order."""
        groups = [
            random.permutation(rows)[: len(rows) // GROUP * GROUP].reshape(-1, GROUP)
            for rows in self.same.values()
        ]
        return random.permutation(np.concatenate(groups)).ravel()

    def batch(self, rows: NDArray[np.int64], random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """States (n, steps, WIDTH) and their mask (n, steps)."""
        rooms = random.integers(0, len(self.states), len(rows) // GROUP).repeat(GROUP)
        return together([self.states[room][row] for room, row in zip(rooms, rows, strict=True)])


def notes_heard(count: int, random: np.random.Generator) -> Tensor:
    """(groups, GROUP, GROUP): which clips of a person had been heard when each is read, itself
    among them; no others for a share of `STRANGERS`.
    """
    heard = np.zeros((count // GROUP, GROUP, GROUP), dtype=np.float32)
    for row in heard.reshape(-1, GROUP):
        others = 0 if random.random() < STRANGERS else random.integers(1, GROUP)
        row[random.choice(GROUP, others, replace=False)] = 1
    heard[:, np.arange(GROUP), np.arange(GROUP)] = 1
    return torch.from_numpy(heard)


def against_usual(network: VoiceNetwork, summaries: Tensor, heard: Tensor) -> Tensor:
    """What `Usual.normalise` does, for a batch of groups."""
    grouped = summaries.unflatten(0, (-1, GROUP))
    total = speaker.PRIOR + heard.sum(dim=2, keepdim=True)
    usual, spread = network.usual_mean, network.usual_spread
    mean = (speaker.PRIOR * usual + heard @ grouped) / total
    square = (speaker.PRIOR * (spread.square() + usual.square()) + heard @ grouped.square()) / total
    least = (speaker.LEAST_SPREAD * spread).square()
    own = (grouped - mean) / torch.maximum(square - mean.square(), least).sqrt()
    return own.flatten(0, 1)


def batch_loss(
    network: VoiceNetwork, feed: Feed, rows: NDArray[np.int64], random: np.random.Generator
) -> Tensor:
    """Soft cross-entropy and squared error of valence and arousal."""
    known = torch.from_numpy(feed.known[rows])
    truth = torch.from_numpy(feed.clips.targets[rows])
    truth = (1 - SMOOTHING) * truth + SMOOTHING * known / known.sum(dim=1, keepdim=True)
    affect = torch.from_numpy(feed.clips.affect[rows])
    summaries = network(*feed.batch(rows, random))
    network.remember(summaries.detach())
    own = against_usual(network, summaries, notes_heard(len(rows), random))
    if random.random() < MIXUP_SHARE:
        share = float(random.beta(MIXUP, MIXUP))
        other = torch.from_numpy(random.permutation(len(rows)))
        own = share * own + (1 - share) * own[other]
        truth = share * truth + (1 - share) * truth[other]
        affect = share * affect + (1 - share) * affect[other]
        known = known | known[other]
    logits, told = network.told(own)
    logits = torch.where(known, logits, UNHEARD)
    loss = -(truth * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    return loss + AFFECT_WEIGHT * (told - affect).square().sum(dim=1).mean()


def outputs(
    network: VoiceNetwork, heard: Heard, known: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits (n, 8) and affect (n, 2) of clips as they are, of strangers or of known voices."""
    network.train(mode=False)
    usual, states = network.usual(), heard.states[0]
    with torch.no_grad():
        parts = [network(*together(states[at : at + BATCH])) for at in range(0, len(states), BATCH)]
        summaries = torch.cat(parts).double().numpy()
        before = speakers(summaries, heard.clips, known)
        own = [
            usual.normalise(one, who.after(one)) for one, who in zip(summaries, before, strict=True)
        ]
        logits, affect = network.told(torch.from_numpy(np.stack(own).astype(np.float32)))
    return logits.double().numpy(), affect.double().numpy()


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
