"""What the three models that ship tell of people whom they did not learn from, split by split.

Words: GoEmotions texts whose labels mean one emotion on the narrow map. Voices: CREMA-D and RAVDESS
actors of that split, the acted emotion. Faces: FER+ pictures with one clear majority among the
seven. The dev splits serve to fit, the test splits to measure.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affect.evaluation.pairs import Classes, Floats, HeldOut
from affect.labels import narrow_map
from affect.perception.calibration import ENGLISH
from affect.perception.face import FaceModel
from affect.perception.face_network import VOTE_FOR, VOTES
from affect.perception.text import TextModel
from affect.perception.voice import VoiceModel
from affect.training import data as corpora
from affect.training import face_data, voice_data
from affect.training.voice_calibrate import summaries, told
from affect.training.voice_data import Clips
from affect.types import EMOTIONS, Emotion, Modality, Probabilities

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
    return HeldOut(shares.argmax(axis=1)[clear], model.judge(ENGLISH, raw).seven), model.base_rates


def _voice(data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    model = VoiceModel.load()
    clips = voice_data.join(
        [voice_data.crema_d(data, (split,)), voice_data.ravdess(data, (split,))]
    )
    return HeldOut(acted(clips), voices(model, clips)), model.base_rates


def voices(model: VoiceModel, clips: Clips) -> Floats:
    """(n, 7) what the voice model tells of clips, each heard as a stranger's."""
    logits, _ = told(model, summaries(model, clips), clips, known=False)
    return model.calibration.emotions(logits)


def acted(clips: Clips) -> Classes:
    """(n,) the acted emotion; calm counts as neutral."""
    emotions = [*EMOTIONS, Emotion.NEUTRAL]
    return np.array([EMOTIONS.index(emotions[k]) for k in clips.acted])


def _face(data: Path, split: str) -> tuple[HeldOut, Probabilities]:
    model = FaceModel.load()
    faces = face_data.read(data)[face_data.PUBLIC if split == DEV else face_data.PRIVATE]
    columns = [VOTES.index(VOTE_FOR[emotion]) for emotion in EMOTIONS]
    place = {column: k for k, column in enumerate(columns)}
    top = faces.votes.argmax(axis=1)
    clear = faces.clear() & np.isin(top, columns)
    truth = np.array([place[column] for column in top[clear]])
    return HeldOut(
        truth, model.calibration.emotions(model.raw(faces.tiles[clear]).votes)
    ), model.base_rates
