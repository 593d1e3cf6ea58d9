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
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from affect.evaluation.metrics import macro_f1, one_hot, pearson
from affect.labels import EWECT_CLASSES
from affect.training import cache, teachers
from affect.training.cache import Cache
from affect.training.data import Task, dev_corpora, training_corpora
from affect.training.network import Network
from affect.training.precision import attention, half_precision
from affect.training.text_rows import (
    Rows,
    Scale,
    Targets,
    load_tokenizer,
    read_rows,
    scale_of,
    targets_of,
)
from affect.training.text_stage import Settings, Stage
from affect.training.thresholds import choose
from affect.training.tune import Watch, unwatched

AGAIN_RATE, AGAIN_HEAD_RATE = 1e-4, 5e-4


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
    tasks = {task: targets_of(rows, task) for task in Task}
    scale = scale_of(tasks[Task.AFFECT])
    _start_heads(network, tasks[Task.LABELS], caches[0])
    stages = [Stage(settings, network, caches[0], tasks, scale, autocast)]
    _through(stages[0], caches[1], dev, report, watch)
    if settings.again:
        stages.append(_again(stages[0], rows, report))
        _through(stages[1], caches[1], dev, report, unwatched)
    network.restore(stages[-1].average)
    network.train(on=False)
    return network, scale


def _through(
    run: Stage, features: Cache, dev: Rows, report: Callable[[str], None], watch: Watch
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


def _again(first: Stage, rows: Rows, report: Callable[[str], None]) -> Stage:
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
    return Stage(own, network, first.features, first.tasks, scale, first.autocast, wanted)


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


def _dev_figures(run: Stage, features: Cache, dev: Rows) -> dict[str, float]:
    """Figures of the averaged weights on dev."""
    last = run.network.state()
    run.network.restore(run.average)
    figures: dict[str, float] = {}
    for task in Task:
        part = targets_of(dev, task)
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


def _start_heads(network: Network, labels: Targets, features: Cache) -> None:
    """Begin at what is known: each label's log-odds, and the centre of the untouched vectors."""
    rate = np.clip(labels.values.mean(axis=0), 1e-4, 1 - 1e-4)
    device = network.heads["labels"].bias.device
    with torch.no_grad():
        network.heads["labels"].bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))).to(device))
        network.heads["recall"].bias.copy_(torch.from_numpy(-features.centre).to(device))


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
