"""A stand-in for ears and eyes: a file's bytes are what is heard in it, or seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from affect.errors import MediaRejected
from affect.perception.speaker import SUMMARY, Speaker
from affect.types import Estimate, Modality
from bot.senses import Heard, Listening, Senses
from tests.bot.reading import WordReader

REJECTED = b"rejected:"
FAILING = b"failing"


class FakeSenses(Senses):
    """Hears the bytes as words and, where it may, their emotion in the tone; `then` looks on.

    What a note teaches of its speaker is the number of its bytes.
    """

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.heard: list[bytes] = []
        self.seen: list[bytes] = []
        self.tones: list[bool] = []
        self.speakers: list[Speaker | None] = []
        self.threads: set[int] = set()
        self.confidence = 0.9
        self._then = then

    def hear(self, data: bytes, how: Listening, *, language: str | None = None) -> Heard:
        self._taken(data)
        words = data.decode()
        heard = Heard(words, "en", self.confidence, self.confidence > 0.5)
        tone = how.tone and not (how.grave and how.grave(words))
        self.heard.append(data)
        self.tones.append(tone)
        if not tone:
            return heard
        self.speakers.append(how.speaker)
        after = (how.speaker or Speaker()).after(np.full(SUMMARY, float(len(data))))
        return replace(heard, tone=_felt(words, Modality.VOICE), speaker=after)

    def see(self, data: bytes) -> Estimate:
        self._taken(data)
        self.seen.append(data)
        return _felt(data.decode(), Modality.FACE)

    def watch(
        self, data: bytes, how: Listening, *, face: bool, language: str | None = None
    ) -> tuple[Heard, tuple[Estimate, ...]]:
        return self.hear(data, how), (self.see(data),) if face else ()

    def _taken(self, data: bytes) -> None:
        self.threads.add(threading.get_ident())
        if self._then:
            self._then()
        if data.startswith(REJECTED):
            raise MediaRejected(data.removeprefix(REJECTED).decode(), "As asked.")
        if data.startswith(FAILING):
            raise RuntimeError(data.decode())  # as a library might


def _felt(words: str, modality: Modality) -> Estimate:
    return replace(WordReader().read(words).estimate, modality=modality, labels={})
