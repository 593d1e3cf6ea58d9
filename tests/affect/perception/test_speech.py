"""Words in a voice: cutting, guards, and the shipped network on sounds that are made here."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from affect.errors import ModelUnavailable, NotFound
from affect.evaluation.speech import clips, evaluate, word_error
from affect.perception.activity import Activity
from affect.perception.audio import RATE, Sound
from affect.perception.speech import LONGEST_WINDOW, SpeechModel, Transcript, windows
from affect.perception.whisper import LOOP_TIMES, LOOP_TOKENS, density, loop
from affect.perception.whisper_mel import BANDS, HOP, filters, log_mel
from tests.affect.perception.sounds import noise, tone

Samples = NDArray[np.float32]
HUSH = np.zeros(3 * RATE, dtype=np.float32)
NO_ONE = Transcript("", "", 0.0, sure=False)


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    return SpeechModel.load()


def spoken(*spans: tuple[float, float]) -> Activity:
    """What voice activity would tell of speech there."""
    return Activity(spans, 1.0, -20.0, 30.0, 0.0, 1.0)


def hear(model: SpeechModel, samples: Samples, language: str | None = None) -> Transcript:
    """As if voice activity had been fooled by all of it."""
    return model.transcribe(Sound(samples), spoken((0.0, len(samples) / RATE)), language)


# The shipped network


def test_without_speech_nothing_is_listened_to(model: SpeechModel) -> None:
    assert model.transcribe(Sound(noise(3.0)), spoken()) == NO_ONE


@pytest.mark.parametrize(
    "samples",
    [HUSH, noise(3.0, level=0.003), noise(3.0), tone(3.0, 110.0, RATE), tone(3.0, 440.0, RATE)],
    ids=["silence", "hiss", "noise", "hum", "tone"],
)
def test_what_is_no_speech_gives_no_words_to_stand_behind(
    model: SpeechModel, samples: Samples
) -> None:
    heard = hear(model, samples)
    assert heard.text == "" or not heard.sure
    assert 0 <= heard.confidence <= 1


def test_the_same_sound_gives_the_same_words(model: SpeechModel) -> None:
    sound = noise(1.0, level=0.02)
    assert hear(model, sound) == hear(model, sound)


def test_a_language_that_the_model_does_not_know_is_detected_instead(model: SpeechModel) -> None:
    sound = tone(3.0, 220.0, RATE)
    assert hear(model, sound, "tlh") == hear(model, sound)


def test_the_model_has_a_name_and_tells_where_it_is_missing(
    model: SpeechModel, tmp_path: Path
) -> None:
    assert model.name.startswith("whisper-base")
    with pytest.raises(ModelUnavailable, match="speech model"):
        SpeechModel.load(tmp_path)


def test_real_clips_are_heard_with_few_errors(model: SpeechModel) -> None:
    place = os.environ.get("ATTUNE_TEST_CLIPS", "/usr/share/pocketsphinx/test/data/librivox")
    folder = Path(place)
    if not (folder / "transcription").is_file():
        pytest.skip("Debian's pocketsphinx-testdata is not installed (or set ATTUNE_TEST_CLIPS)")
    figures = {f.name: f.value for f in evaluate(model, folder, lambda line: None)}
    assert figures["word errors"] <= 0.05


# Windows


def test_near_spans_are_heard_together_and_far_ones_apart() -> None:
    quiet = np.zeros(60 * RATE, dtype=np.float32)
    near, far = windows([(1.0, 3.0), (3.5, 6.0), (20.0, 22.0)], quiet)
    assert near == pytest.approx((0.8, 6.2))
    assert far == pytest.approx((19.8, 22.2))


def test_a_speech_without_pause_is_cut_where_it_is_quietest() -> None:
    samples = noise(40.0)
    samples[int(26.0 * RATE) : int(26.3 * RATE)] = 0
    first, second = windows([(0.0, 40.0)], samples)
    assert 26.0 <= first[1] <= 26.3
    assert first[1] == second[0]


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 80)), max_size=12),
)
def test_windows_are_short_in_order_and_cover_all_speech(
    drawn: list[tuple[float, float]],
) -> None:
    whole = 120.0
    spans, at = [], 0.0
    for gap, length in drawn:
        start = at + gap % 7
        end = min(start + length, whole)
        if end - start >= 0.1:
            spans.append((start, end))
        at = end
    found = windows(spans, np.zeros(int(whole * RATE), dtype=np.float32))
    for start, end in found:
        assert 0 <= start < end <= whole
        assert end - start <= LONGEST_WINDOW + 1e-6
    for (_, before), (after, _) in pairwise(found):
        assert before <= after + 1e-6
    for start, end in spans:
        covered = sum(max(0.0, min(end, high) - max(start, low)) for low, high in found)
        assert covered == pytest.approx(end - start, abs=0.11)  # a rest too short to hear may go


# Repetition


@given(
    st.lists(st.integers(100, 200), max_size=20),
    st.lists(st.integers(0, 50), min_size=1, max_size=10, unique=True),
)
def test_what_repeats_itself_is_stopped_and_said_once(before: list[int], unit: list[int]) -> None:
    said = list(before)
    for turn in range(40 * len(unit)):
        said.append(unit[turn % len(unit)])
        keep = loop(said)
        if keep is not None:
            break
    else:
        pytest.fail("A loop went on.")
    assert len(said) - len(before) <= max(LOOP_TOKENS, LOOP_TIMES * len(unit)) + len(unit)
    assert said[:keep] == before + unit
    assert loop(said[:keep]) is None


@given(st.lists(st.integers(0, 50_000), unique=True, max_size=200))
def test_what_does_not_repeat_itself_goes_on(said: list[int]) -> None:
    assert loop(said) is None


def test_a_person_may_say_no_four_times() -> None:
    assert loop([5, 9, 9, 9, 9]) is None


def test_density_tells_loops_from_talk() -> None:
    assert density("I do not know what to do about my sister, she will not talk to me") < 1.5
    assert density("thank you " * 40) > 2.4
    assert density("") == 0


# Spectrogram


def test_a_tone_stands_in_its_own_band() -> None:
    mel = log_mel(tone(3.0, 1000.0, RATE))
    assert mel.shape == (BANDS, 3 * RATE // HOP)
    loudest = int(mel.mean(axis=1).argmax())
    assert filters()[loudest, 25] == filters()[:, 25].max()  # 1000 Hz is the 25th of 40 Hz steps


def test_the_spectrogram_is_the_one_that_whisper_learned_from() -> None:
    pytest.importorskip("torch", reason="the reference needs torch")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    extractor = transformers.WhisperFeatureExtractor(feature_size=BANDS)
    samples = noise(3.0) + tone(3.0, 700.0, RATE)
    whole = np.zeros(30 * RATE, dtype=np.float32)
    whole[: len(samples)] = samples
    theirs = extractor(samples, sampling_rate=RATE, return_tensors="np").input_features[0]
    np.testing.assert_allclose(log_mel(whole), theirs, atol=2e-4)


# Word errors


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("He was not an ill-disposed, young man!", 0.0),
        ("he was an ill disposed young man", 1 / 8),
        ("he was not a ill disposed young man", 1 / 8),
        ("oh he was not an ill disposed young man", 1 / 8),
        ("", 1.0),
    ],
)
def test_word_errors_count_words_and_not_marks(said: str, share: float) -> None:
    assert word_error("he was not an ill disposed young man", said) == pytest.approx(share)


def test_clips_are_read_with_their_words(tmp_path: Path) -> None:
    (tmp_path / "transcription").write_text("<s> go on </s> (a-1)\n\n<s> no </s> (b)\n", "utf-8")
    found = clips(tmp_path)
    assert [(clip.path.name, clip.words) for clip in found] == [
        ("a-1.wav", "go on"),
        ("b.wav", "no"),
    ]
    with pytest.raises(NotFound):
        clips(tmp_path / "nowhere")
