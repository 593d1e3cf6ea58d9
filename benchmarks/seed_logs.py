"""Fills an empty store with invented turns, sealed as the bot seals them, for `benchmarks/logs.py`.

    python benchmarks/seed_logs.py HOME                          SQLite in HOME, made if need be
    python benchmarks/seed_logs.py HOME --database postgresql://...   empty; key in HOME
      --turns 1000000 --people 5000 --seed 1

The last 360 days of talk: people talk unequally much (Zipf), one turn in five hundred tells of
danger. Rows go in by the thousand, past the queue, so this says nothing of how fast turns are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, func, insert, select, text
from ulid import ULID

from affect import trajectory
from affect.types import (
    EMOTIONS,
    Affect,
    Emotion,
    Estimate,
    Modality,
    Plan,
    Reading,
    Risk,
    Stage,
    Strategy,
    Variance,
)
from bot.messages import Address, Incoming, Kind
from bot.settings import Settings
from storage import migrate, tables
from storage.database import Database
from storage.records import Notes, Wording
from storage.values import dump
from storage.vault import Sealer, Vault

SPAN = timedelta(days=360)  # within the year that talk is kept: nothing is swept meanwhile
START = datetime.now(UTC) - SPAN
BATCH = 2_000
PLATFORMS = ("telegram", "discord", "terminal")
TEXT = """today work was long and the boss moved the deadline again while nobody told me about it
sister called garden rain exam tired happy kitchen oven bread train late friend birthday sleep dream
doctor letter money rent dog walk music concert quiet evening coffee window"""
WORDS = TEXT.split()
CHINESE = (
    "今天又加班到十点，好累", "我升职了，太开心了", "妈妈住院了，我很担心", "睡不着，一直在想他",
)  # fmt: skip
FELT = {
    Emotion.SADNESS: Affect(-0.6, -0.3, -0.3),
    Emotion.FEAR: Affect(-0.5, 0.4, -0.4),
    Emotion.ANGER: Affect(-0.5, 0.5, 0.2),
    Emotion.JOY: Affect(0.7, 0.4, 0.3),
    Emotion.NEUTRAL: Affect(0.1, 0.0, 0.1),
}


@dataclass(frozen=True, slots=True)
class Somebody:
    """An invented person, with their place."""

    id: int
    talk: str
    platform: str
    sealer: Sealer


def main() -> None:
    """Seed and say how long it took."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("home", type=Path)
    asked.add_argument("--database")
    asked.add_argument("--turns", type=int, default=1_000_000)
    asked.add_argument("--people", type=int, default=5_000)
    asked.add_argument("--seed", type=int, default=1)
    told = asked.parse_args()
    told.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = Settings(home=told.home, database_url=told.database)
    vault = Vault.at(settings.keys)
    asyncio.run(_prepare(settings, vault))
    start = time.perf_counter()
    _fill(settings, vault, told.turns, told.people, random.Random(told.seed))
    seconds = time.perf_counter() - start
    print(json.dumps({"turns": told.turns, "people": told.people, "seconds": round(seconds, 1)}))


async def _prepare(settings: Settings, vault: Vault) -> None:
    database = Database(settings.database, vault)
    await migrate.upgrade(database)
    async with database.read() as connection:
        if await connection.scalar(select(func.count()).select_from(tables.Person)):
            raise SystemExit("There are people in this database already: name an empty one.")
    await database.close()


