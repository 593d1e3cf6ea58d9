"""The model of a person's line, and one step of its filter, for any number of filters at once.

Each dimension of affect is the sum of three hidden parts: emotion (back within hours), mood (within
days) and home base (a constant that is learnt). Emotion and mood follow an Ornstein-Uhlenbeck
process; between readings it is solved exactly, whatever the gap. What a modality says of a person
has a constant bias b besides, learnt too, and messages of one burst, which share words and topic,
share half of their errors. The state is (emotion, mood, home base, b of words, b of voice, b of
face, shared error). Leading axes of all arrays are filters side by side: dimensions, cells, draws.
Sources of equations and priors: docs/decisions.md, "The line".
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from affect.types import Affect, Pull

Array: TypeAlias = NDArray[np.float64]

# Population priors, on the scale [-1, 1]. To be refitted on consenting people.
EMOTION_HALF_LIFE_HOURS = 4.0
MOOD_HALF_LIFE_HOURS = 10 * 24.0
EMOTION_SD = 0.25
MOOD_SD = 0.125
HOME_SD = 0.20
BIAS_SD = 0.15
HOME = Affect(valence=0.10, arousal=0.0, dominance=0.05)

SHARED_ERROR = 0.5
SHARED_ERROR_HALF_LIFE_HOURS = 0.75
"""Of a message's error variance this part is shared with those before it, fading so fast."""

SMALLEST_VARIANCE = 1e-4
EMOTION, MOOD, HOME_BASE, SHARED = 0, 1, 2, 6
BIASES = slice(3, 6)
STATE = 7
"""Numbers a state: three parts, the biases of three modalities, the shared error (variance 1)."""
NOW: Array = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
"""Where the person is, of a state."""


def measurement(shares: Array, noise: Array) -> tuple[Array, Array]:
    """(..., 7) what is measured of a state, and the variance (...) of what else is in it.

    Where the person is, the biases by their shares and, of a message of variance `noise`, the
    error that it shares; nobody's own word has any of these two.
    """
    shared = np.where(np.isfinite(noise) & (shares.sum(-1) > 0), SHARED_ERROR * noise, 0.0)
    found = np.ones((*shares.shape[:-1], STATE))
    found[..., BIASES] = shares
    found[..., SHARED] = np.sqrt(shared)
    return found, noise - shared


_SHARED_RATE = math.log(2) / SHARED_ERROR_HALF_LIFE_HOURS
POPULATION = Pull(EMOTION_HALF_LIFE_HOURS, MOOD_HALF_LIFE_HOURS, EMOTION_SD**2, MOOD_SD**2)


def prior(pull: Pull = POPULATION) -> tuple[Array, Array]:
    """Means (3, 7) and covariances (3, 7, 7) of somebody unknown who is drawn back like this."""
    means = np.zeros((3, STATE))
    means[:, HOME_BASE] = (HOME.valence, HOME.arousal, HOME.dominance)
    spread = [pull.emotion_variance, pull.mood_variance, HOME_SD**2, *[BIAS_SD**2] * 3, 1.0]
    return means, np.broadcast_to(np.diag(spread), (3, STATE, STATE)).copy()


def pass_time(
    means: Array, covariances: Array, hours: float | Array, rates: Array, variances: Array
) -> tuple[Array, Array]:
    """States after `hours` >= 0 without a reading: the exact solution, not a small step.

    Mean A·x and covariance A·P·A' + Q, with A = diag(a_e, a_m, 1, ...), a = exp(-rate·hours), and
    Q = diag(s_e²(1 - a_e²), s_m²(1 - a_m²), 0, ...). `rates` and `variances` (..., 2) are of
    emotion and mood, per hour and stationary; a shared error fades likewise, of variance 1. One
    number of `hours` is for all filters, an array for each of its axes.
    """
    passed = rates * np.asarray(hours)[..., None]
    kept = np.ones((*passed.shape[:-1], STATE))
    kept[..., :2] = np.exp(-passed)
    kept[..., SHARED] = np.exp(-_SHARED_RATE * np.asarray(hours))
    means = means * kept
    covariances = covariances * (kept[..., :, None] * kept[..., None, :])
    # expm1, not 1 - a²: the difference would lose its digits over seconds.
    added = -variances * np.expm1(-2 * passed)
    covariances[..., EMOTION, EMOTION] += added[..., 0]
    covariances[..., MOOD, MOOD] += added[..., 1]
    covariances[..., SHARED, SHARED] -= np.expm1(-2 * _SHARED_RATE * np.asarray(hours))
    return means, covariances


def observe(
    means: Array, covariances: Array, measured: Array, value: Array, noise: Array
) -> tuple[Array, Array, Array]:
    """States after measuring H·x, H = `measured`, and the log density of what was measured.

    Gain K = P·H'/(H·P·H' + R); covariance in Joseph's form, (I - KH)·P·(I - KH)' + K·R·K', which
    stays positive whatever rounding does. Infinite `noise` leaves a state as it is.
    """
    told = np.isfinite(noise)
    noise = np.where(told, np.maximum(noise, SMALLEST_VARIANCE), 0.0)
    shared = (covariances @ measured[..., None])[..., 0]
    whole = (shared * measured).sum(-1)
    total = np.where(told, whole + noise, 1.0)
    gain = (told / total)[..., None] * shared
    surprise = np.where(told, value - (means * measured).sum(-1), 0.0)
    kept = shared - gain * whole[..., None]
    covariances = (
        covariances
        - gain[..., :, None] * shared[..., None, :]
        - kept[..., :, None] * gain[..., None, :]
        + (noise[..., None] * gain)[..., :, None] * gain[..., None, :]
    )
    # Rounding must not let the two halves of a covariance drift apart over a million steps.
    covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
    log_density = -0.5 * told * (np.log(2 * math.pi * total) + surprise**2 / total)
    return means + gain * surprise[..., None], covariances, log_density
