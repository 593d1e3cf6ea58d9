"""Fitting what reads told events: the written lines, and a fit on lines made up."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from affect.errors import BadInput
from affect.perception.text_network import RawOutputs
from affect.training import events as training
from affect.types import EMOTIONS, Emotion
from tests.affect.test_text_calibration import FITTED


@pytest.mark.parametrize("language", training.LANGUAGES)
def test_the_written_lines_are_whole(language: str) -> None:
    texts, shares = training.written(language)
    assert len(texts) == len(shares) >= 390
    assert len({text.casefold() for text in texts}) == len(texts)
    assert all(texts)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(texts)))
    assert 0.25 < shares.mean(axis=0)[EMOTIONS.index(Emotion.NEUTRAL)] < 0.45


def test_a_line_without_a_known_emotion_is_named(monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "en.tsv").write_text("joy\tthe flat is ours\nmelancholy\tit rained\n", "utf-8")
    monkeypatch.setattr("affect.training.talk_lines.LINES", tmp_path)
    with pytest.raises(BadInput, match=r"Line 2 of en\.tsv"):
        training.written("en")


def test_events_are_learnt_where_the_words_say_nothing() -> None:
    random = np.random.default_rng(3)
    centres = random.normal(size=(7, 12))
    known = []
    for language in training.LANGUAGES:
        truth = random.integers(7, size=400)
        shares = np.eye(7)[truth]
        raw = RawOutputs(
            np.full((400, 28), -6, np.float32),
            np.full((400, 3), 3, np.float32),
            np.zeros((400, 6), np.float32),
            (centres[truth] + random.normal(scale=0.5, size=(400, 12))).astype(np.float32),
        )
        known.append(training.Known(language, raw, shares, np.zeros((400, 3)), 1.0))
    fitted = training.fit(known, FITTED)
    told = fitted.evidence(known[0].raw.embedding)
    seven = fitted.join("en", np.zeros((400, 7)), told)
    assert (seven.argmax(axis=1) == known[0].shares.argmax(axis=1)).mean() > 0.8
    assert fitted.factors["en"].shape == (3,)
