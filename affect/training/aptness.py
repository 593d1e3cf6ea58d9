"""Learn how apt a reply is, from judged replies (`lines/judged.*.jsonl`): see writers/aptness.py.

A reader graded every reply that could have been given to a line: 0 wrong, 1 harmless, 2 fits, 3 to
the point and warm. A network of one hidden layer learns how far a reply fits (binary cross-entropy
on `FITS`) and which of a line's replies fits best (ListNet, Cao et al. 2007); AdamW, linear decay,
dropout. How far an entry has usually fitted is one of its inputs, drawn to the mean of all where
few lines tell (`PRIOR`), and never told from the talk that is learned from. It is told from talks
held out, five folds, how often the reply that it puts first fits, beside the weigher alone; then it
learns from all.

    python -m affect.training.aptness [--epochs N]
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from affect.commands.telling import say, told_in_one_sentence
from affect.evaluation.panel import Told
from affect.evaluation.replies import planned
from affect.perception.text import TextModel
from affect.training.talk_lines import talks
from affect.types import Emotion, Strategy
from affect.writers import aptness, bank, judge
from affect.writers.aptness import Known, features
from affect.writers.base import Exchange, Scene
from affect.writers.entry import LANGUAGES
from affect.writers.scripted import ScriptedWriter
from affect.writers.vectors import Vectors
from affect.writers.weighing import Worded

if TYPE_CHECKING:
    from affect.writers.judge import Seen

FOLDS = 5
WIDTH, HIDDEN = 64, 160  # of a projection; of the hidden layer
RATE, WEIGHT_DECAY, DROPOUT = 1.5e-3, 0.05, 0.5
TURNS = 48  # of a batch
SHARPNESS = 0.25  # what `FITS` are divided by, to be shares of the replies to a line
LISTED = 0.5  # weight of the loss by lines
PRIOR = 4.0  # lines whose grades the mean of all entries counts
GOOD = 2  # grade from which a reply fits
FITS = (0.0, 0.25, 0.75, 1.0)  # how far a reply of each grade fits: a harmless one is no wrong one


@dataclass(frozen=True, slots=True)
class Judged:
    """One turn: its scene, the replies that could be given to it, and their grades."""

    talk: str
    scene: Scene
    replies: tuple[Worded, ...]
    grades: tuple[int, ...]


def judged(language: str, writer: ScriptedWriter, reader: TextModel) -> Iterator[Judged]:
    """The judged turns of a language as the writer sees them now; of a reply that it would no
    longer think of there is nothing to learn.
    """
    for number, talk in enumerate(talks(language)):
        history: list[Exchange] = []
        for turn in talk["turns"]:
            told = Told(Emotion.NEUTRAL, 0.0, 0.0, turn["said"])
            for situation, grades in turn["grades"].items():
                scene = planned(language, told, history, number, reader, situation or None)
                found = tuple(each for each in writer.worded(scene) if each.text in grades)
                known = tuple(grades[each.text] for each in found)
                if found:
                    yield Judged(f"{language}{number}", scene, found, known)
            if reply := turn.get("reply"):
                strategy = Strategy(reply["strategy"]) if reply["strategy"] else None
                given = {**reply, "strategy": strategy}
                history.append(Exchange(said=turn["said"], **given))


@dataclass(frozen=True, slots=True)
class Rows:
    """All judged replies: `seen` (n, k) of the network but for the last column, which is `usual`'s;
    `entries` (n), `turns` (n) by number, `talks` (n), `grades` (n) and `weighed` (n), the score of
    the weigher alone.
    """

    seen: NDArray[np.float32]
    entries: NDArray[np.str_]
    turns: NDArray[np.int64]
    talks: NDArray[np.str_]
    grades: NDArray[np.int64]
    weighed: NDArray[np.float64]

    def of(self, rows: NDArray[np.bool_]) -> Rows:
        """Some of them."""
        return Rows(
            self.seen[rows],
            self.entries[rows],
            self.turns[rows],
            self.talks[rows],
            self.grades[rows],
            self.weighed[rows],
        )


def rows_of(
    turns: Sequence[Judged], told: Sequence[Seen], known: Known, projection: NDArray[np.float32]
) -> Rows:
    """What the network sees of these turns, from what the judge has `told` of each."""
    seen: list[NDArray[np.float32]] = []
    entries: list[str] = []
    numbers: list[int] = []
    names: list[str] = []
    grades: list[int] = []
    weighed: list[float] = []
    for number, (turn, each) in enumerate(zip(turns, told, strict=True)):
        unknown = [0.0] * len(turn.grades)
        seen.append(features(turn.scene, *each, known, projection, unknown))
        entries += [reply.entry.id for reply in turn.replies]
        numbers += [number] * len(turn.grades)
        names += [turn.talk] * len(turn.grades)
        grades += turn.grades
        weighed += [reply.score for reply in turn.replies]
    return Rows(
        np.concatenate(seen),
        np.array(entries),
        np.array(numbers),
        np.array(names),
        np.array(grades),
        np.array(weighed),
    )


def usual(rows: Rows) -> dict[str, float]:
    """How far each entry has fitted, drawn to the mean of all; under "" that mean."""
    fits = np.array(FITS)[rows.grades]
    names, code, count = np.unique(rows.entries, return_inverse=True, return_counts=True)
    drawn = _drawn(np.bincount(code, weights=fits), count, fits)
    return {"": float(fits.mean()), **dict(zip(names.tolist(), drawn.tolist(), strict=True))}


def elsewhere(rows: Rows) -> NDArray[np.float32]:
    """(n) what `usual` would tell of each row's entry without the talk that the row is of."""
    fits = np.array(FITS)[rows.grades]
    _, entry = np.unique(rows.entries, return_inverse=True)
    _, pair = np.unique(
        np.char.add(np.char.add(rows.talks, " "), rows.entries), return_inverse=True
    )
    total = np.bincount(entry, weights=fits)[entry] - np.bincount(pair, weights=fits)[pair]
    count = np.bincount(entry)[entry] - np.bincount(pair)[pair]
    return _drawn(total, count, fits).astype(np.float32)


