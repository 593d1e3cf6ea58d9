"""Scenes and chat models made in the tests, for everything that writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from affect.strategy import plan
from affect.types import EMOTIONS, Affect, Emotion, Moment, Parts, Reading, Variance
from affect.writers.base import Exchange, Scene
from affect.writers.chat import Message, Queued, Sampling

SPREAD = (0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1)
STILL = Parts((0.0, 0.0, 0.0), SPREAD)
MOMENT = Moment(datetime(2026, 1, 1, tzinfo=UTC), STILL, STILL, STILL, 1, 1)

Answer = Callable[[Sequence[Message], int], str]


def reading(emotion: Emotion = Emotion.ANGER, valence: float = -0.4) -> Reading:
    return Reading(
        emotion=emotion,
        probabilities={e: 0.7 if e is emotion else 0.05 for e in EMOTIONS},
        affect=Affect(valence, 0.2, 0.0),
        variance=Variance(0.1, 0.1, 0.1),
        confidence=0.7,
        conflict=0.0,
        weights={},
    )


def scene(
    said: str = "my boss changed my shift again",
    history: tuple[Exchange, ...] = (),
    language: str = "en",
    *,
    persona: str = "companion",
    memory: tuple[str, ...] = (),
    situation: str | None = None,
    felt: Reading | None = None,
    ask: bool | None = None,
    seed: int = 0,
) -> Scene:
    """Something said, by default angrily; with `ask` the plan asks, or does not, whatever it is."""
    felt = felt or reading()
    intent = plan(felt, MOMENT, history, said, language, situation=situation, persona=persona)
    return Scene(
        said=said,
        language=language,
        reading=felt,
        moment=MOMENT,
        plan=intent if ask is None else replace(intent, ask=ask),
        history=history,
        persona=persona,
        memory=memory,
        seed=seed,
    )


class Answering:
    """A chat model that answers as the test says; it keeps every prompt that it was given."""

    name = "answering"

    def __init__(self, answer: Answer, context: int = 4_096) -> None:
        self.context = context
        self.prompts: list[tuple[Message, ...]] = []
        self.closed = 0
        self._answer = answer

    def count(self, text: str) -> int:
        return len(text) // 3 + 1

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling, queued: Queued | None = None
    ) -> AsyncIterator[str]:
        self.prompts.append(tuple(messages))
        try:
            for piece in self._answer(messages, len(self.prompts) - 1).split(" "):
                yield f"{piece} "
        finally:
            self.closed += 1

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        return [1 / len(options)] * len(options)

    async def aclose(self) -> None:
        return None
