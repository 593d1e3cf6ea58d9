"""From token ids to the text that is said: whole characters only, and no thinking aloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OPENING, CLOSING = "<think>", "</think>"


class Decoder:
    """Turns ids into text as they come, holding back a character until it is whole."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = self._new()

    def text(self, ids: Sequence[int]) -> str:
        """What these ids add; empty while a character is incomplete."""
        return "".join(self._step(one) for one in ids)

    def _step(self, one: int) -> str:
        try:
            return self._stream.step(self._tokenizer, one) or ""
        except Exception:  # noqa: BLE001 - bytes that fit to nothing before: begin anew with them
            self._stream = self._new()
            try:
                return self._stream.step(self._tokenizer, one) or ""
            except Exception:  # noqa: BLE001
                self._stream = self._new()
                return ""

    @staticmethod
    def _new() -> Any:
        from tokenizers.decoders import DecodeStream

        return DecodeStream(skip_special_tokens=True)


class Said:
    """Lets through what is said and drops what is thought, also where a mark comes in pieces.

    `thinking` tells that the prompt itself opened the thought. White space before the first word is
    dropped too.
    """

    def __init__(self, thinking: bool = False) -> None:
        self._thinking = thinking
        self._held = ""
        self._begun = False

    def text(self, piece: str) -> str:
        """What of this piece, and of what was held before it, may be said now."""
        self._held += piece
        said = ""
        while self._held:
            mark = CLOSING if self._thinking else OPENING
            before, found, after = self._held.partition(mark)
            if found:
                said += "" if self._thinking else before
                self._held, self._thinking = after, not self._thinking
                continue
            keep = _beginning(self._held, mark)
            said += "" if self._thinking else self._held[: len(self._held) - keep]
            self._held = self._held[len(self._held) - keep :]
            break
        return self._from_the_first_word(said)

    def rest(self) -> str:
        """What was held back in case it were a mark, at the end of the answer."""
        held, self._held = self._held, ""
        return "" if self._thinking else self._from_the_first_word(held)

    def _from_the_first_word(self, said: str) -> str:
        if not self._begun:
            said = said.lstrip()
            self._begun = bool(said)
        return said


def _beginning(text: str, mark: str) -> int:
    """How many characters at the end of `text` could begin `mark`."""
    sizes = range(min(len(mark) - 1, len(text)), 0, -1)
    return next((size for size in sizes if text.endswith(mark[:size])), 0)
