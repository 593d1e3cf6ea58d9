"""Every fixed sentence, in YAML a language, so that a translator needs no code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from affect import written

LANGUAGES = ("en", "zh")


@cache
def sentences(language: str) -> dict[str, str]:
    """All sentences of a language by key."""
    loaded: dict[str, str] = written.read(files(__name__) / f"{language}.yaml")
    return loaded


def problem_key(kind: str) -> str:
    """The sentence for a file that cannot be used; `empty` alone means a turn without words."""
    key = f"problem_{'empty_file' if kind == 'empty' else kind}"
    return key if key in sentences("en") else "problem_unread"


def say(key: str, language: str, **values: object) -> str:
    """A sentence of `language` (English where it is not one of ours) with its places filled."""
    known = language if language in LANGUAGES else "en"
    return sentences(known)[key].rstrip("\n").format(**values)
