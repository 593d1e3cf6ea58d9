"""The line against the truth: Gaussian-process regression, and people drawn from the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from affect import trajectory
from affect.trajectory import grid, model, smoothing
from affect.types import Pull

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
WORDS = ((1.0, 0.0, 0.0),) * 3
Vector = NDArray[np.float64]

# Every third is the person's own word.
days = st.lists(
    st.tuples(st.floats(0.01, 500.0), st.floats(-1.0, 1.0), st.floats(0.001, 2.0)),
    min_size=1,
    max_size=10,
)


def observations(steps: list[tuple[float, float, float]]) -> list[trajectory.Observation]:
    told, hours = [], 0.0
    for n, (gap, value, variance) in enumerate(steps):
        hours += gap
        shares = {} if n % 3 == 2 else {"shares": WORDS}
        told.append(
            trajectory.Observation(
                NOON + timedelta(hours=hours), (value,) * 3, (variance,) * 3, **shares
            )
        )
    return told


def kernel(one: Vector, other: Vector, pull: Pull) -> Vector:
    """Covariance of where a person is at times in hours: two exponentials and a constant."""
    apart = np.abs(np.subtract.outer(one, other))
    return np.asarray(
        pull.emotion_variance * 0.5 ** (apart / pull.emotion_half_life)
        + pull.mood_variance * 0.5 ** (apart / pull.mood_half_life)
        + model.HOME_SD**2
    )


def shared_errors(hours: Vector, noise: Vector, part: float, half_life: float) -> Vector:
    """Covariance of the errors of messages, of which a part is shared and fades."""
    together = 0.5 ** (np.abs(np.subtract.outer(hours, hours)) / half_life)
    scale = np.sqrt(np.outer(noise, noise))
    return np.asarray(scale * (part * together + (1 - part) * np.eye(len(hours))))


class Regression:
    """Gaussian-process regression of one dimension, all readings taken at once."""

    def __init__(self, told: list[trajectory.Observation], pull: Pull, mean: float) -> None:
        self.times = np.array([(one.at - NOON).total_seconds() / 3600 for one in told])
        self.pull, self.mean = pull, mean
        self.away = np.array([one.value[0] for one in told]) - mean
        biased = np.array([not one.own for one in told], dtype=float)
        noise = np.array([one.variance[0] for one in told])
        bias = model.BIAS_SD**2 * np.outer(biased, biased)
        error = shared_errors(self.times, np.where(biased, noise, 0.0), 0.5, 0.75)
        self.gram = kernel(self.times, self.times, pull) + bias + error
        self.gram += np.diag(np.where(biased, 0.0, noise))

    @property
    def log_density(self) -> float:
        _, log_det = np.linalg.slogdet(2 * np.pi * self.gram)
        return float(-0.5 * (log_det + self.away @ np.linalg.solve(self.gram, self.away)))

    def at(self, hours: float) -> tuple[float, float]:
        """Mean and variance of where the person is."""
        to = kernel(np.array([hours]), self.times, self.pull)[0]
        whole = self.pull.emotion_variance + self.pull.mood_variance + model.HOME_SD**2
        return self._given(to, whole)

    def home(self) -> tuple[float, float]:
        to = np.full(len(self.times), model.HOME_SD**2)
        return self._given(to, model.HOME_SD**2)

    def _given(self, to: Vector, whole: float) -> tuple[float, float]:
        solved = np.linalg.solve(self.gram, np.stack([self.away, to], axis=-1))
        return float(self.mean + to @ solved[:, 0]), float(whole - to @ solved[:, 1])


@settings(max_examples=40, deadline=None)
@given(days, st.floats(0.0, 100.0))
def test_following_is_the_weighed_mean_of_35_regressions(
    steps: list[tuple[float, float, float]], ahead: float
) -> None:
    told = observations(steps)
    moment = trajectory.rebuild(told)
    assert moment is not None
    at = moment.at + timedelta(hours=ahead)
    hours = (at - NOON).total_seconds() / 3600
    found = [
        Regression(
            told,
            Pull(half_life, emotion_variance=float(variance[0])),
            trajectory.HOME.valence,
        )
        for half_life, variance in zip(grid.HALF_LIVES.tolist(), grid.VARIANCES, strict=True)
    ]
    log_weights = np.log(grid.PRIOR) + [one.log_density for one in found]
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()

    def mixed(each: list[tuple[float, float]]) -> tuple[float, float]:
        means, variances = np.array(each).T
        mean = weights @ means
        return float(mean), float(weights @ (variances + (means - mean) ** 2))

    later = trajectory.now(moment, at)
    mean, variance = mixed([one.at(hours) for one in found])
    assert sum(later.valence.mean) == pytest.approx(mean, abs=1e-6)
    assert trajectory.spread_of(later).valence == pytest.approx(variance, abs=1e-6)
    mean, variance = mixed([one.home() for one in found])
    assert later.valence.mean[2] == pytest.approx(mean, abs=1e-6)
    assert trajectory.home_spread_of(later).valence == pytest.approx(variance, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(days)
def test_smoothing_is_regression_and_its_density_that_of_all_at_once(
    steps: list[tuple[float, float, float]],
) -> None:
    told = observations(steps)
    pull = Pull(6.0, 200.0, 0.05, 0.02)
    smooth = smoothing.smoothed(trajectory.series(told), (pull,) * 3, model.prior(pull))
    exact = Regression(told, pull, trajectory.HOME.valence)
    for n, hours in enumerate(exact.times):
        mean, variance = exact.at(hours)
        assert model.NOW @ smooth.means[n, 0] == pytest.approx(mean, abs=1e-6)
        spread = model.NOW @ smooth.covariances[n, 0] @ model.NOW
        assert spread == pytest.approx(variance, abs=1e-6)
        assert smooth.means[n, 0, 2] == pytest.approx(exact.home()[0], abs=1e-6)
    assert smooth.log_density[0] == pytest.approx(exact.log_density, abs=1e-6)


def test_intervals_cover_people_drawn_from_the_model() -> None:
    """2,000 people, 12 readings at random times: bands and surprises are as wide as they say."""
    random = np.random.default_rng(20261124)
    people, readings = 2000, 12
    rates = np.log(2) / np.array([4.0, 240.0])
    variances = np.array([0.25**2, 0.125**2])
    begun = model.prior()
    means, covariances = (np.repeat(values[:1], people, axis=0) for values in begun)
    truth = means + random.normal(size=means.shape) * np.sqrt(np.diag(begun[1][0]))
    words = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    surprises = []
    for _ in range(readings):
        gap = random.exponential(9.0)  # the same for all, so that one array holds everybody
        fade = np.exp(-rates * gap)
        drawn = random.normal(size=(people, 2)) * np.sqrt(variances * (1 - fade**2))
        truth[:, :2] = truth[:, :2] * fade + drawn
        noise = random.uniform(0.02, 0.3, people)
        values = truth @ words + random.normal(size=people) * np.sqrt(noise)
        means, covariances = model.pass_time(means, covariances, gap, rates, variances)
        whole = words @ covariances @ words + noise
        surprises.append((values - means @ words) ** 2 / whole)
        means, covariances, _ = model.observe(means, covariances, words, values, noise)
    now = (truth - means) @ model.NOW / np.sqrt(model.NOW @ covariances @ model.NOW)
    home = (truth - means)[:, 2] / np.sqrt(covariances[:, 2, 2])
    for away in (np.abs(now), np.abs(home)):
        assert 0.47 <= np.mean(away < 0.674) <= 0.53
        assert 0.77 <= np.mean(away < 1.282) <= 0.83
        assert 0.93 <= np.mean(away < 1.960) <= 0.97
    count = people * readings
    assert np.mean(surprises) == pytest.approx(1.0, abs=2 * np.sqrt(2 / count))


@settings(max_examples=10, deadline=None)
@given(days)
def test_figures_are_held_by_the_data(steps: list[tuple[float, float, float]]) -> None:
    """Their mean and its error are those of regression over evenly spaced times."""
    told = [
        trajectory.Observation(
            NOON + timedelta(hours=9.0 * n + gap / 100), (value,) * 3, (variance,) * 3, WORDS
        )
        for n, (gap, value, variance) in enumerate(steps * 20)
    ]
    moment = trajectory.rebuild(told)
    assert moment is not None
    figures = trajectory.figures(trajectory.series(told), moment)
    if figures is None:
        assert len(told) < 20
        return
    exact = Regression(told, moment.valence.pull, trajectory.HOME.valence)
    first, last = (told[n].at - NOON for n in (0, -1))
    hours = np.linspace(first / timedelta(hours=1), last / timedelta(hours=1), 150)
    mean = float(np.mean([exact.at(float(hour))[0] for hour in hours]))
    assert figures.mean.value == pytest.approx(mean, abs=1e-6)
    assert figures.mean.low < figures.mean.value < figures.mean.high
