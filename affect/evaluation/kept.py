"""A chat model whose answers are kept in a file: a long evaluation goes on where it broke off.

An answer is found again by the very words and sampling it was asked with, so that what was changed
since is asked anew, and what only judges answers (cleaning, choosing, the panel) costs nothing the
second time. The same asked twice has two answers. Holds scripts and corpora, never people's talks.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import aclosing
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from affect.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from affect.writers.chat import ChatModel, Message, Queued, Sampling


class Kept:
    """A `ChatModel` that asks `model` only for what `file` does not hold yet.

    Raises `BadInput` where the file is none of this kind.
    """

    def __init__(self, model: ChatModel, file: Path) -> None:
        self.name = model.name
        self.context = model.context
        self._model = model
        self._file = file
        self._known = _read(file)
        self._asked: Counter[str] = Counter()

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return self._model.count(text)

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling, queued: Queued | None = None
    ) -> AsyncIterator[str]:
        """The answer that is kept, whole; else the model's own, kept once it has ended."""
        drawn = (sampling.tokens, sampling.temperature, sampling.top_p)
        key = self._key("said", messages, drawn)
        if key in self._known:
            yield self._known[key]
            return
        said = ""
        async with aclosing(self._model.stream(messages, sampling, queued)) as pieces:  # type: ignore[type-var]
            try:
                async for piece in pieces:
                    said += piece
                    yield piece
            except GeneratorExit:  # closed by who has heard enough
                self._keep(key, said)
                raise
        self._keep(key, said)

    async def weigh(self, messages: Sequence[Message], options: Sequence[str]) -> list[float]:
        """The probabilities that are kept, else the model's own."""
        key = self._key("weighed", messages, tuple(options))
        if key not in self._known:
            self._keep(key, await self._model.weigh(messages, options))
        weights: list[float] = self._known[key]
        return weights

    async def aclose(self) -> None:
        """Let go of the model."""
        await self._model.aclose()

    def _key(self, kind: str, messages: Sequence[Message], how: tuple[object, ...]) -> str:
        asked = json.dumps([self.name, kind, [astuple(one) for one in messages], how])
        digest = hashlib.sha256(asked.encode()).hexdigest()[:24]
        if kind == "weighed":  # the same each time
            return digest
        self._asked[digest] += 1
        return f"{digest}.{self._asked[digest]}"

    def _keep(self, key: str, answer: object) -> None:
        self._known[key] = answer
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"asked": key, "answer": answer}, ensure_ascii=False) + "\n")


def _read(file: Path) -> dict[str, Any]:
    """What a file holds; a last line that broke off is as good as not there."""
    if not file.exists():
        return {}
    known = {}
    *lines, rest = file.read_text(encoding="utf-8").split("\n")
    try:
        for line in lines:
            row = json.loads(line)
            known[row["asked"]] = row["answer"]
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("option", f"{file} holds no answers that were kept.") from error
    if rest:
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return known
