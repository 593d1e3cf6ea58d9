"""Hostile bytes in: what kind of sound a file says it is, by its first bytes alone.

Decoding is not there yet; this is the door that every sound will have to pass.
"""

from __future__ import annotations

from affect.errors import MediaRejected

MOST_BYTES = 20 * 1024 * 1024  # what Telegram lets a bot fetch


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
