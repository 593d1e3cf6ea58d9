"""What was measured of a person: one observation, or all of them as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from affect import fusion
from affect.errors import BadInput
from affect.trajectory.model import Array
from affect.types import SELF_REPORT_VARIANCE, Affect, Modality, Reading, Variance

Triple = tuple[float, float, float]
_NOT_MODALITIES: tuple[Triple, Triple, Triple] = ((0.0,) * 3,) * 3


@dataclass(frozen=True, slots=True)
class Observation:
    """A measurement of where a person was at `at`: value and variance of each dimension.

    `shares` says, by dimension, how much of it each of words, voice and face told; all 0 where the
    person said it themselves. An infinite variance is a dimension that was not measured.
    """

    at: datetime
    value: Triple
    variance: Triple
    shares: tuple[Triple, Triple, Triple] = _NOT_MODALITIES

    @property
    def own(self) -> bool:
        """Whether the person said it themselves."""
        return self.shares == _NOT_MODALITIES and not self.says_nothing

    @property
    def says_nothing(self) -> bool:
        """Whether no dimension was measured."""
        return all(math.isinf(variance) for variance in self.variance)


def read(reading: Reading, at: datetime) -> Observation:
    """What a reading says beyond the prior (`fusion.evidence`).

    Raises `BadInput`: `affect` (no number, or out of range) or `naive_time`.
    """
    _check(reading.affect, reading.variance)
    value, variance = fusion.evidence(reading)
    shares = fusion.shares(reading)
    return Observation(
        utc(at),
        _triple(value),
        _triple(variance),
        (
            _of_modalities({m: share.valence for m, share in shares.items()}),
            _of_modalities({m: share.arousal for m, share in shares.items()}),
            _of_modalities({m: share.dominance for m, share in shares.items()}),
        ),
    )


def said(
    at: datetime,
    valence: float,
    arousal: float | None = None,
    dominance: float | None = None,
    variance: float = SELF_REPORT_VARIANCE,
) -> Observation:
    """What a person says of themselves, each dimension in [-1, 1]; None where they were not asked.

    Raises `BadInput` as `read` does.
    """
    told = (valence, arousal, dominance)
    value = Affect(*(0.0 if one is None else one for one in told))
    _check(value, Variance(variance, variance, variance))
    spread = Variance(*(math.inf if one is None else variance for one in told))
    return Observation(utc(at), _triple(value), _triple(spread))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Observations of one person as arrays, oldest first.

    `times` (n) in seconds since 1970 UTC, `values` and `variances` (n, 3), `shares` (n, 3, 3) by
    dimension and modality, `own` (n) whether the person said it themselves.
    """

    times: Array
    values: Array
    variances: Array
    shares: Array
    own: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.times)


def series(observations: Iterable[Observation]) -> Series:
    """Observations as arrays, in the order of their times."""
    told = list(observations)
    rows = [(*one.value, *one.variance, *sum(one.shares, ())) for one in told]
    numbers = np.array(rows, dtype=float).reshape(len(told), 15)
    times = np.array([one.at.timestamp() for one in told], dtype=float)
    order = np.argsort(times, kind="stable")
    times, numbers = times[order], numbers[order]
    shares = numbers[:, 6:].reshape(-1, 3, 3)
    # A reading without evidence has no shares either.
    own = (shares == 0).all(axis=(1, 2)) & np.isfinite(numbers[:, 3:6]).any(axis=1)
    return Series(times, numbers[:, :3], numbers[:, 3:6], shares, own)


def utc(at: datetime) -> datetime:
    """The same instant in UTC: clocks that are put back would make hours out of nothing."""
    if at.tzinfo is None:
        raise BadInput("naive_time", "A time without its zone cannot be followed.")
    return at.astimezone(UTC)


def _check(affect: Affect, variance: Variance) -> None:
    """Refuse what nobody can have read: NaN, affect beyond [-1, 1], negative variances."""
    if not (all(-1 <= y <= 1 for y in _triple(affect)) and all(v >= 0 for v in _triple(variance))):
        raise BadInput("affect", "A reading has numbers that cannot be followed.")


def _triple(value: Affect | Variance) -> Triple:
    return (value.valence, value.arousal, value.dominance)


def _of_modalities(shares: dict[Modality, float]) -> Triple:
    return (
        shares.get(Modality.TEXT, 0.0),
        shares.get(Modality.VOICE, 0.0),
        shares.get(Modality.FACE, 0.0),
    )
