"""The models that hear and see: loaded when they are first needed, once, on a worker thread.

Everything here blocks and is meant for `asyncio.to_thread`. Bytes come in, values go out, and
nothing is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from affect.errors import MediaRejected, ModelUnavailable, SettingsError
from affect.perception import audio
from affect.perception.audio import Sound
from affect.perception.speaker import Speaker
from affect.types import Estimate
from bot.settings import OFF, Settings

# The parts that a setting can switch off or exchange: class, the setting, and what loads another.
PARTS = {
    "speech": ("SpeechModel", "asr_model", ("other_speech", "load_speech")),
    "voice": ("VoiceModel", "voice_model", ("other", "load_voice")),
    "face": ("FaceModel", "face_model", ("other", "load_face")),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """How a recording is to be heard: its words always, and its emotion where `tone`.

    The tone is read against `speaker`, what is usual for this voice, where that is known. It is
    not read at all where the words are `grave`: an answer to danger waits for nothing.
    """

    tone: bool = False
    speaker: Speaker | None = None
    grave: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recording gave: words, how surely they were heard, and how it sounded.

    `sure` is False where only part was made out. `tone` is None where it was not to be read, or
    there was too little of it; `speaker` is what is usual for the voice after it. `listened` is
    False where words are not made out here at all.
    """

    words: str = ""
    language: str | None = None
    confidence: float = 1.0
    sure: bool = True
    tone: Estimate | None = None
    listened: bool = True
    speaker: Speaker | None = None


class Senses:
    """Hearing and sight, as far as the settings leave them on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: dict[str, Any] = {}
        self._loading = threading.Lock()

    def hear(self, data: bytes, how: Listening, *, language: str | None = None) -> Heard:
        """The words of a recording and, as far as wanted, the emotion in its sound.

        Raises `MediaRejected` and `ModelUnavailable`.
        """
        return self._listened(audio.decode(data), how, language)

    def see(self, data: bytes) -> Estimate:
        """The emotion in a picture's face; raises `MediaRejected` and `ModelUnavailable`."""
        picture = _part("images").decode(data)
        return self._look(picture)

    def watch(
        self, data: bytes, how: Listening, *, face: bool, language: str | None = None
    ) -> tuple[Heard, tuple[Estimate, ...]]:
        """What a video note gave to hear and, where `face`, to see.

        A frame without a usable face is passed over. Raises `MediaRejected`, `ModelUnavailable`.
        """
        note = _part("video").open_video(data)
        heard = self._listened(note.sound, how, language) if note.sound else Heard()
        seen = []
        for frame in note.frames if face else ():
            try:
                seen.append(self._look(frame))
            except MediaRejected:
                continue
        return heard, tuple(seen)

    def state(self, part: str) -> str:
        """How one of `PARTS` stands, for an operator: the model's name, or why there is none."""
        name, setting, _ = PARTS[part]
        if getattr(self._settings, setting) == OFF:
            return "switched off"
        try:
            model = self._model(part, name)
        except ModelUnavailable as missing:
            return f"not there: {missing}"
        return str(getattr(model, "name", "built in"))

    def _listened(self, sound: Sound, how: Listening, language: str | None) -> Heard:
        """Words first: they may be grave, and no fault of reading the tone may cost them."""
        activity = self._model("activity", "VoiceActivity").listen(sound)
        if not activity.spans:
            raise MediaRejected("no_speech", "There is no speech in the recording.")
        heard = Heard(listened=False)
        if self._settings.asr_model != OFF:
            told = self._model("speech", "SpeechModel").transcribe(sound, activity, language)
            heard = Heard(told.text, told.language, told.confidence, told.sure)
        if not how.tone or (how.grave and how.grave(heard.words)):
            return heard
        return self._with_tone(heard, sound, activity, how.speaker)

    def _with_tone(
        self, heard: Heard, sound: Sound, activity: Any, speaker: Speaker | None
    ) -> Heard:
        if self._settings.voice_model == OFF:
            return heard
        try:
            read = self._model("voice", "VoiceModel").read(sound, activity, speaker)
        except MediaRejected:  # too little of a voice for its tone may still hold words
            return heard
        except Exception as error:  # noqa: BLE001 - a perceiver that fails costs nobody the words
            log.warning("tone_unread", extra={"error": type(error).__name__})
            return heard
        return replace(heard, tone=read.estimate, speaker=read.speaker)

    def _look(self, picture: Any) -> Estimate:
        if self._settings.face_model == OFF:
            raise ModelUnavailable("Reading faces is switched off here.")
        estimate: Estimate = self._model("face", "FaceModel").read(picture)
        return estimate

    def _model(self, module: str, name: str) -> Any:
        with self._loading:
            if name not in self._models:
                self._models[name] = self._load(module, name)
            return self._models[name]

    def _load(self, module: str, name: str) -> Any:
        if module in PARTS:
            _, setting, (other, load) = PARTS[module]
            wanted: str | None = getattr(self._settings, setting)
            if wanted is not None:
                return getattr(_part(other), load)(wanted)
        return getattr(_part(module), name).load()


def check(settings: Settings) -> None:
    """See that models other than the built-in ones can be meant, without loading any.

    Raises `SettingsError` that names the setting.
    """
    from affect.perception import hub

    for part, (_, setting, _) in PARTS.items():
        wanted: str | None = getattr(settings, setting)
        if wanted in {None, OFF}:
            continue
        try:
            if not hub.own(str(wanted), f"{part}.json"):
                hub.check(str(wanted))
        except ModelUnavailable as error:
            raise SettingsError(f"ATTUNE_{setting.upper()}: {error}") from None


def _part(name: str) -> Any:
    """A module of perception, with the libraries it needs, when it is needed."""
    try:
        return import_module(f"affect.perception.{name}")
    except ImportError as error:
        raise ModelUnavailable(f"{error.name} is not installed.") from error
