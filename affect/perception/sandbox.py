"""Taking M4A, MP4 and WebM apart in a child process with limits: PyAV brings all of FFmpeg along.

The child (`sandbox_child.py`) gets the bytes on its standard input, may open no file and no
connection, and dies of too much memory or time without taking the companion along.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from affect.errors import MediaRejected

SECONDS = 30  # of wall time; the child's own processor time is bound tighter
CHILD = Path(__file__).with_name("sandbox_child.py")
MOST_SIDE = 640  # pixels of a picture that the child may send
MOST_HEAD = 1_000  # bytes of its first line
MOST_SOUND = 2 * 16_000 * 601  # bytes: ten minutes, and the block in which they ended


@dataclass(frozen=True, slots=True)
class Parts:
    """`pcm`: mono signed 16-bit at 16 kHz. `frames`: (width, height, RGB bytes), in order."""

    pcm: bytes
    frames: tuple[tuple[int, int, bytes], ...]


def take_apart(data: bytes, kind: str, frames: int) -> Parts:
    """Sound and up to `frames` pictures; `kind` is m4a or webm, told by the magic bytes.

    Raises `MediaRejected`: no_decoder, broken, too_long, odd_format.
    """
    if util.find_spec("av") is None:
        raise MediaRejected(
            "no_decoder", f"Reading {kind} needs: pip install 'attune-companion[video]'."
        )
    most = MOST_HEAD + MOST_SOUND + frames * MOST_SIDE * MOST_SIDE * 3
    written = _run([sys.executable, "-I", str(CHILD), kind, str(frames)], data, most)
    head, _, body = written.partition(b"\n")
    if not head or len(head) > MOST_HEAD or len(written) > most:
        raise _broken(kind)
    try:
        told = json.loads(head)
        if not isinstance(told, dict):
            raise _broken(kind)
        return _parsed(told, body, frames)
    except (ValueError, TypeError, KeyError, RecursionError):  # a child that was taken over
        raise _broken(kind) from None


def _run(command: list[str], data: bytes, most: int) -> bytes:
    """What the child writes, and not much more than `most` of it; nothing where it fails."""
    # No settings and no secrets of ours reach it; Windows starts no Python without its root.
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - our own file, by our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # FFmpeg's opinion of a file is for nobody's log
        cwd="/",
        env={"OPENBLAS_NUM_THREADS": "1"} | kept,
    ) as child:
        clock = threading.Timer(SECONDS, child.kill)
        clock.start()
        try:
            assert child.stdin is not None  # noqa: S101 - pipes, as asked for above
            assert child.stdout is not None  # noqa: S101
            with suppress(BrokenPipeError):  # it died before it had read everything
                child.stdin.write(data)
                child.stdin.flush()
            with suppress(BrokenPipeError):
                child.stdin.close()
            written = child.stdout.read(most + 1)
            if len(written) > most:
                child.kill()
            return b"" if child.wait() else written
        finally:
            clock.cancel()


def _broken(kind: str) -> MediaRejected:
    return MediaRejected("broken", f"The {kind} file cannot be decoded.")


def _parsed(told: dict[str, object], body: bytes, most: int) -> Parts:
    """What the first line promises, found in the rest; raises ValueError where it is not there."""
    match told.get("refused"):
        case "too_long":
            raise MediaRejected("too_long", "The recording is longer than ten minutes.")
        case "odd_format":
            raise MediaRejected("odd_format", "The sound has a rate or channels of no voice.")
    size, sizes = told["pcm"], told["frames"]
    if not (isinstance(size, int) and isinstance(sizes, list) and len(sizes) <= most):
        raise ValueError
    if size % 2 or not 0 <= size <= MOST_SOUND:
        raise ValueError
    found, at = [], size
    for width, height in sizes:
        if width not in range(1, MOST_SIDE + 1) or height not in range(1, MOST_SIDE + 1):
            raise ValueError
        found.append((width, height, body[at : at + width * height * 3]))
        at += width * height * 3
    if len(body) != at:
        raise ValueError
    return Parts(body[:size], tuple(found))
