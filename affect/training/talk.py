"""Train the talk branch of the text encoder, and fit the acts and topics on its vectors.

Layers of an untouched encoder go on from the trunk's; they learn what a line does and what it is
about (cross-entropy), and to bring lines together that the same entry of the bank answers
(InfoNCE, van den Oord et al. 2018, against the other entries of the batch and those of the batches
before it, Wang et al. 2020). AdamW, warm-up 6 %, then linear decay; batches of lines of like
length. One line in ten is held out, and measured at the end.
Then softmax regressions for acts and topics are fitted on the vectors of the finished file, cooled
by what they say of lines held out, and the bank is indexed anew. For a new act or topic the branch
that ships is good enough: `--refit` fits the regressions alone, in minutes.

    python -m affect.training.talk --base DIR [--run DIR] [--steps N] [--resume]
    python -m affect.training.talk --refit
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from affect.commands.telling import say, told_in_one_sentence
from affect.perception.text import TextModel
from affect.perception.text_network import TALK, Network, padded
from affect.training import graph, talk_classes
from affect.training.network import through
from affect.training.talk_lines import Line, held_out, lines
from affect.writers import bank, cues
from affect.writers.topics import NONE

LAYERS = 4
MOST_TOKENS = 48  # of a line that is learned from
BUCKETS = (12, 17, 24, MOST_TOKENS)  # lengths up to which lines share a batch
ACTS, TOPICS, PAIRS = 30, 10, 20  # of a batch: lines by act, by topic, pairs of cues of an entry
MEMORY = 2048  # vectors of earlier batches that pairs are told from
TEMPERATURE, PAIR_WEIGHT, TOPIC_WEIGHT, SMOOTHING = 0.05, 0.7, 0.7, 0.05
HEAD_RATE = 10.0  # times the rate of the layers
WARM_UP, WEIGHT_DECAY = 0.06, 0.01
REPORT_EVERY = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run. `run` is its folder: hidden states and checkpoint."""

    base: str
    run: Path
    steps: int = 1350
    rate: float = 2e-4
    seed: int = 0
    threads: int = 2
    resume: bool = False


class Branch(nn.Module):  # type: ignore[misc]
    """`LAYERS` layers of an encoder from its sixth on, and heads on their mean."""

    def __init__(self, base: str, acts: int, topics: int) -> None:
        super().__init__()
        encoder = AutoModel.from_pretrained(base, attention_probs_dropout_prob=0.0)
        first = talk_classes.SHARED
        self.config = encoder.config
        self.layers = nn.ModuleList(encoder.encoder.layer[first : first + LAYERS])
        width = encoder.config.hidden_size
        self.recall = nn.Linear(width, width)
        nn.init.eye_(self.recall.weight)
        nn.init.zeros_(self.recall.bias)
        self.drop = nn.Dropout(0.1)
        self.acts, self.topics = nn.Linear(width, acts), nn.Linear(width, topics)

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, length, width) and 0/1 mask -> vectors (n, width), logits of acts and of topics."""
        hidden = through(self.layers, hidden, mask)
        weights = mask[:, :, None].to(hidden.dtype)
        mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        dropped = self.drop(mean)
        vectors = functional.normalize(self.recall(mean), dim=-1)
        return vectors, self.acts(dropped), self.topics(dropped)


def build(settings: Settings, out: Path, report: Callable[[str], None]) -> None:
    """The whole way; `out` holds the branch, acts and topics afterwards, and the bank's vectors."""
    settings.run.mkdir(parents=True, exist_ok=True)
    model = TextModel.load(out)
    told = lines()
    states = _hidden(model, [line.text for line in told], settings.run / "hidden.npz", report)
    network = train(settings, told, states, report)
    shape = talk_classes.shape_of(network.config, LAYERS)
    graph.write(graph.branch(_weights(network), shape, ["recall"]), out / TALK, ["recall"])
    cues.FILE.unlink(missing_ok=True)  # its vectors are of the branch before
    _classes(told, states, out, report)


def refit(out: Path, run: Path, report: Callable[[str], None]) -> None:
    """Acts and topics anew on the branch that `out` holds, and the bank's vectors."""
    run.mkdir(parents=True, exist_ok=True)
    told = lines()
    texts = [line.text for line in told]
    _classes(told, _hidden(TextModel.load(out), texts, run / "hidden.npz", report), out, report)


def _classes(
    told: Sequence[Line],
    states: Sequence[NDArray[np.float16]],
    out: Path,
    report: Callable[[str], None],
) -> None:
    model, vectors = TextModel.load(out), Network.load(out).meanings_of(states)
    talk_classes.build(told, vectors.astype(np.float64), model.name, report)
    known = dict(zip([line.text for line in told], vectors, strict=True))
    cues.save(bank.load().entries, _Known(model, known))


