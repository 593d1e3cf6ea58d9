"""From 16 kHz sound to what the voice network sees: a log-mel picture of the speech in it.

The first half, `log_mel`, repeats the front end of the stored CREMA-D pictures (see the training
data's sheet): 22,050 Hz, 2,048-point Hann windows every 512 samples, 128 Slaney bands of which 40
are kept, 76 averaged in pairs and 12 above 8 kHz dropped. The second half, `picture`, makes
recordings comparable: cut to the speech, levels counted from the loud frames, and a common floor
below them, so that neither loudness, room noise nor the length of silence tells anything.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE = 16_000  # of the sound that comes in, Hz
UP, DOWN = 441, 320  # 16,000 * 441 / 320 = 22,050 Hz
WINDOW, HOP = 2048, 512
ALL_BANDS, SINGLE, PAIRED_TO = 128, 40, 116
BANDS = SINGLE + (PAIRED_TO - SINGLE) // 2  # 78
RANGE = 80.0  # dB below the loudest cell of all 128 bands
HALF_TAPS = 64  # of the resampling filter, on each side, in samples of 16 kHz
CUT_OFF, BETA = 0.956, 10.0  # share of 8 kHz that passes; Kaiser window, about -100 dB beside it

# dB below the level of speech where everything drowns: CREMA-D's rooms lie deeper still.
FLOOR = 35.0
RUMBLE = 2  # lowest bands (to 65 Hz), where rooms and tables are heard but no voice
LOUD = 20.0  # dB below the loudest frame: what counts for the level
SPEECH = 30.0  # dB below the level: what may stand at the ends
MARGIN = 4  # frames kept beside the speech


def centres() -> NDArray[np.float64]:
    """(78,) Hz: where each band is highest, and the middle of each pair."""
    edges = _edges()[1:-1]
    pairs = edges[SINGLE:PAIRED_TO].reshape(-1, 2).mean(axis=1)
    return np.concatenate([edges[:SINGLE], pairs])


def log_mel(samples: Floats) -> Floats:
    """(n,) at 16 kHz -> (frames, 78) decibels below the loudest mel cell, in -80..0.

    A frame lasts 23.2 ms; there are 1 + n * 441 / 320 // 512 of them. Silence gives all -80.
    """
    wide = resample(samples)
    padded = np.pad(wide, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * _hann(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power.astype(np.float32) @ _filters()
    mel /= max(float(mel.max()), 1e-10)
    mel = np.maximum(mel, 10 ** (-RANGE / 10))
    pairs = mel[:, SINGLE:PAIRED_TO].reshape(len(mel), -1, 2).mean(axis=2)
    return decibels(np.concatenate([mel[:, :SINGLE], pairs], axis=1))


def resample(samples: Floats) -> Floats:
    """16,000 Hz -> 22,050 Hz by a windowed sinc; a block of 320 samples gives 441."""
    count = -(-len(samples) * UP // DOWN)
    blocks = -(-len(samples) // DOWN)
    room = (HALF_TAPS, blocks * DOWN - len(samples) + HALF_TAPS)
    padded = np.pad(samples.astype(np.float32), room)
    rows = np.lib.stride_tricks.sliding_window_view(padded, DOWN + 2 * HALF_TAPS)[::DOWN]
    wide: Floats = (np.ascontiguousarray(rows) @ _bank()).ravel()[:count]
    return wide


def picture(mel: Floats) -> Floats:
    """(frames, 78) decibels -> (speech frames, 78): 0 is the level of speech, -35 the floor.

    The level is the mean, over the loud frames, of each frame's loudest cell. Frames before the
    first and after the last that stand out of the background are cut off.
    """
    power = 10 ** (mel / 10)
    power[:, :RUMBLE] = 0
    peaks = power.max(axis=1)
    level = peaks[peaks >= peaks.max() * 10 ** (-LOUD / 10)].mean()
    heard = np.flatnonzero(peaks >= level * 10 ** (-SPEECH / 10))
    kept = power[max(0, heard[0] - MARGIN) : heard[-1] + 1 + MARGIN] / level
    return decibels(kept + 10 ** (-FLOOR / 10))


def decibels(power: Floats) -> Floats:
    """10 log10."""
    result: Floats = (10 * np.log10(power)).astype(np.float32)
    return result


@cache
def _hann() -> Floats:
    """Periodic Hann window."""
    turn = 2 * np.pi * np.arange(WINDOW) / WINDOW
    return (0.5 - 0.5 * np.cos(turn)).astype(np.float32)


@cache
def _bank() -> Floats:
    """(448, 441): the resampling filter at all its phases, as one matrix."""
    at = np.arange(UP) * DOWN / UP + HALF_TAPS  # where each output lies among the inputs
    gap = np.arange(DOWN + 2 * HALF_TAPS)[:, None] - at[None, :]
    inside = np.clip(1 - (gap / HALF_TAPS) ** 2, 0, None)
    taps = CUT_OFF * np.sinc(CUT_OFF * gap) * np.i0(BETA * np.sqrt(inside)) / np.i0(BETA)
    return np.where(np.abs(gap) < HALF_TAPS, taps, 0).astype(np.float32)


@cache
def _filters() -> Floats:
    """(1025, 128): triangles on Slaney's scale from 0 to 11,025 Hz, each of unit area."""
    edges = _edges()
    bins = np.linspace(0, RATE * UP / DOWN / 2, WINDOW // 2 + 1)[:, None]
    width = np.diff(edges)
    rising = (bins - edges[:-2]) / width[:-1]
    falling = (edges[2:] - bins) / width[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * 2 / (edges[2:] - edges[:-2])).astype(np.float32)


def _edges() -> NDArray[np.float64]:
    """(130,) Hz: where the triangles begin, are highest and end; the last is 11,025."""
    return _hertz(np.linspace(0, _mel(RATE * UP / DOWN / 2), ALL_BANDS + 2))


# Slaney's Auditory Toolbox scale: linear to 1 kHz (66.7 Hz a mel), then 27 steps to 6.4 kHz.
_STEP, _BEND = 200 / 3, 1000.0
_GROWTH = np.log(6.4) / 27


def _mel(hertz: float) -> float:
    if hertz < _BEND:
        return hertz / _STEP
    return float(_BEND / _STEP + np.log(hertz / _BEND) / _GROWTH)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    bend = _BEND / _STEP
    result: NDArray[np.float64] = np.where(
        mel < bend, mel * _STEP, _BEND * np.exp(_GROWTH * (mel - bend))
    )
    return result
