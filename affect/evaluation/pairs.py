"""Moments with words, a voice and a face, put together from held-out readings of each model.

No corpus at hand has all three of one moment, so items of one label are matched (science notes in
docs/decisions.md): a label is drawn from the house prior, then an item of that label for each
modality. The errors of the three are thereby independent given the label, which they are not in
life; rows that break this are drawn too. Nobody's items are in two splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from affect.conflict import PLEASANT, UNPLEASANT
from affect.fusion import Constants
from affect.types import EMOTIONS, Modality

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

# How often people who hear, see or read an emotion name the one that was meant (notes 8.5); where
# they do not, the item is of another label.
AGREEMENT = {Modality.TEXT: 0.7, Modality.VOICE: 0.5, Modality.FACE: 0.74}


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Items that one model did not learn from: `truth` (n,) class numbers, `told` (n, 7)."""

    truth: Classes
    told: Floats

    def of(self, labels: Classes, random: np.random.Generator) -> Floats:
        """(n, 7) what is told of one item for each label, drawn with replacement."""
        rows = np.zeros(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            where = labels == label
            rows[where] = random.choice(np.flatnonzero(self.truth == label), where.sum())
        found: Floats = self.told[rows]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """`truth` (n,); for each modality what it says (n, 7), on the house prior, and quality (n,)."""

    truth: Classes
    told: Mapping[Modality, Floats]
    quality: Mapping[Modality, Floats]

    def only(self, *modalities: Modality) -> Moments:
        """Some modalities of the same moments."""
        return Moments(
            self.truth,
            {m: self.told[m] for m in modalities},
            {m: self.quality[m] for m in modalities},
        )


def on_prior(held: HeldOut, modality: Modality, constants: Constants) -> HeldOut:
    """The model's base rates exchanged for the house prior, as `fusion.fuse` does it."""
    kept = np.maximum(held.told, constants.probability_floor)
    odds = kept * np.array(constants.prior) / np.array(constants.base_rates[modality])
    return replace(held, told=odds / odds.sum(axis=1, keepdims=True))


def moments(
    held: Mapping[Modality, HeldOut],
    constants: Constants,
    count: int,
    random: np.random.Generator,
    agreement: Mapping[Modality, float] | None = None,
) -> Moments:
    """`count` moments; with `agreement`, some items of a modality are of another label."""
    prior = np.array(constants.prior)
    truth = random.choice(len(EMOTIONS), count, p=prior)
    told = {}
    for modality, items in held.items():
        labels = truth
        if agreement is not None:
            elsewhere = random.random(count) >= agreement[modality]
            labels = np.where(elsewhere, _others(truth, prior, random), truth)
        told[modality] = items.of(labels, random)
    return Moments(truth, told, {modality: np.ones(count) for modality in held})


def copied(found: Moments, source: Modality, onto: Modality) -> Moments:
    """One modality says again what another said: their errors are wholly shared."""
    return replace(found, told={**found.told, onto: found.told[source]})


def flipped(
    found: Moments,
    modality: Modality,
    held: Mapping[Modality, HeldOut],
    constants: Constants,
    random: np.random.Generator,
) -> Moments:
    """One modality shows the opposite: pleasant for unpleasant and back, anything for the rest."""
    prior = np.array(constants.prior)
    return _replaced(
        found, modality, held[modality].of(opposite(found.truth, prior, random), random)
    )


def noisy(
    found: Moments,
    modality: Modality,
    held: Mapping[Modality, HeldOut],
    constants: Constants,
    quality: float,
    random: np.random.Generator,
) -> Moments:
    """Half of one modality's items have nothing to do with their moment; `quality` is told."""
    prior = np.array(constants.prior)
    count = len(found.truth)
    strange = held[modality].of(random.choice(len(EMOTIONS), count, p=prior), random)
    lost = random.random(count) < 0.5
    told = np.where(lost[:, None], strange, found.told[modality])
    return _replaced(found, modality, told, np.full(count, quality))


def broken(found: Moments, modality: Modality, random: np.random.Generator) -> Moments:
    """One modality tells anything at all, and its quality says so."""
    told = random.dirichlet(np.full(len(EMOTIONS), 0.3), len(found.truth))
    return _replaced(found, modality, told, np.zeros(len(found.truth)))


def missing(found: Moments, share: float, random: np.random.Generator) -> Moments:
    """Each modality is absent in that share of the moments."""
    quality = {m: np.where(random.random(len(q)) < share, 0.0, q) for m, q in found.quality.items()}
    return replace(found, quality=quality)


def opposite(truth: Classes, prior: Floats, random: np.random.Generator) -> Classes:
    """(n,) a label of the other side of valence, by the prior; any other where there is no side."""
    pleasant, unpleasant = ([EMOTIONS.index(e) for e in side] for side in (PLEASANT, UNPLEASANT))
    share = prior[unpleasant] / prior[unpleasant].sum()
    bad = random.choice(unpleasant, len(truth), p=share)
    return np.where(
        np.isin(truth, pleasant),
        bad,
        np.where(np.isin(truth, unpleasant), pleasant[0], _others(truth, prior, random)),
    )


def has_side(truth: Classes) -> NDArray[np.bool_]:
    """(n,) whether the label is pleasant or unpleasant."""
    sides = [EMOTIONS.index(e) for e in (*PLEASANT, *UNPLEASANT)]
    return np.isin(truth, sides)


def _others(truth: Classes, prior: Floats, random: np.random.Generator) -> Classes:
    """(n,) another label than the true one, by the prior."""
    drawn = random.choice(len(EMOTIONS), len(truth), p=prior)
    same = drawn == truth
    while same.any():
        drawn[same] = random.choice(len(EMOTIONS), same.sum(), p=prior)
        same = drawn == truth
    return drawn


def _replaced(
    found: Moments, modality: Modality, told: Floats, quality: Floats | None = None
) -> Moments:
    changed = {**found.told, modality: told}
    if quality is None:
        return replace(found, told=changed)
    return replace(found, told=changed, quality={**found.quality, modality: quality})
