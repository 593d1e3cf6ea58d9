"""The models that hear and see: loaded when they are first needed, once, on a worker thread.

Everything here blocks and is meant for `asyncio.to_thread`. Bytes come in, values go out, and
nothing is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from affect.errors import MediaRejected, ModelUnavailable
from affect.perception import audio
from affect.perception.audio import Sound
from affect.types import Estimate
from bot.settings import OFF, Settings

# The parts that a setting can switch off: module, class, and the setting.
PARTS = {
    "speech": ("SpeechModel", "asr_model"),
    "voice": ("VoiceModel", "voice_model"),
    "face": ("FaceModel", "face_model"),
}
NO_FEELING = frozenset({"no_speech"})  # too little of a voice for its tone may still hold words


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recording gave: words, how surely they were heard, and how it sounded.

    `sure` is False where only part was made out. `tone` is None where it was not to be read, or
    there was too little of it. `listened` is False where words are not made out here at all.
    """

    words: str = ""
    language: str | None = None
    confidence: float = 1.0
    sure: bool = True
    tone: Estimate | None = None
    listened: bool = True


class Senses:
    """Hearing and sight, as far as the settings leave them on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: dict[str, Any] = {}
        self._loading = threading.Lock()

    def hear(self, data: bytes, *, tone: bool, language: str | None = None) -> Heard:
        """The words of a recording and, where `tone`, the emotion in its sound.

        Raises `MediaRejected` and `ModelUnavailable`.
        """
        return self._listened(audio.decode(data), tone=tone, language=language)

    def see(self, data: bytes) -> Estimate:
        """The emotion in a picture's face; raises `MediaRejected` and `ModelUnavailable`."""
        picture = _part("images").decode(data)
        return self._look(picture)

    def watch(
        self, data: bytes, *, tone: bool, face: bool, language: str | None = None
    ) -> tuple[Heard, tuple[Estimate, ...]]:
        """What a video note gave to hear and, where `face`, to see.

        A frame without a usable face is passed over. Raises `MediaRejected`, `ModelUnavailable`.
        """
        note = _part("video").open_video(data)
        heard = self._listened(note.sound, tone=tone, language=language) if note.sound else Heard()
        seen = []
        for frame in note.frames if face else ():
            try:
                seen.append(self._look(frame))
            except MediaRejected:
                continue
        return heard, tuple(seen)

    def state(self, part: str) -> str:
        """How one of `PARTS` stands, for an operator: the model's name, or why there is none."""
        name, setting = PARTS[part]
        if getattr(self._settings, setting) == OFF:
            return "switched off"
        try:
            model = self._model(part, name)
        except ModelUnavailable as missing:
            return f"not there: {missing}"
        return str(getattr(model, "name", "built in"))

    def _listened(self, sound: Sound, *, tone: bool, language: str | None) -> Heard:
        activity = self._model("activity", "VoiceActivity").listen(sound)
        if not activity.spans:
            raise MediaRejected("no_speech", "There is no speech in the recording.")
        found = self._tone(sound, activity) if tone else None
        if self._settings.asr_model == OFF:
            return Heard(tone=found, listened=False)
        told = self._model("speech", "SpeechModel").transcribe(sound, activity, language)
        return Heard(told.text, told.language, told.confidence, told.sure, found)

    def _tone(self, sound: Sound, activity: Any) -> Estimate | None:
        if self._settings.voice_model == OFF:
            return None
        try:
            estimate: Estimate = self._model("voice", "VoiceModel").read(sound, activity).estimate
        except MediaRejected as wrong:
            if wrong.kind in NO_FEELING:
                return None
            raise
        return estimate

    def _look(self, picture: Any) -> Estimate:
        if self._settings.face_model == OFF:
            raise ModelUnavailable("Reading faces is switched off here.")
        estimate: Estimate = self._model("face", "FaceModel").read(picture)
        return estimate

    def _model(self, module: str, name: str) -> Any:
        with self._loading:
            if name not in self._models:
                load: Callable[[], Any] = getattr(_part(module), name).load
                self._models[name] = load()
            return self._models[name]


def _part(name: str) -> Any:
    """A module of perception, with the libraries it needs, when it is needed."""
    try:
        return import_module(f"affect.perception.{name}")
    except ImportError as error:
        raise ModelUnavailable(f"{error.name} is not installed.") from error
