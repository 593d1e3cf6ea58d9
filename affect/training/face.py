"""Train the expression networks: FER+ votes as soft targets, FER2013's labels beside them.

Recipe: begun from the lower layers of dlib's face network (`face_start`) where its file is given;
SGD with Nesterov momentum .9, one cycle to .03, three times that for the heads, weight decay 5e-4,
batch 64, tiles of 64, then 80 pixels (small ones cost less), in half of the batches with a piece of
another tile pasted in (CutMix, Yun et al. 2019), an exponential average of weights and batch
statistics. `MEMBERS` networks, each with a seed of its own, ship as one. A run that was stopped
goes on with `resume`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from affect.perception.face_network import LABELS, VOTES
from affect.training import face_data
from affect.training.face_data import Faces
from affect.training.face_export import finish
from affect.training.face_network import (
    VIEW,
    FaceNetwork,
    Jitter,
    Shipped,
    enlarged,
    jittered,
    pasted,
    standardise,
)
from affect.training.face_start import begin
from affect.training.precision import half_precision
from affect.training.tune import Watch, unwatched

MOMENTUM, WEIGHT_DECAY, NO_DECAY = 0.9, 5e-4, 0.0
WARM_UP, AVERAGE = 0.1, 0.998
HEADS = 3.0  # times the rate: they alone begin from nothing
SMOOTHING = 0.05  # of FER2013's labels; the votes are soft by themselves
LABEL_WEIGHT = 1.0
PASTED = 0.5  # share of batches with pieces of another tile
MEMBERS = 2
REPORT_EVERY = 50  # steps
SIDES = ((0.45, 64), (1.0, VIEW))  # up to this share of the run, tiles of this side
STATISTICS = 256  # tiles that the first batch statistics are taken from


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run. `run` is its folder: checkpoints and settings; `base` is the file of dlib's
    face network that it begins from, "" for random weights.
    """

    run: Path
    base: str = ""
    epochs: float = 30.0
    batch: int = 64
    rate: float = 0.03
    seed: int = 0
    threads: int = 1
    resume: bool = False


def build(
    settings: Settings, data: Path, out: Path, today: date, report: Callable[[str], None]
) -> None:
    """The whole way; `out` holds `face.onnx` and `face.json` afterwards."""
    faces = face_data.read(data)
    members: list[FaceNetwork] = []
    for number in range(MEMBERS):
        own = replace(settings, run=settings.run / f"{number}", seed=settings.seed + number)
        members.append(train(own, faces, report))
    told = {
        "base": Path(settings.base).name,
        "epochs": settings.epochs,
        "batch": settings.batch,
        "rate": settings.rate,
        "seed": settings.seed,
        "members": MEMBERS,
    }
    finish(members, (faces[face_data.TRAINING], faces[face_data.PUBLIC]), told, out, today, report)


def train(
    settings: Settings,
    faces: dict[str, Faces],
    report: Callable[[str], None] = print,
    watch: Watch = unwatched,
) -> FaceNetwork:
    """Train on FER2013's Training part; the network with averaged weights, ready to be measured."""
    _prepare(settings)
    run = _Run(settings, faces[face_data.TRAINING])
    step = run.load() if settings.resume else 0
    while step < run.total:
        step = run.epoch(step, report)
        figures = accuracies(run.averaged(), faces[face_data.PUBLIC])
        report(f"step {step} " + " ".join(f"{k} {v:.4f}" for k, v in figures.items()))
        watch(step / run.total, figures)
    return run.averaged()


