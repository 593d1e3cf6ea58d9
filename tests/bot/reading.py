"""Stand-ins for the text model and for a writer: quick, and the same every time."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from affect.perception.text import TextModel, TextReading
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Variance
from affect.writers import bank
from affect.writers.base import Candidate, Draft, Scene
from affect.writers.chat import Queued
from affect.writers.scripted import ScriptedWriter

WIDTH = 64
SURE = 0.88  # the probability of the emotion whose word was found

_SAID = {
    Emotion.SADNESS: ("sad", "cry", "died", "alone", "难过", "哭", "孤单"),
    Emotion.FEAR: ("worried", "afraid", "scared", "nervous", "害怕", "担心"),
    Emotion.ANGER: ("angry", "furious", "unfair", "生气", "气死"),
    Emotion.JOY: ("glad", "great", "happy", "开心", "高兴"),
}
_FELT = {
    Emotion.SADNESS: (Affect(-0.6, -0.3, -0.4), "sadness"),
    Emotion.FEAR: (Affect(-0.5, 0.5, -0.4), "nervousness"),
    Emotion.ANGER: (Affect(-0.5, 0.6, 0.2), "anger"),
    Emotion.JOY: (Affect(0.7, 0.4, 0.3), "joy"),
    Emotion.NEUTRAL: (Affect(0.0, 0.0, 0.0), "neutral"),
}


class WordReader(TextModel):
    """Reads an emotion where one of a few words stands; knows likeness by shared words."""

    def __init__(self) -> None:
        self.name = "words-1"
        self.asked: list[str] = []
        self.failing = False

    def read(self, text: str, language: str | None = None) -> TextReading:
        self.asked.append(text)
        if self.failing:
            raise RuntimeError(text)  # as a library might: with the words in its message
        found = (e for e, words in _SAID.items() if any(word in text.lower() for word in words))
        emotion = next(found, None)
        felt, label = _FELT[emotion or Emotion.NEUTRAL]
        rest = (1 - SURE) / (len(EMOTIONS) - 1)
        flat = 1 / len(EMOTIONS)
        estimate = Estimate(
            modality=Modality.TEXT,
            probabilities={
                one: flat if emotion is None else SURE if one is emotion else rest
                for one in EMOTIONS
            },
            affect=felt,
            variance=Variance(0.05, 0.05, 0.05),
            quality=1.0,
            model=self.name,
            labels={label: 0.8} if emotion else {},
        )
        return TextReading(estimate, tuple(self.embed([text])[0].tolist()), language or "en")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.failing:
            raise RuntimeError(*texts)
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower())[:200] or ["-"]:
                rows[row, zlib.crc32(word.encode(errors="replace")) % WIDTH] += 1.0
        lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / lengths


class Silent(ScriptedWriter):
    """A writer that must not be asked, or whose answer never comes."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(bank.Bank(()))
        self._fault = fault

    async def write(
        self, scene: Scene, draft: Draft | None = None, queued: Queued | None = None
    ) -> list[Candidate]:
        raise self._fault


@cache
def scripted() -> ScriptedWriter:
    """The writer with all that is written, found by the stand-in; built once."""
    return ScriptedWriter(bank.load(), WordReader())
