"""Parts of a reply: nothing lost, nothing broken, nothing empty."""

from __future__ import annotations

import re
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.splitting import LIMITS, split

PLATFORMS = ("telegram", "discord")
SMALL = 40  # a limit that short texts reach


@pytest.fixture(autouse=True, scope="module")
def _small() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LIMITS, "small", SMALL)
        yield


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


PIECES = st.sampled_from(
    [
        *("a", "word ", "Sentence. ", "Why? ", "\n", "\n\n", " ", "\r\n", "\t"),
        *("你好", "今天很累。", "“为什么？”", "！", "é", "e\u0301\u0323", "\u200d", "\ufe0f"),
        *(
            "😢",
            "👨‍👩‍👧‍👦",
            "👍🏽",
            "🇨🇳",
            "🇩🇪🇫🇷",
            "\ud83d",
            "\ude22",
            "\0",
            "한국어",
            "\u1112\u1161\u11ab",
        ),
        *(
            "https://example.org/a?b=c ",
            "[a link](https://example.org) ",
            "```",
            "```py\nx = 1\n```",
        ),
        *("`code`", '"', ")", "." * 5, "x" * 50, " " * 45),
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


@given(TEXTS)
def test_parts_joined_are_the_text_and_fit(text: str) -> None:
    parts = split(text, "small")
    assert "".join(parts) == text
    assert all(part and units(part) <= SMALL for part in parts)
    assert len(parts) <= 1 or units(text) > SMALL


@given(TEXTS)
def test_no_part_says_nothing(text: str) -> None:
    runs = re.split(r"[^ ]+", "".join(" " if unseen(letter) else "x" for letter in text))
    if any(len(run) >= SMALL for run in runs) or all(map(unseen, text)):
        return
    assert not [part for part in split(text, "small") if all(map(unseen, part))]


def unseen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")


@given(TEXTS)
def test_no_surrogate_pair_is_cut(text: str) -> None:
    parts = split(text, "small")
    for before, after in pairwise(parts):
        assert not ("\ud800" <= before[-1] <= "\udbff" and "\udc00" <= after[0] <= "\udfff")


ATOMS = (
    *(
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇨🇳",
        "e\u0301\u0323",
        "❤️",
        "1️⃣",
        "🏴\U000e0067\U000e0062\U000e007f",
        "각",
    ),
    *(
        "https://example.org/a?b=c",
        "[a](https://example.org/x)",
        "```py\nx = 1\n```",
        "```你好。 a```",
    ),
)


@given(
    st.lists(
        st.tuples(st.sampled_from(ATOMS), st.sampled_from([" ", "\n", ". ", "，", "\n\n"])),
        max_size=40,
    )
)
def test_what_belongs_together_stays_together(pairs: list[tuple[str, str]]) -> None:
    text = "".join(atom + gap for atom, gap in pairs)
    cuts, at = set(), 0
    for part in split(text, "small"):
        at += len(part)
        cuts.add(at)
    at = 0
    for atom, gap in pairs:
        assert not cuts & set(range(at + 1, at + len(atom))), atom
        at += len(atom) + len(gap)


@given(st.text(max_size=60), st.sampled_from(["terminal", "another"]))
def test_elsewhere_nothing_is_cut(text: str, platform: str) -> None:
    assert split(text, platform) == ((text,) if text else ())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # A paragraph, a line, a sentence, a word: the best of what fills the part well.
        ("One two. Three.\n\nFour five six.\nSeven eight nine", ["One two. Three.\n\n", None]),
        ("One two three four.\nFive. Six seven eight nine", ["One two three four.\n", None]),
        ("One two three four. Five six seven eight nine", ["One two three four. ", None]),
        ("One two three (four!) five six seven eight nine", ["One two three (four!) ", None]),
        (
            "今天我很累因为昨晚没有睡好。但是我还是去上班了一整天都觉得没有力气什么也不想做了吧",
            ["今天我很累因为昨晚没有睡好。", None],
        ),
        (
            "他问我“你今天到底怎么了呢？”我说没什么只是有一点累想早点回家休息一下再吃点东西好了",
            ["他问我“你今天到底怎么了呢？”", None],
        ),
        (
            "onetwothree fourfivesix seveneightnine teneleven",
            ["onetwothree fourfivesix seveneightnine ", None],
        ),
        # A short first paragraph does not make a page of its own.
        ("Hi.\n\n" + "word " * 9, ["Hi.\n\n" + "word " * 7, None]),
        # But a fence does not get broken for that.
        ("Hi.\n" + "```\n" + "x" * 32 + "\n```", ["Hi.\n", None]),
        # White space at the end is not left to a part of its own.
        ("x" * 40 + "\n", ["x" * 39, "x\n"]),
        ("x" * 40 + " " * 40 + "y", ["x" * 39, None, None]),
    ],
)
def test_where_it_is_cut(text: str, parts: list[str | None]) -> None:
    found = split(text, "small")
    assert len(found) == len(parts)
    for part, wanted in zip(found, parts, strict=True):
        assert wanted is None or part == wanted


def test_a_fence_or_link_longer_than_a_part_is_cut_at_lines_first() -> None:
    text = "```\n" + "line of code\n" * 6 + "```"
    assert all(part.endswith("\n") for part in split(text, "small")[:-1])
    link = "https://example.org/" + "x" * 100
    assert "".join(split(link, "small")) == link


def test_white_space_alone_stays_as_it_is() -> None:
    assert split(" \n ", "small") == (" \n ",)
    assert "".join(split("\n" * 100, "small")) == "\n" * 100


@pytest.mark.parametrize("platform", PLATFORMS)
def test_emoji_count_double(platform: str) -> None:
    limit = LIMITS[platform]
    assert limit is not None
    assert len(split("😢" * (limit // 2), platform)) == 1
    assert len(split("😢" * (limit // 2 + 1), platform)) == 2


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a",
            " ",
            "\n",
            "`",
            "[",
            '"',
            ".",
            "。",
            "www.",
            "http://",
            "```\nx\n```\n",
            '。"',
            "🇨🇳",
        ),
        *(
            "👨‍👩‍👧",
            "e\u0301",
            "\u0301",
            "\u200d",
            "hello there. ",
            "今天很累。",
            "[a](",
            "\ud83d\ude00",
        ),
    ],
)
def test_time_grows_with_length_only(pattern: str) -> None:
    text = (pattern * (100_000 // len(pattern) + 1))[:100_000]
    started = time.process_time()
    parts = split(text, "telegram")
    assert time.process_time() - started < 3
    assert "".join(parts) == text
