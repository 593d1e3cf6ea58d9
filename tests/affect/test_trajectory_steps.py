"""Laws that one step of the line obeys for any numbers (the state is seven numbers a dimension)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from affect.trajectory import SMALLEST_VARIANCE, model
from affect.types import Pull

PULL = Pull()
WORDS = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])  # what a message measures: now, and its bias

Vector = NDArray[np.float64]

hours = st.floats(1e-9, 1e9)
usual_hours = st.floats(0.0, 2000.0)
measured = st.floats(-1.0, 1.0)
noise = st.floats(1e-4, 10.0)
observations = st.lists(st.tuples(usual_hours, measured, noise), max_size=8)

laws = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class State:
    """The seven numbers of one dimension, as the model has them."""

    mean: Vector
    covariance: Vector


PRIOR = State(*(values[0] for values in model.prior()))


def pass_time(line: State, pull: Pull, gap: float) -> State:
    rates = math.log(2) / np.array([pull.emotion_half_life, pull.mood_half_life])
    variances = np.array([pull.emotion_variance, pull.mood_variance])
    return State(*model.pass_time(line.mean, line.covariance, gap, rates, variances))


def observe(line: State, value: float, variance: float) -> State:
    measured = model.observe(line.mean, line.covariance, WORDS, np.array(value), np.array(variance))
    return State(measured[0], measured[1])


def after(steps: list[tuple[float, float, float]], line: State = PRIOR) -> State:
    """The line after (hours since the last one, value, variance) of each observation."""
    for gap, value, variance in steps:
        line = observe(pass_time(line, PULL, gap), value, variance)
    return line


def matrix(line: State) -> Vector:
    return line.covariance


def same(one: State, other: State, tolerance: float = 1e-9) -> bool:
    return np.allclose(one.mean, other.mean, rtol=0, atol=tolerance) and np.allclose(
        one.covariance, other.covariance, rtol=0, atol=tolerance
    )


@laws
@given(observations, usual_hours, usual_hours)
def test_splitting_an_interval_changes_nothing(
    steps: list[tuple[float, float, float]], one: float, two: float
) -> None:
    line = after(steps)
    split = pass_time(pass_time(line, PULL, one), PULL, two)
    assert same(split, pass_time(line, PULL, one + two), 1e-12)


@laws
@given(hours)
def test_the_prior_is_stationary(gap: float) -> None:
    assert same(pass_time(PRIOR, PULL, gap), PRIOR, 1e-15)


@laws
@given(hours)
def test_what_time_adds_is_symmetric_and_positive(gap: float) -> None:
    sure = State(np.zeros(7), np.zeros((7, 7)))
    added = matrix(pass_time(sure, PULL, gap))
    assert (added == added.T).all()
    assert np.linalg.eigvalsh(added).min() >= 0
    assert added[0, 0] > 0
    # Q(d)/d tends to the diffusion 2·θ·s²: no digit is lost over short times.
    if gap < 1e-6:
        diffusion = 2 * math.log(2) / 4 * 0.0625
        assert added[0, 0] / gap == pytest.approx(diffusion, rel=1e-6)


@laws
@given(observations)
def test_a_covariance_stays_a_covariance(steps: list[tuple[float, float, float]]) -> None:
    covariance = matrix(after(steps))
    assert (covariance == covariance.T).all()
    assert np.linalg.eigvalsh(covariance).min() >= -1e-15


def test_ten_thousand_sure_readings_leave_a_sound_covariance() -> None:
    covariance = matrix(after([(0.01, 0.3, 0.0)] * 10_000))
    assert np.linalg.eigvalsh(covariance).min() >= 0
    assert np.isfinite(covariance).all()


@laws
@given(observations, st.permutations(range(4)), st.lists(st.tuples(measured, noise), min_size=4))
def test_the_order_of_measurements_at_one_time_does_not_matter(
    steps: list[tuple[float, float, float]],
    order: list[int],
    together: list[tuple[float, float]],
) -> None:
    line = after(steps)
    told = after([(0.0, *together[n]) for n in range(4)], line)
    shuffled = after([(0.0, *together[n]) for n in order], line)
    assert same(told, shuffled)


@laws
@given(observations, measured, st.floats(0.0, 1e6))
def test_a_measurement_never_raises_a_variance(
    steps: list[tuple[float, float, float]], value: float, variance: float
) -> None:
    line = after(steps)
    before, later = matrix(line), matrix(observe(line, value, variance))
    assert (np.diag(later) <= np.diag(before) + 1e-15).all()
    assert WORDS @ later @ WORDS <= WORDS @ before @ WORDS + 1e-15


@laws
@given(observations, measured, noise, st.floats(1.0, 1e3))
def test_more_noise_never_moves_the_mean_further(
    steps: list[tuple[float, float, float]], value: float, variance: float, times: float
) -> None:
    line = after(steps)
    near = np.array(observe(line, value, variance).mean) - line.mean
    far = np.array(observe(line, value, variance * times).mean) - line.mean
    assert (np.abs(far) <= np.abs(near) + 1e-15).all()


@laws
@given(observations, measured, st.floats(1e-3, 10.0))
def test_two_equal_measurements_are_one_of_half_the_variance(
    steps: list[tuple[float, float, float]], value: float, variance: float
) -> None:
    line = after(steps)
    twice = observe(observe(line, value, variance), value, variance)
    assert same(twice, observe(line, value, variance / 2))


@laws
@given(observations, measured)
def test_infinite_variance_is_no_measurement(
    steps: list[tuple[float, float, float]], value: float
) -> None:
    line = after(steps)
    assert same(observe(line, value, math.inf), line, 0.0)
    assert same(observe(line, value, 1e300), line)


@laws
@given(measured, st.floats(0.0, 1e-4))
def test_no_measurement_is_surer_than_the_floor(value: float, variance: float) -> None:
    floor = observe(PRIOR, value, SMALLEST_VARIANCE)
    assert same(observe(PRIOR, value, variance), floor, 0.0)


@laws
@given(observations, st.floats(0.1, 10.0))
def test_another_scale_gives_the_same_line_on_that_scale(
    steps: list[tuple[float, float, float]], times: float
) -> None:
    steps = [(gap, value, max(variance, 0.02)) for gap, value, variance in steps]
    wide = Pull(
        emotion_variance=PULL.emotion_variance * times**2,
        mood_variance=PULL.mood_variance * times**2,
    )
    line = State(PRIOR.mean * times, PRIOR.covariance * times**2)
    for gap, value, variance in steps:
        line = observe(pass_time(line, wide, gap), value * times, variance * times**2)
    expected = after(steps)
    assert np.allclose(line.mean, np.array(expected.mean) * times, rtol=1e-9, atol=1e-9)
    assert np.allclose(
        line.covariance[:6, :6], expected.covariance[:6, :6] * times**2, rtol=1e-9, atol=1e-9
    )


@laws
@given(observations, st.floats(0.01, 100.0))
def test_the_unit_of_time_does_not_matter(
    steps: list[tuple[float, float, float]], times: float
) -> None:
    stretched = Pull(PULL.emotion_half_life * times, PULL.mood_half_life * times)
    line = PRIOR
    for gap, value, variance in steps:
        line = observe(pass_time(line, stretched, gap * times), value, variance)
    assert same(line, after(steps))


def test_a_deviation_is_halved_after_its_half_life() -> None:
    moved = State(np.array([0.4, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0]), PRIOR.covariance)
    assert pass_time(moved, PULL, 4.0).mean[0] == pytest.approx(0.2)
    assert pass_time(moved, PULL, 240.0).mean[1] == pytest.approx(0.1)
