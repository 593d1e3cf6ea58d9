"""Hostile bytes in: what kind of picture a file says it is, by its first bytes alone.

Decoding is not there yet; this is the door that every picture will have to pass.
"""

from __future__ import annotations

from affect.errors import MediaRejected

MOST_BYTES = 20 * 1024 * 1024  # what Telegram lets a bot fetch


def container(data: bytes) -> str:
    """The format of a picture: jpeg, png, gif or webp; raise `MediaRejected`."""
    if len(data) > MOST_BYTES:
        raise MediaRejected("too_big", "The picture is larger than 20 MB.")
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise MediaRejected("not_image", "The file is not a picture of a known kind.")
