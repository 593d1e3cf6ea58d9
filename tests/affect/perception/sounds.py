"""Sounds made in the test, and files of them."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile
from numpy.typing import NDArray

FORMATS = {
    "ogg": ("OGG", "OPUS"),
    "vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}


def tone(seconds: float, hertz: float = 440.0, rate: int = 48_000) -> NDArray[np.float32]:
    at = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def noise(seconds: float, rate: int = 16_000, level: float = 0.1) -> NDArray[np.float32]:
    drawn = np.random.default_rng(7).standard_normal(round(seconds * rate))
    return (level * drawn).astype(np.float32)


def encoded(samples: NDArray[np.float32], kind: str, rate: int = 48_000) -> bytes:
    """A file of some samples (n,) or (n, channels)."""
    form, subtype = FORMATS[kind]
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=form, subtype=subtype)
    return out.getvalue()


def wav(data: bytes, *, rate: int = 16_000, channels: int = 1, told: int | None = None) -> bytes:
    """A WAV file whose header says what it likes."""
    size = len(data) if told is None else told
    step = 2 * channels & 0xFFFF
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * step & 0xFFFFFFFF, step, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", (36 + size) & 0xFFFFFFFF, b"WAVE", b"fmt ", 16)
    return head + form + b"data" + struct.pack("<I", size) + data


def pcm(samples: NDArray[np.float32]) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()
