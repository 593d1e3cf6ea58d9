"""The fixed sentences: both languages say everything, with the same places to fill."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from affect.labels import LABELS
from affect.types import EMOTIONS, Strategy
from bot.commands import COMMANDS
from bot.texts import LANGUAGES, say, sentences

BOT = Path(__file__).parents[2] / "bot"


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    english, chinese = sentences("en"), sentences("zh")
    assert set(english) == set(chinese)
    assert {key: _places(text) for key, text in english.items()} == {
        key: _places(text) for key, text in chinese.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_that_a_sentence_may_need_is_there(language: str) -> None:
    known = sentences(language)
    wanted = (
        {f"label_{label}" for label in LABELS}
        | {f"emotion_{emotion.value}" for emotion in EMOTIONS}
        | {f"strategy_{strategy.value}" for strategy in Strategy}
        | {f"command_{command.name}" for command in COMMANDS}
    )
    assert wanted <= set(known)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_text(language: str) -> None:
    # YAML makes a truth value of a bare "on" and a number of "1".
    kinds = {type(text) for text in sentences(language).values()}
    assert kinds == {str}
    assert "" not in {text.strip() for text in sentences(language).values()}


def test_an_unknown_language_is_answered_in_english() -> None:
    assert say("memory_on", "fr") == say("memory_on", "en")


def test_no_sentence_is_left_over() -> None:
    code = "\n".join(path.read_text("utf-8") for path in BOT.rglob("*.py"))
    computed: tuple[str, ...] = (
        "label_",
        "emotion_",
        "strategy_",
        "argument_",
        "command_",
        "shift_",
        "feeling_",
        "checkin_valence_",
        "checkin_energy_",
        "mood_valence_",
        *("seen_", "ask_", "from_", "voice_", "face_"),
    )
    computed += ("consent_", "problem_", "privacy_note_", "language_name_", "terminal_usage_")
    unused = [
        key for key in sentences("en") if f'"{key}"' not in code and not key.startswith(computed)
    ]
    assert unused == []
