"""How apt replies are, as the network that ships judges them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import fmean

import pytest

from affect.perception.text import TextModel
from affect.training.talk_lines import talks
from affect.types import Emotion
from affect.writers import aptness, classes, learned
from affect.writers.aptness import Aptness
from affect.writers.bank import load
from affect.writers.base import Exchange
from affect.writers.judge import WEIGHT
from affect.writers.scripted import ScriptedWriter
from affect.writers.weighing import Worded
from tests.affect.writing import reading, scene


def test_what_readers_graded_higher_is_judged_to_fit_better(writer: ScriptedWriter) -> None:
    """On lines that it learned from: that it says anything of others, training tells."""
    good: list[float] = []
    wrong: list[float] = []
    for language in ("en", "zh"):
        for talk in islice(talks(language), 6):
            turn = talk["turns"][0]
            grades = turn["grades"].get("", {})
            felt = reading(Emotion.NEUTRAL, 0.0)
            for each in writer.worded(replace(scene(turn["said"], felt=felt), language=language)):
                assert -WEIGHT / 2 <= each.apt <= WEIGHT / 2
                grade = grades.get(each.text)
                if grade is not None:
                    (good if grade >= 2 else wrong).append(each.apt)
    assert fmean(good) > fmean(wrong)


def test_the_same_scene_is_judged_alike(writer: ScriptedWriter) -> None:
    at = scene("she never called back")
    assert writer.worded(at) == writer.worded(at)


def test_nothing_is_judged_without_a_network_of_this_model(tmp_path: Path) -> None:
    assert Aptness.load(TextModel.load().name) is not None
    assert Aptness.load("another model") is None
    assert Aptness.load(None) is None
    cut = tmp_path / "text_aptness.npz"
    cut.write_bytes(aptness.FILE.read_bytes()[:400])
    assert Aptness.load(TextModel.load().name, cut) is None
    assert Aptness.load(TextModel.load().name, tmp_path / "none.npz") is None
    silent = ScriptedWriter(load()).judge  # words alone: nothing was learned on them
    one = Worded(load().entries[0], "Well.", {"meaning": 0.5})
    assert silent.weighed(scene("hello"), {}, [one]) == [one]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("no clock either? fair enough. can my flatmate read what I write here?", "others_here"),
        ("we share this laptop so can he see this?", "others_here"),
        ("那我写的这些会存下来吗？算了", "what_do_you_keep"),
    ],
)
def test_who_can_read_along_is_answered_whatever_stands_beside_it(
    writer: ScriptedWriter, said: str, asked: str
) -> None:
    earlier = (Exchange("what time is it there?", "Not something this program knows."),)
    assert writer.situation(said, history=earlier) == asked


def test_a_misheard_line_is_answered_as_an_ordinary_one(writer: ScriptedWriter) -> None:
    earlier = (Exchange("the ward was short again", "Which ward is it?"),)
    at = replace(scene("galway"), history=earlier)
    taken = replace(at, plan=replace(at.plan, situation="greeting"))
    greetings = {entry.id for entry in load().of("en") if entry.situation == "greeting"}
    assert writer.candidates(taken)[0].entry not in greetings


@pytest.mark.parametrize("said", ["halifax", "tonight probably", "wednesday week"])
def test_a_bare_word_in_a_talk_is_no_greeting(writer: ScriptedWriter, said: str) -> None:
    earlier = (Exchange("we are moving in the spring", "Where to?"),)
    assert writer.situation(said, history=earlier) != "greeting"
    assert writer.situation("hello", history=earlier) == "greeting"


def test_what_ships_was_learned_on_the_text_model_that_ships() -> None:
    assert learned.left_out(TextModel.load().name) == {}


def test_what_is_of_another_text_model_or_missing_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "bank.npz"
    assert learned.left_out("attune-text-0", [classes.FILE, missing]) == {
        "text_talk.npz": TextModel.load().name,
        "bank.npz": None,
    }
