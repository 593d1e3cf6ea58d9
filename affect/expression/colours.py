"""The colours of a chart, light and dark: blue to amber, which every common eye tells apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours as #rrggbb. Writing on its ground has a contrast of 4.5 to 1 at least (WCAG AA)."""

    ground: str
    field: str
    grid: str
    axis: str
    text: str
    quiet: str
    line: str
    band: str
    home: str
    dot: str
    report: str
    heavy: str
    even: str
    bright: str

    def of(self, valence: float) -> str:
        """The colour of a day: from heavy over even to bright, full at 0.7 of the scale."""
        share = min(1.0, abs(valence) / 0.7)
        return mixed(self.even, self.bright if valence > 0 else self.heavy, share)


def mixed(first: str, second: str, share: float) -> str:
    """A colour between two, `share` of the way to the second."""
    ways = zip(_parts(first), _parts(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in ways)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


LIGHT = Colours(
    ground="#faf8f4",
    field="#ffffff",
    grid="#e9e5dd",
    axis="#cfc9be",
    text="#23272e",
    quiet="#5f6570",
    line="#1f5f99",
    band="#cfe0ef",
    home="#8a7f6d",
    dot="#3c7fb8",
    report="#8a5a00",
    heavy="#1d4e89",
    even="#d5d3cc",
    bright="#f2b134",
)
DARK = Colours(
    ground="#14171c",
    field="#1c2027",
    grid="#2a3039",
    axis="#47505d",
    text="#eef0f3",
    quiet="#a8b0bc",
    line="#7cc0f5",
    band="#28445c",
    home="#a49a88",
    dot="#a9d5f8",
    report="#ffc65c",
    heavy="#4f8fd6",
    even="#3a4049",
    bright="#f5c04f",
)
