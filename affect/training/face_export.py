"""From a trained expression network to the files that ship: graph, constants, card."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from affect.perception.calibration import softmax
from affect.perception.face import CARD, COORDINATES, GRAPH, SIDE, Calibration, read_tiles
from affect.perception.face_detection import load_session
from affect.perception.face_network import VOTE_FOR, VOTES
from affect.training.face_data import Faces
from affect.training.face_network import FaceNetwork, Shipped
from affect.training.small import keep_small
from affect.types import EMOTIONS

MODEL, VERSION = "attune-face", "4"
NOTHING = {"name": "none: trained from random weights", "licence": "-"}
DLIB = {"name": "lower layers of dlib's face network (King 2017)", "licence": "CC0 1.0"}
STEPS = 400  # of the fit; it has converged long before
LEAST_VARIANCE = 0.02
LARGE = 1000  # numbers: kept in 8 bits

Floats = NDArray[np.float64]


def export(networks: Sequence[FaceNetwork], folder: Path) -> None:
    """Write the graph: grey tiles in [0, 255] in, mean logits of votes and labels out.

    Weights are kept in 8 bits and widened as the graph is loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / GRAPH
    torch.onnx.export(
        Shipped(networks).eval(),
        (torch.zeros(2, 1, SIDE, SIDE),),
        str(path),
        input_names=["tiles"],
        output_names=["votes", "labels"],
        dynamic_axes={name: {0: "n"} for name in ("tiles", "votes", "labels")},
        opset_version=17,
        dynamo=False,
    )
    keep_small(path, LARGE)


def seven(faces: Faces) -> tuple[Floats, NDArray[np.bool_]]:
    """(n, 7) shares of the votes for the seven emotions, and which rows have most votes there."""
    columns = [VOTES.index(VOTE_FOR[emotion]) for emotion in EMOTIONS]
    votes = faces.votes[:, columns].astype(np.float64)
    kept: NDArray[np.bool_] = votes.sum(axis=1) > faces.votes.sum(axis=1) / 2
    return votes / np.maximum(votes.sum(axis=1, keepdims=True), 1), kept


def fit_calibration(logits: NDArray[np.floating], faces: Faces, training: Faces) -> Calibration:
    """Temperature and biases by log loss against what most raters named; rates from Training.

    A probability thereby says how likely most people are to name the emotion, which is what fusion
    takes it for; the shares of the votes, softer, measure how far the coordinates may be off.
    """
    truth, kept = seven(faces)
    columns = [VOTES.index(VOTE_FOR[emotion]) for emotion in EMOTIONS]
    heard = torch.from_numpy(logits[kept][:, columns].astype(np.float64))
    named = torch.from_numpy(truth[kept].argmax(axis=1))
    slope = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(EMOTIONS), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([slope, bias], lr=0.02)
    for _ in range(STEPS):
        optimizer.zero_grad()
        told = torch.log_softmax(heard * torch.exp(slope) + bias, dim=1)
        loss = functional.nll_loss(told, named) + 1e-3 * bias.square().sum()
        loss.backward()
        optimizer.step()
    temperature = float(torch.exp(-slope.detach()))
    offset = bias.detach().numpy()
    probabilities = softmax(heard.numpy() / temperature + offset)
    shares, counted = seven(training)
    rates = np.eye(len(EMOTIONS))[shares[counted].argmax(axis=1)].mean(axis=0)
    return Calibration(temperature, offset, rates, _variance(probabilities, truth[kept]))


def _variance(probabilities: Floats, truth: Floats) -> Floats:
    """What must be added to the mixture's variance so that it is right on average."""
    point, goal = probabilities @ COORDINATES, truth @ COORDINATES
    within = np.maximum(probabilities @ COORDINATES**2 - point**2, 0)
    left = ((point - goal) ** 2 - within).mean(axis=0)
    variance: Floats = np.maximum(left, LEAST_VARIANCE)
    return variance


def write_json(folder: Path, fitted: Calibration, training: dict[str, Any], today: date) -> None:
    """`face.json`: constants and provenance."""
    told = {
        "model": MODEL,
        "version": VERSION,
        "made": today.isoformat(),
        "base": DLIB if training["base"] else NOTHING,
        "training": training,
        "data": [
            {"name": "FER2013 images", "licence": "no clear licence"},
            {"name": "FER+ votes", "licence": "MIT"},
        ],
        "licence": "Apache-2.0 (see the card for the images' own terms)",
        "calibration": fitted.to_json(),
        "figures": {},
    }
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (folder / CARD).write_text(text, "utf-8")


def finish(
    networks: Sequence[FaceNetwork],
    faces: tuple[Faces, Faces],
    training: dict[str, Any],
    out: Path,
    today: date,
    report: Callable[[str], None],
) -> None:
    """Export trained networks, fit the exported file on PublicTest, write `face.json`.

    `faces` are the Training and the PublicTest parts.
    """
    report("Exporting ...")
    export(networks, out)
    report("Calibrating on PublicTest ...")
    raw = read_tiles(load_session(out, GRAPH), faces[1].tiles)
    write_json(out, fit_calibration(raw.votes, faces[1], faces[0]), training, today)
    report(f"Written: {out / GRAPH}, {out / CARD}.")
