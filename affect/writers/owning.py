"""Half a sentence that owns what a line holds against our last reply, said before the answer."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from affect.writers.slots import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Scene
    from affect.writers.entry import Entry
    from affect.writers.slots import Taken


def owned(scene: Scene, entries: Sequence[Entry], taken: Taken) -> str:
    """One of the `owned` entries, with the space before what follows; none twice in a talk.

    Where the line says what it is instead ("not the group, him"), that is said back.
    """
    before = " ".join(exchange.reply for exchange in scene.history)
    owning = [entry for entry in entries if entry.situation == "owned"]
    filled = [text for e in owning if e.slots and (text := fill(e.text, taken, scene.language))]
    plain = [entry.plain for entry in owning]
    fresh = next(
        (pool for pool in (_not_in(before, filled), _not_in(before, plain)) if pool), plain
    )
    said = fresh[zlib.crc32(scene.said.encode(errors="replace")) % len(fresh)]
    return said if scene.language == "zh" else f"{said} "


def _not_in(before: str, texts: Sequence[str]) -> Sequence[str]:
    return [text for text in texts if text not in before]
