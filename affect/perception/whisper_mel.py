"""The picture of a sound that Whisper looks at: 80 mel bands, 100 columns a second, in numpy alone.

Recipe and constants as published with the model (github.com/openai/whisper, audio.py, MIT).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from affect.perception.audio import RATE

WINDOW = 400  # samples: 25 ms
HOP = 160  # samples: 10 ms
BANDS = 80
FLOOR = 1e-10  # power
RANGE = 8.0  # decades below the loudest point that are kept


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) samples at 16 kHz, a multiple of HOP and more than WINDOW -> (BANDS, n / HOP)."""
    padded = np.pad(samples, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames[: len(samples) // HOP] * hann)) ** 2
    mel = np.log10(np.maximum(filters() @ power.T, FLOOR))
    made: NDArray[np.float32] = (np.maximum(mel, mel.max() - RANGE) / 4 + 1).astype(np.float32)
    return made


def centres() -> NDArray[np.float64]:
    """(BANDS,) Hz: where each band is highest."""
    return _corners()[1:-1]


@cache
def filters() -> NDArray[np.float64]:
    """(BANDS, WINDOW / 2 + 1) triangles on Slaney's mel scale, each of area 1."""
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    corners = _corners()
    width = np.diff(corners)
    slopes = corners[:, None] - bins[None, :]
    rising = -slopes[:-2] / width[:-1, None]
    falling = slopes[2:] / width[1:, None]
    area = 2 / (corners[2:] - corners[:-2])
    triangles: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * area[:, None]
    return triangles


def _corners() -> NDArray[np.float64]:
    """(BANDS + 2,) Hz: where the triangles begin, are highest and end."""
    return _hertz(np.linspace(0, _mel(RATE / 2), BANDS + 2))


# Slaney's scale: 200 / 3 Hz a mel up to 1 kHz, logarithmic above.
_STEP, _KNEE, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27


def _mel(hertz: float) -> float:
    if hertz < _KNEE:
        return hertz / _STEP
    return float(_KNEE / _STEP + np.log(hertz / _KNEE) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE * np.exp(_LOG_STEP * (mel - _KNEE / _STEP))
    return np.where(mel < _KNEE / _STEP, mel * _STEP, above)
