"""One stretch of sound through Whisper: spectrogram, encoder, and greedy decoding with its guards.

Runs two ONNX graphs (see `affect/training/speech_graph.py` for their inputs) on one core. It knows
nothing of notes, silences or languages' names; `speech.py` cuts and joins.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.perception.audio import RATE
from affect.perception.whisper_mel import HOP, log_mel

LONGEST_SECONDS = 30.0  # what the encoder has places for
# Silence behind the words. 30 s in all, as trained, is four times slower for short notes; with 2 s
# a clip of one second was heard twice over.
PADDING_SECONDS = 5.0
MOST_TOKENS = 440  # the decoder has 448 places
TOKENS_A_SECOND, TOKENS_AT_LEAST = 14, 24  # fast Chinese needs about 12 a second
LOOP_TIMES, LOOP_TOKENS, LOOP_UNIT = 4, 16, 40  # so often, so many in all, of at most so many
FORBIDDEN = -np.inf

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The numbers of Whisper's special tokens, from `speech.json`."""

    start: int
    end: int
    transcribe: int
    no_speech: int
    no_times: int
    blank: tuple[int, ...]  # never first
    never: tuple[int, ...]
    languages: dict[str, int]

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Tokens:
        """From the card."""
        return cls(
            **{key: int(told[key]) for key in ("start", "end", "transcribe", "no_speech")},
            no_times=int(told["no_times"]),
            blank=tuple(told["blank"]),
            never=tuple(told["never"]),
            languages={str(key): int(number) for key, number in told["languages"].items()},
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What one stretch said. `log_probability` is the mean over `tokens` and the end mark;
    `no_speech` the model's own probability that nobody speaks; `looped` tells that it fell into
    repeating itself and was stopped.
    """

    tokens: tuple[int, ...]
    log_probability: float
    no_speech: float
    language: str
    language_probability: float
    looped: bool


class Whisper:
    """Encoder and decoder as sessions; may be used by many threads."""

    def __init__(
        self, encoder: Any, decoder: Any, tokens: Tokens, layers: int, heads: int, head_width: int
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._tokens = tokens
        self._nothing = np.zeros((layers, heads, 0, head_width), dtype=np.float32)

    def hear(
        self, samples: Floats, language: str | None = None, padding: float = PADDING_SECONDS
    ) -> Heard:
        """Decode (n,) samples at 16 kHz, 28 s at most; the language is detected if not told."""
        talk = _Talk(self._decoder, self._encode(samples, padding), self._nothing)
        first = talk.follow([self._tokens.start])
        no_speech = float(np.exp(_log_softmax(first)[self._tokens.no_speech]))
        spoken, certain = self._language(first, language)
        logits = talk.follow(
            [self._tokens.languages[spoken], self._tokens.transcribe, self._tokens.no_times]
        )
        most = min(MOST_TOKENS, TOKENS_AT_LEAST + int(TOKENS_A_SECOND * len(samples) / RATE))
        said, total, looped = self._decode(talk, logits, most)
        mean = total / (len(said) + 1)
        return Heard(tuple(said), mean, no_speech, spoken, certain, looped)

    def _encode(self, samples: Floats, padding: float) -> tuple[Floats, Floats]:
        wanted = min(len(samples) + int(padding * RATE), int(LONGEST_SECONDS * RATE))
        step = 2 * HOP  # the encoder halves the columns
        size = min(-(-wanted // step) * step, int(LONGEST_SECONDS * RATE))
        padded = np.zeros(size, dtype=np.float32)
        padded[: min(size, len(samples))] = samples[:size]
        places = np.arange(size // step, dtype=np.int64)
        given = {"mel": log_mel(padded)[None], "places": places}
        keys, values = self._encoder.run(["keys", "values"], given)
        return keys, values

    def _language(self, logits: Floats, told: str | None) -> tuple[str, float]:
        numbers = self._tokens.languages
        if told in numbers:
            return told, 1.0
        names = list(numbers)
        shares = np.exp(_log_softmax(logits[[numbers[name] for name in names]]))
        best = int(shares.argmax())
        return names[best], float(shares[best])

    def _decode(self, talk: _Talk, logits: Floats, most: int) -> tuple[list[int], float, bool]:
        """The likeliest token each time: those said, their summed log probability, and whether
        they looped.
        """
        said: list[int] = []
        total = 0.0
        while True:
            logs = _log_softmax(self._allowed(logits, first=not said))
            best = int(logs.argmax())
            total += float(logs[best])
            if best == self._tokens.end:
                return said, total, False
            said.append(best)
            keep = loop(said)
            if keep is not None:
                return said[:keep], total * (keep + 1) / len(said), True
            if len(said) >= most:  # nobody speaks that fast: as good as a loop
                return said, total, True
            logits = talk.follow([best])

    def _allowed(self, logits: Floats, *, first: bool) -> Floats:
        kept = logits.copy()
        kept[list(self._tokens.never)] = FORBIDDEN
        kept[self._tokens.start :] = FORBIDDEN  # languages, tasks and marks stand there
        if first:
            kept[list(self._tokens.blank)] = FORBIDDEN
        return kept


class _Talk:
    """The decoder with what it has said so far."""

    def __init__(self, decoder: Any, heard: tuple[Floats, Floats], nothing: Floats) -> None:
        self._decoder = decoder
        self._heard = {"keys": heard[0], "values": heard[1]}
        self._keys = self._values = nothing

    def follow(self, ids: Sequence[int]) -> Floats:
        """(vocabulary,) logits of what comes behind `ids`."""
        past, count = self._keys.shape[2], len(ids)
        bias = np.triu(np.full((count, past + count), FORBIDDEN, dtype=np.float32), past + 1)
        given = {
            "ids": np.array([ids], dtype=np.int64),
            "places": np.arange(past, past + count, dtype=np.int64),
            "bias": bias,
            "past_keys": self._keys,
            "past_values": self._values,
            **self._heard,
        }
        names = ["next", "new_keys", "new_values"]
        logits, self._keys, self._values = self._decoder.run(names, given)
        return np.asarray(logits, dtype=np.float32)


def loop(said: Sequence[int]) -> int | None:
    """How many tokens to keep where the end of `said` repeats itself; None where it does not.

    A unit of at most LOOP_UNIT tokens counts where it stands LOOP_TIMES times in a row and fills
    LOOP_TOKENS tokens: "no no no no" is a person, sixteen of them are the model. One is kept.
    """
    for unit in range(1, min(LOOP_UNIT, len(said) // LOOP_TIMES) + 1):
        times = max(LOOP_TIMES, -(-LOOP_TOKENS // unit))
        length = unit * times
        if length > len(said):
            continue
        tail = list(said[-length:])
        if tail == tail[:unit] * times:
            return len(said) - length + unit
    return None


def density(text: str) -> float:
    """How many times smaller a text becomes when packed: above 2.4 it mostly repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _log_softmax(logits: Floats) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - float(logits.max())
    made: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return made
