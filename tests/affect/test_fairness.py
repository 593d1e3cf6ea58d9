"""Figures by group on made-up actors: who is counted where, and which group has a gate."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from affect.errors import NotFound
from affect.evaluation import fairness
from affect.perception.voice import VoiceModel
from affect.training import voice_data
from affect.training.voice_data import Clips
from affect.types import EMOTIONS

ACTORS = {
    "1": ("female", "25", "Asian", "Not Hispanic"),
    "2": ("male", "40", "Caucasian", "Hispanic"),
    "3": ("male", "61", "Caucasian", "Not Hispanic"),
}
CLIPS = 140  # of each actor


def clips(name: str) -> Clips:
    count = CLIPS * len(ACTORS)
    return Clips(
        pictures=tuple(np.zeros((1, 1, 1), dtype=np.float32) for _ in range(count)),
        targets=np.zeros((count, 8), dtype=np.float32),
        acted=np.arange(count) % 6,
        affect=np.zeros((count, 2), dtype=np.float32),
        people=np.array([f"{name}-{actor}" for actor in ACTORS]).repeat(CLIPS),
        split=np.array(["test"] * count),
        fold=np.full(count, -1),
    )


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The men are always understood, the woman never."""
    (tmp_path / "voice").mkdir()
    for file in ("crema_d_clips.csv", "ravdess.csv"):
        with (tmp_path / "voice" / file).open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["actor", "sex", "age", "race", "ethnicity"])
            writer.writerows([actor, *told] for actor, told in ACTORS.items())

    def voices(model: object, given: Clips) -> np.ndarray:
        right = np.array([not name.endswith("-1") for name in given.people])
        return np.eye(len(EMOTIONS))[np.where(right, given.acted, (given.acted + 1) % 6)]

    monkeypatch.setattr(VoiceModel, "load", lambda: None)
    monkeypatch.setattr(fairness, "voices", voices)
    monkeypatch.setattr(voice_data, "crema_d", lambda data, splits: clips("crema"))
    monkeypatch.setattr(voice_data, "ravdess", lambda data, splits: clips("ravdess"))
    return tmp_path


def test_each_known_group_has_its_figures(data: Path) -> None:
    said: list[str] = []
    figures = {f"{f.corpus}: {f.name}": f for f in fairness.evaluate(data, said.append)}
    woman = figures["CREMA-D: recall, sex female (1 actors)"]
    men = figures["CREMA-D: recall, sex male (2 actors)"]
    everyone = figures["CREMA-D: recall, all actors (3 actors)"]
    assert (woman.value, men.value) == (0, 1)
    assert everyone.value == pytest.approx(2 / 3, abs=0.01)
    assert everyone.low < everyone.value < everyone.high
    # A gate needs enough clips; one actor's 140 are too few, two actors' 280 are enough.
    assert woman.needed is None
    assert men.needed == pytest.approx(everyone.value - fairness.GAP)
    for group in ("age under 30", "age 50 and over", "race Asian", "ethnicity Hispanic"):
        assert any(group in name for name in figures)
    assert any(name.startswith("RAVDESS: recall, sex") for name in figures)
    assert not any(name.startswith("RAVDESS: recall, age") for name in figures)
    assert "no figures by group" in said[-1]


def test_an_incomplete_folder_is_told(data: Path) -> None:
    (data / "voice" / "ravdess.csv").unlink()
    with pytest.raises(NotFound, match="incomplete"):
        fairness.evaluate(data, lambda line: None)
