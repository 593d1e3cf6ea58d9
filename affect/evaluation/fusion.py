"""How ways of fusing fare on matched moments of held-out people: clean, and with one part broken.

Says how well what is told is combined where errors are independent given the emotion (they are not
in life) and where they are not (the stress rows); not how well Attune reads a person. Each figure
is the mean over `DRAWS` sets of moments, with the standard deviation between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from affect import tables
from affect.evaluation import pairs, pools
from affect.evaluation.held_out import DEV, TEST, held_out
from affect.evaluation.metrics import calibration_error, macro_f1, one_hot
from affect.evaluation.pairs import Floats, HeldOut, Moments
from affect.fusion import Constants, shipped
from affect.types import EMOTIONS, Modality

DRAWS, COUNT = 20, 3000  # sets of moments, and moments of a set
LEARNED_ON = 20_000  # dev moments that the gate learns from
BEST, OURS, UNIFORM = "best single", "ours", "uniform mean"
METHODS = (
    BEST,
    UNIFORM,
    "fixed .6/.2/.2",
    "linear pool",
    "log-linear pool",
    "Dempster-Shafer",
    "learned gate",
    OURS,
)
HEADS = ("best\nsingle", "mean", "fixed", "linear", "log-\nlinear", "D-S", "gate", OURS)
LEGEND = "mean: uniform; fixed: .6/.2/.2; linear, log-linear: pools; D-S: Dempster-Shafer"
CLEAN = "words+voice+face"
NOISY = 0.5  # quality told of a modality half of whose items are strange
NAMES = {Modality.TEXT: "words", Modality.VOICE: "voice", Modality.FACE: "face"}

Held = Mapping[Modality, HeldOut]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that fusion must reach: at least `needed`, or at most where `most` holds."""

    name: str
    value: float
    sd: float
    needed: float
    most: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is reached."""
        return self.value <= self.needed if self.most else self.value >= self.needed


@dataclass(frozen=True, slots=True)
class FusionFigures:
    """`f1` holds (mean, sd) of macro-F1 by row and method, `goals` what fusion must reach."""

    f1: Mapping[str, Mapping[str, tuple[float, float]]]
    goals: tuple[Goal, ...]
    weights: Mapping[Modality, float]

    def as_json(self) -> dict[str, Any]:
        """Rounded, for programs."""
        return {
            "weights": {str(m): weight for m, weight in self.weights.items()},
            "macro_f1": {
                row: {
                    method: {"mean": _short(v), "sd": _short(sd)} for method, (v, sd) in of.items()
                }
                for row, of in self.f1.items()
            },
            "goals": [
                {
                    "name": goal.name,
                    "value": _short(goal.value),
                    "sd": _short(goal.sd),
                    "at_most" if goal.most else "at_least": goal.needed,
                    "holds": goal.holds,
                }
                for goal in self.goals
            ],
        }

    def tables(self) -> Iterator[Table]:
        """Macro-F1 of every way of fusing, then the goals."""
        title = "Macro-F1 of every way of fusing, the mean of all draws"
        table = tables.plain("", *HEADS, right=HEADS, title=title)
        table.caption, table.caption_justify = LEGEND, "left"
        for row, of in self.f1.items():
            table.add_row(row, *(f"{of[method][0]:.3f}" for method in METHODS))
        yield table
        goals = tables.plain(
            "goal", "value", "sd", "must", "", right=("value", "sd"), title="What fusion must reach"
        )
        for goal in self.goals:
            bound = f"{'≤' if goal.most else '≥'} {goal.needed:g}"
            cells = (f"{goal.value:.3f}", f"{goal.sd:.3f}", bound, "ok" if goal.holds else "NO")
            goals.add_row(goal.name, *cells)
        yield goals


def evaluate(
    data: Path, report: Callable[[str], None], constants: Constants | None = None
) -> FusionFigures:
    """All figures of the constants that ship; raises `ModelUnavailable`."""
    constants = constants or shipped()
    held = {}
    for split in (DEV, TEST):
        report(f"Reading the {split} splits ...")
        held[split] = {m: held_out(m, data, split)[0] for m in Modality}
    return measure(held[DEV], held[TEST], constants, report)


def measure(
    dev: Held, test: Held, constants: Constants, report: Callable[[str], None]
) -> FusionFigures:
    """The figures for given readings; `dev` teaches the gate and picks the best single modality."""
    dev, test = (
        {m: pairs.on_prior(items, m, constants) for m, items in part.items()}
        for part in (dev, test)
    )
    random = np.random.default_rng(20261124)
    learned = pairs.moments(dev, constants, LEARNED_ON, random, dict.fromkeys(Modality, 0.9))
    report("Learning the gate ...")
    gate = pools.learn_gate(pairs.missing(learned, 0.2, random), constants)
    report(f"Drawing {DRAWS} x {COUNT} moments ...")
    draws = [_draw(test, gate, constants, seed) for seed in range(DRAWS)]
    f1 = {
        row: {method: _over(draw.f1[row][method] for draw in draws) for method in METHODS}
        for row in draws[0].f1
    }
    return FusionFigures(f1, _goals(draws), constants.weights)


@dataclass(frozen=True, slots=True)
class _Draw:
    """Figures of one set of moments: macro-F1 by row and method, and others by name."""

    f1: dict[str, dict[str, float]]
    other: dict[str, float]


def _draw(held: Held, gate: pools.Gate, constants: Constants, seed: int) -> _Draw:
    random = np.random.default_rng(seed)
    clean = pairs.moments(held, constants, COUNT, random)
    rows = dict(_rows(clean, held, constants, random))
    f1 = {name: _methods(found, gate, constants) for name, found in rows.items()}
    return _Draw(f1, _others(clean, held, constants, random))


def _rows(
    clean: Moments, held: Held, constants: Constants, random: np.random.Generator
) -> Iterator[tuple[str, Moments]]:
    """The seven subsets of clean moments, then the stress rows on all three."""
    for size in (1, 2, 3):
        for some in combinations(Modality, size):
            yield "+".join(NAMES[m] for m in some), clean.only(*some)
    yield "as people agree", pairs.moments(held, constants, COUNT, random, pairs.AGREEMENT)
    yield "voice repeats words", pairs.copied(clean, Modality.TEXT, Modality.VOICE)
    yield "face repeats words", pairs.copied(clean, Modality.TEXT, Modality.FACE)
    for m in Modality:
        yield f"{NAMES[m]} flipped", pairs.flipped(clean, m, held, constants, random)
    for m in Modality:
        told = pairs.noisy(clean, m, held, constants, NOISY, random)
        yield f"{NAMES[m]} noisy, told", told
    for m in Modality:
        yield f"{NAMES[m]} noisy, untold", pairs.noisy(clean, m, held, constants, 1.0, random)
    for m in Modality:
        yield f"{NAMES[m]} broken, q = 0", pairs.broken(clean, m, random)
    yield "a third missing", pairs.missing(clean, 1 / 3, random)


def _methods(found: Moments, gate: pools.Gate, constants: Constants) -> dict[str, float]:
    alone = [_f1(pools.single(found, m, constants), found) for m in found.told]
    told = {
        UNIFORM: pools.mean(found, constants, dict.fromkeys(Modality, 1.0)),
        "fixed .6/.2/.2": pools.mean(found, constants, pools.FIXED),
        "linear pool": pools.linear(found, constants),
        "log-linear pool": pools.plain_product(found, constants),
        "Dempster-Shafer": pools.dempster_shafer(found, constants),
        "learned gate": gate.pool(found, constants),
        OURS: pools.ours(found, constants),
    }
    return {BEST: max(alone), **{name: _f1(p, found) for name, p in told.items()}}


def _others(
    clean: Moments, held: Held, constants: Constants, random: np.random.Generator
) -> dict[str, float]:
    """Calibration, what abstaining saves, what a copy adds to confidence, and conflict."""
    fused = pools.ours(clean, constants)
    figures = {f"calibration error: {NAMES[m]}": _ece(clean.told[m], clean) for m in Modality}
    figures["calibration error: fused"] = _ece(fused, clean)
    figures["error at 60 % coverage / error"] = _selective(fused, clean)
    words = Modality.TEXT
    twice = pools.ours(pairs.copied(clean, words, Modality.VOICE), constants)
    once = pools.ours(clean.only(words, Modality.FACE), constants)
    figures["confidence added where the voice repeats the words"] = float(
        twice.max(axis=1).mean() - once.max(axis=1).mean()
    )
    sided = pairs.has_side(clean.truth)
    for pair in combinations(Modality, 2):
        both = clean.only(*pair)
        odd = pairs.flipped(both, pair[1], held, constants, random)
        flat, sharp = (pools.conflict(m, constants)[sided] for m in (both, odd))
        name = f"conflict tells flipped from agreeing: {' + '.join(NAMES[m] for m in pair)}"
        figures[name] = _auc(flat, sharp)
    return figures


# What a row is called by -> what fusion must be over the best single modality there (notes 8.5).
NEEDED = {
    "+": 0.05,
    "repeats": -0.005,
    "flipped": -0.005,
    "noisy": -0.005,
    "missing": -0.005,
    "broken": -0.02,
}
BOUNDS = {"calibration": (0.05, True), "error": (0.5, True), "conflict": (0.8, False)}


def _goals(draws: list[_Draw]) -> tuple[Goal, ...]:
    """What fusion must reach, from the figures of all draws."""
    goals = []
    for row in draws[0].f1:
        for than, needed in _compared(row):
            gap = _over(draw.f1[row][OURS] - draw.f1[row][than] for draw in draws)
            goals.append(Goal(f"F1 over the {than}: {row}", *gap, needed))
    for name in draws[0].other:
        bound, most = BOUNDS.get(name.split(maxsplit=1)[0], (0.0, True))
        goals.append(Goal(name, *_over(draw.other[name] for draw in draws), bound, most))
    return tuple(goals)


def _compared(row: str) -> Iterator[tuple[str, float]]:
    """The methods that ours is held against in a row, and by how much it must be ahead."""
    for word, needed in NEEDED.items():
        if word in row:
            yield BEST, needed
    if "noisy" in row:
        yield UNIFORM, 0.0


def _f1(told: Floats, found: Moments) -> float:
    count = len(EMOTIONS)
    return macro_f1(one_hot(found.truth, count), one_hot(told.argmax(axis=1), count))


def _ece(told: Floats, found: Moments) -> float:
    return calibration_error(told.max(axis=1), told.argmax(axis=1) == found.truth)


def _selective(told: Floats, found: Moments, coverage: float = 0.6) -> float:
    """Error among the surest moments, as a share of the error among all."""
    wrong = told.argmax(axis=1) != found.truth
    surest = np.argsort(-told.max(axis=1), kind="stable")[: int(coverage * len(wrong))]
    return float(wrong[surest].mean() / max(wrong.mean(), 1e-12))


def _auc(low: Floats, high: Floats) -> float:
    """How often one of `high` lies above one of `low`; ties count half."""
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, side="left")
    upto = np.searchsorted(ordered, high, side="right")
    return float(((below + upto) / 2).mean() / len(low))


def _over(values: Iterator[float]) -> tuple[float, float]:
    found = np.array(list(values))
    return float(found.mean()), float(found.std())


def _short(value: float) -> float:
    return round(value, 4)
