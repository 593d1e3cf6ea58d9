from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from affect.errors import Unreachable
from affect.fusion import fuse
from affect.types import EMOTIONS, Emotion, Modality
from affect.writers.appraisal import Appraiser, Fitted
from affect.writers.chat import Message
from bot import perceiving
from bot.perceiving import Perceived, Perceiver, Witnessed
from tests.affect.writing import Answering
from tests.bot.hearing import FakeSenses
from tests.bot.reading import WordReader


class Reads(Answering):
    """Reads fear in everything but in a line without words."""

    def __init__(self) -> None:
        super().__init__(lambda messages, number: "")

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        if messages[-1].content == "N/A":
            return [1 / 7] * 7
        return [0.7 if emotion is Emotion.FEAR else 0.05 for emotion in EMOTIONS]


class Broken(Reads):
    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        raise Unreachable("The server is away.")


class Late(Reads):
    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        await asyncio.Event().wait()
        return []


async def nothing(platform: str, media: object, limit: int) -> bytes:
    return b""


async def read(model: Answering, trust: float = 0.8) -> Perceived:
    appraiser = Appraiser(model)
    appraiser.fitted = Fitted(1.0, trust)
    perceiver = Perceiver(WordReader(), FakeSenses(), nothing, appraiser)
    return await perceiver.read("it is tomorrow at nine", (), Witnessed(), "en", {})


async def test_what_an_llm_reads_joins_the_words() -> None:
    found = await read(Reads())
    ours, theirs = found.estimates
    assert (ours.model, theirs.model) == ("words-1", "answering")
    assert {ours.modality, theirs.modality} == {Modality.TEXT}
    both, alone = fuse(found.estimates), fuse([ours])
    assert both.probabilities[Emotion.FEAR] > alone.probabilities[Emotion.FEAR]


@pytest.mark.parametrize("model", [Broken(), Late()])
async def test_an_llm_that_fails_or_is_late_costs_no_reading(
    model: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perceiving, "APPRAISAL_SECONDS", 0.01)
    found = await read(model)
    assert [one.model for one in found.estimates] == ["words-1"]
    assert not found.problems


async def test_an_llm_that_reads_no_better_than_chance_is_left_out() -> None:
    assert len((await read(Reads(), trust=0.0)).estimates) == 1
