"""Softmax regression on soft targets, as events, acts and topics are learned."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from affect.perception.calibration import Floats, softmax


def regression(
    vectors: Floats, shares: Floats, weight: Floats, ridge: float
) -> tuple[Floats, Floats]:
    """Weights (width, k) and biases (k) for (n, k) `shares` of (n, width) `vectors`, each of which
    counts `weight` (n).
    """
    width, classes = vectors.shape[1], shares.shape[1]

    def loss(values: Floats) -> tuple[float, Floats]:
        weights = values[:-classes].reshape(width, classes)
        likely = softmax(vectors @ weights + values[-classes:])
        gap = weight[:, None] * (likely - shares)
        nll = -(weight[:, None] * shares * np.log(likely)).sum()
        gradient = np.concatenate([(vectors.T @ gap + ridge * weights).ravel(), gap.sum(axis=0)])
        return float(nll + ridge / 2 * (weights**2).sum()), gradient

    start = np.zeros((width + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return found[:-classes].reshape(width, classes), found[-classes:]
