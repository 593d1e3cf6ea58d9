from __future__ import annotations

import pytest

from affect.errors import ModelUnavailable
from affect.evaluation.nearness import figures
from affect.perception.text import TextModel
from affect.writers.weighing import NEAR


def test_hardly_any_stranger_is_near() -> None:
    try:
        model = TextModel.load()
    except ModelUnavailable:
        pytest.skip("the text model is not there")
    shares = {(language, at): share for language, at, share in figures(model)}
    for language in ("en", "zh"):
        found, other, strangers, none = shares[language, NEAR]
        assert strangers <= 0.15, language
        assert found + other + none == pytest.approx(1.0)
