"""How fast whole turns are: from a stored message to a delivered reply, without the settling time.

    python benchmarks/turns.py                       SQLite in a temporary folder
    python benchmarks/turns.py postgresql://...      an empty PostgreSQL database
    python benchmarks/turns.py --long 1000000        one person's turns late and early, on SQLite

Prints a table (one person: each message waits for its answer; more people: all at once, ten
messages each) and, as its last line, the same as JSON. Everything is real but the platform, which
takes what it is given at once. Figures of a busy machine vary: compare those of one run. With
`--long` somebody who has talked so often (`benchmarks/seed_logs.py`) and somebody who has talked
ten times take turns, each on a database of their own, in processor time; then each asks for a chart
of a year.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as run_bot.py does

from bot.app import App, build
from bot.messages import Address, Incoming, Kind, Media, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.settings import Settings
from bot.turns import Settling

LINES = (
    "my boss moved the deadline again and nobody told me",
    "I can't sleep, tomorrow is the exam",
    "we got the flat!",
    "she hasn't answered in three days",
    "just had lunch, nothing much",
    "今天又加班到十点，好累",
    "thanks, that helped",
    "I miss my grandmother",
)
ALONE = 60  # turns of one person, one after another
EACH = 10  # messages a person, where there are several
PAIRS = 40  # turns early and late
EARLY = 10
SEEDED = "a0"  # the one person of a seeded store
CROWDS = (1, 8, 64)


@dataclass
class Sink:
    """A platform that takes everything at once."""

    name: str = "terminal"
    answers: dict[str, asyncio.Queue[str]] = field(default_factory=dict)

    async def answer(self, person: str) -> str:
        """Wait for what a person is answered; the notice of a first message comes before it."""
        while True:
            text = await self.answers.setdefault(person, asyncio.Queue()).get()
            if not text.startswith(("(", "（")):
                return text

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place], /
    ) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to let go."""

    async def send(self, address: Address, outgoing: Outgoing, /, nonce: str) -> str | None:
        """Hand it to whoever waits for it."""
        self.answers.setdefault(address.chat, asyncio.Queue()).put_nowait(outgoing.text)
        return nonce

    async def draft(self, _address: Address, _text: str, /, reply_to: str | None = None) -> None:
        """Nobody looks on."""

    @asynccontextmanager
    async def typing(self, _address: Address, /) -> AsyncIterator[None]:
        """Show nothing."""
        yield

    async def fetch(self, _media: Media, _limit: int) -> bytes:
        """There is nothing to fetch."""
        return b""


def said(person: str, number: int, platform: str = "terminal", text: str | None = None) -> Incoming:
    """A message of a made-up person."""
    return Incoming(
        kind=Kind.COMMAND if text else Kind.MESSAGE,
        address=Address(platform, chat=person),
        account=person,
        ext_id=f"{person}-{number}",
        at=datetime.now(UTC),
        text=text or LINES[number % len(LINES)],
    )


async def one_by_one(app: App, sink: Sink, first: int, turns: int) -> list[float]:
    """Milliseconds from the message to its answer, for one person."""
    taken = []
    for number in range(first, first + turns):
        start = time.perf_counter()
        await app.turns.receive(said("alone", number))
        await sink.answer("alone")
        taken.append(1000 * (time.perf_counter() - start))
    return taken


async def together(app: App, sink: Sink, people: int) -> float:
    """Turns a second, with everybody writing again as soon as they are answered."""
    start = time.perf_counter()

    async def person(name: str) -> None:
        for number in range(EACH):
            await app.turns.receive(said(name, number))
            await sink.answer(name)

    await asyncio.gather(*(person(f"crowd{people}-{number}") for number in range(people)))
    return people * EACH / (time.perf_counter() - start)


