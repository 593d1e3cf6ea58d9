"""Where somebody speaks, and how well it can be heard."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from affect.errors import ModelUnavailable
from affect.perception.activity import VoiceActivity, speech_of
from affect.perception.audio import RATE, Sound, decode
from tests.affect.perception.sounds import noise, tone

DATA = Path(os.environ.get("ATTUNE_DATA", "../shared/data")) / "voice" / "ravdess_test.tar"


@pytest.fixture(scope="module")
def activity() -> VoiceActivity:
    return VoiceActivity.load()


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, dtype=np.float32),
        np.zeros(3 * RATE, dtype=np.float32),
        noise(3.0, level=0.05),
        tone(3.0, rate=RATE),
        np.tile(np.eye(1, RATE // 4, dtype=np.float32)[0], 12),
    ],
    ids=["nothing", "silence", "noise", "tone", "clicks"],
)
def test_what_is_not_speech_is_not_heard_as_such(
    activity: VoiceActivity, samples: np.ndarray
) -> None:
    found = activity.listen(Sound(samples))
    assert found.speech_share < 0.2
    assert found.quality < 0.5
    assert len(speech_of(Sound(samples), found).samples) <= len(samples)


def test_listening_twice_gives_the_same(activity: VoiceActivity) -> None:
    sound = Sound(noise(1.3))
    assert activity.listen(sound) == activity.listen(sound)


def test_a_missing_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="voice activity"):
        VoiceActivity.load(tmp_path)


@pytest.fixture(scope="module")
def spoken() -> Sound:
    if not DATA.is_file():
        pytest.skip("needs the voice data set")
    with tarfile.open(DATA) as tar:
        file = tar.extractfile(tar.getmembers()[40])
        assert file is not None
        return decode(file.read())


def test_it_is_found_and_trimmed(activity: VoiceActivity, spoken: Sound) -> None:
    found = activity.listen(spoken)
    assert 0.3 < found.speech_share < 0.9
    assert found.quality > 0.8
    trimmed = speech_of(spoken, found)
    assert found.seconds <= trimmed.seconds < spoken.seconds
    assert activity.listen(trimmed).speech_share > 0.8


def test_noise_and_clipping_lower_the_quality(activity: VoiceActivity, spoken: Sound) -> None:
    clean = activity.listen(spoken)
    loud = spoken.samples / np.max(np.abs(spoken.samples))
    hiss = noise(spoken.seconds + 1, level=0.03)[: len(loud)]
    assert activity.listen(Sound(loud + hiss)).quality < clean.quality
    cut = np.clip(20 * loud, -1, 1).astype(np.float32)
    assert activity.listen(Sound(cut)).clipped > 0.05
    assert activity.listen(Sound(cut)).quality == 0
