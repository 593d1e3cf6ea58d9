"""Fit the constants of `VoiceCalibration` on dev, for the exported network.

Each corpus weighs the same. Half of the clips are heard as a stranger's, half as a known voice's,
since one set of constants must serve both. A probability says how likely the acted emotion is the
one, which is what fusion takes it for; what listeners heard softens training alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affect.labels import centroids
from affect.perception.voice import VoiceModel
from affect.perception.voice_calibration import CLASSES, VoiceCalibration, merge, within
from affect.training.voice_data import Clips, speakers

Floats = NDArray[np.float64]

PULL = 0.02  # of the biases toward 0


def fit(model: VoiceModel, dev: list[Clips]) -> VoiceCalibration:
    """Scale and biases by the log loss of the acted emotion, variances by residuals."""
    from scipy.optimize import minimize, nnls  # measuring needs `told` alone, and no scipy

    heard = []
    for clips in dev:
        summarised = summaries(model, clips)
        heard += [told(model, summarised, clips, known) for known in (False, True)]
    logits = np.concatenate([one for one, _ in heard])
    affects = np.concatenate([two for _, two in heard])
    twice = [clips for clips in dev for _ in range(2)]
    truth = merge(np.eye(len(CLASSES))[np.concatenate([clips.acted for clips in twice])])
    weights = np.concatenate([np.full(len(c), 1 / len(c) / len(twice)) for c in twice])

    def made(values: Floats) -> VoiceCalibration:
        rates = weights @ truth
        return VoiceCalibration(float(np.exp(values[0])), values[1:], rates, np.ones(3), np.ones(3))

    def loss(values: Floats) -> float:
        likely = np.log(made(values).emotions(logits))
        return float(-(weights @ (truth * likely).sum(axis=1)) + PULL * (values[1:] ** 2).mean())

    found = made(minimize(loss, np.zeros(9), method="L-BFGS-B").x)
    emotions = found.emotions(logits)
    point, _ = found.affect(emotions, affects)
    goal = np.concatenate([clips.affect for clips in twice]).astype(np.float64)
    goal = np.concatenate([goal, (truth @ centroids())[:, 2:]], axis=1)
    base, slope = np.zeros(3), np.zeros(3)
    spread, root = within(emotions), np.sqrt(weights)
    for k in range(3):
        design = np.stack([np.ones(len(goal)), spread[:, k]], axis=1) * root[:, None]
        base[k], slope[k] = nnls(design, (goal[:, k] - point[:, k]) ** 2 * root)[0]
    return VoiceCalibration(found.scale, found.bias, found.rates, base, slope)


def summaries(model: VoiceModel, clips: Clips) -> Floats:
    """(n, SUMMARY) what the network makes of each clip."""
    return np.stack([model.summary(picture) for picture in clips.pictures])


def told(model: VoiceModel, found: Floats, clips: Clips, known: bool) -> tuple[Floats, Floats]:
    """Logits (n, 8) and affect (n, 2) of summaries, as strangers' or as those of known voices."""
    before = speakers(found, clips, known)
    outs = [model.told(one, speaker) for one, speaker in zip(found, before, strict=True)]
    return np.stack([out.logits for out in outs]), np.stack([out.affect for out in outs])