class _Known:
    """The model, spared the lines whose vectors are known."""

    def __init__(self, model: TextModel, vectors: dict[str, NDArray[np.float32]]) -> None:
        self.name, self._model, self._vectors = model.name, model, vectors

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in texts if text not in self._vectors]
        self._vectors |= zip(new, self._model.embed(new) if new else [], strict=True)
        return np.stack([self._vectors[text] for text in texts])


def train(
    settings: Settings,
    told: Sequence[Line],
    states: Sequence[NDArray[np.float16]],
    report: Callable[[str], None] = print,
) -> Branch:
    """Train on the lines that are not held out; `states` are the trunk's of each."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    acts = sorted({line.act for line in told if line.act})
    topics = sorted({line.topic for line in told if line.topic})
    network = Branch(settings.base, len(acts), len(topics))
    layers = list(network.layers.parameters())
    heads = [
        p for part in (network.recall, network.acts, network.topics) for p in part.parameters()
    ]
    groups = [
        {"params": layers, "lr": settings.rate},
        {"params": heads, "lr": settings.rate * HEAD_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate(settings.steps))
    checkpoint = settings.run / "checkpoint.pt"
    begun = 0
    if settings.resume and checkpoint.is_file():
        kept = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        begun = int(kept["step"])
    batches = _Batches(told, states, acts, topics, settings.seed + begun)
    network.train()
    memory = _Memory(network.config.hidden_size)
    losses = 0.0
    for step in range(begun, settings.steps):
        loss = _loss(network, batches.next(), memory)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses += float(loss.detach())
        if (step + 1) % REPORT_EVERY == 0:
            report(f"step {step + 1}/{settings.steps} loss {losses / REPORT_EVERY:.3f}")
            losses = 0.0
            state = {
                "step": step + 1,
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
    network.train(mode=False)
    return network


@dataclass(frozen=True, slots=True)
class _Batch:
    """Hidden states (n, length, width) and mask; numbers of acts and topics, -1 where unknown. The
    last 2 x `PAIRS` lines are pairs; `entries` are the numbers of theirs.
    """

    hidden: Tensor
    mask: Tensor
    acts: Tensor
    topics: Tensor
    entries: Tensor


class _Batches:
    """Batches of lines of like length, without end."""

    def __init__(
        self,
        told: Sequence[Line],
        states: Sequence[NDArray[np.float16]],
        acts: Sequence[str],
        topics: Sequence[str],
        seed: int,
    ) -> None:
        self._told, self._states = told, states
        self._acts = {name: number for number, name in enumerate(acts)}
        self._topics = {name: number for number, name in enumerate(topics)}
        answers = dict.fromkeys(line.entry for line in told)
        self._entries = {name: number for number, name in enumerate(answers)}
        self._random = random.Random(seed)  # noqa: S311 - nothing secret
        kept = [n for n, line in enumerate(told) if not held_out(line.text)]
        spoken = [n for n in kept if told[n].act and not told[n].entry]
        about = [n for n in kept if told[n].topic and told[n].topic != NONE]
        answered = defaultdict(list)
        for number in kept:
            if told[number].entry:
                answered[told[number].entry].append(number)
        pairs = [
            (one, other)
            for numbers in answered.values()
            for at, one in enumerate(numbers)
            for other in numbers[at + 1 :]
        ]
        self._spoken = self._streams([(n,) for n in spoken])
        self._about = self._streams([(n,) for n in about])
        self._pairs = self._streams(pairs)
        sizes = np.array([len(found) for found in self._sorted([(n,) for n in kept])], dtype=float)
        self._weights = (sizes / sizes.sum()).tolist()

    def next(self) -> _Batch:
        """The next batch."""
        (bucket,) = self._random.choices(range(len(BUCKETS)), self._weights)
        drawn = [
            number
            for streams, count in (
                (self._spoken, ACTS),
                (self._about, TOPICS),
                (self._pairs, PAIRS),
            )
            for _ in range(count)
            for number in next(streams[bucket])
        ]
        hidden, mask = padded([self._states[number] for number in drawn], np.float32)
        acts = [self._acts.get(self._told[n].act or "", -1) for n in drawn]
        topics = [self._topics.get(self._told[n].topic or "", -1) for n in drawn]
        return _Batch(
            torch.from_numpy(hidden),
            torch.from_numpy(mask),
            torch.tensor(acts),
            torch.tensor(topics),
            torch.tensor([self._entries[self._told[n].entry] for n in drawn[-2 * PAIRS :]]),
        )

    def _sorted(self, groups: Sequence[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
        found: list[list[tuple[int, ...]]] = [[] for _ in BUCKETS]
        for group in groups:
            longest = max(len(self._states[number]) for number in group)
            found[next(k for k, most in enumerate(BUCKETS) if longest <= most)].append(group)
        return found

    def _streams(self, groups: Sequence[tuple[int, ...]]) -> list[Iterator[tuple[int, ...]]]:
        return [self._stream(found or list(groups)) for found in self._sorted(groups)]

    def _stream(self, groups: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
        while True:
            self._random.shuffle(groups)
            yield from groups


class _Memory:
    """The last vectors of pairs and their entries: still about where they would lie now."""

    def __init__(self, width: int) -> None:
        self.vectors = torch.zeros(0, width)
        self.entries = torch.zeros(0, dtype=torch.long)

    def add(self, vectors: Tensor, entries: Tensor) -> None:
        """Keep the newest `MEMORY`."""
        self.vectors = torch.cat([self.vectors, vectors.detach()])[-MEMORY:]
        self.entries = torch.cat([self.entries, entries])[-MEMORY:]


def _loss(network: Branch, batch: _Batch, memory: _Memory) -> Tensor:
    vectors, acts, topics = network(batch.hidden, batch.mask)

    def named(logits: Tensor, truth: Tensor) -> Tensor:
        return functional.cross_entropy(logits, truth, ignore_index=-1, label_smoothing=SMOOTHING)

    pairs = vectors[-2 * PAIRS :]
    partners = torch.arange(len(pairs)) ^ 1
    others = torch.cat([batch.entries, memory.entries])
    likeness = pairs @ torch.cat([pairs, memory.vectors]).T / TEMPERATURE
    own = batch.entries[:, None] == others[None, :]
    own[torch.arange(len(pairs)), partners] = False  # the one that is to be found
    together = functional.cross_entropy(likeness.masked_fill(own, -1e4), partners)
    memory.add(pairs, batch.entries)
    of_topic = TOPIC_WEIGHT * named(topics, batch.topics)
    result: Tensor = named(acts, batch.acts) + of_topic + PAIR_WEIGHT * together
    return result


def _rate(steps: int) -> Callable[[int], float]:
    """Up in a straight line, then down in one."""

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / (WARM_UP * steps), max(0.02, 1 - step / steps))

    return factor


def _hidden(
    model: TextModel, texts: Sequence[str], file: Path, report: Callable[[str], None]
) -> list[NDArray[np.float16]]:
    """(length, width) of each text from the trunk; those in `file` are not computed again."""
    known: dict[str, NDArray[np.float16]] = {}
    if file.is_file():
        with np.load(file) as kept:
            parts = np.split(kept["hidden"], kept["ends"][:-1])
            known = dict(zip(kept["texts"].item().decode().split("\n"), parts, strict=True))
    new = [text for text in texts if text not in known]
    report(f"{len(texts)} lines, {len(new)} of them through the trunk ...")
    if new:
        states = [state[:MOST_TOKENS].astype(np.float16) for state in model.hidden(new)]
        known |= zip(new, states, strict=True)
        found = [known[text] for text in texts]
        np.savez(
            file,
            hidden=np.concatenate(found),
            ends=np.cumsum([len(state) for state in found]),
            texts=np.array("\n".join(texts).encode()),
        )
    return [known[text] for text in texts]


def _weights(network: Branch) -> dict[str, NDArray[Any]]:
    """The branch's weights by the names that the graph knows."""
    state = {name: value.detach().float().numpy() for name, value in network.state_dict().items()}
    first = talk_classes.SHARED
    named = {}
    for name, value in state.items():
        part, _, rest = name.partition(".")
        if part == "layers":
            number, _, rest = rest.partition(".")
            named[f"encoder.layer.{first + int(number)}.{rest}"] = value
        else:
            named[f"heads.{name}"] = value
    return named


app = typer.Typer(add_completion=False)


@app.command()
def main(
    base: Annotated[
        str, typer.Option(help="Hub id or folder of the encoder that the trunk is of.")
    ] = "intfloat/multilingual-e5-small",
    run: Annotated[Path, typer.Option(help="Hidden states and checkpoint.")] = Path("runs/talk"),
    steps: Annotated[int, typer.Option(min=1)] = 1350,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    only_classes: Annotated[
        bool, typer.Option("--refit", help="Fit acts and topics alone, on the branch that ships.")
    ] = False,
) -> None:
    """Train the talk branch of the text model that ships, and fit acts and topics on it."""
    with told_in_one_sentence():
        out = Path(str(resources.files("affect"))) / "weights"
        if only_classes:
            refit(out, run, say)
        else:
            build(Settings(base, run, steps, resume=resume), out, say)


if __name__ == "__main__":
    app()
