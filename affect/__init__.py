"""Attune's feeling half: words, a voice, a face in; one affective reading out.

    from affect import analyze
    analyze("I got the job!").affect.valence
    analyze(voice="note.ogg", face=open("me.jpg", "rb").read()).probabilities

A library and a command line (`python -m affect`) of its own: no platform, no database, no network.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affect.analysis import Analyst, Media
    from affect.types import Reading

__all__ = ["analyze"]


def analyze(
    text: str | None = None,
    language: str | None = None,
    *,
    voice: Media | None = None,
    face: Media | None = None,
) -> Reading:
    """Read words, a recording and a picture (bytes or path), as many of them as are given.

    The language is detected where it is not told; a voice without words is transcribed. Raises
    `BadInput` where there is nothing to read, `NotFound` where a file is not there,
    `MediaRejected` where it cannot be used and `ModelUnavailable` where no model is installed.
    """
    return _analyst().read(text, voice, face, language).reading


@cache
def _analyst() -> Analyst:
    # Imported here, so that the values of `affect.types` cost no model runtime.
    from affect.analysis import Analyst

    return Analyst()
