"""Train the text model: three tasks on one multilingual encoder, in batches that take turns.

Recipe (measured; see the card for what came of it): embeddings and the lower six layers frozen,
AdamW 1.5e-4 (heads 2e-3), warm-up 6 % then linear decay, batch 64 in length buckets, asymmetric
loss on the 28 labels, squared error on V/A/D, cross-entropy on the six Chinese classes, an
exponential average of the weights. Then it goes on for `again` epochs, at lower rates, and learns
most from what itself and other models (`teachers`) say of every text by then. Seeded; a run that
was stopped goes on with `resume`.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from affect.evaluation.metrics import macro_f1, one_hot, pearson
from affect.labels import EWECT_CLASSES
from affect.perception.tokens import encode
from affect.training import cache, teachers
from affect.training.cache import Cache
from affect.training.data import Corpus, Task, dev_corpora, training_corpora
from affect.training.network import Network
from affect.training.precision import attention, half_precision
from affect.training.teachers import WEIGHTS, Told
from affect.training.thresholds import choose
from affect.training.tune import Watch, unwatched

RECALL_WEIGHT = 0.5
TAUGHT = 0.7  # weight of what is told by models, the rest being the corpora's
AGAIN_RATE, AGAIN_HEAD_RATE = 1e-4, 5e-4
NEGATIVE_FOCUS, CLIP = 3.0, 0.05  # asymmetric loss: gamma-, and the margin that easy negatives get
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


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row of some corpora in one numbering, which is also the cache's."""

    corpora: tuple[Corpus, ...]
    tokens: tuple[list[int], ...]

    def numbers(self, task: Task) -> NDArray[np.int64]:
        """Row numbers of one task."""
        tasks = [corpus.task for corpus in self.corpora for _ in range(len(corpus))]
        return np.flatnonzero([found is task for found in tasks])

    def targets(self, task: Task) -> NDArray[np.float32]:
        """Targets of one task, in the order of `numbers`."""
        return np.concatenate([c.targets for c in self.corpora if c.task is task])

    def domain(self, task: Task) -> NDArray[np.int64]:
        """Domain numbers of one task, in the order of `numbers`."""
        return np.concatenate([c.domain for c in self.corpora if c.task is task])


@dataclass(frozen=True, slots=True)
class Targets:
    """What one task teaches: row numbers, targets and domains side by side."""

    numbers: NDArray[np.int64]
    values: NDArray[np.float32]
    domain: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of EmoBank's V/A/D in the training rows."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def read_rows(corpora: list[Corpus], tokenizer: Tokenizer, limit: int) -> Rows:
    """Tokenise corpora."""
    texts = [text for corpus in corpora for text in corpus.texts]
    return Rows(tuple(corpora), tuple(encode(tokenizer, texts, limit)))


def train(
    settings: Settings, data: Path, report: Callable[[str], None] = print
) -> tuple[Network, Scale]:
    """Train on the corpora under `data`; the trained network (averaged weights) and V/A/D scale."""
    return fit(settings, *read(settings, data), report)


def read(settings: Settings, data: Path) -> tuple[Rows, Rows]:
    """The tokenised training and dev rows."""
    tokenizer = load_tokenizer(settings.base)
    training, dev = training_corpora(data), dev_corpora(data)
    limit = settings.max_tokens
    return read_rows(training, tokenizer, limit), read_rows(dev, tokenizer, limit)


