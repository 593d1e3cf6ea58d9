"""What ships in `affect/weights`: read from the JSON card that lies beside each network."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from typing import Any

MEGABYTE = 1e6
MOST_HEADLINES = 6


@dataclass(frozen=True, slots=True)
class Shipped:
    """One model that ships. `headlines` are figures as a person reads them."""

    name: str
    version: str
    megabytes: float
    licence: str
    data: tuple[str, ...]
    headlines: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "model": self.name,
            "version": self.version,
            "megabytes": round(self.megabytes, 1),
            "licence": self.licence,
            "data": list(self.data),
            "figures": list(self.headlines),
        }


def shipped(folder: Traversable | None = None) -> list[Shipped]:
    """Every model with a card in `folder` (default: the package's weights), by name."""
    place = folder or resources.files("affect") / "weights"
    found = []
    for file in place.iterdir():
        if not file.name.endswith(".json"):
            continue
        told = json.loads(file.read_text("utf-8"))
        # Constants (fusion.json) and tokenizers lie here too; a card names its model.
        if isinstance(told, dict) and isinstance(told.get("model"), str):
            stem = file.name.removesuffix(".json")
            found.append(_read(told, _size(place, stem)))
    return sorted(found, key=lambda model: model.name)


def _read(told: dict[str, Any], size: int) -> Shipped:
    return Shipped(
        name=told["model"],
        version=str(told.get("version", "")),
        megabytes=size / MEGABYTE,
        licence=str(told.get("licence", "")),
        data=tuple(f"{d['name']} ({d['licence']})" for d in told.get("data", [])),
        headlines=_headlines(told.get("figures", {})),
    )


def _headlines(figures: dict[str, Any]) -> tuple[str, ...]:
    """Those that a model must reach come first; the rest is in the card."""
    ranked = sorted(figures, key=lambda key: "needed" not in figures[key])
    return tuple(
        f"{key.replace('_', ' ')}: {figures[key]['value']:.3f} "
        f"({figures[key]['low']:.3f} to {figures[key]['high']:.3f})"
        for key in ranked[:MOST_HEADLINES]
    )


def _size(place: Traversable, stem: str) -> int:
    """Bytes of a model's files: its networks and, where it has one, its tokenizer."""
    own = re.compile(rf"{re.escape(stem)}(_\w+)?\.onnx|{re.escape(stem)}_tokenizer\.json")
    files = [file for file in place.iterdir() if own.fullmatch(file.name)]
    return sum(len(file.read_bytes()) for file in files)
