"""What is learnt of a person: one small filter for each pair of half-life and spread.

Nobody's emotions last as long as everybody's, or swing as far. 35 filters a dimension, each sure of
its own half-life and spread of emotion, are weighed by how well they foretold what came; their
prior weights shrink a person of few readings to the population. No optimiser, no history, constant
size; what is told of the person is the mixture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from affect.trajectory import model
from affect.trajectory.model import Array
from affect.types import Moment, Parts, Pull

HALF_LIFE_SPREAD = 0.6
SCALE_SPREAD = 0.4
"""Standard deviations of log half-life and of log spread over the population."""

_HALF_LIFE_STEPS = np.linspace(-1.95, 1.95, 7)
_SCALE_STEPS = np.linspace(-1.6, 1.6, 5)
CELLS = len(_HALF_LIFE_STEPS) * len(_SCALE_STEPS)
_half_life_steps, _scale_steps = (
    axis.ravel() for axis in np.meshgrid(_HALF_LIFE_STEPS, _SCALE_STEPS, indexing="ij")
)
PRIOR: Array = np.exp(-(_half_life_steps**2 + _scale_steps**2) / 2)
PRIOR /= PRIOR.sum()
"""(35) what each filter counts for while nothing is known."""

HALF_LIVES: Array = model.EMOTION_HALF_LIFE_HOURS * np.exp(HALF_LIFE_SPREAD * _half_life_steps)
"""(35) half-lives of emotion, hours: 1.2 to 13."""
_LOG_HALF_LIVES: Array = np.log(HALF_LIVES)
SCALES: Array = np.exp(SCALE_SPREAD * _scale_steps)
SCALES /= math.sqrt(PRIOR @ SCALES**2)
"""(35) spread of emotion; its mean square is 1, so that the mixture is the population's."""

RATES: Array = math.log(2) / np.stack(
    [HALF_LIVES, np.full(CELLS, model.MOOD_HALF_LIFE_HOURS)], axis=-1
)
VARIANCES: Array = np.stack(
    [(model.EMOTION_SD * SCALES) ** 2, np.full(CELLS, model.MOOD_SD**2)], axis=-1
)

_ROW, _COLUMN = np.triu_indices(model.STATE)
NUMBERS = 1 + model.STATE + len(_ROW)
"""Numbers a cell, packed: weight, means, upper triangle of the covariance."""
BYTES = 3 * CELLS * NUMBERS * 8


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Three dimensions by 35 filters: log weights (3, 35), means (3, 35, 7), covariances.

    Several people's at once have people as leading axis of all.
    """

    log_weights: Array
    means: Array
    covariances: Array

    def later(self, hours: float | Array) -> Grid:
        """After `hours` >= 0 without a reading; of several people (people, 1, 1)."""
        means, covariances = model.pass_time(self.means, self.covariances, hours, RATES, VARIANCES)
        return Grid(self.log_weights, means, covariances)

    def measured(self, shares: Array, values: Array, noise: Array) -> Grid:
        """After a measurement of now: `values` and `noise` (3), `shares` (3, 3) of the biases."""
        measured, own = model.measurement(shares, noise)
        means, covariances, log_density = model.observe(
            self.means, self.covariances, measured[..., None, :], values[..., None], own[..., None]
        )
        log_weights = self.log_weights + log_density
        return Grid(log_weights - _log_sum(log_weights), means, covariances)

    @property
    def weights(self) -> Array:
        """(3, 35) what each filter counts for; each dimension sums to 1."""
        found: Array = np.exp(self.log_weights)
        return found

    def mixed(self) -> tuple[Array, Array]:
        """Means (3, 7) and covariances (3, 7, 7) of the mixture."""
        weights = self.weights[..., None]
        mean = (weights * self.means).sum(1)
        away = self.means - mean[:, None]
        within = (weights[..., None] * self.covariances).sum(1)
        return mean, within + np.swapaxes(weights * away, 1, 2) @ away

    def traits(self) -> tuple[Array, Array]:
        """Half-lives (3) and variances (3, 2) of emotion and mood, as far as they are learnt."""
        weights = self.weights
        return np.exp(weights @ _LOG_HALF_LIVES), weights @ VARIANCES

    def pulls(self) -> tuple[Pull, Pull, Pull]:
        """The same by dimension."""
        half_lives, variances = (each.tolist() for each in self.traits())
        valence, arousal, dominance = (
            Pull(half_life, model.MOOD_HALF_LIFE_HOURS, *variance)
            for half_life, variance in zip(half_lives, variances, strict=True)
        )
        return valence, arousal, dominance

    def parts(self) -> tuple[Parts, Parts, Parts]:
        """The mixture of each dimension, the biases averaged out."""
        means, covariances = self.mixed()
        valence, arousal, dominance = (
            Parts(tuple(mean[:3].tolist()), tuple(covariance[:3, :3].ravel().tolist()), pull)
            for mean, covariance, pull in zip(means, covariances, self.pulls(), strict=True)
        )
        return valence, arousal, dominance

    def packed(self) -> bytes:
        """As bytes, bit for bit what `unpacked` gives back."""
        upper = self.covariances[..., _ROW, _COLUMN]
        return np.concatenate([self.log_weights[..., None], self.means, upper], axis=-1).tobytes()


def unpacked(packed: bytes) -> Grid:
    """A grid from its bytes."""
    numbers = np.frombuffer(packed).reshape(3, CELLS, NUMBERS)
    covariances = np.empty((3, CELLS, model.STATE, model.STATE))
    upper = numbers[..., 1 + model.STATE :]
    covariances[..., _ROW, _COLUMN] = upper
    covariances[..., _COLUMN, _ROW] = upper
    return Grid(numbers[..., 0], numbers[..., 1 : 1 + model.STATE], covariances)


def unknown() -> Grid:
    """Somebody of whom nothing is known."""
    means, covariance = model.prior()
    covariances = np.repeat(covariance[:, None], CELLS, axis=1)
    covariances[..., model.EMOTION, model.EMOTION] = VARIANCES[:, 0]
    log_weights = np.tile(np.log(PRIOR), (3, 1))
    return Grid(log_weights, np.repeat(means[:, None], CELLS, axis=1), covariances)


def regrown(moment: Moment) -> Grid:
    """What can be known from a moment without memory: where it was, and nothing of the rest."""
    fresh = unknown()
    means, covariances = fresh.means.copy(), fresh.covariances.copy()
    for i, parts in enumerate((moment.valence, moment.arousal, moment.dominance)):
        means[i, :, :3] = parts.mean
        covariances[i, :, :3, :3] = np.reshape(parts.covariance, (3, 3))
    return Grid(fresh.log_weights, means, covariances)


def _log_sum(values: Array) -> Array:
    """Log of the sum of exponentials over the last axis, kept as an axis."""
    top = values.max(-1, keepdims=True)
    found: Array = top + np.log(np.exp(values - top).sum(-1, keepdims=True))
    return found
