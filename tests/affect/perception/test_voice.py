"""The voice model through its public door, on made-up sounds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from affect.errors import MediaRejected, ModelUnavailable
from affect.perception import mel
from affect.perception.activity import Activity
from affect.perception.audio import Sound
from affect.perception.speaker import SUMMARY
from affect.perception.voice import Speaker, VoiceModel, VoiceReading, cut, speech_samples
from affect.perception.voice_calibration import CLASSES
from affect.types import Emotion, Modality
from tests.affect.perception.test_mel import speech


def found(*spans: tuple[float, float]) -> Activity:
    return Activity(spans, 1.0, -20.0, 30.0, 0.0, 0.8)


def made(seed: int) -> NDArray[np.float64]:
    """A summary of a note."""
    return np.random.default_rng(seed).normal(size=SUMMARY)


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    return VoiceModel.load()


def read(
    model: VoiceModel, note: NDArray[np.float32], speaker: Speaker | None = None
) -> VoiceReading:
    return model.read(Sound(note), found((0.0, len(note) / mel.RATE)), speaker)


def test_an_estimate_has_all_its_parts(model: VoiceModel) -> None:
    told = read(model, speech()).estimate
    assert told.modality is Modality.VOICE
    assert abs(sum(told.probabilities.values()) - 1) < 1e-6
    assert set(told.probabilities) == set(Emotion)
    assert told.quality == 0.8
    assert told.model.startswith("attune-voice-")
    for value in (told.affect.valence, told.affect.arousal, told.affect.dominance):
        assert -1 <= value <= 1
    for value in (told.variance.valence, told.variance.arousal, told.variance.dominance):
        assert value > 0
    assert abs(sum(model.base_rates.values()) - 1) < 1e-3


def test_too_little_speech_is_refused(model: VoiceModel) -> None:
    for spans in ((), ((0.0, 0.3),), ((0.0, 0.2), (0.5, 0.7))):
        with pytest.raises(MediaRejected) as caught:
            model.read(Sound(speech()), found(*spans))
        assert caught.value.kind == "no_speech"
    with pytest.raises(MediaRejected):
        model.read(Sound(np.zeros(32_000, dtype=np.float32)), found((0.0, 2.0)))


def test_loudness_tells_nothing(model: VoiceModel) -> None:
    loud, quiet = (read(model, np.float32(gain) * speech()).estimate for gain in (1.0, 0.02))
    for emotion in Emotion:
        assert abs(loud.probabilities[emotion] - quiet.probabilities[emotion]) < 1e-3


def test_silence_around_speech_tells_little(model: VoiceModel) -> None:
    note = speech()
    padded = np.pad(note, (mel.RATE, 2 * mel.RATE))
    spans = found((1.0, 1.0 + len(note) / mel.RATE))
    there, here = model.read(Sound(padded), spans).estimate, read(model, note).estimate
    assert max(abs(there.probabilities[e] - here.probabilities[e]) for e in Emotion) < 0.15


def test_a_speaker_sharpens_and_keeps_its_size(model: VoiceModel) -> None:
    first = read(model, speech(seed=1)).speaker
    speaker = first
    for seed in range(2, 12):
        speaker = read(model, speech(seed=seed), speaker).speaker
    assert speaker.notes == 11
    assert len(json.dumps(speaker.to_json())) < 2 * len(json.dumps(first.to_json()))
    stranger, known = read(model, speech(seed=50)), read(model, speech(seed=50), speaker)
    assert stranger.estimate.probabilities != known.estimate.probabilities


def test_a_speaker_survives_storage() -> None:
    speaker = Speaker().after(made(1))
    again = Speaker.from_json(json.loads(json.dumps(speaker.to_json())))
    assert np.allclose(again.mean, speaker.mean, atol=1e-3)
    with pytest.raises(ValueError, match="speaker"):
        Speaker.from_json({**speaker.to_json(), "mean": [0.0] * 5})


def test_notes_heard_side_by_side_are_as_good_as_one_after_the_other() -> None:
    a, b, c = (made(seed) for seed in (1, 2, 3))
    before = Speaker().after(a)
    assert before.joined([before.after(b)]) == before.after(b)
    together, in_a_row = before.joined([before.after(b), before.after(c)]), before.after(b).after(c)
    assert together.notes == in_a_row.notes
    assert together.mean == pytest.approx(in_a_row.mean)
    assert together.square == pytest.approx(in_a_row.square)


def test_old_notes_fade() -> None:
    low, high = (np.full(SUMMARY, x) for x in (-1.0, 1.0))
    speaker = Speaker()
    for _ in range(1000):
        speaker = speaker.after(low)
    for _ in range(200):
        speaker = speaker.after(high)
    assert speaker.mean[0] > 0.5


def test_long_notes_are_read_in_windows(model: VoiceModel) -> None:
    windows, mask = cut(np.ones((300, mel.BANDS), dtype=np.float32))
    assert windows.shape == (3, mel.BANDS, 100)
    assert mask.sum() == 300
    long = np.concatenate([speech(3.0, seed) for seed in range(14)])
    assert abs(sum(read(model, long).estimate.probabilities.values()) - 1) < 1e-6


def test_long_pauses_are_dropped_and_short_ones_kept() -> None:
    samples = np.ones(10 * mel.RATE, dtype=np.float32)
    kept = len(speech_samples(samples, ((1.0, 2.0), (2.3, 3.0), (8.0, 9.0)))) / mel.RATE
    assert abs(kept - (2.0 + 0.5 + 1.0 + 0.5)) < 0.01


def test_many_threads_get_the_same_answer(model: VoiceModel) -> None:
    note = speech()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: read(model, note).estimate, range(8)))
    assert all(one == told[0] for one in told)


def test_a_missing_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        VoiceModel.load(tmp_path)


def test_the_card_names_data_and_licence() -> None:
    place = resources.files("affect") / "weights"
    card = json.loads((place / "voice.json").read_text("utf-8"))
    assert "non-commercial" in card["licence"]
    assert {d["name"] for d in card["data"]} == {"RAVDESS", "CREMA-D"}
    assert len(card["calibration"]["bias"]) == len(CLASSES)
    assert "non-commercial" in (place / "voice.md").read_text("utf-8").splitlines()[0]
