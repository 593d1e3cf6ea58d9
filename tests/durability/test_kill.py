"""kill -9 at seeded random points: every stored message in exactly one turn, in order, answered.

A part may arrive twice, where death falls between the platform's OK and our note of it; no engine
can close that window. How often it happened is printed (`pytest -s`) and bounded.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from storage.database import Database
from storage.tables import Inbox, Person, Turn
from storage.vault import Vault

PEOPLE = 6
MESSAGES = 96
KILLS = 10
LAST_STEP = 60  # the latest step at which a process dies
SECONDS = 90  # bound on the whole run


@dataclass(frozen=True)
class Seen:
    """What arrived: the messages answered, in order, by person; parts, and those sent twice."""

    answered: dict[str, list[str]]
    parts: int
    twice: int


async def _life(url: str, folder: Path, share: str, kill_after: int, seed: int) -> int:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.durability.child",
        url, str(folder), share, str(kill_after), str(seed),
    )  # fmt: skip
    return await child.wait()


async def _lives(url: str, folder: Path, share: str, kills: int, seed: int) -> None:
    """Lives of one worker: each ends at a random step, the last one of itself."""
    chance = random.Random(seed)
    for number in range(kills):
        code = await _life(url, folder, share, chance.randint(1, LAST_STEP), seed + number)
        assert code in {-9, 0}
    assert await _life(url, folder, share, 0, seed + kills) == 0


def _write_updates(folder: Path, shares: list[str]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {f"person{number}": [] for number in range(PEOPLE)}
    lines: dict[str, list[str]] = {share: [] for share in shares}
    for number in range(MESSAGES):
        person = f"person{number % PEOPLE}"
        message = f"m{number}"
        told[person].append(message)
        share = shares[number % PEOPLE % len(shares)]
        lines[share].append(json.dumps({"id": message, "person": person}))
    for share, some in lines.items():
        (folder / f"updates-{share}.jsonl").write_text("\n".join(some))
    return told


def _read_sent(folder: Path) -> Seen:
    sent = [json.loads(line) for line in (folder / "sent.log").read_text().splitlines()]
    counts = Counter(part["nonce"] for part in sent)
    answered: dict[str, list[str]] = {}
    known: set[str] = set()
    for part in sent:
        if part["nonce"] not in known and part["text"] != "end":
            answered.setdefault(part["person"], []).extend(part["text"].split())
        known.add(part["nonce"])
    return Seen(answered, len(counts), len(sent) - len(counts))


async def test_nothing_is_lost_and_nothing_twice(
    database_url: str, tmp_path: Path, vault: Vault
) -> None:
    database = Database(database_url, vault)
    shares = ["one"] if database.embedded else ["one", "two"]
    told = _write_updates(tmp_path, shares)
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(
            *(
                _lives(database_url, tmp_path, share, KILLS // len(shares), seed=11 * number)
                for number, share in enumerate(shares, start=1)
            )
        )
    seen = _read_sent(tmp_path)
    engine = "SQLite" if database.embedded else "PostgreSQL, two processes"
    print(f"{engine}: {KILLS} kills, {MESSAGES} messages, {seen.parts} parts, {seen.twice} twice")

    assert seen.answered == told
    assert seen.twice <= KILLS * PEOPLE  # at a death each person may have one part on its way
    async with database.read() as connection:
        stored = select(func.count(), func.count(Inbox.turn_id)).select_from(Inbox)
        assert (await connection.execute(stored)).one() == (MESSAGES, MESSAGES)
        numbers = select(Person.turns, func.count(Turn.id), func.max(Turn.no))
        rows = await connection.execute(
            numbers.join(Turn, Turn.person_id == Person.id).group_by(Person.id)
        )
        assert all(row[0] == row[1] == row[2] for row in rows)
    await database.close()
