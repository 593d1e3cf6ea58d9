"""Mutated sounds, films and pictures against every decoder: what becomes of them, and at what cost.

    python benchmarks/fuzz_media.py            2,000 files of each kind
    python benchmarks/fuzz_media.py 200        fewer

Every kind runs in a process of its own, so that a crash is counted and not suffered. Prints one
row a kind: how many files were decoded or refused (by the kind of `MediaRejected`), the slowest,
by how much memory grew over the second half, how many files were left open, and what the decoders
wrote to standard error. Ends with 1 where a process crashed or hung, or anything but
`MediaRejected` came out. M4A and WebM need the extra `video` and take about 0.2 s a file.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from affect.errors import MediaRejected
from affect.perception import audio, images
from affect.perception.video import open_video

COUNT = 2_000
LONGEST = 3_600  # seconds for all files of one kind
SOUNDS = {
    "ogg-opus": ("OGG", "OPUS"),
    "ogg-vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}
FILMS = {"mp4": ("mp4", "mpeg4", "aac"), "webm": ("webm", "libvpx", "libopus")}
PICTURES = ("JPEG", "PNG", "WEBP", "GIF")


def _checksums() -> Iterator[int]:
    for byte in range(256):
        found = byte << 24
        for _ in range(8):
            found = (found << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if found >> 31 else 0)
        yield found


CHECKSUMS = tuple(_checksums())
KINDS = (*SOUNDS, *FILMS, *PICTURES)

Random = np.random.Generator


def mutated(whole: bytes, random: Random) -> bytes:
    """Bytes changed, a piece doubled, dropped or zeroed, the end cut off: a draw of these.

    The checksums of half the Ogg files are made good again, else hardly one gets to its codec.
    """
    data = bytearray(whole)
    for at in random.integers(0, len(data), size=int(24 ** random.random())):
        data[at] = random.integers(0, 256)
    start = int(random.integers(0, len(data)))
    end = min(len(data), start + int(random.integers(1, 200)))
    match random.integers(0, 8):
        case 0:
            data[start:start] = data[start:end]
        case 1:
            del data[start:end]
        case 2:
            data[start:end] = bytes(end - start)
        case 3:
            data[start:end] = b"\xff" * (end - start)
        case 4:
            del data[start:]
    if whole.startswith(b"OggS") and random.random() < 0.5:
        _make_good(data)
    return bytes(data)


def _make_good(data: bytearray) -> None:
    """Give every page that can still be found its checksum (RFC 3533, section 6)."""
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        sizes = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(sizes) + sum(sizes)
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = _checksum(data[at:end]).to_bytes(4, "little")
        at = data.find(b"OggS", at + 4)


def _checksum(page: bytes | bytearray) -> int:
    found = 0
    for byte in page:
        found = (found << 8 & 0xFFFFFFFF) ^ CHECKSUMS[found >> 24 ^ byte]
    return found


def seed_of(kind: str) -> bytes:
    """A small whole file."""
    random = np.random.default_rng(7)
    noise = (0.1 * random.standard_normal(24_000)).astype(np.float32)
    out = io.BytesIO()
    if kind in SOUNDS:
        form, subtype = SOUNDS[kind]
        soundfile.write(out, noise, 48_000, format=form, subtype=subtype)
    elif kind in PICTURES:
        pixels = random.integers(0, 256, size=(48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(out, kind)
    else:
        _film(out, *FILMS[kind], noise)
    return out.getvalue()


def _film(out: io.BytesIO, form: str, seen: str, heard: str, noise: Any) -> None:
    import av

    with av.open(out, "w", format=form) as file:
        film = file.add_stream(seen, rate=10)
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        sound = file.add_stream(heard, rate=48_000, layout="mono")
        for k in range(5):
            shade = np.full((64, 96, 3), 40 * k, dtype=np.uint8)
            file.mux(film.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        file.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(
            (noise[None] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 48_000
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))


def _decoder(kind: str) -> Callable[[bytes], object]:
    if kind in SOUNDS:
        return audio.decode
    return images.decode if kind in PICTURES else open_video


def fuzz(kind: str, count: int) -> dict[str, object]:
    """Decode that many mutations of one kind; any error but `MediaRejected` is counted by name."""
    whole, decode = seed_of(kind), _decoder(kind)
    random = np.random.default_rng(20261124)
    ends: Counter[str] = Counter()
    slowest, half, opened = 0.0, 0, 0
    decode(whole)
    for at in range(count):
        if at == count // 2:
            half, opened = _memory(), _files()
        data = mutated(whole, random)
        start = time.perf_counter()
        try:
            decode(data)
            ends["decoded"] += 1
        except MediaRejected as wrong:
            ends[wrong.kind] += 1
        except Exception as wrong:  # noqa: BLE001 - what is being looked for
            ends[f"ERROR {type(wrong).__name__}"] += 1
        slowest = max(slowest, time.perf_counter() - start)
    return {
        "kind": kind,
        "files": count,
        "ends": dict(sorted(ends.items())),
        "slowest_ms": round(1000 * slowest),
        "grown_kb": _memory() - half,
        "left_open": _files() - opened,
    }


def _memory() -> int:
    """Resident kB of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def _files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    except OSError:
        return 0


def _apart(kind: str, count: int) -> tuple[dict[str, object], bool]:
    """One kind in a process of its own, and whether all was well."""
    command = [sys.executable, __file__, str(count), kind]
    with tempfile.TemporaryFile() as noise:
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=noise, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return {"kind": kind, "hung_after_s": LONGEST}, False
        told = noise.tell()
    if done.returncode:
        return {"kind": kind, "crashed_with": done.returncode}, False
    row = json.loads(done.stdout)
    well = not any(end.startswith("ERROR") for end in row["ends"])
    return row | {"bytes_on_stderr": told}, well


def main(arguments: list[str]) -> int:
    """All kinds, or, as its own child, one of them."""
    count = int(arguments[0]) if arguments else COUNT
    if len(arguments) > 1:
        print(json.dumps(fuzz(arguments[1], count)))
        return 0
    fine = True
    for kind in KINDS:
        row, well = _apart(kind, count)
        print(json.dumps(row), flush=True)
        fine &= well
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
