from __future__ import annotations

import json

import pytest

from affect.evaluation import replies
from affect.evaluation.panel import Turn, figures
from affect.types import Emotion
from affect.writers import words
from affect.writers.bank import load
from affect.writers.forms import by_form
from affect.writers.scripted import ScriptedWriter


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    return replies.run(ScriptedWriter(load()))


def test_the_script_has_both_languages_and_enough_lines() -> None:
    talks = list(replies.script())
    lines = {
        language: sum(len(t) for one, t in talks if one == language) for language in ("en", "zh")
    }
    assert lines["en"] >= 90
    assert lines["zh"] >= 60
    assert {told.emotion for _, talk in talks for told in talk} == set(Emotion)


def test_the_script_is_not_in_the_bank() -> None:
    # Fixed forms (a greeting, "are you real?") may be; what is told must be new to the writer.
    cues = {tuple(words.units(cue)) for entry in load().entries for cue in entry.cues}
    told = [told.said for _, talk in replies.script() for told in talk]
    known = [said for said in told if tuple(words.units(said)) in cues and not by_form(said)]
    assert known == []


def test_every_line_is_answered_within_the_hard_gates(turns: list[Turn]) -> None:
    hard = {
        "two questions",
        "advice in replies 1-3",
        "refused by the guard",
        "questions at goodbye",
        "in the language",
        "words, p95",
        "'it sounds like'",
        "bright to the sad",
    }
    broken = [
        f"{figure.language} {figure.measure}: {figure.value}"
        for figure in figures(turns, load().entries)
        if figure.measure in hard and not figure.holds
    ]
    assert not broken, "\n".join(broken)


def test_no_entry_is_said_twice_in_a_talk(turns: list[Turn]) -> None:
    for talk in {turn.talk for turn in turns}:
        said = [turn.reply.text for turn in turns if turn.talk == talk]
        assert len(set(said)) == len(said)


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    replies.main(json=True)
    content = json.loads(capsys.readouterr().out)
    assert {figure["language"] for figure in content["figures"]} == {"en", "zh"}


def test_lines_can_be_tried(capsys: pytest.CaptureFixture[str]) -> None:
    replies.try_out(["hi", "good night", "--talk"])
    shown = capsys.readouterr().out
    assert shown.count("> ") == 2
    assert "goodbye" in shown
