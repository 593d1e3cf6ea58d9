"""The front end of voices, against a slow one written straight from the data sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affect.perception import mel

Samples = NDArray[np.float32]


def tone(hertz: float, seconds: float) -> Samples:
    at = np.arange(int(seconds * mel.RATE)) / mel.RATE
    return (0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def speech(seconds: float = 1.2, seed: int = 0) -> Samples:
    """Something with harmonics, pauses and a little noise."""
    random = np.random.default_rng(seed)
    at = np.arange(int(seconds * mel.RATE)) / mel.RATE
    pitch = 2 * np.pi * np.cumsum(random.uniform(110, 200) + 30 * np.sin(9 * at)) / mel.RATE
    voiced = np.sum([np.sin(k * pitch) / k for k in range(1, 30)], axis=0)
    swell = np.clip(np.sin(2 * np.pi * 2.5 * at), 0, 1)
    noise = 1e-3 * random.standard_normal(len(at))
    return np.asarray(0.2 * swell * voiced + noise, dtype=np.float32)


def slow_log_mel(samples: Samples) -> NDArray[np.float64]:
    """Steps 2 to 5 of the data sheet, one frame and one band at a time, on resampled sound."""
    wide = np.pad(mel.resample(samples).astype(np.float64), 1024)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)

    def to_mel(hertz: float) -> float:
        return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)

    def to_hertz(value: float) -> float:
        return value * 200 / 3 if value < 15 else 1000 * 6.4 ** ((value - 15) / 27)

    edges = [to_hertz(k * to_mel(11_025) / 129) for k in range(130)]
    bins = np.arange(1025) * 22_050 / 2048
    rows = []
    for start in range(0, len(wide) - 2047, 512):
        power = np.abs(np.fft.fft(wide[start : start + 2048] * window)[:1025]) ** 2
        row = []
        for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
            shape = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
            row.append((np.maximum(shape, 0) * 2 / (high - low)) @ power)
        rows.append(row)
    cells = np.maximum(np.maximum(rows, 1e-10) / np.max(rows), 1e-8)
    pairs = (cells[:, 40:116:2] + cells[:, 41:116:2]) / 2
    result: NDArray[np.float64] = 10 * np.log10(np.concatenate([cells[:, :40], pairs], axis=1))
    return result


def test_equals_the_slow_front_end() -> None:
    sound = speech()
    assert np.allclose(mel.log_mel(sound), slow_log_mel(sound), atol=0.02)


def test_resampling_equals_the_windowed_sinc() -> None:
    sound = speech(0.1)
    wide = mel.resample(sound)
    assert len(wide) == -(-len(sound) * 441 // 320)
    for place in (0, 1, 440, 441, 1000, len(wide) - 1):
        gap = np.arange(len(sound)) - place * 320 / 441
        inside = np.clip(1 - (gap / mel.HALF_TAPS) ** 2, 0, None)
        window = np.where(np.abs(gap) < mel.HALF_TAPS, np.i0(10 * np.sqrt(inside)) / np.i0(10), 0)
        expected = (sound * mel.CUT_OFF * np.sinc(mel.CUT_OFF * gap) * window).sum()
        assert abs(wide[place] - expected) < 1e-5


def test_a_tone_keeps_its_pitch_and_loudness() -> None:
    wide = mel.resample(tone(1000, 1.0))[2000:-2000]
    spectrum = np.abs(np.fft.rfft(wide * np.hanning(len(wide))))
    assert abs(np.argmax(spectrum) * 22_050 / len(wide) - 1000) < 2
    assert abs(np.sqrt(np.mean(wide**2)) - 0.3 / np.sqrt(2)) < 1e-3


def test_a_high_tone_is_not_mirrored_into_low_bands() -> None:
    found = mel.log_mel(tone(7000, 0.5))
    assert found[10, :40].max() < -60


def test_frames_and_range() -> None:
    found = mel.log_mel(speech(3.0))
    assert found.shape == (130, mel.BANDS)
    assert found.max() <= 0
    assert found.min() >= -80.001
    assert np.allclose(mel.log_mel(np.zeros(8000, dtype=np.float32)), -80)


def test_pictures_know_neither_loudness_nor_silence() -> None:
    sound = speech()
    picture = mel.picture(mel.log_mel(sound))
    quiet = mel.picture(mel.log_mel(np.float32(0.01) * sound))
    framed = mel.picture(mel.log_mel(np.pad(sound, (8000, 16_000))))
    assert np.allclose(picture, quiet, atol=1e-3)
    assert abs(len(framed) - len(picture)) <= 2 * mel.MARGIN
    assert picture.min() >= -mel.FLOOR - 1e-3


def test_a_quiet_room_and_a_noisy_one_look_alike() -> None:
    random = np.random.default_rng(1)
    sound = speech()
    noisy = sound + 3e-4 * random.standard_normal(len(sound)).astype(np.float32)
    gap = mel.picture(mel.log_mel(sound)) - mel.picture(mel.log_mel(noisy))
    assert np.abs(gap).mean() < 0.5
