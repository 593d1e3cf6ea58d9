"""Whether the weights in a folder are all there, told from their headers without reading them."""

from __future__ import annotations

import json
from pathlib import Path

from affect.errors import ModelUnavailable

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
LENGTH_BYTES = 8  # a file begins with the length of its header, little-endian


def check_whole(model: str, folder: Path) -> None:
    """Raise `ModelUnavailable` where a file of weights is missing or shorter than it says."""
    for name in _names(model, folder):
        file = folder / name
        if not file.is_file():
            raise ModelUnavailable(
                f"{model} is not whole: {name} is missing, so download the model again."
            )
        if not _is_whole(file):
            raise ModelUnavailable(
                f"{model} is not whole: {name} is cut short, so download the model again."
            )


def stored_bytes(folder: Path) -> int:
    """Bytes of all weights, by the index where they are several files, else by the file."""
    index = folder / INDEX
    if index.is_file():
        return int(json.loads(index.read_text("utf-8"))["metadata"]["total_size"])
    single = folder / SINGLE
    return single.stat().st_size if single.is_file() else 0


def _names(model: str, folder: Path) -> list[str]:
    index = folder / INDEX
    if not index.is_file():
        if not (folder / SINGLE).is_file():
            raise ModelUnavailable(
                f"{model} holds no weights ({SINGLE}): download it whole, in the safetensors "
                "format."
            )
        return [SINGLE]
    try:
        return sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise ModelUnavailable(f"{model} is not whole: {INDEX} cannot be read.") from error


def _is_whole(file: Path) -> bool:
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(LENGTH_BYTES), "little")
        if size < LENGTH_BYTES + length:
            return False
        try:
            header = json.loads(opened.read(length))
        except ValueError:
            return False
    ends = [one["data_offsets"][1] for name, one in header.items() if name != "__metadata__"]
    return size >= LENGTH_BYTES + length + max(ends, default=0)
