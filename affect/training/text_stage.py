"""One stage of training the text model: its steps, their order, and its checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from affect.training import teachers
from affect.training.cache import Cache
from affect.training.data import Task
from affect.training.network import Network
from affect.training.teachers import WEIGHTS, Told
from affect.training.text_losses import task_loss
from affect.training.text_rows import Scale, Targets

RECALL_WEIGHT = 0.5
TAUGHT = 0.7  # weight of what is told by models, the rest being the corpora's
WARM_UP, WEIGHT_DECAY, AVERAGE = 0.06, 0.01, 0.997
AVERAGE_EVERY, CHECKPOINT_EVERY = 5, 250  # steps


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run. `run` is its folder: cache, checkpoints, TensorBoard logs; `teachers` are
    folders of weights.
    """

    run: Path
    base: str = "intfloat/multilingual-e5-small"
    epochs: float = 2.0
    again: float = 1.25
    teachers: tuple[Path, ...] = ()
    batch: int = 64
    rate: float = 1.5e-4
    head_rate: float = 2e-3
    max_tokens: int = 128
    frozen: int = 6
    seed: int = 0
    device: str = "cpu"
    threads: int = 2
    resume: bool = False


class Stage:
    """Optimiser, averaged weights and the order of batches: all that a checkpoint must hold."""

    def __init__(
        self,
        settings: Settings,
        network: Network,
        features: Cache,
        tasks: dict[Task, Targets],
        scale: Scale,
        autocast: Any,
        wanted: Told | None = None,
    ) -> None:
        self.settings, self.network, self.features = settings, network, features
        self.tasks, self.scale, self.autocast, self.wanted = tasks, scale, autocast, wanted
        self.steps = sum(math.ceil(len(t.numbers) / settings.batch) for t in tasks.values())
        self.total = round(self.steps * settings.epochs)
        self.average = network.state()
        groups = [
            {"params": _named(network, "upper", decay=True), "lr": settings.rate},
            {
                "params": _named(network, "upper", decay=False),
                "lr": settings.rate,
                "weight_decay": 0,
            },
            {"params": _named(network, "heads.recall", decay=None), "lr": settings.rate},
            {
                "params": _named(network, "heads.", decay=None, but="recall"),
                "lr": settings.head_rate,
            },
        ]
        # Fused: one pass over the weights instead of ten; it counts on a CPU that others use too.
        self.optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)

    def epoch(
        self, step: int, board: Callable[[str, float, int], None], report: Callable[[str], None]
    ) -> int:
        """From `step` to the end of its epoch; the step reached."""
        self.network.train()
        number, done = divmod(step, self.steps)
        began, seen = time.monotonic(), 0
        for task, rows in self.batches(number)[done : done + self.total - step]:
            loss = self.step(task, rows)
            step, seen = step + 1, seen + 1
            board(f"loss/{task}", loss, step)
            if step % AVERAGE_EVERY == 0:
                self.average_in()
            if step % 50 == 0:
                pace = (time.monotonic() - began) / seen
                report(f"step {step}/{self.total} {task} loss {loss:.4f} {pace:.3f} s/step")
            if step % CHECKPOINT_EVERY == 0:
                self.save(step)
        self.save(step)
        return step

    def batches(self, epoch: int) -> list[tuple[Task, NDArray[np.int64]]]:
        """This epoch's batches: places within a task's rows, of similar length, tasks mixed."""
        random = np.random.default_rng([self.settings.seed, epoch])
        result: list[tuple[Task, NDArray[np.int64]]] = []
        lengths = self.features.lengths()
        for task, targets in self.tasks.items():
            # A little noise on the length, so that no epoch sees the same batches again.
            noisy = lengths[targets.numbers] * random.uniform(0.9, 1.1, len(targets.numbers))
            order = np.argsort(noisy, kind="stable")
            size = self.settings.batch
            result += [(task, order[at : at + size]) for at in range(0, len(order), size)]
        random.shuffle(result)
        return result

    def step(self, task: Task, places: NDArray[np.int64]) -> float:
        """One update; the loss before it."""
        targets, device = self.tasks[task], self.settings.device
        numbers = targets.numbers[places]
        hidden, mask = self.features.batch(numbers, device)
        with self.autocast():
            pooled = self.network.above(hidden, mask)
        pooled = pooled.float()
        truth = torch.from_numpy(targets.values[places]).to(device)
        domain = torch.from_numpy(targets.domain[places]).to(device)
        loss = WEIGHTS[task] * task_loss(self.network, task, pooled, truth, domain, self.scale)
        if self.wanted is not None:
            soft = teachers.taught(self.network, task, pooled, self.wanted, numbers)
            loss = TAUGHT * soft + (1 - TAUGHT) * loss
        near = torch.from_numpy(self.features.recall[numbers].astype(np.float32)).to(device)
        cosine = functional.cosine_similarity(self.network.head("recall", pooled), near)
        (loss + RECALL_WEIGHT * (1 - cosine).mean()).backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in self.network.trained()], 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def average_in(self) -> None:
        """Move the averaged weights toward the present ones, for `AVERAGE_EVERY` steps at once."""
        with torch.no_grad():
            for name, parameter in self.network.trained():
                self.average[name].lerp_(parameter, 1 - AVERAGE**AVERAGE_EVERY)

    def save(self, step: int) -> None:
        """Write the checkpoint, whole or not at all."""
        path = self.settings.run / "checkpoint.pt"
        state = {
            "step": step,
            "network": self.network.state(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self) -> int:
        """Go back to the checkpoint, if there is one; the step it was written at."""
        path = self.settings.run / "checkpoint.pt"
        if not path.is_file():
            return 0
        state = torch.load(path, map_location=self.settings.device, weights_only=True)
        self.network.restore(state["network"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        for group in self.optimizer.param_groups:
            group["fused"] = True
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"].cpu())
        return int(state["step"])

    def _rate(self, step: int) -> float:
        warm = max(1, int(self.total * WARM_UP))
        return min((step + 1) / warm, max(0.0, (self.total - step) / max(1, self.total - warm)))


def _named(network: Network, start: str, decay: bool | None, but: str = "\0") -> list[Tensor]:
    return [
        parameter
        for name, parameter in network.trained()
        if name.startswith(start)
        and but not in name
        and (decay is None or decay is (parameter.dim() > 1))
    ]
