"""Values to bytes and back, checked on the way in: what is sealed is JSON of frozen dataclasses."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}  # building one is slow, using it is not


def dump(value: object) -> bytes:
    """A dataclass as JSON bytes."""
    return _adapter(type(value)).dump_json(value)


def load(kind: type[Value], data: bytes) -> Value:
    """JSON bytes as a dataclass of `kind`; raise `pydantic.ValidationError` if they are not one."""
    loaded: Value = _adapter(kind).validate_json(data)
    return loaded


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
