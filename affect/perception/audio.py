"""Hostile bytes in, a clean mono sound out: magic bytes decide, headers are never trusted.

libsndfile (no playlists, no network, no references to other files) reads OGG, MP3, FLAC and WAV
from memory, block by block; M4A and WebM go through PyAV in a child process (extra `video`).
pydub is the toolkit on the decoded samples and never sees a file.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from affect.errors import MediaRejected

if TYPE_CHECKING:
    from pydub import AudioSegment

RATE = 16_000  # Hz; what every model of the house hears
MOST_BYTES = 20 * 1024 * 1024  # what Telegram lets a bot fetch
MOST_SECONDS = 600
LEAST_RATE, MOST_RATE = 8_000, 48_000  # checked before resampling: at 1 Hz a second would be hours
MOST_CHANNELS = 2  # a person speaks into one or two microphones; 65,535 are a memory bomb
BLOCK = 1 << 12  # frames read at a time; of a broken file at most one block is lost
PIECE = 1 << 16  # samples filtered at a time
TAPS = 127  # of the low-pass before resampling
CUT = 0.46  # of the new rate: what lies above would come back as a false tone


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono sound at `RATE`: `samples` (n,) float32 in [-1, 1]."""

    samples: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE


def container(data: bytes) -> str:
    """The container of a sound: ogg, flac, wav, mp3, m4a or webm; raise `MediaRejected`."""
    if len(data) > MOST_BYTES:
        raise MediaRejected("too_big", "The sound is larger than 20 MB.")
    if data.startswith(b"OggS"):
        return "ogg"
    if data.startswith(b"fLaC"):
        return "flac"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data.startswith(b"ID3") or (data[:1] == b"\xff" and data[1:2] > b"\xdf"):
        return "mp3"
    if data[4:8] == b"ftyp":
        return "m4a"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    raise MediaRejected("not_audio", "The file is not a sound of a known kind.")


def decode(data: bytes) -> Sound:
    """A file's sound, mono at 16 kHz.

    Raises `MediaRejected`: empty, too_big, not_audio, broken, too_long (10 minutes are the most),
    odd_format (sample rate or channels that no microphone gives), no_decoder (M4A and WebM need
    the extra `video`). A file that breaks off is heard as far as it goes.
    """
    if not data:
        raise MediaRejected("empty", "The file is empty.")
    kind = container(data)
    if kind in {"m4a", "webm"}:
        from affect.perception.sandbox import take_apart

        return from_pcm(take_apart(data, kind, frames=0).pcm)
    return _resampled(_read(data, kind))


def from_pcm(pcm: bytes) -> Sound:
    """Mono signed 16-bit samples at `RATE`."""
    if not pcm:
        raise MediaRejected("broken", "There is no sound in the file.")
    return Sound(np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / np.float32(32768))


def _read(data: bytes, kind: str) -> AudioSegment:
    import soundfile

    blocks: list[bytes] = []
    frames = 0
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate, channels = file.samplerate, file.channels
            if not (LEAST_RATE <= rate <= MOST_RATE and 1 <= channels <= MOST_CHANNELS):
                raise MediaRejected("odd_format", "The sound has a rate or channels of no voice.")
            # As floats: where a loud Ogg decodes beyond full scale, libsndfile's 16 bits wrap.
            for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
                frames += len(block)
                if frames > MOST_SECONDS * rate:
                    raise MediaRejected("too_long", "The sound is longer than ten minutes.")
                whole = np.clip(np.nan_to_num(block), -1, 1) * np.float32(32768)
                blocks.append(_sixteen_bits(whole).tobytes())
    except (soundfile.SoundFileError, ValueError, OverflowError):
        if not frames:  # else it broke off, and what was read is what there is
            raise MediaRejected("broken", f"The {kind} file cannot be decoded.") from None
    if not frames:
        raise MediaRejected("broken", "There is no sound in the file.")
    segment: AudioSegment = _pydub()(
        data=b"".join(blocks), sample_width=2, frame_rate=rate, channels=channels
    )
    return segment.set_channels(1)


def _resampled(segment: AudioSegment) -> Sound:
    if segment.frame_rate > RATE:  # pydub interpolates in a straight line, so filter first
        samples = np.frombuffer(segment.raw_data, dtype=np.int16).astype(np.float32)
        clean = _sixteen_bits(_filtered(samples, CUT * RATE / segment.frame_rate))
        segment = segment._spawn(clean.tobytes())  # noqa: SLF001 - pydub's own way to new samples
    sound = from_pcm(segment.set_frame_rate(RATE).raw_data)
    if segment.frame_rate < RATE:  # and after it, where the straight line mirrors what is there
        return Sound(_filtered(sound.samples, CUT * segment.frame_rate / RATE).clip(-1, 1))
    return sound


def _sixteen_bits(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Rounded, and cut off at full scale."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def _filtered(samples: NDArray[np.float32], cut: float) -> NDArray[np.float32]:
    """Low-pass by a windowed sinc (Blackman), `cut` in cycles a sample; length is kept."""
    at = np.arange(TAPS) - (TAPS - 1) / 2
    taps = (2 * cut * np.sinc(2 * cut * at) * np.blackman(TAPS)).astype(np.float32)
    taps /= taps.sum()
    padded = np.pad(samples, (TAPS - 1) // 2)
    size, step = PIECE, PIECE - TAPS + 1
    response = np.fft.rfft(taps, size)
    out = np.empty(len(samples), dtype=np.float32)
    for start in range(0, len(samples), step):
        piece = np.fft.irfft(np.fft.rfft(padded[start : start + size], size) * response, size)
        kept = piece[TAPS - 1 : TAPS - 1 + min(step, len(samples) - start)]
        out[start : start + len(kept)] = kept
    return out


@cache
def _pydub() -> type[AudioSegment]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no ffmpeg is there: none is wanted
        from pydub import AudioSegment as Segment
    kind: type[AudioSegment] = Segment
    return kind
