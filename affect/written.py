"""Reading what people wrote into YAML files: word lists, patterns, replies, fixed texts."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from typing import Any

import yaml

# libyaml's parser, ten times faster, where it is there; both are safe.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: Traversable) -> Any:
    """The content of a file; raises `yaml.YAMLError` where it is not YAML."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe
