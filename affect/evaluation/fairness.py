"""How the voice model fares by groups of speakers, on test actors whom it never heard.

CREMA-D tells sex, age, race and ethnicity of its actors, RAVDESS their sex. Intervals resample
actors, of whom some groups have few. Nothing is known of who wrote the texts or whose faces FER+
shows, so those models have no such figures. `needed` is the group's gate: not more than `GAP` below
all test actors of the corpus, where at least `LEAST` clips are there.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.errors import NotFound
from affect.evaluation.figures import Figure
from affect.evaluation.held_out import TEST, acted, voices
from affect.evaluation.metrics import DRAWS, calibration_error, unweighted_recall
from affect.evaluation.pairs import Classes, Floats
from affect.perception.voice import VoiceModel
from affect.training import voice_data
from affect.training.voice_data import Clips

GAP, LEAST = 0.05, 200  # science notes 8.3
AGES = ((0, 29, "under 30"), (30, 49, "30 to 49"), (50, 200, "50 and over"))
UNKNOWN = (
    "Texts and faces: nothing is known of the people, so there are no figures by group for them."
)

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Test clips of a corpus: `truth` (n,), `told` (n, 7), `people` (n,) names of actors."""

    truth: Classes
    told: Floats
    people: NDArray[np.str_]


def evaluate(data: Path, report: Report) -> list[Figure]:
    """Recall and calibration error of each known group; raises `NotFound`, `ModelUnavailable`."""
    model = VoiceModel.load()
    figures: list[Figure] = []
    for corpus, read in (("CREMA-D", voice_data.crema_d), ("RAVDESS", voice_data.ravdess)):
        report(f"Reading {corpus} ...")
        clips: Clips = read(data, (TEST,))
        told = _Told(acted(clips), voices(model, clips), clips.people)
        figures += _of_corpus(corpus, told, _groups(data, corpus))
    report(UNKNOWN)
    return figures


def _of_corpus(corpus: str, told: _Told, groups: dict[str, dict[str, str]]) -> Iterator[Figure]:
    """All actors first, then each group; `groups` maps a name as `people` has it to its groups."""
    everyone = np.ones(len(told.truth), dtype=bool)
    overall = recall(told.truth, told.told)
    yield from _figures(corpus, "all actors", told, everyone, None)
    kinds = dict.fromkeys(kind for of in groups.values() for kind in of)
    for kind in kinds:
        own = np.array([groups[name][kind] for name in told.people])
        for group in sorted(set(own.tolist())):
            rows = own == group
            needed = overall - GAP if rows.sum() >= LEAST else None
            yield from _figures(corpus, f"{kind} {group}", told, rows, needed)


def _figures(
    corpus: str, group: str, told: _Told, rows: NDArray[np.bool_], needed: float | None
) -> Iterator[Figure]:
    truth, given, people = told.truth[rows], told.told[rows], told.people[rows]
    actors = len(set(people.tolist()))
    for name, measure, bound in (
        ("recall", recall, needed),
        ("calibration error", _calibration, None),
    ):
        low, high = _interval(measure, truth, given, people)
        label = f"{name}, {group} ({actors} actors)"
        yield Figure(corpus, label, measure(truth, given), low, high, len(truth), bound)


def recall(truth: Classes, told: Floats) -> float:
    """Mean over the emotions that are there of how many of each are recognised, among these."""
    return unweighted_recall(told, truth, np.unique(truth).tolist())


def _calibration(truth: Classes, told: Floats) -> float:
    return calibration_error(told.max(axis=1), told.argmax(axis=1) == truth)


def _interval(
    measure: Callable[[Classes, Floats], float],
    truth: Classes,
    told: Floats,
    people: NDArray[np.str_],
    draws: int = DRAWS // 4,
) -> tuple[float, float]:
    """95 % percentile interval over resampled actors; of one actor it is the value itself."""
    random = np.random.default_rng(0)
    rows = [np.flatnonzero(people == name) for name in np.unique(people)]
    values = []
    for _ in range(draws):
        drawn = np.concatenate([rows[k] for k in random.integers(0, len(rows), len(rows))])
        values.append(measure(truth[drawn], told[drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _groups(data: Path, corpus: str) -> dict[str, dict[str, str]]:
    """The groups that each actor belongs to, by the name that `Clips.people` gives."""
    if corpus == "RAVDESS":
        return {f"ravdess-{r['actor']}": {"sex": r["sex"]} for r in _rows(data, "ravdess.csv")}
    return {
        f"crema-{row['actor']}": {
            "sex": row["sex"],
            "age": _band(int(row["age"])),
            "race": row["race"],
            "ethnicity": row["ethnicity"],
        }
        for row in _rows(data, "crema_d_clips.csv")
    }


def _band(age: int) -> str:
    return next(name for low, high, name in AGES if low <= age <= high)


def _rows(data: Path, name: str) -> list[dict[str, str]]:
    path = data / "voice" / name
    if not path.is_file():
        raise NotFound(f"{path} is not there: the data folder is incomplete.")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
