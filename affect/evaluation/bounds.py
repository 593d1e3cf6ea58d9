"""What could be known at best of people made up: by whoever knows their half-lives and spreads.

Exact regression on all readings at once, and the Fisher information of what would be left to learn.
"""

from __future__ import annotations

import math

import numpy as np

from affect.evaluation.simulated import Array, Person
from affect.trajectory import HOME, Series, model, series
from affect.trajectory.figures import errors, kernel
from affect.types import Pull

LEARNT = ("half-life of emotion", "spread of emotion", "half-life of mood", "spread of mood")


def home(person: Person, count: int, *, biases: bool) -> Array:
    """(3) the home base by `count` readings; with `biases` those of the readers are known too."""
    told = series(person.observations[:count])
    usual = np.array([HOME.valence, HOME.arousal, HOME.dominance])
    found = []
    for i, pull in enumerate(person.pulls):
        times, shares = _hours(told), told.shares[:, i]
        gram = kernel(times, times, pull) + errors(times, shares, told.variances[:, i])
        values = told.values[:, i] - usual[i]
        if biases:
            gram -= model.BIAS_SD**2 * shares @ shares.T
            values -= shares @ person.bias[i]
        found.append(usual[i] + model.HOME_SD**2 * np.linalg.solve(gram, values).sum())
    return np.array(found)


def unlearnt(person: Person, count: int) -> Array:
    """(4) standard deviations of the logarithms of `LEARNT` that so many readings leave, at best.

    Of valence, nothing being known beforehand (the Cramér-Rao bound): with I the Fisher
    information ½·tr(K⁻¹·∂K·K⁻¹·∂K), the root of the diagonal of its inverse.
    """
    told, pull = series(person.observations[:count]), person.pulls[0]
    times = _hours(told)
    gram = kernel(times, times, pull) + errors(times, told.shares[:, 0], told.variances[:, 0])
    changed = [np.linalg.solve(gram, change) for change in _changes(times, pull)]
    information = [[float((one * other.T).sum()) / 2 for other in changed] for one in changed]
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(np.array(information)))))


def _changes(times: Array, pull: Pull) -> list[Array]:
    """The derivatives of the kernel by the logarithms of `LEARNT`."""
    apart = np.abs(np.subtract.outer(times, times))
    found = []
    for half_life, variance in (
        (pull.emotion_half_life, pull.emotion_variance),
        (pull.mood_half_life, pull.mood_variance),
    ):
        part = variance * 0.5 ** (apart / half_life)
        found += [part * apart * math.log(2) / half_life, 2 * part]
    return found


def _hours(told: Series) -> Array:
    return np.asarray((told.times - told.times[0]) / 3600)
