"""The child of `sandbox.py`: `python -I sandbox_child.py KIND FRAMES`, a file on standard input.

Writes one line of JSON (bytes of sound, sizes of pictures, or why it refused), then the sound
(mono, 16 kHz, signed 16-bit), then the pictures (RGB). Imports nothing of the house: it is run by
its path, alone.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import suppress
from typing import Any

FORMATS = {"m4a": "mov", "webm": "matroska"}
# Every other decoder of FFmpeg stays shut: most of its holes are in what nobody records with.
CODECS = {
    *("aac", "opus", "libopus", "vorbis", "mp3", "mp3float", "alac", "flac"),
    *("h264", "hevc", "mpeg4", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d"),
}
RATE, MOST_SECONDS = 16_000, 600
LEAST_RATE, MOST_RATE, MOST_CHANNELS = 8_000, 48_000, 2
MOST_SIDE, MOST_PIXELS = 640, 4096 * 2304
PIXEL_BUDGET = 1_000_000_000  # decoded in full; what comes after is seen in its key frames only
FIRST_STEP, CLOSE = 0.1, 0.001  # seconds between the first pictures that are kept; near enough
MEMORY, PROCESSOR_SECONDS, FILES = 1 << 30, 20, 32


class RefusedError(Exception):
    """The recording is whole, but not one to be heard; its text is the reason."""


def main(kind: str, frames: int) -> None:
    """Decode standard input to standard output."""
    data = sys.stdin.buffer.read()
    import av  # before the limits: they open their own libraries
    import numpy as np

    av.logging.set_level(None)
    _limit()
    head: dict[str, object] = {}
    sound = b""
    pictures: list[Any] = []
    try:
        with _opened(av, data, kind) as file:
            sound, pictures = _decoded(av, file, frames)
        head = {"pcm": len(sound), "frames": [shot.shape[1::-1] for shot in pictures]}
    except RefusedError as why:
        head = {"refused": str(why)}
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    out.write(sound)
    for shot in pictures:
        out.write(np.ascontiguousarray(shot).tobytes())
    out.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows; the parent's clock remains
        return
    for name, value in (
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError):  # macOS knows no bound of the address space
            resource.setrlimit(name, (value, value))


def _opened(av: Any, data: bytes, kind: str) -> Any:
    options = {"probesize": "1000000", "analyzeduration": "5000000"}
    # No protocol at all: a file that names another file or an address gets neither.
    shut = {"protocol_whitelist": "", "codec_whitelist": ",".join(sorted(CODECS))}
    if kind == "m4a":
        shut |= {"enable_drefs": "0", "use_absolute_path": "0"}
    return av.open(io.BytesIO(data), format=FORMATS[kind], options=options, container_options=shut)


def _decoded(av: Any, file: Any, frames: int) -> tuple[bytes, list[Any]]:
    """Sound and pictures, as far as the file goes: what came before a break is what there is."""
    audio = next(iter(file.streams.audio), None)
    video = next(iter(file.streams.video), None) if frames else None
    streams = [stream for stream in (audio, video) if stream is not None]
    _check(streams)
    voice, film = _Voice(av), _Film(frames)
    try:
        for packet in file.demux(*streams):
            taker = voice if packet.stream is audio else film
            with suppress(av.FFmpegError):  # a broken packet: the rest may be whole
                for frame in packet.decode():
                    taker.take(frame)
            if film.tired and video is not None:
                video.codec_context.skip_frame = "NONKEY"
    except RefusedError:
        raise
    except Exception:  # PyAV raises whatever hostile bytes lead it to
        if not (voice.sound or film.kept):
            raise
    return bytes(voice.sound), film.chosen()


def _check(streams: list[Any]) -> None:
    """What can be known before anything is decoded."""
    if not streams:
        raise ValueError("nothing to decode")
    for stream in streams:
        codec = stream.codec_context
        if codec.name not in CODECS:
            raise ValueError("no decoder for that")
        codec.thread_count = 1
        if stream.type == "audio":
            _check_format(codec)


def _check_format(sound: Any) -> None:
    """Of a codec or a frame, before it is resampled: at 1 Hz a second would be hours."""
    rate, channels = sound.sample_rate, sound.layout.nb_channels
    if not (LEAST_RATE <= rate <= MOST_RATE and 1 <= channels <= MOST_CHANNELS):
        raise RefusedError("odd_format")


class _Voice:
    """The sound so far."""

    def __init__(self, av: Any) -> None:
        self.sound = bytearray()
        self._resampler = av.AudioResampler("s16", "mono", RATE)

    def take(self, frame: Any) -> None:
        """One more frame; raises `RefusedError` after ten minutes."""
        _check_format(frame)
        for block in self._resampler.resample(frame):
            self.sound += block.to_ndarray().tobytes()
        if len(self.sound) > 2 * RATE * MOST_SECONDS:
            raise RefusedError("too_long")


class _Film:
    """Pictures evenly spaced over a film whose length nobody tells: headers are not believed.

    At most four times as many as are wanted are kept; where there are more, every other one goes
    and the step between them doubles.
    """

    def __init__(self, wanted: int) -> None:
        self.kept: list[Any] = []
        self._wanted, self._step = wanted, FIRST_STEP
        self._first: float | None = None
        self._next = 0.0
        self._pixels = 0

    @property
    def tired(self) -> bool:
        """Whether so much was decoded that key frames must do from here on."""
        return self._pixels > PIXEL_BUDGET

    def take(self, frame: Any) -> None:
        """Look at one more frame; raises `RefusedError` after ten minutes."""
        at = frame.time
        self._pixels += frame.width * frame.height
        if at is None or frame.width * frame.height > MOST_PIXELS:
            return
        if self._first is None:
            self._first = at
        at -= self._first
        if at > MOST_SECONDS:
            raise RefusedError("too_long")
        if at < self._next - CLOSE:
            return
        self.kept.append(_small(frame))
        self._next = at + self._step
        if len(self.kept) > 4 * self._wanted:
            del self.kept[1::2]
            self._step *= 2

    def chosen(self) -> list[Any]:
        """As many as are wanted, from the middles of equal parts, in order."""
        count = min(self._wanted, len(self.kept))
        return [self.kept[int((k + 0.5) * len(self.kept) / count)] for k in range(count)]


def _small(frame: Any) -> Any:
    """Pixels (h, w, 3), upright: a phone writes how it was held beside the film."""
    import numpy as np

    share = min(1.0, MOST_SIDE / max(frame.width, frame.height))
    width = max(1, round(frame.width * share))
    height = max(1, round(frame.height * share))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
    return np.rot90(pixels, round(frame.rotation / 90) % 4)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
