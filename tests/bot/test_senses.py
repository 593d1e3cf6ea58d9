"""Hearing through its public door, with stand-ins for the models: what comes first, what fails."""

from __future__ import annotations

from typing import Any

import pytest

from affect.errors import MediaRejected, ModelUnavailable
from affect.perception.activity import Activity, VoiceActivity
from affect.perception.speaker import SUMMARY, Speaker
from affect.perception.speech import SpeechModel, Transcript
from affect.perception.voice import VoiceModel, VoiceReading
from bot.senses import Listening, Senses
from bot.settings import Settings
from tests.affect.perception.sounds import encoded, tone
from tests.bot.reading import WordReader

NOTE = encoded(tone(1.0), "wav")
KNOWN = Speaker(10.0, (0.5,) * SUMMARY, (2.0,) * SUMMARY)


class Models:
    """All three at once: finds speech everywhere, hears "I am sad", feels what it is told to."""

    name = "stand-in"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.speaker: Speaker | None = None
        self.fault: Exception | None = None

    def listen(self, sound: Any) -> Activity:
        return Activity(((0.0, 1.0),), 1.0, -20.0, 30.0, 0.0, 0.8)

    def transcribe(self, sound: Any, activity: Any, language: str | None = None) -> Transcript:
        self.asked.append("words")
        return Transcript("I am sad", "en", 0.9, True)

    def read(self, sound: Any, activity: Any, speaker: Speaker | None = None) -> VoiceReading:
        self.asked.append("tone")
        self.speaker = speaker
        if self.fault:
            raise self.fault
        return VoiceReading(WordReader().read("sad").estimate, KNOWN)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    made = Models()
    for kind in (VoiceActivity, SpeechModel, VoiceModel):
        monkeypatch.setattr(kind, "load", lambda *_: made)
    return made


@pytest.fixture
def senses(models: Models) -> Senses:
    return Senses(Settings())


def test_words_come_before_the_tone(senses: Senses, models: Models) -> None:
    heard = senses.hear(NOTE, Listening(tone=True, speaker=KNOWN))
    assert models.asked == ["words", "tone"]
    assert models.speaker == KNOWN
    assert (heard.words, heard.speaker) == ("I am sad", KNOWN)
    assert heard.tone is not None


def test_after_grave_words_the_tone_is_not_read(senses: Senses, models: Models) -> None:
    asked: list[str] = []

    def grave(words: str) -> bool:
        asked.append(words)
        return True

    heard = senses.hear(NOTE, Listening(tone=True, grave=grave))
    assert models.asked == ["words"]
    assert asked == ["I am sad"]
    assert (heard.words, heard.tone, heard.speaker) == ("I am sad", None, None)


@pytest.mark.parametrize(
    "fault",
    [MediaRejected("no_speech", "Too little."), ModelUnavailable("Gone."), ValueError("a bug")],
)
def test_no_fault_of_the_tone_costs_the_words(
    senses: Senses, models: Models, fault: Exception
) -> None:
    models.fault = fault
    heard = senses.hear(NOTE, Listening(tone=True))
    assert (heard.words, heard.tone, heard.speaker) == ("I am sad", None, None)


def test_without_leave_or_a_model_there_is_no_tone(senses: Senses, models: Models) -> None:
    assert senses.hear(NOTE, Listening()).tone is None
    off = Senses(Settings(voice_model="off"))
    assert off.hear(NOTE, Listening(tone=True)).tone is None
    assert models.asked == ["words", "words"]


def test_where_words_are_off_the_tone_is_read_alone(models: Models) -> None:
    heard = Senses(Settings(asr_model="off")).hear(NOTE, Listening(tone=True))
    assert models.asked == ["tone"]
    assert (heard.words, heard.listened) == ("", False)
    assert heard.tone is not None
