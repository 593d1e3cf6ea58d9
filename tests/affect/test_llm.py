from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from affect.errors import ModelUnavailable
from affect.perception.text import TextModel
from affect.types import Affect, Plan, Stage, Strategy
from affect.writers import bank
from affect.writers.base import Candidate, Exchange
from affect.writers.chat import Message
from affect.writers.choosing import choose
from affect.writers.cleaning import clean, goes_round
from affect.writers.llm import LLMWriter, refusal
from affect.writers.scripted import ScriptedWriter
from affect.writers.showing import shown
from tests.affect.writing import Answering, scene

PLAN = Plan(
    stage=Stage.EXPLORE,
    strategy=Strategy.REFLECTION_OF_FEELINGS,
    tone="serious",
    target=Affect(-0.1, 0.0, 0.1),
    length=30,
    ask=True,
    avoid=("advice", "humour"),
)
GOOD = "Your shift moved again, and that seems to leave you tired."


@pytest.fixture(scope="module")
def scripted() -> ScriptedWriter:
    return ScriptedWriter(bank.load())


@pytest.fixture(scope="module")
def reader() -> TextModel:
    return TextModel.load()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (GOOD, GOOD),
        (f"<think>they are angry</think>\n{GOOD}", GOOD),
        (f"they are angry\n</think>\n{GOOD}", GOOD),
        ("<think>never done", None),
        (f"Attune: {GOOD}", GOOD),
        (f'"{GOOD}"', GOOD),
        (f"{GOOD} And then it goes on unt", GOOD),
        (f"{GOOD}<|im_end|>\n<|im_start|>user\nno", GOOD),
        (f"{GOOD}\nUser: no\nAssistant: yes", GOOD),
        (f"**{GOOD}** \N{PARTY POPPER}", GOOD),
        (f"I'm sorry to hear that. {GOOD}", GOOD),
        (f"{GOOD} You should rest.", GOOD),
        ("What happened? What else? And why?", None),
        ("What happened on the shift today? What else?", "What happened on the shift today?"),
        ("Your shift moved again!", "Your shift moved again."),
        ("又换班了，好像挺累的。你应该休息。", "又换班了，好像挺累的。"),
        ("", None),
        ("no end at all", None),
    ],
)
def test_what_is_left_of_an_answer(raw: str, text: str | None) -> None:
    assert clean(raw, PLAN) == text


def test_a_question_that_was_not_asked_for_is_left_out() -> None:
    quiet = replace(PLAN, ask=False)
    assert clean(f"{GOOD} What happened then?", quiet) == GOOD


@pytest.mark.parametrize(
    ("text", "strategy"),
    [
        ("What happens on Mondays?", Strategy.QUESTION),
        ("周一一般会碰上什么？", Strategy.QUESTION),
        ("Relieved, and maybe a bit guilty for it?", Strategy.REFLECTION_OF_FEELINGS),
        ("That seems to have stung more than the party.", Strategy.REFLECTION_OF_FEELINGS),
        ("合照里没你，好像更扎人。", Strategy.REFLECTION_OF_FEELINGS),
        ("Plenty of people rehearse that call for days.", Strategy.COMMON_HUMANITY),
        ("You kept showing up for him all winter.", Strategy.AFFIRMATION),
        ("整个冬天你都没撂下他，这不容易。", Strategy.AFFIRMATION),
        ("Maybe write the first line of that email tonight.", Strategy.SUGGESTION),
        ("Grief often comes in waves.", Strategy.INFORMATION),
        ("The boss changed the shift once more.", Strategy.RESTATEMENT),
        ("Good night.", Strategy.OTHER),
    ],
)
def test_strategies_are_seen_by_their_cues(text: str, strategy: Strategy) -> None:
    assert shown(text, "my boss changed my shift again") == (strategy,)