def _fill(settings: Settings, vault: Vault, turns: int, people: int, dice: random.Random) -> None:
    engine = create_engine(settings.database.replace("+aiosqlite", ""))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -400000")

    with engine.begin() as connection:
        somebodies = list(_people(connection, vault, people, dice))
    weights = [1 / (place + 10) for place in range(people)]
    numbers = [0] * people
    for first in range(0, turns, BATCH):
        size = min(BATCH, turns - first)
        rows: dict[Any, list[dict[str, Any]]] = {}
        chosen = dice.choices(range(people), weights, k=size)
        for place, who in enumerate(chosen, first):
            numbers[who] += 1
            at = START + SPAN * (place / turns)
            for table, row in _turn(somebodies[who], numbers[who], place, at, dice):
                rows.setdefault(table, []).append(row)
        with engine.begin() as connection:
            for table, several in rows.items():
                _put(connection, table, several)
    with engine.begin() as connection:
        for somebody, number in zip(somebodies, numbers, strict=True):
            connection.execute(
                text("UPDATE person SET turns = :n WHERE id = :id"),
                {"n": number, "id": somebody.id},
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _put(connection: Any, table: Any, several: list[dict[str, Any]]) -> None:
    """Rows of one table, by COPY where there is one: in one piece, so that little is left to do."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), several)
        return
    lines = ("\t".join(map(_copied, row.values())) for row in several)
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table.__tablename__} ({', '.join(several[0])}) FROM STDIN") as copy:
        copy.write("\n".join(lines) + "\n")


def _copied(value: object) -> str:
    """A value as COPY takes it; none of ours holds what would have to be escaped."""
    if isinstance(value, bytes):
        return rf"\\x{value.hex()}"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _people(connection: Any, vault: Vault, people: int, dice: random.Random) -> Iterator[Somebody]:
    for number in range(people):
        uid, platform = str(ULID.from_datetime(START)), dice.choice(PLATFORMS)
        person = insert(tables.Person).values(uid=uid, created_at=START).returning(tables.Person.id)
        person_id = int(connection.scalar(person))
        wrapped = vault.new_key(uid)
        sealer = vault.sealer(uid, wrapped)
        connection.execute(insert(tables.Key).values(person_id=person_id, wrapped=wrapped))
        account, talk = str(ULID.from_datetime(START)), str(ULID.from_datetime(START))
        name = json.dumps({"account": f"a{number}", "name": f"Person {number}"}).encode()
        connection.execute(
            insert(tables.Account).values(
                id=account,
                person_id=person_id,
                platform=platform,
                blind=vault.blind("account", platform, f"a{number}"),
                sealed=sealer.seal("account", account, name),
            )
        )
        connection.execute(
            insert(tables.Talk).values(
                id=talk,
                person_id=person_id,
                platform=platform,
                blind=vault.blind("place", platform, f"a{number}", ""),
                private=True,
                sealed=sealer.seal("talk", talk, dump([f"a{number}", None])),
                opened_at=START,
            )
        )
        connection.execute(
            insert(tables.Consent).values(
                person_id=person_id, kind="remember", granted=True, at=START
            )
        )
        yield Somebody(person_id, talk, platform, sealer)


def _readings() -> dict[Emotion, tuple[Reading, Any]]:
    """One reading for each emotion, and the line after it."""
    found = {}
    for emotion, affect in FELT.items():
        shares = {one: 0.7 if one is emotion else 0.05 for one in EMOTIONS}
        spread = Variance(0.05, 0.06, 0.07)
        told = Estimate(Modality.TEXT, shares, affect, spread, 1.0, "seed", {emotion.value: 0.7})
        reading = Reading(emotion, shares, affect, spread, 0.7, 0.0, {Modality.TEXT: 0.8}, (told,))
        found[emotion] = (reading, trajectory.follow(None, reading, START))
    return found


READ = _readings()
SURE = [0.30, 0.15, 0.10, 0.15, 0.30]
PLAN = dump(
    Plan(Stage.EXPLORE, Strategy.REFLECTION_OF_FEELINGS, "gentle", FELT[Emotion.JOY], 30, ask=False)
)
TIMINGS = {
    "remember": 2.1,
    "screen": 0.3,
    "perceive": 11.2,
    "follow": 0.4,
    "plan": 5.0,
    "write": 9.0,
}


def _turn(
    who: Somebody, number: int, place: int, at: datetime, dice: random.Random
) -> Iterator[tuple[Any, dict[str, Any]]]:
    chinese = dice.random() < 0.25
    said = dice.choice(CHINESE) if chinese else " ".join(dice.choices(WORDS, k=dice.randint(5, 25)))
    reply = f"That sounds like a lot. {' '.join(dice.choices(WORDS, k=12))}."
    emotion = dice.choices(list(FELT), SURE)[0]
    reading, moment = READ[emotion]
    affect = replace(reading.affect, valence=round(reading.affect.valence * dice.random(), 3))
    risk = Risk.CRISIS if dice.random() < 0.002 else Risk.NONE
    turn, ext = str(ULID.from_datetime(at)), f"m{place}"
    seal = who.sealer.seal
    mine = {"turn_id": turn, "person_id": who.id}
    incoming = Incoming(
        Kind.MESSAGE, Address(who.platform, f"a{who.id}"), f"a{who.id}", ext, at, said
    )
    notes = Notes("zh" if chinese else "en", risk=risk, level=4 if risk is Risk.CRISIS else 0)
    wording = Wording(
        reply,
        "scripted",
        "reflection_of_feelings",
        "en-sadness-12",
        {"meaning": 0.61, "fresh": 0.2},
    )
    yield tables.Turn, {
        "id": turn, "person_id": who.id, "no": number, "talk_id": who.talk, "kind": "talk",
        "at": at, "kept_at": at, "sealed": seal("turn", turn, dump(notes)),
    }  # fmt: skip
    yield tables.Inbox, {
        "person_id": who.id, "talk_id": who.talk, "channel": who.platform, "ext_id": ext,
        "kind": "message", "message": ext, "at": at, "received_at": at, "turn_id": turn,
        "sealed": seal("inbox", f"{who.platform}:{ext}", dump(incoming)),
    }  # fmt: skip
    read = replace(reading, affect=affect)
    yield tables.Reading, {**mine, "sealed": seal("reading", turn, dump(read))}
    yield (
        tables.Moment,
        {**mine, "sealed": seal("moment", turn, dump(replace(moment, at=at, memory=b"")))},
    )
    yield tables.Plan, {**mine, "sealed": seal("plan", turn, PLAN)}
    yield tables.Reply, {
        **mine, "writer": "scripted", "timings": TIMINGS,
        "sealed": seal("reply", turn, dump(wording)),
    }  # fmt: skip
    yield tables.Delivery, {
        **mine, "talk_id": who.talk, "platform": who.platform, "part": 0, "state": "sent",
        "attempts": 1, "message": ext, "sent_at": at,
    }  # fmt: skip


if __name__ == "__main__":
    main()
