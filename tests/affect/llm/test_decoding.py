"""Ids become text: whole characters, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect import random_model
from affect.writers.decoding import Decoder

pytest.importorskip("transformers", reason="the tokenizer is one of transformers (extra `llm`)")

WORDS: Any = random_model.tokenizer()


@given(st.text(max_size=60))
def test_a_text_comes_back_whole_and_never_half_a_character(text: str) -> None:
    decoder = Decoder(WORDS)
    ids = WORDS.backend_tokenizer.encode(text, add_special_tokens=False).ids
    pieces = [decoder.text([one]) for one in ids] + [decoder.rest()]
    assert "".join(pieces) == WORDS.decode(ids, skip_special_tokens=True)
    assert ("\ufffd" in "".join(pieces)) == ("\ufffd" in text)


@given(st.lists(st.integers(0, len(WORDS) - 1), max_size=40))
def test_ids_that_are_no_text_lose_nothing_that_is(ids: list[int]) -> None:
    decoder = Decoder(WORDS)
    told = "".join([decoder.text([one]) for one in ids] + [decoder.rest()])
    whole = WORDS.decode(ids, skip_special_tokens=True)
    assert told.replace("\ufffd", "") == whole.replace("\ufffd", "")