def load_tokenizer(base: str) -> Tokenizer:
    """The fast tokenizer of a hub id or folder."""
    local = Path(base) / "tokenizer.json"
    tokenizer = (
        Tokenizer.from_file(str(local)) if local.is_file() else Tokenizer.from_pretrained(base)
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def fit(
    settings: Settings,
    rows: Rows,
    dev: Rows,
    report: Callable[[str], None] = print,
    watch: Watch = unwatched,
    features: Path | None = None,
) -> tuple[Network, Scale]:
    """The run itself, on tokenised rows; `features` is where the cache is, if not in `run`."""
    _prepare(settings)
    network = Network.pretrained(settings.base, settings.frozen)
    _move(network, settings.device)
    autocast = partial(half_precision, settings.device)
    caches = [
        cache.build(
            network, part.tokens, (features or settings.run) / name, settings.device, autocast
        )
        for name, part in (("train", rows), ("dev", dev))
    ]
    tasks = {task: _targets(rows, task) for task in Task}
    scale = _scale(tasks[Task.AFFECT])
    _start_heads(network, tasks[Task.LABELS], caches[0])
    stages = [_Run(settings, network, caches[0], tasks, scale, autocast)]
    _through(stages[0], caches[1], dev, report, watch)
    if settings.again:
        stages.append(_again(stages[0], rows, report))
        _through(stages[1], caches[1], dev, report, unwatched)
    network.restore(stages[-1].average)
    network.train(on=False)
    return network, scale


def _through(
    run: _Run, features: Cache, dev: Rows, report: Callable[[str], None], watch: Watch
) -> None:
    """Train to the end of a stage, with figures of dev after each epoch."""
    settings = run.settings
    step = run.load() if settings.resume else 0
    with attention(settings.device), _board(settings.run) as board:
        while step < run.total:
            step = run.epoch(step, board, report)
            figures = _dev_figures(run, features, dev)
            report(f"step {step} " + " ".join(f"{k} {v:.4f}" for k, v in figures.items()))
            for name, value in figures.items():
                board(f"dev/{name}", value, step)
            watch(step / run.total, figures)


def _again(first: _Run, rows: Rows, report: Callable[[str], None]) -> _Run:
    """The second stage: on from the first's averaged weights, taught by these and other models."""
    settings, network = first.settings, first.network
    report("Telling every text ...")
    network.restore(first.average)
    every = np.arange(len(rows.tokens))
    heard = outputs(network, first.features, every, first.autocast, settings.device)
    texts = [text for corpus in rows.corpora for text in corpus.texts]
    scale = first.scale
    wanted = teachers.mean_of(
        [
            teachers.told(heard),
            *(teachers.told_by(f, texts, scale.mean, scale.deviation) for f in settings.teachers),
        ]
    )
    own = replace(
        settings,
        run=settings.run / "again",
        epochs=settings.again,
        rate=AGAIN_RATE,
        head_rate=AGAIN_HEAD_RATE,
    )
    own.run.mkdir(parents=True, exist_ok=True)
    return _Run(own, network, first.features, first.tasks, scale, first.autocast, wanted)


class _Run:
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


def task_loss(
    network: Network, task: Task, pooled: Tensor, truth: Tensor, domain: Tensor, scale: Scale
) -> Tensor:
    """Mean loss of a batch on its task, before its weight."""
    if task is Task.LABELS:
        return asymmetric_loss(network.head("labels", pooled), truth)
    if task is Task.AFFECT:
        mean, deviation = truth.new_tensor(scale.mean), truth.new_tensor(scale.deviation)
        gap = network.head("affect", pooled) - (truth - mean) / deviation
        return gap.square().sum(dim=1).mean()
    logits = network.head("chinese", pooled) + network.heads["domain"](domain)
    return functional.cross_entropy(logits, truth[:, 0].long())


def asymmetric_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Ridnik et al. 2021 with gamma+ 0: easy negatives count little; summed over labels."""
    likely = torch.sigmoid(logits)
    shifted = (likely - CLIP).clamp(min=0)
    positive = truth * functional.logsigmoid(logits)
    negative = (1 - truth) * shifted.pow(NEGATIVE_FOCUS) * torch.log((1 - shifted).clamp(min=1e-8))
    return -(positive + negative).sum(dim=1).mean()


def outputs(
    network: Network, features: Cache, numbers: NDArray[np.int64], autocast: Any, device: str
) -> dict[str, NDArray[np.float32]]:
    """Raw outputs of all heads for some rows."""
    network.train(on=False)
    names = ("labels", "affect", "chinese", "recall")
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    order = np.argsort(features.lengths()[numbers], kind="stable")
    for at in range(0, len(order), 128):
        hidden, mask = features.batch(numbers[order[at : at + 128]], device)
        with torch.no_grad():
            with autocast():
                pooled = network.above(hidden, mask)
            for name in names:
                found[name].append(network.head(name, pooled.float()).cpu().numpy())
    back = np.argsort(order, kind="stable")
    return {name: np.concatenate(parts)[back] for name, parts in found.items()}


def _dev_figures(run: _Run, features: Cache, dev: Rows) -> dict[str, float]:
    """Figures of the averaged weights on dev."""
    last = run.network.state()
    run.network.restore(run.average)
    figures: dict[str, float] = {}
    for task in Task:
        part = _targets(dev, task)
        out = outputs(run.network, features, part.numbers, run.autocast, run.settings.device)
        near = features.recall[part.numbers].astype(np.float32)
        own = out["recall"] / np.linalg.norm(out["recall"], axis=1, keepdims=True)
        figures[f"{task}_recall"] = float((own * near).sum(axis=1).mean())
        figures |= _task_figures(task, out, part)
    run.network.restore(last)
    run.network.train()
    return figures


def _task_figures(
    task: Task, out: dict[str, NDArray[np.float32]], part: Targets
) -> dict[str, float]:
    if task is Task.LABELS:
        truth = part.values > 0
        probabilities = 1 / (1 + np.exp(-out["labels"].astype(np.float64)))
        return {"f1_28": macro_f1(truth, probabilities >= choose(truth, probabilities))}
    if task is Task.AFFECT:
        return {
            f"r_{name}": pearson(part.values[:, k], out["affect"][:, k])
            for k, name in enumerate("VAD")
        }
    count = len(EWECT_CLASSES)
    truth = one_hot(part.values[:, 0].astype(np.int64), count)
    guess = one_hot(out["chinese"].argmax(axis=1).astype(np.int64), count)
    return {"f1_chinese": macro_f1(truth, guess)}


def _targets(rows: Rows, task: Task) -> Targets:
    return Targets(rows.numbers(task), rows.targets(task), rows.domain(task))


def _scale(affect: Targets) -> Scale:
    mean, deviation = affect.values.mean(axis=0), affect.values.std(axis=0)
    return Scale(tuple(float(x) for x in mean), tuple(float(x) for x in deviation))


def _start_heads(network: Network, labels: Targets, features: Cache) -> None:
    """Begin at what is known: each label's log-odds, and the centre of the untouched vectors."""
    rate = np.clip(labels.values.mean(axis=0), 1e-4, 1 - 1e-4)
    device = network.heads["labels"].bias.device
    with torch.no_grad():
        network.heads["labels"].bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))).to(device))
        network.heads["recall"].bias.copy_(torch.from_numpy(-features.centre).to(device))


def _named(network: Network, start: str, decay: bool | None, but: str = "\0") -> list[Tensor]:
    return [
        parameter
        for name, parameter in network.trained()
        if name.startswith(start)
        and but not in name
        and (decay is None or decay is (parameter.dim() > 1))
    ]


def _prepare(settings: Settings) -> None:
    settings.run.mkdir(parents=True, exist_ok=True)
    kept = {key: str(value) for key, value in asdict(replace(settings, resume=False)).items()}
    (settings.run / "settings.json").write_text(json.dumps(kept, indent=1))
    torch.manual_seed(settings.seed)
    if settings.device == "cpu":
        torch.set_num_threads(settings.threads)


def _move(network: Network, device: str) -> None:
    for part in (network.lower, network.upper, network.heads):
        part.to(device)


@contextlib.contextmanager
def _board(run: Path) -> Iterator[Callable[[str, float, int], None]]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(run / "tensorboard"))
    try:
        yield writer.add_scalar
    finally:
        writer.close()