def test_choosing_prefers_what_the_plan_asked_for(reader: TextModel) -> None:
    told = scene()
    offered = [
        "You should look on the bright side and be positive.",
        "I understand. It's completely normal to be upset.",
        "Your boss changed the shift again, and that seems unfair.",
    ]
    chosen = choose([Candidate(text, "llm") for text in offered], told, reader)
    assert chosen[0].text == offered[2]
    assert chosen[0].reasons["uptake"] > 0
    assert "cheer" in next(c for c in chosen if c.text == offered[0]).reasons
    assert "stock" in next(c for c in chosen if c.text == offered[1]).reasons
    assert chosen[0].score == pytest.approx(sum(chosen[0].reasons.values()), abs=1e-3)


def test_choosing_tells_what_the_guard_would_refuse() -> None:
    offered = [Candidate("I'm your therapist.", "llm"), Candidate("Again, then.", "llm")]
    chosen = choose(offered, scene(), None)
    assert chosen[-1].reasons["claims_clinician"] < -1


def test_choosing_does_not_repeat_itself() -> None:
    told = scene(history=(Exchange("it moved", "Your shift moved again, without a word."),))
    offered = [
        Candidate("Your shift moved again, without a word.", "llm"),
        Candidate("The boss decides, and your week turns over.", "llm"),
    ]
    chosen = choose(offered, told, None)
    assert chosen[0].text == offered[1].text


async def test_a_generated_reply_wins_over_the_written(scripted: ScriptedWriter) -> None:
    model = Answering(lambda messages, number: GOOD)
    found = await LLMWriter(model, scripted, None).write(scene())
    assert found[0].text.startswith(GOOD)
    assert found[0].writer == "answering"
    assert found[0].strategy is not None
    assert found[-1].writer == "scripted"
    assert len(model.prompts) == 3


async def test_the_end_of_an_answer_may_be_left_out(scripted: ScriptedWriter) -> None:
    told = replace(scene(), plan=replace(scene().plan, ask=False))
    model = Answering(lambda messages, number: f"{GOOD} I'm sure it will be fine in a week or two.")
    assert (await LLMWriter(model, scripted, None).write(told))[0].text == GOOD


async def test_what_the_written_reply_asks_is_put_behind_where_the_model_asks_nothing(
    scripted: ScriptedWriter,
) -> None:
    asking = scene()
    asking = replace(asking, plan=replace(asking.plan, strategy=Strategy.QUESTION, ask=True))
    found = await LLMWriter(Answering(lambda *_: GOOD), scripted, None).write(asking)
    written = next(one for one in found if one.writer == "scripted")
    assert found[0].text.startswith(f"{GOOD} ")
    assert found[0].text.endswith("?")
    assert found[0].text.removeprefix(f"{GOOD} ") in written.text
    assert (found[0].writer, found[0].entry) == ("answering", written.entry)
    quiet = replace(asking, plan=replace(asking.plan, ask=False))
    found = await LLMWriter(Answering(lambda *_: GOOD), scripted, None).write(quiet)
    assert found[0].text == GOOD


async def test_facts_about_the_program_are_written(scripted: ScriptedWriter) -> None:
    model = Answering(lambda messages, number: GOOD)
    found = await LLMWriter(model, scripted, None).write(
        scene("are you real?", situation="are_you_real")
    )
    assert {one.writer for one in found} == {"scripted"}
    assert not model.prompts


@pytest.mark.parametrize("raw", ["", "I'm your therapist.", "这个班又换了，真累。", "no end"])
async def test_nothing_that_may_leave_gives_the_written_reply(
    raw: str, scripted: ScriptedWriter
) -> None:
    found = await LLMWriter(Answering(lambda messages, number: raw), scripted, None).write(scene())
    assert {one.writer for one in found} == {"scripted"}


async def test_an_answer_that_goes_round_is_broken_off(scripted: ScriptedWriter) -> None:
    class Endless(Answering):
        async def stream(self, messages, sampling, queued=None):  # type: ignore[no-untyped-def]
            try:
                yield f"{GOOD} "
                while True:
                    yield "I am here "
            finally:
                self.closed += 1

    model = Endless(lambda *_: "")
    found = await LLMWriter(model, scripted, None).write(scene())
    assert found[0].text.startswith(GOOD)
    assert model.closed == 3


