"""One reading of any mixture of words, a voice and a face: the way from files to `Reading`.

Loads each model when it is first needed, once. What is given as words is taken as what was said;
a voice without words is transcribed, and its words count by how surely they were heard. Bytes of
voices and faces are let go as soon as they are read. It knows no platform and no person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from affect.errors import BadInput, MediaRejected, ModelUnavailable, NotFound
from affect.fusion import fuse
from affect.types import Estimate, Reading

if TYPE_CHECKING:
    from affect.perception.activity import VoiceActivity
    from affect.perception.face import FaceModel
    from affect.perception.speech import SpeechModel
    from affect.perception.text import TextModel, TextReading
    from affect.perception.voice import VoiceModel

Media = bytes | str | Path
"""A recording or a picture: its bytes, or the path of its file."""

NO_TRANSCRIPT = "no_transcript"
MOST_BYTES = 20 * 1024 * 1024  # larger files are refused by decoding; no more is ever read


@dataclass(frozen=True, slots=True)
class Heard:
    """What a voice gives: how it sounds, and the words in it where they were asked for.

    `surety` in [0, 1] is how surely the words were heard; `transcript` is None where none was made.
    """

    estimate: Estimate
    transcript: str | None = None
    surety: float = 1.0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """A reading with the language of its words, and what was left out on the way."""

    reading: Reading
    language: str | None = None
    problems: tuple[str, ...] = ()


class Analyst:
    """Reads words, voices and faces with the models that ship."""

    @cached_property
    def text(self) -> TextModel:
        """The text model; raises `ModelUnavailable`."""
        from affect.perception.text import TextModel

        return TextModel.load()

    @cached_property
    def voice(self) -> VoiceModel:
        """The voice model; raises `ModelUnavailable`."""
        from affect.perception.voice import VoiceModel

        return VoiceModel.load()

    @cached_property
    def face(self) -> FaceModel:
        """The face model; raises `ModelUnavailable`."""
        from affect.perception.face import FaceModel

        return FaceModel.load()

    @cached_property
    def _activity(self) -> VoiceActivity:
        from affect.perception.activity import VoiceActivity

        return VoiceActivity.load()

    @cached_property
    def _speech(self) -> SpeechModel:
        from affect.perception.speech import SpeechModel

        return SpeechModel.load()

    def read(
        self,
        text: str | None = None,
        voice: Media | None = None,
        face: Media | None = None,
        language: str | None = None,
    ) -> Analysis:
        """One reading of all that is given.

        Raises `BadInput` (kind `empty`) where there is nothing to read, `NotFound` where a file is
        not there, `MediaRejected` where it cannot be used, `ModelUnavailable`.
        """
        if voice is None and face is None:
            if text is None:
                raise BadInput("empty", "There is nothing to read.")
            return assembled(self.text.read(text, language), None, None)
        own = text if has_words(text) else None
        heard = self.hear(content(voice), own is None, language) if voice is not None else None
        seen = self.see(content(face)) if face is not None else None
        words = own or (heard.transcript if heard else None)
        read = self.text.read(words, language) if words and has_words(words) else None
        return assembled(read, heard, seen)

    def hear(self, data: bytes, transcribe: bool, language: str | None = None) -> Heard:
        """How a voice sounds and, where asked for, what it says; raises `MediaRejected`."""
        from affect.perception import audio

        sound = audio.decode(data)
        activity = self._activity.listen(sound)
        estimate = self.voice.read(sound, activity).estimate
        if not transcribe:
            return Heard(estimate)
        try:
            told = self._speech.transcribe(sound, activity, language)
        except ModelUnavailable:
            return Heard(estimate, problem=NO_TRANSCRIPT)
        return Heard(estimate, told.text, min(1.0, max(0.0, told.confidence)))

    def see(self, data: bytes) -> Estimate:
        """What a picture's face shows; raises `MediaRejected`."""
        from affect.perception import images

        return self.face.read(images.decode(data))


def assembled(read: TextReading | None, heard: Heard | None, seen: Estimate | None) -> Analysis:
    """The fused reading of what each modality gave."""
    transcript = heard.transcript if heard else None
    problems = [heard.problem] if heard and heard.problem else []
    estimates = []
    if read:
        words = read.estimate
        if heard and transcript is not None:
            words = replace(words, quality=words.quality * heard.surety)
        estimates.append(words)
        problems += ["long_text"] if read.cut else []
    estimates += [heard.estimate] if heard else []
    estimates += [seen] if seen else []
    return Analysis(fuse(estimates, transcript), read.language if read else None, tuple(problems))


def has_words(text: str | None) -> bool:
    """Whether there is anything in a text that the text model can read."""
    from affect.perception.text import has_content
    from affect.perception.tokens import clean

    return bool(text) and has_content(clean(text or ""))


def content(media: Media) -> bytes:
    """The bytes of a recording or picture; raises `NotFound`, or `MediaRejected` (`too_big`)."""
    if isinstance(media, bytes):
        return media
    path = Path(media)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MediaRejected("too_big", f"{path} is larger than 20 MB.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise NotFound(f"There is no file {path} that can be read.") from error
