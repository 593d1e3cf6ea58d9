"""Every fixed sentence, in YAML a language, so that a translator needs no code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

LANGUAGES = ("en", "zh")


@cache
def sentences(language: str) -> dict[str, str]:
    """All sentences of a language by key."""
    source = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str] = yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def say(key: str, language: str, **values: object) -> str:
    """A sentence of `language` (English where it is not one of ours) with its places filled."""
    known = language if language in LANGUAGES else "en"
    return sentences(known)[key].rstrip("\n").format(**values)
