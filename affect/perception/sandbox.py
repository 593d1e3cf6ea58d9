"""Taking M4A, MP4 and WebM apart in a child process with limits: PyAV brings all of FFmpeg along.

The child (`sandbox_child.py`) gets the bytes on its standard input, may open no file and no
connection, and dies of too much memory or time without taking the companion along.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from affect.errors import MediaRejected

SECONDS = 30  # of wall time; the child's own processor time is bound tighter
CHILD = Path(__file__).with_name("sandbox_child.py")


@dataclass(frozen=True, slots=True)
class Parts:
    """`pcm`: mono signed 16-bit at 16 kHz. `frames`: (width, height, RGB bytes), in order."""

    pcm: bytes
    frames: tuple[tuple[int, int, bytes], ...]


def take_apart(data: bytes, kind: str, frames: int) -> Parts:
    """Sound and up to `frames` pictures; `kind` is m4a or webm, told by the magic bytes.

    Raises `MediaRejected`: no_decoder, broken, too_long.
    """
    if util.find_spec("av") is None:
        raise MediaRejected(
            "no_decoder", f"Reading {kind} needs: pip install 'attune-companion[video]'."
        )
    command = [sys.executable, "-I", str(CHILD), kind, str(frames)]
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by our own interpreter
            command, input=data, capture_output=True, timeout=SECONDS, check=False, cwd="/", env={}
        )
    except subprocess.TimeoutExpired:
        raise MediaRejected("broken", "The file takes too long to decode.") from None
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise MediaRejected("broken", f"The {kind} file cannot be decoded.")
    return _parsed(json.loads(head), body)


def _parsed(told: dict[str, object], body: bytes) -> Parts:
    if told.get("too_long"):
        raise MediaRejected("too_long", "The recording is longer than ten minutes.")
    size = told["pcm"]
    sizes = told["frames"]
    if not (isinstance(size, int) and isinstance(sizes, list)):
        raise MediaRejected("broken", "The file cannot be decoded.")
    found, at = [], size
    for width, height in sizes:
        found.append((width, height, body[at : at + width * height * 3]))
        at += width * height * 3
    if len(body) != at:
        raise MediaRejected("broken", "The file cannot be decoded.")
    return Parts(body[:size], tuple(found))
