"""What people say to the program: asked about, corrected, complained of, left, asked plainly.

Figures on lines of tests/data/addressed.yaml, which nobody looked at while the rules were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from affect.evaluation.panel import Told
from affect.evaluation.replies import moment_of, reading_of
from affect.strategy import plan
from affect.types import Emotion
from affect.writers import bank
from affect.writers.base import Candidate, Exchange, Scene
from affect.writers.scripted import ScriptedWriter

LINES = yaml.safe_load(
    (Path(__file__).parent.parent / "data" / "addressed.yaml").read_text(encoding="utf-8")
)
COMPLAINTS = {"corrected", "anger_at_bot", "sarcasm", "wrong_guess", "insult"}
ANSWERED_BY = {
    "asked_about": {"meant", "explain"},
    "complaint": COMPLAINTS,
    "farewell": {"goodbye", "thanks"},
    "self_blame": {"self_blame"},
    "loved": {"loved"},
    "comfort": {"comfort"},
    "like_me": {"like_me"},
    "congratulate": {"congratulate"},
    "about_me": {"about_me", "your_life"},
}
TO_US = frozenset[str]().union(*ANSWERED_BY.values())


def after(said: str, reply: str) -> tuple[Exchange, ...]:
    return (Exchange(said, reply, asked=reply.endswith(("?", "？"))),)


def acts(writer: ScriptedWriter, name: str) -> list[str | None]:
    return [
        writer.situation(said, history=after(before, reply)) for before, reply, said in LINES[name]
    ]


def answered(
    writer: ScriptedWriter, said: str, history: Sequence[Exchange] = (), persona: str = "companion"
) -> Candidate:
    language = "en" if said.isascii() else "zh"
    told = Told(Emotion.NEUTRAL, 0.0, 0.0, said)
    reading, moment = reading_of(told), moment_of(told, len(history) + 1)
    found = writer.situation(said, history=history)
    planned = plan(reading, moment, history, said, language, situation=found, persona=persona)
    scene = Scene(said, language, reading, moment, planned, tuple(history), persona)
    return writer.candidates(scene)[0]


@pytest.mark.parametrize(
    ("name", "share"), [("asked_about", 0.75), ("complaint", 0.4), ("farewell", 0.85)]
)
def test_what_is_said_to_the_program_is_heard(
    writer: ScriptedWriter, name: str, share: float
) -> None:
    found = acts(writer, name)
    assert sum(act in ANSWERED_BY[name] for act in found) / len(found) >= share


def test_plain_requests_are_heard(writer: ScriptedWriter) -> None:
    requests = ("self_blame", "loved", "comfort", "like_me", "congratulate", "about_me")
    right = [act in ANSWERED_BY[name] for name in requests for act in acts(writer, name)]
    assert sum(right) / len(right) >= 0.6


def test_what_others_said_is_no_word_to_the_program(writer: ScriptedWriter) -> None:
    found = acts(writer, "ordinary")
    assert sum(act in TO_US for act in found) / len(found) <= 0.1


def test_what_is_told_beside_a_complaint_is_answered(writer: ScriptedWriter) -> None:
    before = after("my mate is getting married", "Some room goes to the group, it seems.")
    reply = answered(writer, "not the group, him. he didn't even tell me to my face", before)
    assert "him, not the group" in reply.text.lower()
    assert len(reply.text.split()) > len(["Him,", "not", "the", "group,", "yes."])


def test_a_question_after_our_words_gives_the_floor_back(writer: ScriptedWriter) -> None:
    reply = answered(writer, "what table", after("my phone back", "New thing on the table."))
    assert not reply.text.endswith("?")
    assert "'my phone back'" in reply.text or "you" in reply.text.lower()


def test_what_was_said_in_this_talk_is_not_denied(writer: ScriptedWriter) -> None:
    before = after("just a lazy sunday, made some pancakes", "Sundays are for that.")
    reply = answered(writer, "do you remember what i told you about pancakes?", before)
    assert "made some pancakes" in reply.text


def test_support_is_sorry_once_says_it_back_and_promises_nothing(writer: ScriptedWriter) -> None:
    said = "where is my parcel? order 48213-B should have come last tuesday"
    first = answered(writer, said, persona="support")
    assert first.text.startswith("Sorry")
    assert "48213-B" in first.text
    assert "last Tuesday" in first.text
    history = [Exchange(said, first.text, entry=first.entry, situation="support_first")]
    for line, part in [
        ("can you see my order, yes or no?", "No."),
        ("has it been passed on or not", "No."),
        ("do i get a reference number?", "No."),
        ("i want a refund or a replacement by friday", "a refund or a replacement by Friday"),
        ("i already told you the order number", "48213-B"),
    ]:
        reply = answered(writer, line, history, persona="support")
        assert part in reply.text, (line, reply.text)
        assert "sorry" not in reply.text.lower()
        history.append(Exchange(line, reply.text, entry=reply.entry, situation="support"))


def test_no_entry_of_support_offers_what_is_not_there() -> None:
    offers = (
        "can be passed on",
        "can be handed",
        "goes into the note",
        "帮你转",
        "转给人工",
        "一并转",
    )
    for entry in bank.load().entries:
        if entry.situation in {"support", "support_first"}:
            assert not any(offer in entry.plain for offer in offers), entry.id
