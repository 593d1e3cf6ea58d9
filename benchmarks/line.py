"""What a person's line costs: a step early and late, and a chart over a million readings.

    python benchmarks/line.py

Prints a table and, as its last line, the same as JSON. Times are of one processor (CPU seconds),
so that a busy machine changes them little. Steps are `FEW` each, after the first few hundred
observations and in a line that has long settled (2,000 more, its count set to a million): what
could grow with the number is the state, whose size is printed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from affect import trajectory
from affect.trajectory import Observation, Series
from affect.types import Moment

MILLION = 1_000_000
FEW = 400
YEARS = 10
START = datetime(2016, 1, 1, tzinfo=UTC)
WORDS = ((1.0, 0.0, 0.0),) * 3


def steps(moment: Moment, random: np.random.Generator) -> tuple[float, Moment]:
    """Milliseconds a step of `FEW`, and the line after them."""
    told = []
    for n in range(FEW):
        value = float(np.clip(random.normal(0.1, 0.3), -1, 1))
        at = moment.at + timedelta(hours=0.09 * (n + 1))
        told.append(Observation(at, (value,) * 3, (0.1,) * 3, WORDS))
    begun = time.process_time()
    for one in told:
        moment = trajectory.step(moment, one)
    return 1000 * (time.process_time() - begun) / FEW, moment


def chart(series: Series, moment: Moment) -> float:
    """Seconds for a line to draw."""
    return timed(lambda: trajectory.smooth(series, moment))


def timed(what: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    begun = time.process_time()
    what()
    return time.process_time() - begun


def lived(count: int, random: np.random.Generator) -> Series:
    """`count` readings over ten years."""
    times = START.timestamp() + np.sort(random.uniform(0, YEARS * 365 * 86_400, count))
    values = np.clip(random.normal(0.1, 0.3, (count, 3)), -1, 1)
    shares = np.tile(np.array([1.0, 0.0, 0.0]), (count, 3, 1))
    return Series(times, values, np.full((count, 3), 0.1), shares, np.zeros(count, bool))


def main() -> None:
    """Measure and print."""
    random = np.random.default_rng(20261124)
    early, _ = steps(steps(trajectory.begin(START), random)[1], random)
    moment = trajectory.begin(START)
    for _ in range(5):
        moment = steps(moment, random)[1]
    late, moment = steps(replace(moment, count=MILLION), random)
    figures = {
        "step_early_ms": round(early, 3),
        "step_late_ms": round(late, 3),
        "step_ratio": round(late / early, 2),
        "state_bytes": len(moment.memory),
        **{
            f"chart_{count}_s": round(chart(lived(count, random), moment), 2)
            for count in (1_000, 10_000, 100_000, MILLION)
        },
        "figures_of_a_million_s": round(
            timed(lambda: trajectory.figures(lived(MILLION, random), moment)), 2
        ),
    }
    table = Table("figure", "value", title="A person's line, one processor")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
