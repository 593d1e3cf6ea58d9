"""x, z and y by models made elsewhere: the shapes of `TextModel`, `VoiceModel` and `FaceModel`.

Each is a classifier that `hub` loads, between the house's own preparation (words cleaned, speech
found, a face found and laid straight) and its own `Estimate`. They refuse what the built-in
ones refuse. `load_text`, `load_voice` and `load_face` take a hub id, a folder of such a model, or a
folder that `python -m affect train` made.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from affect.errors import MediaRejected, ModelUnavailable
from affect.labels import LABELS
from affect.perception import face, face_quality, hub, label_maps, text, voice
from affect.perception.activity import Activity
from affect.perception.audio import RATE, Sound
from affect.perception.face import FaceModel
from affect.perception.face_detection import FaceDetector
from affect.perception.images import Picture, shrunk
from affect.perception.text import TextModel, TextReading
from affect.perception.tokens import MAX_TOKENS, clean
from affect.perception.voice import Speaker, VoiceModel, VoiceReading
from affect.types import Estimate, Modality

PRESENT = 0.5  # from this probability on a fine label counts as there
WINDOW_SECONDS = 15.0  # of speech heard at once: attention's memory grows with its square
FACE_SIDE = 224  # pixels of the cut-out face; what prepares the network's input scales it


class OtherTextModel:
    """A text classifier reads the words; what words mean to each other stays with `own`."""

    def __init__(
        self, classifier: hub.Classifier, tokenizer: Any, own: TextModel, most: int
    ) -> None:
        self._classifier = classifier
        self._tokenizer = tokenizer
        self._most = most
        self._one_at_a_time = threading.Lock()  # a tokenizer is set up anew by each call
        self.own = own
        self.name: str = classifier.name

    @classmethod
    def load(cls, name: str) -> OtherTextModel:
        """Load by hub id or folder; raises `ModelUnavailable`."""
        network, (tokenizer,) = hub.load(name, hub.TEXT)
        places = getattr(network.config, "max_position_embeddings", None) or MAX_TOKENS
        most = min(MAX_TOKENS, int(tokenizer.model_max_length), int(places))
        return cls(hub.Classifier(network, name), tokenizer, TextModel.load(), most)

    def read(self, text: str, language: str | None = None) -> TextReading:
        """Read one text; language and embedding are the built-in model's.

        Raises `BadInput` (kind `empty`) where nothing readable is left of it.
        """
        built_in = self.own.read(text, language)
        features, quality, cut = self._features(clean(text))
        scores = self._classifier.scores(features)
        estimate = self._classifier.estimate(
            scores, Modality.TEXT, quality, labels=_fine(self._classifier.labels, scores)
        )
        return replace(built_in, estimate=estimate, cut=built_in.cut or cut)

    def _features(self, cleaned: str) -> tuple[Any, float, bool]:
        """The network's input, the share of known pieces, and whether the middle was left out."""
        with self._one_at_a_time:
            pieces = self._tokenizer(cleaned, add_special_tokens=False)["input_ids"]
            room = self._most - self._tokenizer.num_special_tokens_to_add()
            if cut := len(pieces) > room:
                half = max(1, len(cleaned) * room // len(pieces) // 2)
                cleaned = f"{cleaned[:half]} {cleaned[-half:]}"
            features = self._tokenizer(
                cleaned, truncation=True, max_length=self._most, return_tensors="pt"
            )
        unknown = sum(piece == self._tokenizer.unk_token_id for piece in pieces)
        return features, 1 - unknown / max(1, len(pieces)), cut


class OtherVoiceModel:
    """An audio classifier hears the speech; it does not learn how somebody usually sounds."""

    def __init__(self, classifier: hub.Classifier, extractor: Any) -> None:
        self._classifier = classifier
        self._extractor = extractor
        self.name: str = classifier.name

    @classmethod
    def load(cls, name: str) -> OtherVoiceModel:
        """Load by hub id or folder; raises `ModelUnavailable`."""
        network, (extractor,) = hub.load(name, hub.VOICE)
        if extractor.sampling_rate != RATE:
            raise ModelUnavailable(f"{name} hears {extractor.sampling_rate} Hz, not {RATE}.")
        return cls(hub.Classifier(network, name), extractor)

    def read(
        self, sound: Sound, activity: Activity, speaker: Speaker | None = None
    ) -> VoiceReading:
        """Read one note; raises `MediaRejected` (kind `no_speech`) under half a second of speech.

        A long one is heard in equal windows, whose scores are averaged.
        """
        samples = voice.speech_samples(sound.samples, activity.spans)
        if activity.seconds < voice.LEAST_SPEECH or not np.any(samples):
            raise MediaRejected("no_speech", "There is too little speech in this sound.")
        count = math.ceil(len(samples) / (WINDOW_SECONDS * RATE))
        scores = [
            self._classifier.scores(
                self._extractor(window, sampling_rate=RATE, return_tensors="pt")
            )
            for window in np.array_split(samples, count)
        ]
        estimate = self._classifier.estimate(
            np.mean(scores, axis=0), Modality.VOICE, float(activity.quality)
        )
        return VoiceReading(estimate, speaker or Speaker())


class OtherFaceModel:
    """An image classifier sees the one face that the built-in detector finds."""

    def __init__(self, classifier: hub.Classifier, processor: Any, detector: FaceDetector) -> None:
        self._classifier = classifier
        self._processor = processor
        self._detector = detector
        self.name: str = classifier.name

    @classmethod
    def load(cls, name: str) -> OtherFaceModel:
        """Load by hub id or folder; raises `ModelUnavailable`."""
        network, (processor,) = hub.load(name, hub.FACE)
        return cls(hub.Classifier(network, name), processor, FaceDetector.load())

    def read(self, picture: Picture) -> Estimate:
        """Read the one face of a picture; raises `MediaRejected` as the built-in model does."""
        small = shrunk(picture)
        found = face.only_face(self._detector, small)
        signal = face_quality.measure(found, face.aligned(small, found), small.pixels)
        face_quality.refuse(signal)
        features = self._processor(
            images=face.cut_out(small, found, FACE_SIDE), return_tensors="pt"
        )
        scores = self._classifier.scores(features)
        return self._classifier.estimate(scores, Modality.FACE, signal.quality)


def load_text(name: str | None = None) -> TextModel | OtherTextModel:
    """The text model that a setting names; raises `ModelUnavailable`."""
    if name is None:
        return TextModel.load(None)
    folder = hub.own(name, text.CARD)
    return TextModel.load(folder) if folder else OtherTextModel.load(name)


def load_voice(name: str) -> VoiceModel | OtherVoiceModel:
    """The voice model that a setting names; raises `ModelUnavailable`."""
    folder = hub.own(name, voice.CARD)
    return VoiceModel.load(folder) if folder else OtherVoiceModel.load(name)


def load_face(name: str) -> FaceModel | OtherFaceModel:
    """The face model that a setting names; raises `ModelUnavailable`."""
    folder = hub.own(name, face.CARD)
    return FaceModel.load(folder) if folder else OtherFaceModel.load(name)


def _fine(labels: Sequence[str], scores: hub.Floats) -> dict[str, float]:
    """The labels of GoEmotions that are there, likeliest first; neutral only where alone."""
    found = {
        label_maps.plain(label): float(score)
        for label, score in zip(labels, scores, strict=True)
        if score >= PRESENT and label_maps.plain(label) in LABELS
    }
    if len(found) > 1:
        found.pop(text.NEUTRAL, None)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))
