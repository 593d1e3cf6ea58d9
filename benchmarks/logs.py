"""How fast an operator's questions are answered on a store that `benchmarks/seed_logs.py` filled.

    python benchmarks/logs.py HOME [--database postgresql://...]

Prints a table and, as its last line, the same as JSON. `query` is the median of several runs in one
process, opened turns and all; `cold` the whole command in a process of its own. The scan opens
every turn and looks for a word that nobody wrote. `tail` is what `logs tail -f` takes of a
processor while nothing comes. Figures of a busy machine vary; those of the processor (`cpu`) less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bot.settings import Settings
from storage import finding, scanning, search
from storage.database import Database
from storage.tables import Person
from storage.vault import Vault
from storage.wanted import Wanted

RUNS = 5
NEWEST = 20
TAILED = (5, 35)  # seconds: what starts it is in both, so the difference is what it takes
TURNS = 200  # of the person whose talk is looked at, or as near as anybody comes


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("home", type=Path)
    asked.add_argument("--database")
    asked.add_argument("--without-scan", action="store_true", help="nor export")
    told = asked.parse_args()
    settings = Settings(home=told.home, database_url=told.database)
    figures = asyncio.run(_measure(settings, scan=not told.without_scan))
    figures |= _cold(settings, str(figures.pop("person")))
    figures |= _tail(settings)
    if not told.without_scan:
        figures |= _export(settings)
    table = Table("figure", "value", title="An operator's questions")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)
    print(json.dumps(figures))


async def _measure(settings: Settings, *, scan: bool) -> dict[str, object]:
    database = Database(settings.database, Vault.at(settings.keys))
    try:
        async with database.read() as connection:
            usual = select(Person.uid, Person.turns).order_by(func.abs(Person.turns - TURNS))
            person = (await connection.execute(usual.limit(1))).one()
            people = await connection.scalar(select(func.count()).select_from(Person))
        turns = await search.count(database, Wanted())
        theirs = Wanted(person_uid=person.uid)
        words = finding.patterns(["kitchen", "oven"])

        def listed(wanted: Wanted) -> Callable[[], Awaitable[object]]:
            async def run() -> object:
                found = search.pages(database, wanted, limit=NEWEST, newest_first=True)
                return [view async for page in found for view in page]

            return run

        async def found() -> object:
            hits = await scanning.scan(database, theirs, words, limit=NEWEST)
            ids = [one.turn for one in hits.best]
            return [view async for page in search.these(database, ids) for view in page]

        figures: dict[str, object] = {
            "database": database.engine.dialect.name,
            "turns": turns,
            "people": people,
            "person": person.uid,
            "turns_of_person": person.turns,
            **await _query("list", listed(Wanted())),
            **await _query("list_fear", listed(Wanted(emotion="fear"))),
            **await _query("list_crisis", listed(Wanted(risk="crisis"))),
            **await _query("list_discord", listed(Wanted(platform="discord"))),
            **await _query("chat", listed(theirs)),
            **await _query("search_person", found),
        }
        if scan:
            start, used = time.perf_counter(), _used()
            await scanning.scan(database, Wanted(), finding.patterns(["unicorn"]), limit=NEWEST)
            taken, busy = time.perf_counter() - start, _used() - used
            figures |= {
                "scan_s": round(taken, 1),
                "scan_turns_per_s": round(turns / taken),
                "scan_turns_per_cpu_s": round(turns / busy),
            }
        return figures
    finally:
        await database.close()


async def _query(name: str, run: Callable[[], Awaitable[object]]) -> dict[str, float]:
    """Milliseconds of a query by the clock, and of the processor, which others do not lengthen."""
    taken, busy = [], []
    for _ in range(RUNS):
        start, used = time.perf_counter(), time.process_time()
        await run()
        taken.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - used))
    return {
        f"{name}_ms": round(statistics.median(taken), 1),
        f"{name}_cpu_ms": round(statistics.median(busy), 1),
    }


def _used() -> float:
    """Seconds of the processor so far, here and in processes that have ended."""
    told = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in told)


def _command(settings: Settings, *arguments: str) -> tuple[float, float]:
    """Seconds of a command by the clock, and of the processor."""
    start, used = time.perf_counter(), _used()
    subprocess.run(
        [sys.executable, "-m", "bot.admin", *arguments],
        env=_environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start, _used() - used


def _environment(settings: Settings) -> dict[str, str]:
    told = {**os.environ, "ATTUNE_HOME": str(settings.home)}
    return {**told, "ATTUNE_DATABASE_URL": settings.database_url or ""}


def _cold(settings: Settings, person: str) -> dict[str, object]:
    leave = ("--reveal", "--reason", "benchmark")
    commands = {
        "list": ("logs", "list"),
        "list_crisis": ("logs", "list", "--risk", "crisis"),
        "chat": ("logs", "chat", person),
        "search_person": ("logs", "search", "kitchen", "--user", person, *leave),
    }
    figures: dict[str, object] = {}
    for name, told in commands.items():
        taken, busy = zip(*(_command(settings, *told) for _ in range(3)), strict=True)
        figures[f"{name}_cold_s"] = round(statistics.median(taken), 2)
        figures[f"{name}_cold_cpu_s"] = round(statistics.median(busy), 2)
    return figures


def _tail(settings: Settings) -> dict[str, object]:
    """How much of one processor `logs tail -f` takes while it waits, in percent."""
    busy = []
    for seconds in TAILED:
        before = _used()
        tail = subprocess.Popen(
            [sys.executable, "-m", "bot.admin", "logs", "tail", "-f"],
            env=_environment(settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        tail.terminate()  # an interrupt is ignored by what a script started in the background
        tail.wait()
        busy.append(_used() - before)
    share = (busy[1] - busy[0]) / (TAILED[1] - TAILED[0])
    return {"tail_cpu_percent": round(100 * share, 2)}


def _export(settings: Settings) -> dict[str, object]:
    """Everything as CSV into a file: how long, and the most memory it took."""
    path = settings.home / "export.csv"
    path.unlink(missing_ok=True)
    taken, busy = _command(settings, "logs", "export", "-o", str(path), "--format", "csv")
    path.unlink()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "export_csv_s": round(taken, 1),
        "export_csv_cpu_s": round(busy, 1),
        "export_peak_mb": peak // 1024,
    }


if __name__ == "__main__":
    main()