class _Run:
    """Optimiser, averaged weights and the order of batches: all that a checkpoint must hold."""

    def __init__(self, settings: Settings, faces: Faces) -> None:
        self.settings, self.faces = settings, faces
        self.targets = torch.from_numpy(targets(faces))
        self.steps = len(faces) // settings.batch
        self.total = round(self.steps * settings.epochs)
        self.network = FaceNetwork()
        if settings.base:
            some = np.random.default_rng(settings.seed).permutation(len(faces))[:STATISTICS]
            tiles = standardise(enlarged(torch.from_numpy(faces.tiles[some]).float()[:, None]))
            begin(self.network, Path(settings.base), tiles)
        self.network.to(memory_format=torch.channels_last)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        heads = list(self.network.heads.parameters())
        body = [p for name, p in self.network.named_parameters() if not name.startswith("heads")]
        groups = [
            {"params": [p for p in body if p.dim() > 1], "times": 1.0},
            {"params": [p for p in body if p.dim() == 1], "times": 1.0, "weight_decay": NO_DECAY},
            {"params": heads, "times": HEADS},
        ]
        self.optimizer = torch.optim.SGD(
            groups, settings.rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True
        )

    def epoch(self, step: int, report: Callable[[str], None]) -> int:
        """From `step` to the end of its epoch; the step reached."""
        self.network.train()
        number, done = divmod(step, self.steps)
        random = np.random.default_rng([self.settings.seed, number])
        order = random.permutation(len(self.faces))
        began, seen, losses = time.monotonic(), 0, 0.0
        for at in range(done, min(self.steps, done + self.total - step)):
            size = self.settings.batch
            losses += self.step(order[at * size : (at + 1) * size], step, random)
            step, seen = step + 1, seen + 1
            if seen % REPORT_EVERY == 0:
                pace = (time.monotonic() - began) / seen
                report(f"step {step}/{self.total} loss {losses / seen:.4f} {pace:.3f} s/step")
        self.save(step)
        return step

    def step(self, rows: NDArray[np.int64], step: int, random: np.random.Generator) -> float:
        """One update; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * group["times"] * _cycle(step / self.total)
        side = next(side for until, side in SIDES if step < until * self.total)
        tiles = jittered(self.faces.tiles[rows], side, Jitter(), random)
        wanted = self.targets[rows]
        if random.random() < PASTED:
            wanted = pasted(tiles, wanted, random)
        with half_precision("cpu"):
            logits = self.network(tiles)
        loss = face_loss(logits.float(), wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.average_in(step)
        return float(loss.detach())

    def average_in(self, step: int) -> None:
        """Move the averaged weights and statistics toward the present ones."""
        weight = 1 - min(AVERAGE, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.average[name].lerp_(value, weight)

    def averaged(self) -> FaceNetwork:
        """A network with the averaged weights, out of training."""
        network = FaceNetwork()
        network.load_state_dict(self.average)
        network.train(mode=False)
        network.to(memory_format=torch.channels_last)
        return network

    def save(self, step: int) -> None:
        """Write the checkpoint, whole or not at all."""
        path = self.settings.run / "checkpoint.pt"
        state = {
            "step": step,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self) -> int:
        """Go back to the checkpoint, if there is one; the step it was written at."""
        path = self.settings.run / "checkpoint.pt"
        if not path.is_file():
            return 0
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        return int(state["step"])


def targets(faces: Faces) -> NDArray[np.float32]:
    """(n, 16) shares of the votes, and FER2013's label, smoothed."""
    labels = np.eye(len(LABELS), dtype=np.float32)[faces.labels]
    smoothed = (1 - SMOOTHING) * labels + SMOOTHING / len(LABELS)
    return np.concatenate([faces.shares(), smoothed.astype(np.float32)], axis=1)


def face_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy to the shares of votes, and to the label; (n, 16) each."""
    lost = [
        -(told * functional.log_softmax(said, dim=1)).sum(dim=1).mean()
        for said, told in zip(_heads(logits), _heads(wanted), strict=True)
    ]
    return lost[0] + LABEL_WEIGHT * lost[1]


def _heads(both: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 16) -> (n, 9) votes and (n, 7) labels."""
    return both[:, : len(VOTES)], both[:, len(VOTES) :]


def accuracies(network: FaceNetwork, faces: Faces) -> dict[str, float]:
    """Shares of right answers: FER2013's label, and FER+'s clear majority among 8 emotions."""
    votes, labels = outputs(network, faces.tiles)
    best = faces.votes.argmax(axis=1)
    kept = faces.clear() & (best < len(VOTES) - 1)
    guess = votes[:, : len(VOTES) - 1].argmax(axis=1)
    return {
        "fer2013": float((labels.argmax(axis=1) == faces.labels).mean()),
        "ferplus_8": float((guess == best)[kept].mean()),
    }


def outputs(
    network: FaceNetwork, tiles: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, 9) and (n, 7) logits of tiles, each averaged with its mirror's."""
    shipped = Shipped([network])
    parts = []
    for at in range(0, len(tiles), 256):
        batch = torch.from_numpy(tiles[at : at + 256]).float()[:, None]
        with torch.no_grad(), half_precision("cpu"):
            votes, labels = shipped(batch.contiguous(memory_format=torch.channels_last))
        parts.append((votes.float().numpy(), labels.float().numpy()))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _cycle(done: float) -> float:
    """One cycle: up in a straight line, down along half a cosine."""
    if done < WARM_UP:
        return 0.04 + 0.96 * done / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) + 1e-4


def _prepare(settings: Settings) -> None:
    settings.run.mkdir(parents=True, exist_ok=True)
    kept = {key: str(value) for key, value in asdict(replace(settings, resume=False)).items()}
    (settings.run / "settings.json").write_text(json.dumps(kept, indent=1))
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
