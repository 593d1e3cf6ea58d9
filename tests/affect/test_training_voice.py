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
from safetensors.torch import load_file, save_file
from torch.nn import functional

from affect.errors import BadInput, NotFound
from affect.evaluation.voice import figures_of
from affect.perception import mel
from affect.perception.speaker import SUMMARY, Speaker
from affect.perception.voice import VoiceModel, cut
from affect.perception.voice_calibration import CLASSES
from affect.training import tune, voice_data, voice_start
from affect.training import voice as training
from affect.training.voice_calibrate import summaries
from affect.training.voice_data import FOLDS, Clips, join, speakers
from affect.training.voice_fit import (
    GROUP,
    Feed,
    Settings,
    Stage,
    against_usual,
    fit,
    notes_heard,
    outputs,
)
from affect.training.voice_network import WIDTH, Lower, VoiceNetwork, export
from affect.training.voice_states import Heard, both, hear

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


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a first layer as Whisper base has it, of random weights."""
    torch.manual_seed(0)
    own = Lower().state_dict()
    stored = {
        f"{voice_start.BEFORE}{theirs}.{kind}": own[f"{ours}.{kind}"]
        for ours, theirs in voice_start.PARTS.items()
        for kind in ("weight", "bias")
        if f"{ours}.{kind}" in own
    }
    stored[f"{voice_start.BEFORE}embed_positions.weight"] = torch.full((1500, WIDTH), 0.5)
    folder = tmp_path_factory.mktemp("whisper")
    save_file(stored, folder / voice_start.FILE)
    return folder


def settings(run: Path, whisper: Path | None = None) -> Settings:
    return Settings(
        run=run,
        base=str(whisper) if whisper else None,
        rooms=1,
        first=2,
        second=1,
        batch=GROUP,
        threads=1,
    )


def heard(some: Clips) -> Heard:
    return hear(under(), some, 1, 0, _hush)


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    some = heard(clips("crema", 96, 6))
    finals = []
    for name, stopped in (("whole", False), ("stopped", True)):
        run = settings(tmp_path / name)
        if stopped:
            with pytest.raises(KeyboardInterrupt):
                fit(fresh(), Stage("first", some, 2, 1e-3), run, _quiet, _stop)
        again = replace(run, resume=True)
        done = fit(fresh(), Stage("first", some, 2, 1e-3), again, _quiet, _hush)
        finals.append(outputs(done, some)[0])
    assert np.allclose(finals[0], finals[1], atol=1e-4)


def test_the_whole_way_gives_files_that_run(
    tmp_path: Path, whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora = {"crema_d": clips("crema", 96, 6), "ravdess": clips("ravdess", 96, 8)}
    for name, found in corpora.items():
        monkeypatch.setattr(training, name, lambda _, bits=None, found=found: found)
    lines: list[str] = []
    out = tmp_path / "out"
    own = settings(tmp_path / "run", whisper)
    training.build(own, tmp_path, out, date(2026, 1, 2), lines.append)
    model = VoiceModel.load(out)
    some = corpora["ravdess"]
    made = summaries(model, some)
    assert made.shape == (len(some), SUMMARY)
    figures = figures_of("RAVDESS", False, model, made, some)
    assert all(f.low <= f.high for f in figures)
    assert any(line.startswith("fold 5") for line in lines)


def test_a_search_goes_by_both_corpora_and_counts_both_stages(
    tmp_path: Path, whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="searching needs optuna (extra `train`)")
    corpora = {"crema_d": clips("crema", 48, 6), "ravdess": clips("ravdess", 64, 8)}
    for name, clips_of in corpora.items():
        monkeypatch.setattr(voice_data, name, lambda _, found=clips_of: found)
    lines: list[str] = []
    own = settings(tmp_path, whisper)
    found = tune.search(tune.SEARCHES["voice"], own, tmp_path, 2, 2, lines.append)
    assert 0 <= found.dev <= 1
    assert "search 1/2: " in lines[0]
    assert '"first": 1, "second": 1' in lines[0]
    assert found.settings.first + found.settings.second in (2, 3)
    assert not list(tmp_path.rglob("*.pt"))


def test_exported_and_trained_network_agree(tmp_path: Path) -> None:
    some = clips("ravdess", 8, 8)
    lower, network = under(), fresh()
    export(lower, network, tmp_path)
    session = onnxruntime.InferenceSession(str(tmp_path / "voice.onnx"))
    windows, mask = cut(some.pictures[0])
    told = session.run(["summary"], {"picture": windows, "mask": mask})[0]
    with torch.no_grad():
        own = network(*lower(torch.from_numpy(windows), torch.from_numpy(mask))).numpy()
    assert np.allclose(told, own, atol=2e-2)  # weights in 8 bits


def test_what_is_averaged_and_saved_is_what_is_learned(tmp_path: Path) -> None:
    run = settings(tmp_path)
    done = fit(fresh(), Stage("first", heard(clips("crema", 96, 6)), 2, 1e-3), run, _quiet, _hush)
    learned = sum(value.numel() for value in done.parameters())
    assert learned < 100_000
    saved = torch.load(tmp_path / "first.pt", weights_only=True)
    for name in ("network", "average"):
        held = sum(value.numel() for value in saved[name].values())
        assert held < learned + 4 * SUMMARY  # and what is usual, and counts


def test_what_lies_behind_a_clip_tells_nothing() -> None:
    lower, network = under(), fresh().eval()
    picture = torch.from_numpy(clips("ravdess", 8, 8).pictures[0].T.copy())[None]
    mask = functional.pad(torch.ones(1, picture.shape[2]), (0, 40))
    with torch.no_grad():
        one, other = (
            network(*lower(functional.pad(picture, (0, 40), value=behind), mask))
            for behind in (7.0, -50.0)
        )
    assert torch.equal(one, other)


def test_a_person_is_heard_in_one_room_and_each_room_differs() -> None:
    some = clips("crema", 24, 6)
    found = hear(under(), some, 2, 0, _hush)
    assert len(found.states) == 3
    plain, one, other = (room[0].astype(np.float32).mean(axis=0) for room in found.states)
    assert not np.allclose(plain, one, atol=1e-3)
    assert not np.allclose(one, other, atol=1e-3)
    again = hear(under(), some, 2, 0, _hush)
    assert all(np.array_equal(a, b) for a, b in zip(found.states[2], again.states[2], strict=True))


def test_training_normalises_as_reading_does() -> None:
    network = fresh()
    notes = torch.from_numpy(np.random.default_rng(0).normal(0.3, 2, (GROUP, SUMMARY))).float()
    network.remember(notes)
    before = torch.zeros(1, GROUP, GROUP)
    before[0, 0, :3] = 1
    before[0, 1, 1] = 1
    own = against_usual(network, notes, before).numpy()
    first, second, third = notes[:3].double().numpy()
    speaker = Speaker().after(first).after(second).after(third)
    assert np.allclose(own[0], network.usual().normalise(first, speaker), atol=1e-3)
    alone = network.usual().normalise(second, Speaker().after(second))
    assert np.allclose(own[1], alone, atol=1e-3)


def test_every_clip_has_heard_itself_and_some_have_heard_nobody_else() -> None:
    before = notes_heard(40 * GROUP, np.random.default_rng(0)).numpy()
    assert (before[:, np.arange(GROUP), np.arange(GROUP)] == 1).all()
    counts = before.sum(axis=2).ravel()
    assert 0.3 < (counts == 1).mean() < 0.6
    assert counts.max() == GROUP


def test_groups_are_of_one_person_each() -> None:
    feed = Feed(both([heard(clips("crema", 96, 6)), heard(clips("ravdess", 96, 8))]))
    order = feed.order(np.random.default_rng(0))
    assert len(order) == feed.groups() * GROUP
    assert len(set(order.tolist())) == len(order)
    people = feed.clips.people[order].reshape(-1, GROUP)
    assert (people == people[:, :1]).all()


def test_known_speakers_have_heard_every_clip_but_this_one() -> None:
    some = join([clips("crema", 24, 6), clips("ravdess", 32, 8)])
    found = np.random.default_rng(0).normal(size=(len(some), SUMMARY))
    before = speakers(found, some, known=True)[0]
    others = (some.people == some.people[0]) & (np.arange(len(some)) > 0)
    assert before.notes == others.sum()
    assert np.allclose(before.mean, found[others].mean(axis=0))
    assert speakers(found, some, known=False)[0] == Speaker()


def test_it_begins_from_whispers_lower_layers(whisper: Path) -> None:
    lower, stored = under(), load_file(whisper / voice_start.FILE)
    torch.nn.init.zeros_(lower.layer.wide.weight)
    voice_start.begin(lower, whisper)
    wide = stored[f"{voice_start.BEFORE}layers.0.fc1.weight"]
    assert torch.equal(lower.layer.wide.weight, wide)
    assert (lower.places == 0.5).all()


def test_without_a_base_or_with_another_network_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--base"):
        training.build(settings(tmp_path), tmp_path, tmp_path, date(2026, 1, 2), _hush)
    lower = under()
    with pytest.raises(NotFound):
        voice_start.begin(lower, tmp_path)
    save_file({"some.weight": torch.zeros(3)}, tmp_path / voice_start.FILE)
    with pytest.raises(BadInput, match="Whisper base"):
        voice_start.begin(lower, tmp_path)
    (tmp_path / voice_start.FILE).write_bytes(b"no weights")
    with pytest.raises(BadInput, match="Whisper base"):
        voice_start.begin(lower, tmp_path)


def test_what_whisper_brought_is_left_as_it_is() -> None:
    assert not any(value.requires_grad for value in under().parameters())
    assert all(value.requires_grad for value in fresh().parameters())


def fresh() -> VoiceNetwork:
    torch.manual_seed(0)
    return VoiceNetwork()


def under() -> Lower:
    torch.manual_seed(0)
    return Lower()


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
