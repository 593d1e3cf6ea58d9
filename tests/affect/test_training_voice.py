"""The whole way of a voice model on made-up clips: train, stop, resume, export, calibrate, run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch", reason="training needs torch (extra `train`)")
pytest.importorskip("onnx", reason="export needs onnx (extra `train`)")
pytest.importorskip("scipy", reason="calibration needs scipy (extra `train`)")

import torch

from affect.evaluation.voice import figures_of
from affect.perception import mel
from affect.perception.voice import VoiceModel
from affect.perception.voice_calibration import CLASSES
from affect.training import tune, voice_data
from affect.training import voice as training
from affect.training.voice_data import FOLDS, Clips, join, speakers
from affect.training.voice_fit import Feed, Settings, Stage, fit, outputs, usual
from affect.training.voice_network import VoiceNetwork, export

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # torch's own warnings


def clips(corpus: str, count: int, classes: int, seed: int = 0) -> Clips:
    """Each class is loud in bands of its own; four people, all splits, all folds."""
    random = np.random.default_rng(seed)
    acted = np.arange(count) % classes
    pictures = []
    for k in acted:
        picture = random.normal(-30, 2, (int(random.integers(30, 60)), mel.BANDS))
        picture[:, 9 * k : 9 * k + 9] += 15 * random.random((len(picture), 1))
        pictures.append(picture.astype(np.float32))
    return Clips(
        tuple(pictures),
        np.eye(len(CLASSES), dtype=np.float32)[acted],
        acted.astype(np.int64),
        random.uniform(-1, 1, (count, 2)).astype(np.float32),
        np.array([f"{corpus}-{row // classes % 4}" for row in range(count)]),
        np.array([("train", "train", "dev", "test")[row // classes % 4] for row in range(count)]),
        np.array([row // classes % FOLDS for row in range(count)]),
    )


def settings(run: Path) -> Settings:
    return Settings(run=run, first=2, second=1, drawn=16, batch=8)


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    some = clips("crema", 24, 6)
    base = usual(some)
    finals = []
    for name, stopped in (("whole", False), ("stopped", True)):
        run = settings(tmp_path / name)
        if stopped:
            with pytest.raises(KeyboardInterrupt):
                fit(fresh(), Stage("first", some, 2, 1e-3), base, run, _quiet, _stop)
        again = replace(run, resume=True)
        done = fit(fresh(), Stage("first", some, 2, 1e-3), base, again, _quiet, _hush)
        finals.append(outputs(done, some, base)[0])
    assert np.allclose(finals[0], finals[1], atol=1e-4)


def test_the_whole_way_gives_files_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora = {"crema_d": clips("crema", 48, 6), "ravdess": clips("ravdess", 64, 8)}
    for name, found in corpora.items():
        monkeypatch.setattr(training, name, lambda _, bits=None, found=found: found)
    lines: list[str] = []
    out = tmp_path / "out"
    training.build(settings(tmp_path / "run"), tmp_path, out, date(2026, 1, 2), lines.append)
    model = VoiceModel.load(out)
    some = corpora["ravdess"]
    assert model.raw_of(some.pictures[0]).logits.shape == (len(CLASSES),)
    figures = figures_of("RAVDESS", "strangers", model, some, known=False)
    assert all(f.low <= f.high for f in figures)
    assert any(line.startswith("fold 5") for line in lines)


def test_a_search_goes_by_both_corpora_and_counts_both_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="searching needs optuna (extra `train`)")
    corpora = {"crema_d": clips("crema", 24, 6), "ravdess": clips("ravdess", 32, 8)}
    for name, clips_of in corpora.items():
        monkeypatch.setattr(voice_data, name, lambda _, found=clips_of: found)
    lines: list[str] = []
    own = settings(tmp_path)
    found = tune.search(tune.SEARCHES["voice"], own, tmp_path, 2, 2, lines.append)
    assert 0 <= found.dev <= 1
    assert "search 1/2: " in lines[0]
    assert '"first": 1, "second": 1' in lines[0]
    assert found.settings.first + found.settings.second in (2, 3)
    assert not list(tmp_path.rglob("*.pt"))


def test_exported_and_trained_network_agree(tmp_path: Path) -> None:
    some = clips("ravdess", 8, 8)
    base = usual(some)
    network = VoiceNetwork()
    export(network, tmp_path / "voice.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "voice.onnx"))
    picture = base.normalise(
        some.pictures[0], speakers(some, known=False)[0].after(some.pictures[0])
    )
    mask = np.ones((1, picture.shape[2]), dtype=np.float32)
    told = session.run(["classes"], {"picture": picture[None], "mask": mask})[0]
    assert np.allclose(told[0], outputs(network, some, base)[0][0], atol=1e-4)


def test_training_normalises_as_reading_does() -> None:
    some = clips("ravdess", 8, 8)
    base, feed = usual(some), Feed(some, usual(some))
    x = torch.from_numpy(some.pictures[0][None])
    zeros = torch.zeros(1, mel.BANDS)
    told = feed.normalise(x, torch.ones(x.shape[:2]), (torch.zeros(1, 1), zeros, zeros), zeros)
    first = speakers(some, known=False)[0].after(some.pictures[0])
    assert np.allclose(told[0].numpy(), base.normalise(some.pictures[0], first), atol=1e-3)


def test_known_speakers_have_heard_every_clip_but_this_one() -> None:
    some = join([clips("crema", 24, 6), clips("ravdess", 32, 8)])
    before = speakers(some, known=True)[0]
    others = (some.people == some.people[0]) & (np.arange(len(some)) > 0)
    frames = np.concatenate([p for p, keep in zip(some.pictures, others, strict=True) if keep])
    assert before.frames == len(frames)
    assert np.allclose(before.mean, frames.mean(axis=0), atol=1e-3)


def fresh() -> VoiceNetwork:
    torch.manual_seed(0)
    return VoiceNetwork()


def _hush(_: str) -> None:
    """Say nothing."""


def _stop(_: str) -> None:
    raise KeyboardInterrupt


def _quiet(_: VoiceNetwork) -> dict[str, float]:
    return {}


def test_opus_keeps_length_and_loses_more_the_fewer_bits_it_has() -> None:
    time = np.arange(mel.RATE) / mel.RATE
    tones = [np.sin(2 * np.pi * f * time) * np.sin(3 * time) for f in (180, 700, 2300, 6100)]
    sound = (0.1 * np.sum(tones, axis=0)).astype(np.float32)
    lost = []
    for bits in (32_000, 9_000):
        heard = voice_data.round_trip(sound, bits)
        assert len(heard) == len(sound)
        lost.append(float(np.abs(mel.log_mel(heard) - mel.log_mel(sound)).mean()))
    assert 0 < lost[0] < lost[1]
