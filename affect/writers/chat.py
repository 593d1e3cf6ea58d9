"""A chat model, wherever it runs: in this process on a GPU, or behind an OpenAI-compatible server.

Everything that Attune asks of an LLM goes through these few methods, so that prompting, choosing
and appraisal are written once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one answer is drawn: at most `tokens` long, within `seconds` from now."""

    tokens: int = 160
    temperature: float = 0.7
    top_p: float = 0.9
    seconds: float = 30.0


Queued = Callable[[int], None]
"""Hears a person's place in the line whenever it changes: from 1; 0 once it is their turn.

Answers that share one are one person's; who never waits hears nothing.
"""


class ChatModel(Protocol):
    """One LLM. Every method raises `ModelUnavailable` or `Unreachable` with one sentence."""

    name: str
    context: int  # tokens that a prompt and its answer may have together

    def count(self, text: str) -> int:
        """How many tokens a text has; where the tokenizer is not at hand, a safe upper guess."""
        ...

    def stream(
        self, messages: Sequence[Message], sampling: Sampling, queued: Queued | None = None
    ) -> AsyncIterator[str]:
        """Give an answer piece by piece; closing the iterator stops the work on it.

        `queued` hears of the wait before it, where the model knows of one.
        """
        ...

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        """Probabilities, summing to 1, of each option as the answer's first token.

        `options` are short ones of a single token each, such as "A" to "G".
        """
        ...

    async def aclose(self) -> None:
        """Let go of the model or the connection."""
        ...
