"""How much time a line gives for a plan: "i have 3 evenings" -> "3 evenings"."""

from __future__ import annotations

import re

_SPAN = re.compile(
    r"\b(?P<many>[2-9]|1\d|two|three|four|five|six|seven|a few|a couple of) "
    r"(?:(?:free|whole|full) )?"
    r"(?P<what>evenings|days|nights|afternoons|mornings|hours"
    r"|weekends|weeks)\b(?! (?:ago|late|old))",
    re.IGNORECASE,
)


def span(said: str) -> str | None:
    """The time that there is, as it was said; None for a single evening or none."""
    found = _SPAN.search(said)
    return f"{found['many']} {found['what']}".lower() if found else None
