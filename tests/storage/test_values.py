"""Values that are sealed come back as they were, whatever numbers they hold."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect import fusion, trajectory
from affect.types import EMOTIONS, Affect, Estimate, Modality, Reading, Variance
from storage.records import Report
from storage.values import dump, load
from tests.conftest import NOON

coordinate = st.floats(-1.0, 1.0)
variance = st.one_of(st.just(math.inf), st.floats(0.0, allow_nan=False))


@st.composite
def estimates(draw: st.DrawFn, modality: Modality) -> Estimate:
    shares = draw(st.lists(st.floats(1e-6, 1.0), min_size=7, max_size=7))
    return Estimate(
        modality,
        {emotion: share / sum(shares) for emotion, share in zip(EMOTIONS, shares, strict=True)},
        Affect(*(draw(coordinate) for _ in range(3))),
        Variance(*(draw(variance) for _ in range(3))),
        draw(st.floats(0.0, 1.0)),
        "test",
    )


@settings(max_examples=100, deadline=None)
@given(st.tuples(*(st.one_of(st.none(), estimates(modality)) for modality in Modality)))
def test_whatever_was_read_loads_again_and_is_followed_likewise(
    told: tuple[Estimate | None, ...],
) -> None:
    reading = fusion.fuse([one for one in told if one])
    again = load(Reading, dump(reading))
    assert again == reading
    assert trajectory.read(again, NOON) == trajectory.read(reading, NOON)
    assert trajectory.follow(None, again, NOON).count <= 1


@pytest.mark.parametrize("number", [math.inf, 0.04, 1e-320])
def test_what_is_sealed_is_plain_json(number: float) -> None:
    report = Report(NOON, valence=0.5, variance=number)
    sealed = dump(report)
    json.loads(sealed, parse_constant=pytest.fail)
    assert load(Report, sealed) == report