def _drawn(
    total: NDArray[Any], count: NDArray[np.int64], fits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Means of `count` lines each, drawn to that of all `fits`."""
    result: NDArray[np.float64] = (total + PRIOR * fits.mean()) / (count + PRIOR)
    return result


def with_usual(rows: Rows, told: NDArray[np.float32]) -> Rows:
    """The rows with their last column filled."""
    seen = np.concatenate([rows.seen[:, :-1], told[:, None]], axis=1)
    return replace(rows, seen=seen)


class Network(nn.Module):  # type: ignore[misc]
    """One hidden layer on standardised rows."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        super().__init__()
        self.middle = torch.from_numpy(rows.mean(axis=0))
        self.spread = torch.from_numpy(np.maximum(rows.std(axis=0), 0.02))
        self.drop_in, self.drop = nn.Dropout(0.2), nn.Dropout(DROPOUT)
        self.first, self.second = nn.Linear(rows.shape[1], HIDDEN), nn.Linear(HIDDEN, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """(n, k) -> (n) logits."""
        plain = self.drop_in((rows - self.middle) / self.spread)
        logits: Tensor = self.second(self.drop(functional.relu(self.first(plain))))[:, 0]
        return logits


def fitted(rows: Rows, epochs: int, seed: int = 0) -> Network:
    """A network that learned from these rows."""
    torch.manual_seed(seed)
    rows = with_usual(rows, elsewhere(rows))
    network = Network(rows.seen)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    seen, truth = torch.from_numpy(rows.seen), torch.tensor(FITS)[torch.from_numpy(rows.grades)]
    _, first, count = np.unique(rows.turns, return_index=True, return_counts=True)
    turns = [torch.arange(begin, begin + n) for begin, n in zip(first, count, strict=True)]
    steps = epochs * -(-len(turns) // TURNS)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(turns)).split(TURNS):
            some = [turns[number] for number in batch.tolist()]
            loss = _loss(network, seen, truth, some)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay.step()
    network.train(mode=False)
    return network


def _loss(network: Network, seen: Tensor, truth: Tensor, turns: Sequence[Tensor]) -> Tensor:
    """How far each reply is from how far it fits, and how far the order of each line's is."""
    rows = torch.cat(list(turns))
    logits = network(seen[rows])
    parts = [len(turn) for turn in turns]
    listed = [
        functional.cross_entropy(said, (true / SHARPNESS).softmax(dim=0))
        for said, true in zip(logits.split(parts), truth[rows].split(parts), strict=True)
    ]
    each = functional.binary_cross_entropy_with_logits(logits, truth[rows])
    return each + LISTED * torch.stack(listed).mean()


def held_out(rows: Rows, epochs: int) -> NDArray[np.float64]:
    """(n) the logits of each row from a network that saw no row of its talk."""
    folds = np.array([zlib.crc32(talk.encode()) % FOLDS for talk in rows.talks])
    logits = np.zeros(len(folds))
    for fold in range(FOLDS):
        known = rows.of(folds != fold)
        network, told = fitted(known, epochs), usual(known)
        left = rows.of(folds == fold)
        of_entry = np.array([told.get(name, told[""]) for name in left.entries], dtype=np.float32)
        with torch.no_grad():
            seen = torch.from_numpy(with_usual(left, of_entry).seen)
            logits[folds == fold] = network(seen).numpy()
    return logits


def told_of(name: str, rows: Rows, score: NDArray[np.floating]) -> str:
    """How good the replies are that a score puts first."""
    first = [
        max(np.flatnonzero(rows.turns == turn), key=lambda row: score[row])
        for turn in np.unique(rows.turns)
    ]
    grades = rows.grades[np.array(first)]
    shares = "  ".join(
        f"{share:6.1%}" for share in (np.bincount(grades, minlength=4) / len(grades))
    )
    return f"{name:24} {grades.mean():5.2f}  {shares}  {(grades >= GOOD).mean():6.1%}"


def projected(told: Sequence[Seen]) -> NDArray[np.float32]:
    """(d, `WIDTH`) the principal directions of lines and replies."""
    vectors = np.concatenate(
        [row for heard, _, said, _ in told for row in (heard.line[None], said)]
    )
    _, _, directions = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    return directions[:WIDTH].T.astype(np.float32)


def build(epochs: int, report: Callable[[str], None]) -> None:
    """Learn, tell how well on talks held out, and write `aptness.FILE`."""
    aptness.FILE.unlink(missing_ok=True)  # nothing is weighed by what was learned before
    reader = TextModel.load()
    writer = ScriptedWriter(bank.load(), reader)
    vectors = Vectors(reader)
    turns = [turn for language in LANGUAGES for turn in judged(language, writer, reader)]
    told = [
        writer.judge.seen(turn.scene, writer.topics(turn.scene), turn.replies, vectors)
        for turn in turns
    ]
    projection = projected(told)
    known = Known.of(told[0][0])
    rows = rows_of(turns, told, known, projection)
    report(f"{len(turns)} turns, {len(rows.grades)} replies; of those put first on talks held out:")
    report(f"{'':24} grade   wrong  harmless    fits    warm     fit")
    likely = 1 / (1 + np.exp(-held_out(rows, epochs)))
    for language in LANGUAGES:
        own = np.array([talk.startswith(language) for talk in rows.talks])
        some = rows.of(own)
        report(told_of(f"{language}: weigher", some, some.weighed))
        report(told_of(f"{language}: and aptness", some, some.weighed + judge.WEIGHT * likely[own]))
        report(told_of(f"{language}: the best there is", some, some.grades.astype(np.float64)))
    save(fitted(rows, epochs), usual(rows), known, projection, reader.name)


def save(
    network: Network,
    fits: Mapping[str, float],
    known: Known,
    projection: NDArray[np.float32],
    model: str,
) -> None:
    """Write what `Aptness.load` reads, the standardisation being part of the first layer."""
    first = network.first.weight.detach().numpy() / network.spread.numpy()
    bias = network.first.bias.detach().numpy() - first @ network.middle.numpy()
    np.savez_compressed(
        aptness.FILE,
        model=np.array(model),
        names=np.array("\n".join(fits).encode()),
        acts=np.array("\n".join(known.acts).encode()),
        topics=np.array("\n".join(known.topics).encode()),
        usual=np.array(list(fits.values()), dtype=np.float16),
        projection=projection.astype(np.float16),
        first=first.T.astype(np.float16),
        bias=bias.astype(np.float32),
        second=network.second.weight.detach().numpy()[0].astype(np.float32),
        last=network.second.bias.detach().numpy()[0],
    )


app = typer.Typer(add_completion=False)


@app.command()
def main(epochs: Annotated[int, typer.Option(min=1)] = 14) -> None:
    """Learn how apt replies are, beside the bank that ships."""
    with told_in_one_sentence():
        build(epochs, say)


if __name__ == "__main__":
    app()
