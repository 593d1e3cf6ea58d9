"""What a line does and what a talk is about, as the model that ships hears it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from affect.perception.text import TextModel
from affect.writers import classes, topics
from affect.writers.classes import Classes
from affect.writers.hearing import TELLS, Hearing
from affect.writers.topics import NONE
from affect.writers.vectors import Vectors

WIDTH = 3
vectors = arrays.arrays(np.float64, WIDTH, elements=st.floats(-1, 1, width=32))


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    return Hearing(Vectors(TextModel.load()))


@pytest.fixture(scope="module")
def known() -> Classes:
    random = np.random.default_rng(2)
    names = ("exam", NONE, "sleep")
    weights = random.normal(0, 3, (WIDTH, 3))
    return Classes(names, weights, np.zeros(3), np.array([0.2, 0.5, 0.3]))


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("can my husband see what I type here?", "others_here"),
        ("do you ever get bored in there", "your_life"),
        ("could you help me word a message to my landlord", "word_it"),
        ("what should I cook tonight, any ideas", "ideas"),
        ("no no, I said tuesday, not thursday", "corrected"),
        ("right, kettle's boiling, talk later", "goodbye"),
        ("she walked the dog and then went to bed", TELLS),
        ("他刚把菜端上来，一大家子都在", TELLS),
        ("我老公会不会看到我在这儿写的", "others_here"),
        ("你平时会觉得无聊吗", "your_life"),
    ],
)
def test_what_a_line_does(hearing: Hearing, said: str, act: str) -> None:
    acts = hearing.acts(said)
    assert sum(acts.values()) == pytest.approx(1)
    assert max(acts, key=lambda name: acts[name]) == act


@pytest.mark.parametrize(
    ("before", "said", "topic"),
    [
        (["my landlord keeps the deposit"], "since march", "landlord"),
        (["I failed my anatomy exam again"], "yes, the third time", "exam"),
        (["房东不退我押金"], "两千八", "landlord"),
    ],
)
def test_a_bare_line_stays_with_the_topic(
    hearing: Hearing, before: list[str], said: str, topic: str
) -> None:
    found = hearing.topics(said, before)
    assert max(found, key=lambda name: found[name]) == topic


@given(st.lists(vectors, min_size=1, max_size=6))
def test_topics_are_probabilities(known: Classes, lines: list[np.ndarray]) -> None:
    found = topics.followed(lines, known)
    assert set(found) == {"exam", "sleep"}
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0


def test_without_an_encoder_nothing_is_heard() -> None:
    deaf = Hearing(None)
    assert not deaf.acts("hello")
    assert not deaf.topics("hello")


def test_what_was_learned_on_another_model_is_not_used(known: Classes, tmp_path: Path) -> None:
    file = tmp_path / "text_talk.npz"
    classes.save({classes.ACTS: known, classes.TOPICS: known}, "model-1", file)
    assert classes.load("model-1", file)[classes.ACTS].names == known.names
    assert not classes.load("model-2", file)
    assert not classes.load("model-1", tmp_path / "none.npz")
