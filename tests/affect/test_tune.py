"""`python -m affect train face --tune N`, on made-up tiles and a narrow network."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

pytest.importorskip("torch", reason="training needs torch (extra `train`)")
pytest.importorskip("onnx", reason="export needs onnx (extra `train`)")
pytest.importorskip("optuna", reason="searching needs optuna (extra `train`)")

import torch

from affect.cli import app
from affect.perception.face_network import VOTES
from affect.training import face as training
from affect.training import face_data, face_export, face_network, tune

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # torch's own warnings

COUNTS = {"Training": 128, "PublicTest": 40, "PrivateTest": 2}


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network and a fit that take no time."""
    monkeypatch.setattr(face_network, "STEM", 8)
    monkeypatch.setattr(face_network, "BLOCKS", ((8, False), (8, True)))
    monkeypatch.setattr(face_network, "VIEW", 16)
    monkeypatch.setattr(training, "SIDES", ((1.0, 16),))
    monkeypatch.setattr(face_export, "STEPS", 5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Tiles whose brightness is their class."""
    folder = tmp_path / "data" / "face"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    count, side, row = sum(COUNTS.values()), face_data.SIDE, face_data.TILES_A_ROW
    mosaic = np.zeros((side * -(-count // row), side * row), np.uint8)
    usages = [usage for usage, several in COUNTS.items() for _ in range(several)]
    names = ["tile", "usage", "fer2013", *VOTES, "nf"]
    with gzip.open(folder / "ferplus.csv.gz", "wt", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names, restval="0")
        table.writeheader()
        for tile, usage in enumerate(usages):
            kind = tile % 7
            top, left = side * (tile // row), side * (tile % row)
            drawn = random.integers(0, 60, (side, side))
            drawn[6 * kind : 6 * kind + 10] += 150
            mosaic[top : top + side, left : left + side] = drawn
            votes = {VOTES[kind]: "10"}
            table.writerow({"tile": tile, "usage": usage, "fer2013": kind} | votes)
    for number in range(face_data.FILES):
        shown = mosaic if number == 0 else mosaic[:1, :1]
        Image.fromarray(shown).save(folder / f"fer_{number}.webp", lossless=True)
    return tmp_path / "data"


def train(data: Path, run: Path, *more: str) -> Result:
    threads = torch.get_num_threads()
    given = ["train", "face", "--data", str(data), "--run", str(run), "--threads", "1", *more]
    try:
        return CliRunner().invoke(app, given, catch_exceptions=False)
    finally:
        torch.set_num_threads(threads)


def test_the_best_of_some_tries_is_printed_and_trained_with(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = train(data, run, "--tune", "3", "--epochs", "4")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["runs"] == 3
    assert 0 <= told["dev"] <= 1
    low, high = tune.SEARCHES["face"].rates["rate"]
    assert low <= told["settings"]["rate"] <= high
    # The tries were short; the whole training has the model's own length, or a share of it.
    assert told["settings"]["epochs"] in (15.0, 22.5, 30.0)
    assert 'search 1/3: {"rate": 0.03, "epochs": 4.0}' in result.stderr
    card = json.loads((run / "weights" / "face.json").read_text("utf-8"))
    assert {name: card["training"][name] for name in ("rate", "epochs")} == told["settings"]
    assert not list((run / "tune").rglob("*.pt"))


def test_what_was_stopped_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "finish", lambda *_: None)
    again = ("--epochs", "1", "--resume", "--tune")
    first = train(data, tmp_path, *again, "1")
    assert "step 2 " in first.stderr
    # Nothing is left to do, neither of the search nor of the whole training.
    second = train(data, tmp_path, *again, "1")
    assert "step" not in second.stderr
    assert second.stdout == first.stdout
    assert "search 1/2" not in train(data, tmp_path, *again, "2").stderr
    # A whole training with other settings is not gone on from.
    (tmp_path / "tune" / "best.json").write_text("{}")
    assert "step 2 " in train(data, tmp_path, *again, "2").stderr
    # Another bound is another search.
    other = train(data, tmp_path, "--epochs", "2", "--resume", "--tune", "2")
    assert other.exit_code == 2
    assert "without --resume" in other.stderr


def test_runs_that_tell_nothing_are_told_of(data: Path, tmp_path: Path) -> None:
    result = train(data, tmp_path / "run", "--tune", "1", "--epochs", "0.1")
    assert result.exit_code == 2
    assert "more --epochs" in result.stderr


def test_a_run_below_the_others_is_stopped(tmp_path: Path) -> None:
    lengths: list[int] = []

    def fit(settings: training.Settings, watch: tune.Watch) -> None:
        """Good with the trainer's own rate only; tells as it goes."""
        lengths.append(0)
        for step in range(1, 11):
            lengths[-1] += 1
            watch(step / 10, {"ferplus_8": step / 10 - abs(settings.rate - 0.1)})

    how = tune.Search({"rate": (0.02, 0.4)}, ("epochs",), ("ferplus_8",), lambda *_: fit)
    own = training.Settings(tmp_path)
    found = tune.search(how, own, tmp_path, 10, None, lambda _: None)
    assert found.settings.rate == pytest.approx(0.1, abs=0.02)
    assert found.stopped == sum(length < 10 for length in lengths) > 0
    assert found.runs == len(lengths) == 10


def test_a_run_that_was_broken_off_is_drawn_again(tmp_path: Path) -> None:
    drawn: dict[str, list[float]] = {"whole": [], "broken": []}
    breaks = {4}

    def fit(settings: training.Settings, watch: tune.Watch) -> None:
        name = settings.run.parent.parent.name
        watch(0.5, {"ferplus_8": 0.3})
        if name == "broken" and len(drawn[name]) in breaks:
            breaks.clear()
            raise KeyboardInterrupt
        drawn[name].append(settings.rate)
        watch(1, {"ferplus_8": 1 - settings.rate})

    how = tune.Search({"rate": (0.02, 0.4)}, ("epochs",), ("ferplus_8",), lambda *_: fit)
    own = {name: training.Settings(tmp_path / name, resume=True) for name in drawn}
    tune.search(how, own["whole"], tmp_path, 7, None, lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        tune.search(how, own["broken"], tmp_path, 7, None, lambda _: None)
    found = tune.search(how, own["broken"], tmp_path, 7, None, lambda _: None)
    assert found.runs == 7
    assert drawn["broken"] == drawn["whole"]
