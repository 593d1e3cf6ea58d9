"""A video note in: its sound, and up to five pictures of the same moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affect.errors import MediaRejected
from affect.perception import audio
from affect.perception.audio import Sound
from affect.perception.images import Picture
from affect.perception.sandbox import take_apart

FRAMES = 5


@dataclass(frozen=True, slots=True, eq=False)
class VideoNote:
    """`sound` is None where there is no track of it; `frames` are in order, five at most."""

    sound: Sound | None
    frames: tuple[Picture, ...]


def open_video(data: bytes) -> VideoNote:
    """Take a video note apart (MP4, M4V, MOV, WebM; needs the extra `video`).

    Raises `MediaRejected`: empty, too_big, not_video, broken, too_long, odd_format, no_decoder.
    """
    if not data:
        raise MediaRejected("empty", "The file is empty.")
    try:
        kind = audio.container(data)
    except MediaRejected as wrong:
        if wrong.kind == "too_big":
            raise MediaRejected("too_big", "The video is larger than 20 MB.") from None
        kind = ""
    if kind not in {"m4a", "webm"}:
        raise MediaRejected("not_video", "The file is not a video of a known kind.")
    parts = take_apart(data, kind, FRAMES)
    frames = tuple(
        Picture(np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3))
        for width, height, pixels in parts.frames
    )
    return VideoNote(audio.from_pcm(parts.pcm) if parts.pcm else None, frames)
