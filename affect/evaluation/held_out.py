"""What the three models that ship tell of people whom they did not learn from, split by split.

Words: GoEmotions texts whose labels mean one emotion on the narrow map. Voices: CREMA-D and RAVDESS
actors of that split, the acted emotion. Faces: FER+ pictures with one clear majority among the
seven. The dev splits serve to fit, the test splits to measure.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from affect.errors import ModelUnavailable
from affect.evaluation.pairs import HeldOut
from affect.labels import narrow_map
from affect.perception.calibration import ENGLISH
from affect.perception.text import TextModel
from affect.training import data as corpora
from affect.types import EMOTIONS, Modality, Probabilities

DEV, TEST = "dev", "test"
CERTAIN = 0.99  # share of a text's labels that must mean the same emotion


def held_out(modality: Modality, data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    """Readings of a split, and the base rates that they stand on; raises `ModelUnavailable`."""
    match modality:
        case Modality.TEXT:
            return _text(data, split)
        case Modality.VOICE:
            return _voice(data, split)
        case Modality.FACE:
            return _face(data, split)


def _text(data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    model = TextModel.load()
    corpus = corpora.goemotions(data, split)
    shares = (corpus.targets > 0).astype(np.float64) @ narrow_map()
    shares /= shares.sum(axis=1, keepdims=True)
    clear = shares.max(axis=1) > CERTAIN
    raw = model.raw([text for text, keep in zip(corpus.texts, clear, strict=True) if keep])
    labels = model.calibration.labels(raw.labels)
    told = model.calibration.emotions(ENGLISH, labels, raw.chinese)
    return HeldOut(shares.argmax(axis=1)[clear], told), model.base_rates


def _voice(data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    corpus, perception = _part("training.voice_data"), _part("perception.voice")
    model = perception.VoiceModel.load()
    clips = corpus.join([corpus.crema_d(data, (split,)), corpus.ravdess(data, (split,))])
    logits = np.stack([model.raw_of(picture).logits for picture in clips.pictures])
    classes = [*range(len(EMOTIONS)), EMOTIONS.index(EMOTIONS[-1])]  # calm counts as neutral
    truth = np.array([classes[k] for k in clips.acted])
    return HeldOut(truth, model.calibration.emotions(logits)), model.base_rates


def _face(data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    corpus, perception = _part("training.face_data"), _part("perception.face")
    network = _part("perception.face_network")
    model = perception.FaceModel.load()
    faces = corpus.read(data)[corpus.PUBLIC if split == DEV else corpus.PRIVATE]
    columns = [network.VOTES.index(network.VOTE_FOR[emotion]) for emotion in EMOTIONS]
    place = {column: k for k, column in enumerate(columns)}
    top = faces.votes.argmax(axis=1)
    clear = faces.clear() & np.isin(top, columns)
    truth = np.array([place[column] for column in top[clear]])
    return HeldOut(
        truth, model.calibration.emotions(model.raw(faces.tiles[clear]).votes)
    ), model.base_rates


def _part(name: str) -> Any:
    try:
        return import_module(f"affect.{name}")
    except ModuleNotFoundError as error:
        raise ModelUnavailable(f"{error.name} is not installed.") from error
