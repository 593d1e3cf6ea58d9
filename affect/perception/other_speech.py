"""The words in a voice by a speech recogniser made elsewhere, in the shape of `SpeechModel`.

Any encoder and decoder that transformers knows as speech-to-text; Whisper and its like also tell
the language and whether anybody speaks. Windows, thresholds and `Transcript` are the built-in's.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.errors import ModelUnavailable
from affect.perception import hub, speech
from affect.perception import language as languages
from affect.perception.activity import Activity
from affect.perception.audio import RATE, Sound
from affect.perception.speech import SpeechModel, Transcript, joined, nobody, windows
from affect.perception.whisper import Heard

MOST_TOKENS = 224  # of one window: half of Whisper's places, as in its own code
UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km"})  # written without spaces
NO_SPEECH = ("<|nospeech|>", "<|nocaptions|>")  # newer and older name


class OtherSpeechModel:
    """A recogniser of speech. May be used by many threads."""

    def __init__(self, network: Any, extractor: Any, tokenizer: Any, name: str) -> None:
        self._network = network
        self._extractor = extractor
        self._tokenizer = tokenizer
        told = getattr(network.generation_config, "lang_to_id", None) or {}
        self._languages = {mark.strip("<|>"): int(number) for mark, number in told.items()}
        self._silence = _silence(tokenizer)
        self.name: str = hub.short(name)

    @classmethod
    def load(cls, name: str) -> OtherSpeechModel:
        """Load by hub id or folder; raises `ModelUnavailable`."""
        network, (extractor, tokenizer) = hub.load(name, hub.SPEECH)
        if extractor.sampling_rate != RATE:
            raise ModelUnavailable(f"{name} hears {extractor.sampling_rate} Hz, not {RATE}.")
        return cls(network, extractor, tokenizer, name)

    def transcribe(
        self, sound: Sound, activity: Activity, language: str | None = None
    ) -> Transcript:
        """The words of a sound (16 kHz), as `SpeechModel.transcribe` gives them.

        A model that knows no languages is taken to be right about its own: that of its words.
        """
        texts: list[str] = []
        said: list[Heard] = []
        spoken = language
        with import_module("torch").inference_mode():
            for start, end in windows(activity.spans, sound.samples):
                heard = self._hear(sound.samples[int(start * RATE) : int(end * RATE)], spoken)
                text = self._tokenizer.decode(list(heard.tokens), skip_special_tokens=True)
                if not text.strip() or nobody(heard):
                    continue
                texts.append(text if heard.language in UNSPACED else f" {text}")
                said.append(heard)
                spoken = heard.language or None
        whole = joined(texts, said)
        if said and not whole.language:
            return Transcript(
                whole.text, languages.detect(whole.text), whole.confidence, whole.sure, 1.0
            )
        return whole

    def _hear(self, samples: NDArray[np.float32], language: str | None) -> Heard:
        features = self._extractor(samples, sampling_rate=RATE, return_tensors="pt")
        spoken, certain, empty, more = "", 1.0, 0.0, {}
        if self._languages:
            spoken, certain, empty = self._first(features, language)
            more = {"language": spoken, "task": "transcribe"}
        made = self._network.generate(
            **features,
            **more,
            do_sample=False,
            num_beams=1,
            max_new_tokens=MOST_TOKENS,
            return_dict_in_generate=True,
            output_scores=True,
        )
        steps = len(made.scores)
        tokens = made.sequences[0, -steps:]
        likely = [
            float(scores[0].double().log_softmax(-1)[token])
            for scores, token in zip(made.scores, tokens, strict=True)
        ]
        return Heard(
            tokens=tuple(int(token) for token in tokens),
            log_probability=float(np.mean(likely)),
            no_speech=empty,
            language=spoken,
            language_probability=certain,
            looped=steps >= MOST_TOKENS,
        )

    def _first(self, features: Any, language: str | None) -> tuple[str, float, float]:
        """The language, its probability (1 where told), and that of nobody speaking."""
        torch = import_module("torch")
        start = torch.tensor([[self._network.config.decoder_start_token_id]])
        logits = self._network(**features, decoder_input_ids=start).logits[0, -1].double()
        empty = float(logits.softmax(-1)[self._silence]) if self._silence is not None else 0.0
        if language in self._languages:
            return str(language), 1.0, empty
        among = logits[list(self._languages.values())].softmax(-1)
        best = int(among.argmax())
        return list(self._languages)[best], float(among[best]), empty


def load_speech(name: str) -> SpeechModel | OtherSpeechModel:
    """The speech model that a setting names; raises `ModelUnavailable`."""
    folder = hub.own(name, speech.CARD)
    return SpeechModel.load(folder) if folder else OtherSpeechModel.load(name)


def _silence(tokenizer: Any) -> int | None:
    known = tokenizer.get_vocab()
    return next((int(known[mark]) for mark in NO_SPEECH if mark in known), None)
