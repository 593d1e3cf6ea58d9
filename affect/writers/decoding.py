"""From token ids to text as they come, whole characters only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HALF = "\ufffd"  # what bytes that are no whole character are shown as


class Decoder:
    """Turns ids into text as they come, holding back a character until it is whole."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = self._new()
        self._held: list[int] = []

    def text(self, ids: Sequence[int]) -> str:
        """What these ids add; empty while a character is incomplete."""
        return "".join(self._step(one) for one in ids)

    def rest(self) -> str:
        """What is whole of that which was held back, at the end of the answer."""
        held: str = self._tokenizer.decode(self._held, skip_special_tokens=True)
        return held.rstrip(HALF)

    def _step(self, one: int) -> str:
        self._held.append(one)
        try:
            text = self._stream.step(self._tokenizer, one)
        except Exception:  # noqa: BLE001 - bytes that go with nothing before them: begin anew
            self._stream = self._new()
            text = self.rest()
        if text is None:
            return ""
        self._held.clear()
        return str(text)

    @staticmethod
    def _new() -> Any:
        from tokenizers.decoders import DecodeStream

        return DecodeStream(skip_special_tokens=True)
