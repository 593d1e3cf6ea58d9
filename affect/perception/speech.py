"""The words in a voice: a sound and where somebody speaks in it become a `Transcript`.

Whisper base (OpenAI, MIT) as int8 ONNX of our own export, on onnxruntime alone and one core. Only
stretches with speech are listened to, in windows of at most 28 s that are cut at silences. What the
model does not stand behind is told (`sure`), and where nobody speaks the text is empty. Voices are
not kept anywhere.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from affect.errors import ModelUnavailable
from affect.perception.activity import Activity
from affect.perception.audio import RATE, Sound
from affect.perception.sessions import session_of
from affect.perception.whisper import PADDING_SECONDS, Heard, Tokens, Whisper, density

ENCODER, DECODER = "speech_encoder.onnx", "speech_decoder.onnx"
TOKENIZER, CARD = "speech_tokenizer.json.gz", "speech.json"

LONGEST_WINDOW = 28.0  # s; the encoder has places for 30
LONGEST_SILENCE = 2.0  # s inside a window; longer ones invite invented words
MARGIN = 0.2  # s kept before and after speech
CUT_WITHIN = 4.0  # s before a window's end where a speech without pause is cut
QUIET_FRAME = 0.05  # s
SHORTEST = 0.1  # s

# Whisper's own thresholds (transcribe.py): nobody speaks, or it repeats itself.
NO_SPEECH, UNSURE_LOG_PROBABILITY, DENSEST = 0.6, -1.0, 2.4
# Nobody, however fluent the text: silence and hums gave 0.83 to 0.93, recorded speech at most 0.41.
SURELY_NO_SPEECH = 0.8
# Below these a text is not `sure`: clips with noise of 4 dB SNR and wrong words gave 0.53 to 0.57.
SURE_CONFIDENCE, SURE_LANGUAGE = 0.6, 0.5


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `confidence` (0..1) is the geometric mean probability of its tokens; `sure`
    tells that text and language may be taken at their word. Without speech `text` is empty.
    """

    text: str
    language: str  # ISO 639-1 mostly, as Whisper names it; empty without speech
    confidence: float
    sure: bool
    language_probability: float = 0.0  # 1 where it was told


class SpeechModel:
    """The speech model as it ships, or one from another folder with the same four files."""

    def __init__(self, whisper: Whisper, tokenizer: Tokenizer, name: str) -> None:
        self._whisper = whisper
        self._tokenizer = tokenizer
        self.name: str = name

    @classmethod
    def load(cls, folder: str | Path | None = None) -> SpeechModel:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = Path(folder) if folder else resources.files("affect") / "weights"
        try:
            card = json.loads((place / CARD).read_text("utf-8"))
            packed = (place / TOKENIZER).read_bytes()
            tokenizer = Tokenizer.from_str(gzip.decompress(packed).decode())
            whisper = Whisper(
                session_of(place / ENCODER, arena=False),
                session_of(place / DECODER, arena=False),
                Tokens.from_json(card["tokens"]),
                **{key: int(number) for key, number in card["shape"].items()},
            )
            return cls(whisper, tokenizer, f"{card['model']}-{card['version']}")
        except Exception as error:  # onnxruntime and tokenizers raise classes of their own
            raise ModelUnavailable(
                f"No speech model in {place}: it needs {ENCODER}, {DECODER}, {TOKENIZER}, {CARD}."
            ) from error

    def transcribe(
        self,
        sound: Sound,
        activity: Activity,
        language: str | None = None,
        padding: float = PADDING_SECONDS,
    ) -> Transcript:
        """The words of a sound (16 kHz). `language` is detected where it is not told or unknown to
        the model, once, in the first window that says something. `padding`: seconds of silence
        behind each window.
        """
        texts: list[str] = []
        said: list[Heard] = []
        spoken = language
        for start, end in windows(activity.spans, sound.samples):
            piece = sound.samples[int(start * RATE) : int(end * RATE)]
            heard = self._whisper.hear(piece, spoken, padding)
            text = self._tokenizer.decode(list(heard.tokens), skip_special_tokens=True)
            if not text.strip() or nobody(heard):
                continue
            texts.append(text)
            said.append(heard)
            spoken = heard.language
        return joined(texts, said)


def windows(
    spans: Sequence[tuple[float, float]], samples: NDArray[np.float32]
) -> list[tuple[float, float]]:
    """Spans of speech (s) joined to windows of at most LONGEST_WINDOW, cut at silences; a speech
    without pause is cut where it is quietest near the end of a window.
    """
    joined: list[tuple[float, float]] = []
    whole = len(samples) / RATE
    for start, end in sorted(spans):
        low, high = max(0.0, start - MARGIN), min(whole, end + MARGIN)
        if joined and _fits(joined[-1], low, high):
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            low = max(low, joined[-1][1]) if joined else low
            joined.append((low, high))
    cut: list[tuple[float, float]] = []
    for start, end in joined:
        begin = start
        while end - begin > LONGEST_WINDOW:
            at = _quietest(samples, begin + LONGEST_WINDOW - CUT_WITHIN, begin + LONGEST_WINDOW)
            cut.append((begin, at))
            begin = at
        cut.append((begin, end))
    return [(start, end) for start, end in cut if end - start >= SHORTEST]


def _fits(window: tuple[float, float], low: float, high: float) -> bool:
    near = low - window[1] <= LONGEST_SILENCE - 2 * MARGIN
    return near and high - window[0] <= LONGEST_WINDOW


def _quietest(samples: NDArray[np.float32], low: float, high: float) -> float:
    size = int(QUIET_FRAME * RATE)
    part = samples[int(low * RATE) : int(high * RATE)]
    frames = part[: len(part) // size * size].reshape(-1, size)
    return low + (int((frames**2).mean(axis=1).argmin()) + 0.5) * QUIET_FRAME


def nobody(heard: Heard) -> bool:
    """Whether the model itself holds that nobody speaks in this stretch."""
    if heard.no_speech > SURELY_NO_SPEECH:
        return True
    return heard.no_speech > NO_SPEECH and heard.log_probability < UNSURE_LOG_PROBABILITY


def joined(texts: Sequence[str], said: Sequence[Heard]) -> Transcript:
    """One transcript of the stretches that said something, and what each was heard like."""
    if not said:
        return Transcript("", "", 0.0, sure=False)
    text = " ".join("".join(texts).split())
    counts = [len(heard.tokens) + 1 for heard in said]
    total = sum(heard.log_probability * n for heard, n in zip(said, counts, strict=True))
    confidence = math.exp(total / sum(counts))
    certain = said[0].language_probability
    sure = (
        confidence >= SURE_CONFIDENCE
        and certain >= SURE_LANGUAGE
        and all(density(part) <= DENSEST for part in texts)
        and not any(heard.looped or heard.no_speech > NO_SPEECH for heard in said)
    )
    return Transcript(text, said[0].language, confidence, sure, certain)
