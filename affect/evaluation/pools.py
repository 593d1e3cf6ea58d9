"""Ways of joining what several modalities say into one vector of probabilities, side by side.

Each takes `Moments` and gives (n, 7). They see the same numbers: probabilities on the house prior.
`ours` computes what `fusion.fuse` does, for many moments at once (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from affect.conflict import differing
from affect.evaluation.pairs import Floats, Moments
from affect.fusion import Constants
from affect.types import EMOTIONS, Modality

# The weights of the first literature on such bots: words, voice, face.
FIXED = {Modality.TEXT: 0.6, Modality.VOICE: 0.2, Modality.FACE: 0.2}
STEPS, RATE, DECAY = 400, 0.05, 1e-4  # of the gate's gradient descent (Adam)


def single(found: Moments, modality: Modality, constants: Constants) -> Floats:
    """One modality alone; the prior where it is absent."""
    here = (found.quality[modality] > 0)[:, None]
    return np.where(here, found.told[modality], np.array(constants.prior))


def mean(found: Moments, constants: Constants, weights: Mapping[Modality, float]) -> Floats:
    """Weighted mean over those present, renormalised; the prior where nobody is."""
    shares = {m: weights[m] * (q > 0) for m, q in found.quality.items()}
    total = sum(shares.values(), np.zeros(len(found.truth)))
    pooled = sum(
        (shares[m][:, None] * p for m, p in found.told.items()),
        np.zeros((len(found.truth), len(EMOTIONS))),
    )
    prior = np.array(constants.prior)
    return np.where((total > 0)[:, None], pooled / np.maximum(total, 1e-12)[:, None], prior)


def linear(found: Moments, constants: Constants) -> Floats:
    """`fusion.linear_pool`: λq of each, what is missing to 1 being the prior's."""
    weights = _weights(found, constants)
    total = sum(weights.values(), np.zeros(len(found.truth)))
    pooled = sum(
        (weights[m][:, None] * p for m, p in found.told.items()),
        np.maximum(0, 1 - total)[:, None] * np.array(constants.prior),
    )
    return pooled / np.maximum(1, total)[:, None]


def plain_product(found: Moments, constants: Constants) -> Floats:
    """The log-linear pool, every weight 1: right if errors are independent and none is broken."""
    here = {m: (q > 0).astype(np.float64) for m, q in found.quality.items()}
    return _joined(found, constants, here)


def ours(found: Moments, constants: Constants) -> Floats:
    """log p = log prior + Σ λq·log((1 - d)·p_m / prior + d) + c, d being how far the others make
    it doubtful that m tells of the moment.
    """
    weights, prior, doubt = _weights(found, constants), np.array(constants.prior), constants.doubt
    told = {}
    for modality, alone in found.told.items():
        rest = found.only(*(m for m in found.told if m is not modality))
        one = _joined(found.only(modality), constants, weights)
        same = (one * _joined(rest, constants, weights) / prior).sum(axis=1)
        strange = doubt / (doubt + (1 - doubt) * same)
        left = np.minimum(1, (1 - strange) / (1 - doubt))[:, None]
        told[modality] = left * alone + (1 - left) * prior
    return _joined(replace(found, told=told), constants, weights)


def dempster_shafer(found: Moments, constants: Constants) -> Floats:
    """Dempster's rule on masses discounted by λq (m(Ω) = 1 - λq), Ω shared out by the prior."""
    count = len(found.truth)
    mass, ignorance = np.zeros((count, len(EMOTIONS))), np.ones(count)
    for modality, told in found.told.items():
        weight = constants.weights[modality] * found.quality[modality]
        own = weight[:, None] * told
        mass = mass * own + mass * (1 - weight)[:, None] + ignorance[:, None] * own
        ignorance = ignorance * (1 - weight)
        total = mass.sum(axis=1) + ignorance
        mass, ignorance = mass / total[:, None], ignorance / total
    joined: Floats = mass + ignorance[:, None] * np.array(constants.prior)
    return joined


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """λ of each modality as a logistic function of its features, learned on dev."""

    weights: Mapping[Modality, Floats]

    def pool(self, found: Moments, constants: Constants) -> Floats:
        """As `ours`, with the gate's own λ."""
        return _joined(found, constants, self.of(found))

    def of(self, found: Moments) -> dict[Modality, Floats]:
        """(n,) λq for each modality."""
        return {
            m: found.quality[m] / (1 + np.exp(-_features(found, m) @ self.weights[m]))
            for m in found.told
        }


def learn_gate(found: Moments, constants: Constants) -> Gate:
    """Least log loss over `found`."""
    names = list(found.told)
    features = [_features(found, m) for m in names]
    ratios = [np.log(found.told[m] / np.array(constants.prior)) for m in names]
    target = np.eye(len(EMOTIONS))[found.truth]
    weights = [np.zeros(f.shape[1]) for f in features]
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for step in range(1, STEPS + 1):
        gates = [1 / (1 + np.exp(-f @ w)) for f, w in zip(features, weights, strict=True)]
        strengths = [g * found.quality[m] for g, m in zip(gates, names, strict=True)]
        told = _softmax(np.log(constants.prior) + _sum(strengths, ratios))
        for k, name in enumerate(names):
            slope = ((told - target) * ratios[k]).sum(axis=1) * found.quality[name]
            pull = (slope * gates[k] * (1 - gates[k])) @ features[k] / len(slope)
            pull += DECAY * weights[k]
            first[k] = 0.9 * first[k] + 0.1 * pull
            second[k] = 0.999 * second[k] + 0.001 * pull**2
            scale = np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8
            weights[k] = weights[k] - RATE * first[k] / (1 - 0.9**step) / scale
    return Gate(dict(zip(names, weights, strict=True)))


def conflict(found: Moments, constants: Constants) -> Floats:
    """(n,) as `Reading.conflict`."""
    weights = _weights(found, constants)
    most = np.zeros(len(found.truth))
    for one, other in combinations(found.told, 2):
        pairs = zip(found.told[one], found.told[other], strict=True)
        apart = np.array([differing(p, q, constants.prior) for p, q in pairs])
        most = np.maximum(most, np.minimum(weights[one], weights[other]) * apart)
    return most


def _weights(found: Moments, constants: Constants) -> dict[Modality, Floats]:
    return {m: constants.weights[m] * q for m, q in found.quality.items()}


def _joined(found: Moments, constants: Constants, weights: Mapping[Modality, Floats]) -> Floats:
    names = list(found.told)
    nothing = np.zeros((len(found.truth), len(EMOTIONS)))
    ratios = [np.log(found.told[m] / np.array(constants.prior)) for m in names]
    own = _sum([weights[m] for m in names], ratios) if names else nothing
    return _softmax(np.log(constants.prior) + own)


def _features(found: Moments, modality: Modality) -> Floats:
    """(n, 4): a constant, the entropy of what is told, its top probability and the quality."""
    told = found.told[modality]
    entropy = -(told * np.log(np.maximum(told, 1e-12))).sum(axis=1)
    quality = found.quality[modality]
    return np.stack([np.ones(len(told)), entropy, told.max(axis=1), quality], axis=1)


def _sum(weights: list[Floats], ratios: list[Floats]) -> Floats:
    summed: Floats = np.sum([w[:, None] * r for w, r in zip(weights, ratios, strict=True)], axis=0)
    return summed


def _softmax(logs: Floats) -> Floats:
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result
