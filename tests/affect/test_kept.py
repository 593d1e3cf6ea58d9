"""An evaluation that broke off goes on from what was kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from affect.errors import BadInput, Unreachable
from affect.evaluation.kept import Kept
from affect.writers.chat import Message, Queued, Sampling
from tests.affect.writing import Answering

ASKED = [Message("user", "how was your day?")]


def numbered(first: int = 0) -> Answering:
    return Answering(lambda _, number: f"answer {first + number}")


async def say(model: Kept, messages: Sequence[Message] = ASKED, tokens: int = 20) -> str:
    async with aclosing(model.stream(messages, Sampling(tokens))) as pieces:  # type: ignore[type-var]
        return "".join([piece async for piece in pieces]).strip()


async def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    first = Kept(numbered(), file)
    assert [await say(first), await say(first)] == ["answer 0", "answer 1"]
    later = numbered(first=10)
    again = Kept(later, file)
    assert [await say(again), await say(again)] == ["answer 0", "answer 1"]
    assert not later.prompts
    assert await say(again) == "answer 10"  # a third time was never asked


async def test_other_words_and_other_sampling_are_asked_anew(tmp_path: Path) -> None:
    model = Kept(numbered(), tmp_path / "kept.jsonl")
    told = [
        await say(model),
        await say(model, [Message("user", "and your night?")]),
        await say(model, tokens=30),
    ]
    assert told == ["answer 0", "answer 1", "answer 2"]


async def test_weights_are_kept_too(tmp_path: Path) -> None:
    class Unsure(Answering):
        weighed = 0

        async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
            self.weighed += 1
            return [0.25, 0.75]

    file = tmp_path / "kept.jsonl"
    model = Unsure(lambda *_: "")
    for _ in range(2):
        kept = Kept(model, file)
        assert await kept.weigh(ASKED, ["A", "B"]) == [0.25, 0.75]
        assert await kept.weigh(ASKED, ["A", "B"]) == [0.25, 0.75]
    assert model.weighed == 1


async def test_half_an_answer_is_not_kept(tmp_path: Path) -> None:
    class Breaking(Answering):
        async def stream(
            self, messages: Sequence[Message], sampling: Sampling, queued: Queued | None = None
        ) -> AsyncIterator[str]:
            yield "half "
            raise Unreachable("The model failed; please try again.")

    file = tmp_path / "kept.jsonl"
    with pytest.raises(Unreachable):
        await say(Kept(Breaking(lambda *_: ""), file))
    assert await say(Kept(numbered(), file)) == "answer 0"


async def test_what_the_hearer_broke_off_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    async with aclosing(Kept(numbered(), file).stream(ASKED, Sampling(20))) as pieces:  # type: ignore[type-var]
        assert await anext(pieces) == "answer "
    later = numbered(first=10)
    assert await say(Kept(later, file)) == "answer"
    assert not later.prompts


async def test_a_last_line_that_broke_off_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    model = Kept(numbered(), file)
    await say(model)
    await say(model, tokens=30)
    file.write_text(file.read_text("utf-8")[:-9], encoding="utf-8")
    again = Kept(numbered(first=10), file)
    assert [await say(again), await say(again, tokens=30)] == ["answer 0", "answer 10"]
    assert await say(Kept(numbered(), file), tokens=30) == "answer 10"


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("milk\nbread\n", encoding="utf-8")
    with pytest.raises(BadInput, match="holds no answers"):
        Kept(numbered(), file)
    assert file.read_text("utf-8") == "milk\nbread\n"
