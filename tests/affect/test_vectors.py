"""Lines remembered as vectors: encoded once, averaged by their words, the oldest let go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from affect.perception.text import TextModel
from affect.writers import vectors
from affect.writers.vectors import Vectors

LINES = st.lists(st.text("ab c\udc80你🙂", max_size=12), min_size=1, max_size=4)


class Counting:
    """An encoder of three letters that remembers how often it was asked."""

    name = "counting-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        rows = np.array([[1 + text.count(c) for c in "abc"] for text in texts], dtype=np.float32)
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / lengths


def test_no_line_is_encoded_twice() -> None:
    encoder = Counting()
    found = Vectors(encoder)
    found.of("a b", known=(1.0, 0.0, 0.0))  # read in this turn already
    found.of("c")
    found.together(["a b", "c"])
    assert encoder.asked == ["c"]
    assert found.of("a b").tolist() == [1.0, 0.0, 0.0]


def test_the_oldest_lines_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "KEPT", 2)
    encoder = Counting()
    found = Vectors(encoder)
    for line in ("a", "b", "a", "c", "a", "b"):
        found.of(line)
    assert encoder.asked == ["a", "b", "c", "b"]


@given(LINES)
def test_lines_together_lie_among_them(lines: list[str]) -> None:
    found = Vectors(Counting())
    joined = found.together(lines)
    assert float(np.linalg.norm(joined)) == pytest.approx(1, abs=1e-5)
    apart = [float(found.of(one) @ found.of(two)) for one in lines for two in lines]
    assert all(float(joined @ found.of(line)) >= min(apart) - 1e-5 for line in lines)


def test_the_average_lies_nearer_to_both_lines_as_one_than_either() -> None:
    model = TextModel.load()
    found = Vectors(model)
    lines = ["she broke up with me last week", "yeah, three years"]
    written_as_one = model.embed([" ".join(lines)])[0]
    near = [float(found.of(line) @ written_as_one) for line in lines]
    assert float(found.together(lines) @ written_as_one) > max(near)
