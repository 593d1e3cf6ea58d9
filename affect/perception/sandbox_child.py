"""The child of `sandbox.py`: `python -I sandbox_child.py KIND FRAMES`, a file on standard input.

Writes one line of JSON (bytes of sound, sizes of pictures), then the sound (mono, 16 kHz, signed
16-bit), then the pictures (RGB). Imports nothing of the house: it is run by its path, alone.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

FORMATS = {"m4a": "mov", "webm": "matroska"}
RATE, MOST_SECONDS, MOST_PICTURE_SECONDS = 16_000, 600, 90
MOST_SIDE, MOST_PIXELS = 640, 4096 * 4096
MEMORY, PROCESSOR_SECONDS, FILES = 1 << 30, 20, 32


def main(kind: str, frames: int) -> None:
    """Decode standard input to standard output."""
    data = sys.stdin.buffer.read()
    import av  # before the limits: it opens its own libraries

    _limit()
    options = {"probesize": "1000000", "analyzeduration": "5000000"}
    extra = {"protocol_whitelist": ""}
    if kind == "m4a":
        extra |= {"enable_drefs": "0", "use_absolute_path": "0"}
    with av.open(
        io.BytesIO(data), format=FORMATS[kind], options=options, container_options=extra
    ) as file:
        sound, pictures, too_long = _decoded(av, file, frames)
    head = {
        "pcm": len(sound),
        "frames": [(picture.width, picture.height) for picture in pictures],
        "too_long": too_long,
    }
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    out.write(sound)
    for picture in pictures:
        out.write(picture.tobytes())
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
        resource.setrlimit(name, (value, value))


def _decoded(av: Any, file: Any, frames: int) -> tuple[bytes, list[Any], bool]:
    """Sound, pictures, and whether the sound goes on beyond what is heard."""
    audio = next(iter(file.streams.audio), None)
    video = next(iter(file.streams.video), None) if frames else None
    streams = [stream for stream in (audio, video) if stream is not None]
    if not streams:
        raise ValueError("nothing to decode")
    for stream in streams:
        stream.codec_context.thread_count = 1
    wanted = _moments(file, frames)
    resampler = av.AudioResampler("s16", "mono", RATE)
    sound, pictures = bytearray(), []
    for packet in file.demux(*streams):
        try:
            decoded = packet.decode()
        except av.FFmpegError:  # a broken packet: the rest may be whole
            continue
        for frame in decoded:
            if packet.stream is audio:
                for block in resampler.resample(frame):
                    sound += block.to_ndarray().tobytes()
                if len(sound) > 2 * RATE * MOST_SECONDS:
                    return b"", [], True
            elif wanted and (frame.time or 0.0) >= wanted[0]:
                wanted.pop(0)
                pictures.append(_small(frame))
    return bytes(sound), pictures, False


def _moments(file: Any, frames: int) -> list[float]:
    """When to look, evenly spread; what a header says of its length is only believed so far."""
    told = min(max((file.duration or 0) / 1_000_000, 0.0), MOST_PICTURE_SECONDS)
    return [(k + 0.5) / frames * told for k in range(frames)]


def _small(frame: Any) -> Any:
    if frame.width * frame.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    share = min(1.0, MOST_SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * share)), max(1, round(frame.height * share))
    return frame.to_image(width=size[0], height=size[1])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
