from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from affect.evaluation import replies
from affect.evaluation.generated import (
    BARE,
    SCRIPTED,
    UNPLANNED,
    WHOLE,
    as_json,
    compare,
    counted,
    drawn,
    show,
)
from affect.evaluation.panel import Difference, Turn, figures
from affect.evaluation.panel import compare as differences
from affect.perception.text import TextModel
from affect.types import Affect
from affect.writers import bank
from affect.writers.chat import Message
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import Answering

GUSH = "I'm so sorry to hear that! Everything will be fine! Have you tried yoga? Or a walk?"


def answer(messages: Sequence[Message], number: int) -> str:
    """Well where a plan is told, and as such models do where none is."""
    if "<plan>" not in messages[-1].content:
        return GUSH
    said = messages[-1].content.split("<said>\n")[1].split("\n")[0].lower()
    thing = max(re.findall(r"[a-z]+", said), key=len)
    return f"After all that, the {thing} seems hard on you, and the day is long."


@pytest.fixture(scope="module")
def reader() -> TextModel:
    return TextModel.load()


@pytest.fixture(scope="module")
def scripted() -> ScriptedWriter:
    return ScriptedWriter(bank.load())


def test_the_script_holds_a_hundred_scenes_in_each_language() -> None:
    lines = {"en": 0, "zh": 0}
    for language, talk in replies.script():
        lines[language] += len(talk)
    assert lines == {"en": 100, "zh": 100}


async def test_the_whole_writer_stands_beside_its_bare_prompt(
    reader: TextModel, scripted: ScriptedWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    talks = dict(list(drawn().items())[:8])
    said: list[str] = []
    found = await compare(Answering(answer), scripted, reader, talks, said.append)
    assert {turn.reply.text for turn in found.turns[BARE]} == {GUSH}
    assert {turn.reply.text for turn in found.turns[UNPLANNED]} == {GUSH}
    assert GUSH not in {turn.reply.text for turn in found.turns[WHOLE]}
    assert {turn.reply.writer for turn in found.turns[SCRIPTED]} == {"scripted"}
    assert found.own["en"] > 0.5
    better, worse = (counted(found.differences[BARE], each) for each in ("better", "worse"))
    verdict = f"whole against bare: better on {better}, worse on {worse}"
    assert said[-3:] == [
        f"{WHOLE}: 8 of 8 lines answered",
        verdict,
        f"{UNPLANNED}: 8 of 8 lines answered",
    ]
    assert counted(found.differences[BARE], "better") >= 5
    verdicts = {each.measure: each.verdict for each in found.differences[BARE]}
    assert verdicts["two questions"] == "better"
    assert verdicts["banned phrases"] == "better"
    show(found)
    told = capsys.readouterr().out
    assert verdict in told
    assert re.search(r"scripted +bare +whole +unplanned", told)
    assert as_json(found)["model"] == "answering"


def test_halves_are_apart_and_a_lot_is_the_same_each_time() -> None:
    even, odd = drawn(half="even"), drawn(half="odd")
    assert not even.keys() & odd.keys()
    assert {**even, **odd} == drawn()
    lot = drawn(sample=30, seed=3)
    assert lot == drawn(sample=30, seed=3) != drawn(sample=30, seed=4)
    assert 30 <= sum(len(lines) for _, lines in lot.values()) < 36  # talks are whole
    assert all(drawn()[number] == talk for number, talk in lot.items())
    assert drawn(sample=1_000, half="odd") == odd
    assert {language for language, _ in drawn(language="zh").values()} == {"zh"}


def test_a_writer_is_equal_to_itself(scripted: ScriptedWriter) -> None:
    turns = [
        turn
        for number, (language, told) in enumerate(list(replies.script())[:6])
        for turn in replies.converse(scripted, language, told, number)
    ]
    assert {each.verdict for each in differences(turns, turns)} == {"equal"}


def test_brightness_is_seen_where_our_model_read_it(scripted: ScriptedWriter) -> None:
    language, told = next(iter(replies.script()))
    turn: Turn = replies.converse(scripted, language, told)[0]
    assert turn.told.valence < -0.4
    bright = replace(turn, carried=Affect(0.8, 0.0, 0.0))
    by_name = {f.measure: f for f in figures([bright])}
    assert by_name["bright to the sad"].value == 1.0
    assert not by_name["bright to the sad"].holds


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.3, -0.1, "better"), (-0.1, 0.1, "equal"), (0.1, 0.3, "worse"), (0.0, 0.0, "equal")],
)
def test_a_verdict_needs_an_interval_without_zero(low: float, high: float, verdict: str) -> None:
    assert Difference("en", "advice", 0.0, 0.0, low, high).verdict == verdict
