from __future__ import annotations

import gc
import weakref

from affect.latest import remembered


def test_what_was_found_for_a_text_is_found_once() -> None:
    asked: list[str] = []

    @remembered(2)
    def found(text: str) -> str | None:
        asked.append(text)
        return None if text == "nothing" else text.upper()

    assert [found(text) for text in ("a", "nothing", "a", "nothing")] == ["A", None, "A", None]
    assert asked == ["a", "nothing"]
    assert [found(text) for text in ("b", "nothing", "a")] == ["B", None, "A"]
    assert asked == ["a", "nothing", "b", "a"]  # "a" was the oldest of three


def test_no_text_is_kept() -> None:
    class Words(str):  # noqa: SLOT000 - a reference must be able to watch it
        """A text that can be watched."""

    @remembered(8)
    def length(text: str) -> int:
        return len(text)

    words = Words("she never wrote back")
    watched = weakref.ref(words)
    assert length(words) == 20
    del words
    gc.collect()
    assert watched() is None
