"""The text model that ships, through its public doors."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect import analyze
from affect.errors import BadInput, ModelUnavailable
from affect.perception.text import TextModel, TextReading
from affect.types import EMOTIONS, Emotion, Modality

MODEL = TextModel.load()


def _best(read: TextReading) -> Emotion:
    return max(EMOTIONS, key=lambda emotion: read.estimate.probabilities[emotion])


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("I am so happy, we won!!", Emotion.JOY),
        ("I miss her so much, I have been crying all night", Emotion.SADNESS),
        ("I am terrified of tomorrow's surgery", Emotion.FEAR),
        ("I hate him, he makes me so furious", Emotion.ANGER),
        ("That is disgusting, I feel sick", Emotion.DISGUST),
        ("The train leaves at ten past nine.", Emotion.NEUTRAL),
        ("终于考完试了，好开心！", Emotion.JOY),
        ("好难过，一个人哭了一晚上", Emotion.SADNESS),
        ("气死我了，凭什么这样对我！", Emotion.ANGER),
    ],
)
def test_plain_feelings_are_read(text: str, emotion: Emotion) -> None:
    assert _best(MODEL.read(text)) is emotion


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("my dog died on saturday", Emotion.SADNESS),
        ("a patient died holding my hand tonight", Emotion.SADNESS),
        ("mum says i cant have my phone back", Emotion.ANGER),
        ("we got the flat!", Emotion.JOY),
        ("其实是今天被分手了", Emotion.SADNESS),
    ],
)
def test_what_happened_is_read_where_no_word_names_a_feeling(text: str, emotion: Emotion) -> None:
    assert _best(MODEL.read(text)) is emotion


@pytest.mark.parametrize(
    "text",
    [
        "about two years",
        "my mother is a teacher",
        "the exam is on tuesday at nine",
        "钱我一般存定期",
    ],
)
def test_plain_facts_stay_neutral(text: str) -> None:
    assert _best(MODEL.read(text)) is Emotion.NEUTRAL


def test_valence_has_the_right_sign_in_languages_that_were_not_trained() -> None:
    glad = MODEL.read_many(["Estoy muy feliz hoy, gracias a todos", "Ich liebe diesen Tag!"])
    sad = MODEL.read_many(["Estoy muy triste, quiero llorar", "Ich hasse das, es ist furchtbar"])
    assert [read.language for read in glad] == ["es", "de"]
    assert all(read.estimate.affect.valence > 0 for read in glad)
    assert all(read.estimate.affect.valence < 0 for read in sad)


def _check(read: TextReading) -> None:
    estimate = read.estimate
    assert estimate.modality is Modality.TEXT
    assert set(estimate.probabilities) == set(EMOTIONS)
    assert math.fsum(estimate.probabilities.values()) == pytest.approx(1)
    for name in ("valence", "arousal", "dominance"):
        assert -1 <= getattr(estimate.affect, name) <= 1
        assert 0 < getattr(estimate.variance, name) < 4
    assert 0 <= estimate.quality <= 1
    assert math.fsum(x * x for x in read.embedding) == pytest.approx(1, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = MODEL.read(text)
    except BadInput:
        return  # what is refused has a test of its own
    _check(read)


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b\ufeff", "\x00", "\ud800"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        MODEL.read(text)
    assert caught.value.kind == "empty"


def test_hidden_characters_change_nothing() -> None:
    plain = MODEL.read("I am so sad")
    hidden = MODEL.read("I am\x00 so s\u200ba\u200dd\ud83d")
    assert hidden.embedding == plain.embedding


def test_both_ends_of_a_long_text_count() -> None:
    filler = "The train leaves at ten past nine. " * 200
    end = MODEL.read(filler + "I am terrified and I cannot stop crying.")
    start = MODEL.read("I am terrified and I cannot stop crying. " + filler)
    plain = MODEL.read(filler)
    assert end.cut
    assert plain.cut
    for read in (start, end):
        assert read.estimate.affect.valence < plain.estimate.affect.valence


def test_many_at_once_are_read_as_one_by_one_and_in_order() -> None:
    texts = ["ok", "I am so angry with all of you right now", "今天好累", "wow!!", "why me " * 30]
    together = MODEL.read_many(texts)
    for text, read in zip(texts, together, strict=True):
        alone = MODEL.read(text)
        # The int8 activations of a batch share one scale: equal up to that rounding.
        assert np.dot(alone.embedding, read.embedding) > 0.9
        assert alone.language == read.language
        assert alone.estimate.affect.valence == pytest.approx(
            read.estimate.affect.valence, abs=0.25
        )
    assert MODEL.read_many([]) == []


def test_threads_share_a_model() -> None:
    texts = [f"I am {word} today" for word in ("sad", "glad", "afraid", "fine")] * 6
    alone = [MODEL.read(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(MODEL.read, texts)) == alone


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (
            ["I feel lonely tonight", "I got the job!", "my boss yelled at me"],
            ["so alone this evening", "they are hiring me!!", "got shouted at by my manager"],
        ),
        (
            ["今晚我觉得很孤独", "我拿到那份工作了！", "老板冲我大吼大叫"],
            ["今天晚上好寂寞", "他们录用我了！！", "被领导劈头盖脸骂了一顿"],
        ),
    ],
)
def test_a_text_lies_nearest_to_one_that_says_the_same(said: list[str], again: list[str]) -> None:
    near = MODEL.embed(said) @ MODEL.embed(again).T
    assert list(near.argmax(axis=1)) == [0, 1, 2]


def test_labels_are_sparse_and_told_likeliest_first() -> None:
    labels = MODEL.read("Thank you so much, this means a lot to me!").estimate.labels
    assert next(iter(labels)) == "gratitude"
    assert len(labels) <= 4
    assert list(labels.values()) == sorted(labels.values(), reverse=True)


def test_the_language_can_be_told() -> None:
    assert MODEL.read("ok", "zh").language == "zh"


def test_analyze_is_the_face_of_the_package() -> None:
    reading = analyze("I got the job, I am so happy!")
    assert reading.emotion is Emotion.JOY
    assert reading.affect.valence > 0.3
    assert reading.weights[Modality.TEXT] > 0


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"text\.onnx"):
        TextModel.load(tmp_path)


def test_reading_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from affect import analyze; analyze('hello');"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
