"""Attune's feeling half: words (and later faces and voices) in, an affective reading out.

    from affect import analyze
    analyze("I got the job!").affect.valence

A library and a command line (`python -m affect`) of its own: no platform, no database, no network.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affect.perception.text import TextModel
    from affect.types import Reading

__all__ = ["analyze"]


def analyze(text: str, language: str | None = None) -> Reading:
    """Read one text with the model that ships; the language is detected where it is not told.

    Raises `BadInput` on a text without words and `ModelUnavailable` where no model is installed.
    """
    # Imported here, so that the values of `affect.types` cost no model runtime.
    from affect.fusion import fuse

    return fuse([_model().read(text, language).estimate])


@cache
def _model() -> TextModel:
    from affect.perception.text import TextModel

    return TextModel.load()
