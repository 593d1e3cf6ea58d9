"""What ships in `affect/weights`: read from the JSON card that lies beside each network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from typing import Any

MEGABYTE = 1e6
MOST_HEADLINES = 6


@dataclass(frozen=True, slots=True)
class Shipped:
    """One model that ships. `headlines` are figures as a person reads them; `files` its files with
    their MB; `card` is the Markdown card beside it.
    """

    name: str
    version: str
    megabytes: float
    licence: str
    data: tuple[str, ...]
    headlines: tuple[str, ...]
    files: tuple[tuple[str, float], ...]
    card: str

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "model": self.name,
            "version": self.version,
            "megabytes": round(self.megabytes, 1),
            "licence": self.licence,
            "data": list(self.data),
            "figures": list(self.headlines),
            "files": {name: round(size, 2) for name, size in self.files},
        }


def shipped(folder: Traversable | None = None) -> list[Shipped]:
    """Every model with a card in `folder` (default: the package's weights), by name."""
    place = folder or resources.files("affect") / "weights"
    cards = {}
    for file in place.iterdir():
        if not file.name.endswith(".json"):
            continue
        told = json.loads(file.read_text("utf-8"))
        # Constants (fusion.json) and tokenizers lie here too; a card names its model.
        if isinstance(told, dict) and isinstance(told.get("model"), str):
            cards[file.name.removesuffix(".json")] = told
    files: dict[str, list[tuple[str, float]]] = {stem: [] for stem in cards}
    for file in sorted(place.iterdir(), key=lambda file: file.name):
        stem = _owner(file.name, cards)
        if stem and file.is_file():
            files[stem].append((file.name, len(file.read_bytes()) / MEGABYTE))
    found = [_read(told, files[stem], _card(place, stem)) for stem, told in cards.items()]
    return sorted(found, key=lambda model: model.name)


def markdown(models: list[Shipped]) -> str:
    """`docs/models.md`: what each part weighs, then every card."""
    lines = [
        "# The models that ship",
        "",
        "Written by `python -m affect models --markdown > docs/models.md`; change the cards in",
        "`affect/weights`, not this file. All of them run on one CPU core, offline.",
        "",
        "| model | version | MB | licence | files |",
        "|---|---|---|---|---|",
    ]
    for model in models:
        files = ", ".join(f"`{name}` {size:.2f}" for name, size in model.files)
        size = f"{model.megabytes:.2f}"
        lines.append(f"| {model.name} | {model.version} | {size} | {model.licence} | {files} |")
    total = sum(model.megabytes for model in models)
    lines += [f"| all | | {total:.2f} | | |", ""]
    for model in models:
        lines += [_deeper(model.card or f"# {model.name} {model.version}"), ""]
    return "\n".join(lines).rstrip() + "\n"


def _deeper(card: str) -> str:
    """A card as a chapter: its headings one level down, its marks for machines left out."""
    lines = [line for line in card.strip().splitlines() if not line.startswith("<!--")]
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in lines)


def _owner(name: str, stems: Iterable[str]) -> str | None:
    """The card that a file belongs to: `face_detection.onnx` to `face_detection`, not to `face`."""
    own = [stem for stem in stems if name.startswith((f"{stem}.", f"{stem}_"))]
    return max(own, key=len) if own and not name.endswith(".md") else None


def _card(place: Traversable, stem: str) -> str:
    try:
        return (place / f"{stem}.md").read_text("utf-8")
    except FileNotFoundError:
        return ""


def _read(told: dict[str, Any], files: list[tuple[str, float]], card: str) -> Shipped:
    return Shipped(
        name=told["model"],
        version=str(told.get("version", "")),
        megabytes=sum(size for _, size in files),
        licence=str(told.get("licence", "")),
        data=tuple(f"{d['name']} ({d['licence']})" for d in told.get("data", [])),
        headlines=_headlines(told.get("figures", {})),
        files=tuple(files),
        card=card,
    )


def _headlines(figures: dict[str, Any]) -> tuple[str, ...]:
    """Those that a model must reach come first; the rest is in the card."""
    ranked = sorted(figures, key=lambda key: "needed" not in figures[key])
    return tuple(
        f"{key.replace('_', ' ')}: {figures[key]['value']:.3f} "
        f"({figures[key]['low']:.3f} to {figures[key]['high']:.3f})"
        for key in ranked[:MOST_HEADLINES]
    )
