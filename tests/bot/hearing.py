"""A stand-in for ears and eyes: a file's bytes are what is heard in it, or seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from affect.errors import MediaRejected
from affect.types import Estimate, Modality
from bot.senses import Heard, Senses
from tests.bot.reading import WordReader

REJECTED = b"rejected:"
FAILING = b"failing"


class FakeSenses(Senses):
    """Hears the bytes as words and, where it may, their emotion in the tone; `then` looks on."""

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.heard: list[bytes] = []
        self.seen: list[bytes] = []
        self.tones: list[bool] = []
        self.threads: set[int] = set()
        self.confidence = 0.9
        self._then = then

    def hear(self, data: bytes, *, tone: bool, language: str | None = None) -> Heard:
        self._taken(data)
        self.heard.append(data)
        self.tones.append(tone)
        words = data.decode()
        felt = _felt(words, Modality.VOICE) if tone else None
        return Heard(words, "en", self.confidence, self.confidence > 0.5, felt)

    def see(self, data: bytes) -> Estimate:
        self._taken(data)
        self.seen.append(data)
        return _felt(data.decode(), Modality.FACE)

    def watch(
        self, data: bytes, *, tone: bool, face: bool, language: str | None = None
    ) -> tuple[Heard, tuple[Estimate, ...]]:
        return self.hear(data, tone=tone), (self.see(data),) if face else ()

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
