"""Turns found by what they are and by their words: two people kept apart, page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, event, select, update

from affect.errors import BadInput, NotFound
from affect.types import Affect, Emotion, Risk
from storage import finding, people, queue, search
from storage.database import Database
from storage.records import Kept, Notes, TurnView, Wording
from storage.tables import Key, Reading, Table, Turn
from storage.values import dump
from storage.wanted import Wanted
from tests.conftest import NOON
from tests.people import arrival
from tests.storage.turns import READING, kept, nobody


@dataclass(frozen=True, slots=True)
class Store:
    """Ana and Ben take turns, an hour apart; the last turn is of somebody else, on Discord."""

    database: Database
    ana: str
    ben: str
    turns: tuple[Kept, ...]

    async def found(self, wanted: Wanted, **how: Any) -> list[int]:
        """The places of the turns that are found, in the order in which they come."""
        ids = [turn.id for turn in self.turns]
        return [
            ids.index(view.id)
            async for page in search.pages(self.database, wanted, **how)
            for view in page
        ]


@pytest.fixture
async def store(database: Database, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(search, "PAGE", 2)  # every walk crosses pages
    angry = replace(READING, emotion=Emotion.ANGER, affect=Affect(-0.1, 0.5, 0.2))
    unclear = replace(READING, emotion=None, transcript="the Gasket, again")
    turns = [
        await _tell(database, "ana", "The OVEN broke", 0, reading=READING),
        await _tell(database, "ben", "my oven too", 1, reading=angry, risk=Risk.CONCERN),
        await _tell(database, "ana", "烤箱又坏了", 2, reading=unclear, language="zh"),
        await _tell(database, "ben", "/help", 3, reading=None, writer="fixed", strategy=None),
        await _tell(
            database, "ana", "ｏｖｅｎ of paper", 4, platform="discord", strategy="question"
        ),
    ]
    uids = [(await people.profile(database, turn.person_id)).uid for turn in turns]
    return Store(database, uids[0], uids[1], tuple(turns))


async def test_everything_comes_in_order_once_and_people_are_kept_apart(store: Store) -> None:
    assert await store.found(Wanted()) == [0, 1, 2, 3, 4]
    assert await store.found(Wanted(), newest_first=True) == [4, 3, 2, 1, 0]
    assert await store.found(Wanted(), limit=3) == [0, 1, 2]
    assert await store.found(Wanted(), limit=3, newest_first=True) == [4, 3, 2]
    assert await store.found(Wanted(person_uid=store.ben)) == [1, 3]
    assert await store.found(Wanted(person_uid=store.ana)) == [0, 2]
    assert await store.found(Wanted(person_uid="01ARZ3NDEKTSV4RRFFQ69G5FAV")) == []


FILTERS: tuple[tuple[Wanted, list[int]], ...] = (
    (Wanted(platform="discord"), [4]),
    (Wanted(since=NOON + timedelta(hours=3)), [3, 4]),
    (Wanted(until=NOON + timedelta(hours=2)), [0, 1]),
    (Wanted(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3)), [1, 2]),
    (Wanted(emotion="sadness"), [0, 4]),
    (Wanted(emotion="anger"), [1]),
    (Wanted(emotion="none"), [2]),
    (Wanted(valence_below=-0.1), [0, 2, 4]),
    (Wanted(valence_below=-0.6), []),
    (Wanted(risk="concern"), [1]),
    (Wanted(risk="none"), [0, 2, 3, 4]),
    (Wanted(risk="crisis"), []),
    (Wanted(strategy="question"), [4]),
    (Wanted(strategy="reflection_of_feelings"), [3]),
    (Wanted(writer="fixed"), [3]),
    (Wanted(language="zh"), [2]),
    (Wanted(emotion="sadness", platform="terminal"), [0]),
)


async def test_filters(store: Store) -> None:
    for wanted, places in FILTERS:
        assert (wanted, await store.found(wanted)) == (wanted, places)
    wanted = Wanted(emotion="sadness")  # a limit counts what fits
    assert await store.found(wanted, limit=1, newest_first=True) == [4]
    assert await store.found(wanted, limit=2) == [0, 4]
    assert await store.found(Wanted(risk="none"), limit=2) == [0, 2]
    assert await store.found(Wanted(risk="none"), limit=2, newest_first=True) == [4, 3]


async def test_how_many_are_opened_is_told_page_by_page(store: Store) -> None:
    opened: list[int] = []
    wanted = Wanted(person_uid=store.ana, emotion="anger")
    assert await store.found(wanted, opened=opened.append) == []
    assert sum(opened) == await search.count(store.database, wanted) == 2

    opened.clear()  # a page is given before the next is opened
    pages = search.pages(store.database, Wanted(), opened=opened.append)
    assert len(await anext(pages)) == 2
    assert opened == [2]
    await pages.aclose()  # type: ignore[attr-defined]


async def test_what_does_not_open_is_told_and_left_out(store: Store) -> None:
    async with store.database.write() as connection:
        other = select(Reading.sealed).where(Reading.turn_id == store.turns[4].id)
        sealed = await connection.scalar(other)
        await connection.execute(
            update(Reading).where(Reading.turn_id == store.turns[0].id).values(sealed=sealed)
        )
        await connection.execute(delete(Key).where(Key.person_id == store.turns[1].person_id))
    store.database.drop_sealer(store.turns[1].person_id)
    unread: list[str] = []
    assert await store.found(Wanted(), unread=unread.append) == [2, 4]
    assert unread == [store.turns[place].id for place in (0, 1, 3)]


async def test_a_walk_of_many_pages_asks_once_for_a_key(store: Store) -> None:
    for turn in store.turns:
        store.database.drop_sealer(turn.person_id)
    asked: list[str] = []

    @event.listens_for(store.database.engine.sync_engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    assert await store.found(Wanted(risk="none", platform="terminal")) == [0, 2, 3]
    assert sum("person_key" in statement for statement in asked) == 1


async def test_who_is_forgotten_while_a_page_is_read_does_not_end_the_walk(store: Store) -> None:
    async with store.database.write() as connection:
        broken = update(Turn).where(Turn.id == store.turns[0].id).values(sealed=b"broken")
        await connection.execute(broken)
    url = store.database.engine.url.render_as_string(hide_password=False)
    engine = create_engine(url.replace("+aiosqlite", ""))

    def forget(_: str) -> None:
        """Ben goes, of whom the last turn of this page is."""
        with engine.begin() as connection:
            for table in reversed(Table.metadata.sorted_tables):
                if "person_id" in table.c:
                    theirs = table.c.person_id == store.turns[1].person_id
                    connection.execute(delete(table).where(theirs))

    assert await store.found(Wanted(risk="none"), unread=forget) == [2, 4]
    engine.dispose()


async def test_turns_and_people_are_named_by_their_id_or_the_end_of_it(store: Store) -> None:
    wanted = store.turns[1]
    assert (await search.turn(store.database, wanted.id)).said == (b'{"text":"my oven too"}',)
    assert (await search.turn(store.database, wanted.id[-10:].lower())).id == wanted.id
    with pytest.raises(NotFound):
        await search.turn(store.database, "ZZZZZZ")

    assert await search.person(store.database, store.ana) == store.ana
    assert await search.person(store.database, f" {store.ben[-10:].lower()} ") == store.ben
    for wrong in ("", "abc", "%%%%", "____", "é" * 8, "A" * 27):
        with pytest.raises(BadInput):
            await search.person(store.database, wrong)
    with pytest.raises(NotFound):
        await search.person(store.database, "ZZZZZZ")

    await _tell(store.database, "ana", "one", 6, id="01KQSDR2G0AAAAAAAAAAAAAAAA")
    await _tell(store.database, "ben", "two", 6, id="01KQSDR2G1AAAAAAAAAAAAAAAA")
    with pytest.raises(BadInput) as refused:
        await search.turn(store.database, "AAAAAAAA")
    assert refused.value.kind == "ambiguous"
    assert (await search.turn(store.database, "G1AAAAAAAAAAAAAAAA")).said == (b'{"text":"two"}',)


WORDS: tuple[tuple[list[str], list[int]], ...] = (
    (["oven"], [0, 1, 4]),
    (["OVEN", "broke"], [0]),
    (["ｏｖｅｎ"], [0, 1, 4]),
    (["又坏"], [2]),
    (["gasket"], [2]),
    (["hear you"], [0, 1, 2, 3, 4]),
    (["oven", "hear"], [0, 1, 4]),
    (["o.en"], []),
    (["text"], []),
)


async def test_words_are_found_and_shown_with_what_is_around_them(store: Store) -> None:
    views = [await search.turn(store.database, turn.id) for turn in store.turns]
    for words, places in WORDS:
        patterns = finding.patterns(words)
        hits = [place for place, view in enumerate(views) if finding.find(view, patterns, _texts)]
        assert (words, hits) == (words, places)

    long = "so it goes " * 20
    turn = await _tell(store.database, "ana", f"{long}the oven\nand the Oven {long}", 5)
    view = await search.turn(store.database, turn.id)
    hit = finding.find(view, finding.patterns(["oven", "hear"]), _texts)
    assert hit is not None
    assert (hit.turn.id, hit.count) == (turn.id, 3)
    said, reply = hit.found
    assert (said.where, said.count) == ("said", 2)
    assert said.snippet.startswith("…")
    assert "the oven and the Oven so it" in said.snippet
    assert said.snippet.endswith("…")
    assert len(said.snippet) < 100
    assert (reply.where, reply.count, reply.snippet) == ("reply", 1, "I hear you.")


def test_no_words_are_refused() -> None:
    with pytest.raises(BadInput):
        finding.patterns(["", "  "])


def _texts(view: TurnView) -> Mapping[str, Sequence[str]]:
    heard = view.reading.transcript if view.reading else None
    return {
        "said": [json.loads(body)["text"] for body in view.said],
        "transcript": [heard] if heard else [],
        "reply": [view.wording.text] if view.wording else [],
    }


async def _tell(
    database: Database,
    account: str,
    text: str,
    hours: int,
    *,
    platform: str = "terminal",
    language: str = "en",
    risk: Risk = Risk.NONE,
    writer: str = "scripted",
    strategy: str | None = "restatement",
    **changes: Any,
) -> Kept:
    """A turn of somebody, `hours` after noon."""
    at = NOON + timedelta(hours=hours)
    came = replace(arrival(at=at, account=account, platform=platform), body=dump({"text": text}))
    person = await queue.ingest(database, came, at, nobody)
    assert person is not None
    turns, waiting = await queue.open_messages(database, person, (platform,))
    turn = replace(
        kept(person, turns + 1, waiting, parts=()),
        notes=Notes(language, risk=risk),
        wording=Wording("I hear you.", writer, strategy),
        **changes,
    )
    assert await queue.keep(database, turn)
    return turn
