"""How fast the text model reads: one line at a time, many at once, start and memory.

Lines are ordinary chat messages in English and Chinese; every timing is of this machine, on one
thread, after a warm-up. The last line that the command prints is JSON.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from affect.perception.text import TextModel

LINES: tuple[str, ...] = (
    "ok",
    "I got the job!! 🎉",
    "can't sleep again, my head just won't stop",
    "thanks, that actually helps a lot",
    "my sister hasn't called me back in three weeks and I don't know what I did wrong",
    "今天好累，什么都不想做",
    "终于考完试了，开心！",
    "老板今天又当着所有人的面骂我，我真的不知道还能撑多久",
)
WARM_UP, CALLS, MANY = 3, 160, 256


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one `read`, texts a second in `read_many`, seconds to load, peak memory."""

    model: str
    load_seconds: float
    p50_ms: float
    p95_ms: float
    texts_per_second: float
    peak_megabytes: float | None

    def as_json(self) -> dict[str, Any]:
        """Rounded for a report."""
        return {k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(self).items()}


def time_text(folder: Path | None) -> Timing:
    """Time the model in `folder` (default: what ships)."""
    began = time.perf_counter()
    model = TextModel.load(folder)
    model.read(LINES[0])
    load = time.perf_counter() - began
    for _ in range(WARM_UP):
        model.read_many(LINES)
    single = [_seconds(model, LINES[number % len(LINES)]) for number in range(CALLS)]
    texts = [LINES[number % len(LINES)] for number in range(MANY)]
    began = time.perf_counter()
    model.read_many(texts)
    took = time.perf_counter() - began
    p50, p95 = np.percentile(single, [50, 95]) * 1000
    return Timing(model.name, load, float(p50), float(p95), MANY / took, _peak())


def as_table(timings: list[Timing]) -> Table:
    """One column a model."""
    table = Table("", *(timing.model for timing in timings))
    for name in ("load_seconds", "p50_ms", "p95_ms", "texts_per_second", "peak_megabytes"):
        values = [getattr(timing, name) for timing in timings]
        cells = ["unknown" if value is None else f"{value:.1f}" for value in values]
        table.add_row(name.replace("_", " "), *cells)
    return table


def _seconds(model: TextModel, text: str) -> float:
    began = time.perf_counter()
    model.read(text)
    return time.perf_counter() - began


def _peak() -> float | None:
    """Peak resident memory of this process in MB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kB, macOS in bytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
