"""Values to bytes and back, checked on the way in: what is sealed is JSON of frozen dataclasses."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter

Value = TypeVar("Value")

# Building one is slow, using it is not.
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
_WRITERS: dict[Any, TypeAdapter[Any]] = {}

# JSON has no infinity, and null would not load again: "Infinity" does. A coordinate that a
# modality does not know has this variance.
_CONFIG = ConfigDict(ser_json_inf_nan="strings")


def dump(value: object) -> bytes:
    """A dataclass as JSON bytes."""
    kind: Any = type(value)
    if kind not in _WRITERS:  # of "kind | None", because a dataclass alone takes no configuration
        _WRITERS[kind] = TypeAdapter(kind | None, config=_CONFIG)
    return _WRITERS[kind].dump_json(value)


def load(kind: type[Value], data: bytes) -> Value:
    """JSON bytes as a dataclass of `kind`; raise `pydantic.ValidationError` if they are not one."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    loaded: Value = _ADAPTERS[kind].validate_json(data)
    return loaded
