"""Takes out what a model thinks aloud before its answer; thoughts are not for the person."""

from __future__ import annotations

_BEGIN, _END = "<think>", "</think>"


class Thoughts:
    """A filter for one answer that arrives piece by piece; `begun` where the prompt began one."""

    def __init__(self, begun: bool = False) -> None:
        self._held: str | None = _BEGIN if begun else ""  # None once the answer itself has begun

    @staticmethod
    def begun_by(prompt: str) -> bool:
        """Whether a prompt ends by opening a thought, as templates of thinking models do."""
        return prompt.rstrip().endswith(_BEGIN)

    def feed(self, piece: str) -> str:
        """What of the answer so far may be told beyond what was told already."""
        if self._held is None:
            return piece
        self._held += piece
        start = self._held.lstrip()
        if start.startswith(_BEGIN):
            _, ended, rest = start.partition(_END)
            return self._told(rest.lstrip()) if ended and rest.strip() else ""
        return "" if _BEGIN.startswith(start) else self._told(self._held)

    def rest(self) -> str:
        """What was held back and was no thought after all, at the end of the answer."""
        held, self._held = self._held or "", None
        return "" if held.lstrip().startswith(_BEGIN) else held

    def _told(self, text: str) -> str:
        self._held = None
        return text