async def measure(url: str | None, folder: Path) -> dict[str, float | str]:
    """All figures on one database."""
    settings = Settings(home=folder, database_url=url)
    sink = Sink()
    app = await build(settings, [sink], settling=Settling(timedelta(0), timedelta(0)))
    await app.start()
    await one_by_one(app, sink, 0, 10)  # warm
    before = time.process_time()
    alone = sorted(await one_by_one(app, sink, 10, ALONE))
    spent = 1000 * (time.process_time() - before) / ALONE
    figures: dict[str, float | str] = {
        "database": "SQLite" if app.database.embedded else "PostgreSQL",
        "turn_p50_ms": round(statistics.median(alone), 1),
        "turn_p95_ms": round(alone[int(0.95 * len(alone))], 1),
        "turn_cpu_ms": round(spent, 1),  # processor time of this process
    }
    for people in CROWDS:
        figures[f"turns_per_s_{people}"] = round(await together(app, sink, people), 1)
    await app.stop()
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return figures


def seed(home: Path, turns: int) -> None:
    """A store of one person who has talked so often."""
    program = Path(__file__).with_name("seed_logs.py")
    asked = [sys.executable, str(program), str(home), "--turns", str(turns), "--people", "1"]
    subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)


async def housed(home: Path) -> tuple[App, Sink]:
    """The bot of the one person of a seeded store."""
    settings = Settings(home=home)
    with closing(sqlite3.connect(settings.database.partition("///")[2])) as store:
        (platform,) = store.execute("SELECT platform FROM account").fetchone()
    sink = Sink(platform)
    app = await build(settings, [sink], settling=Settling(timedelta(0), timedelta(0)))
    await app.start()
    return app, sink


async def answered(app: App, sink: Sink, number: int, text: str | None = None) -> float:
    """Milliseconds of processor time of one turn of the person of a seeded store."""
    start = time.process_time()
    await app.turns.receive(said(SEEDED, number, sink.name, text))
    await sink.answer(SEEDED)
    return 1000 * (time.process_time() - start)


async def late_and_early(folder: Path) -> dict[str, float]:
    """What turns and charts cost somebody of many turns, and somebody of ten."""
    houses = {name: await housed(folder / name) for name in ("late", "early")}
    taken: dict[str, list[float]] = {name: [] for name in houses}
    for number in range(PAIRS):
        for name, (app, sink) in houses.items():
            taken[name].append(await answered(app, sink, number))
    figures = {}
    for name, (app, sink) in houses.items():
        figures[f"turn_{name}_cpu_ms"] = round(statistics.median(taken[name]), 1)
        chart = await answered(app, sink, PAIRS, "/mood 365")
        figures[f"mood_{name}_cpu_s"] = round(chart / 1000, 2)
        await app.stop()
    ratio = figures["turn_late_cpu_ms"] / figures["turn_early_cpu_ms"]
    return {**figures, "turn_ratio": round(ratio, 2)}


def first_answer(folder: Path) -> float:
    """Seconds from starting the terminal to its first answer, median of three."""
    taken = []
    for number in range(3):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "run_bot.py"],
            input=b"hello\n",
            env={"ATTUNE_HOME": str(folder / f"start{number}"), "PATH": ""},
            capture_output=True,
            check=True,
        )
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("url", nargs="?")
    asked.add_argument("--long", type=int, metavar="TURNS")
    told = asked.parse_args()
    figures: dict[str, float | str] = {}
    with tempfile.TemporaryDirectory() as name:
        if told.long:
            figures["turns"] = told.long
            seed(Path(name) / "late", told.long)
            seed(Path(name) / "early", EARLY)
            figures |= asyncio.run(late_and_early(Path(name)))
        else:
            figures |= asyncio.run(measure(told.url, Path(name)))
            figures["first_answer_s"] = round(first_answer(Path(name)), 2)
    table = Table("figure", "value", title="Whole turns, without the settling time")
    for key, value in figures.items():
        table.add_row(key, str(value))
    Console().print(table)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