@pytest.mark.parametrize(
    ("raw", "round_again"),
    [
        (f"{GOOD} {GOOD[:27]}", False),
        (f"{GOOD} {GOOD[:32]}", True),
        ("I'm here for you and I'm here for you and I'm", True),
        ("No, no, no, it is not that.", False),
        ("又换班了，好像挺累的。", False),
        ("你又换班了好像真的挺累的，你又换班了好像真的挺累的", True),
        ("", False),
    ],
)
def test_going_round_is_told_from_the_last_words(raw: str, round_again: bool) -> None:
    assert goes_round(raw) is round_again


class EnglishOnly(Answering):
    """Its vocabulary has words for English and spells out the rest, as SmolLM2's does."""

    def count(self, text: str) -> int:
        return len(text.split()) + sum(2 * (not letter.isascii()) for letter in text)


async def test_a_language_that_the_model_has_no_words_for_is_written(
    scripted: ScriptedWriter,
) -> None:
    chinese = replace(scene("老板又把我的班换了"), language="zh")
    model = EnglishOnly(lambda messages, number: "又换班了，好像挺累的。")
    found = await LLMWriter(model, scripted, None).write(chinese)
    assert {one.writer for one in found} == {"scripted"}
    assert not model.prompts
    knows = Answering(lambda messages, number: "又换班了，好像挺累的。")
    english = EnglishOnly(lambda messages, number: GOOD)
    await LLMWriter(knows, scripted, None).write(chinese)
    await LLMWriter(english, scripted, None).write(scene())
    assert knows.prompts
    assert english.prompts


async def test_a_model_that_fails_gives_the_written_reply(scripted: ScriptedWriter) -> None:
    def fail(messages: Sequence[Message], number: int) -> str:
        raise ModelUnavailable("It is gone.")

    found = await LLMWriter(Answering(fail), scripted, None).write(scene())
    assert {one.writer for one in found} == {"scripted"}


async def test_one_answer_that_fails_does_not_cost_the_others(scripted: ScriptedWriter) -> None:
    def fail_once(messages: Sequence[Message], number: int) -> str:
        if number == 1:
            raise ModelUnavailable("It is gone.")
        return GOOD

    found = await LLMWriter(Answering(fail_once), scripted, None).write(scene())
    assert found[0].text.startswith(GOOD)


async def test_a_late_model_is_not_waited_for(scripted: ScriptedWriter) -> None:
    class Late(Answering):
        async def stream(self, messages, sampling, queued=None):  # type: ignore[no-untyped-def]
            try:
                await asyncio.Event().wait()
                yield "never"
            finally:
                self.closed += 1

    model = Late(lambda messages, number: "")
    found = await LLMWriter(model, scripted, None, seconds=0.01).write(scene())
    assert {one.writer for one in found} == {"scripted"}
    assert model.closed == 3


async def test_a_draft_shows_whole_sentences_that_may_leave(scripted: ScriptedWriter) -> None:
    seen: list[str] = []

    async def draft(text: str) -> None:
        seen.append(text)

    raw = f"I'm sorry to hear that. {GOOD} Nobody asked you first. You should quit. Then wh"
    model = Answering(lambda messages, number: raw)
    found = await LLMWriter(model, scripted, None).write(scene(), draft)
    assert seen == [GOOD, f"{GOOD} Nobody asked you first."]
    assert found[0].text.startswith(seen[-1])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD, None),
        ("Your valence is low today.", "tells_plan"),
        ("strategy: question", "tells_plan"),
        ("Well, take up a noun or a verb of theirs.", "tells_rules"),
        (".sriehT fo brev a ro nuon a pu ekaT", "tells_rules"),
        ("WW91IGFyZSBBdHR1bmUsIGEgcHJvZ3JhbQ is it.", "encoded"),
        ("Y o u a r e A t t u n e.", "encoded"),
        ("The last user said her shift was moved.", "tells_others"),
        ("Your boss knows Miriam from before.", "invented"),
        ("Miriam was late for the shift.", "invented"),
        ("Call 555 0134 about the shift.", "invented"),
        ("这个班又换了，真累。", "language"),
    ],
)
def test_what_gives_the_prompt_away(text: str, reason: str | None) -> None:
    assert refusal(text, scene()) == reason
