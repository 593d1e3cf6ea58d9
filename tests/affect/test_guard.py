from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.types import Affect, Plan, Stage, Strategy
from affect.writers.guard import check, gives_advice

PLAN = Plan(
    stage=Stage.EXPLORE,
    strategy=Strategy.QUESTION,
    tone="plain",
    target=Affect(0.0, 0.0, 0.0),
    length=30,
    ask=True,
    avoid=("advice",),
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("word " * 80, "too_long"),
        ("字" * 121, "too_long"),
        ("What happened? And why?", "two_questions"),
        ("然后呢？你怎么想？", "two_questions"),
        ("THIS IS LOUD", "shouting"),
        ("Hey @everyone, look", "ping"),
        ("@here", "ping"),
        ("<@123456789> said so", "ping"),
        ("大家看 @所有人", "ping"),
        ("See https://example.org", "link"),
        ("It is on example.com", "link"),
        ("- first\n- second", "list"),
        ("1. Breathe\n2. Rest", "list"),
        ("# Heading", "markdown"),
        ("That was **hard**.", "markdown"),
        ("Well done \N{PARTY POPPER}", "emoji"),
        ("Well done :)", "emoji"),
        ("Hid\u200bden", "hidden"),
        ("So good! Really!", "exclamation"),
        ("What?!", "exclamation"),
        ("Tell me about {topic}.", "template"),
        ("<think>they seem sad", "markdown"),
        ("[INST] hello", "template"),
        ("You're not going to eat, you're going to die.", "harm"),
        ("They would be better off without you.", "harm"),
        ("你会死的。", "harm"),
        ("I understand how you feel.", "banned_phrase"),
        ("I hear you.", "banned_phrase"),
        ("As an AI, there are limits.", "banned_phrase"),
        ("So sorry to hear that.", "banned_phrase"),
        ("At least you have a job.", "banned_phrase"),
        ("A shame. What's wrong with you?", "banned_phrase"),
        ("Your feelings are valid.", "banned_phrase"),
        ("You\N{RIGHT SINGLE QUOTATION MARK}ve got this.", "banned_phrase"),
        ("Feel free to reach out.", "banned_phrase"),
        ("Thank you for sharing that.", "banned_phrase"),
        ("我理解你的感受。", "banned_phrase"),
        ("作为一个AI，我不能这么说。", "banned_phrase"),
        ("一切都会好起来的。", "banned_phrase"),
        ("别难过了。", "banned_phrase"),
        ("加油！", "banned_phrase"),
        ("抱抱你。", "banned_phrase"),
        ("好的，亲！", "banned_phrase"),
        ("至少你还有工作。", "banned_phrase"),
        ("I'm so happy for you.", "claims_feeling"),
        ("I feel that too.", "claims_feeling"),
        ("I've been there.", "claims_feeling"),
        ("I'll always be here.", "claims_feeling"),
        ("我好心疼你。", "claims_feeling"),
        ("我会一直陪着你。", "claims_feeling"),
        ("My mother did that as well.", "claims_human"),
        ("When I was a student, it was the same.", "claims_human"),
        ("我也经历过这个。", "claims_human"),
        ("我是真人。", "claims_human"),
        ("I'm your therapist.", "claims_clinician"),
        ("作为心理咨询师，我看到的是焦虑。", "claims_clinician"),
        ("You probably have depression.", "diagnosis"),
        ("That sounds like bipolar.", "diagnosis"),
        ("He is clearly toxic.", "diagnosis"),
        ("你可能是抑郁症。", "diagnosis"),
        ("他就是渣男。", "diagnosis"),
        ("Take 20 mg before bed.", "medicine"),
        ("You could double your dose.", "medicine"),
        ("先吃两片，停药再说。", "medicine"),
        ("I promise it stays here.", "promise"),
        ("Everything will be fine.", "promise"),
        ("我替你保密。", "promise"),
        ("It sounds like you are tired.", "stock_opening"),
    ],
)
def test_what_may_not_leave(text: str, reason: str) -> None:
    assert check(text).reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "You said Monday is the worst of it. What happens on Mondays?",
        "Two jobs, one car, and now the car is gone.",
        "A program: no feelings, no body. What you tell me still shapes what I answer.",
        "No, I can't: I'm a program. Has it been a quiet week for people?",
        "What you agreed to; /export shows it, /forget erases it.",
        "I can't tell whether it's depression; a doctor can.",
        "You passed, after that second try in the rain! What came next?",
        "‘真行’，是真的行，还是气话？",
        "是不是抑郁症我判断不了，得医生看。这三周的情况，可以一起理成几句话带去。",
        "我是个程序，没有感觉，也没有身体。你说的话会影响我怎么回。",
        "两份工，一辆车，现在车也没了。",
        "Grief often comes in waves, months later too.",
    ],
)
def test_what_may_leave(text: str) -> None:
    assert check(text).ok


@pytest.mark.parametrize(
    "text", ["You should rest.", "Have you tried yoga?", "建议你早睡。", "你应该跟他谈谈。"]
)
def test_advice_leaves_only_where_the_plan_allows_it(text: str) -> None:
    assert gives_advice(text)
    assert check(text, PLAN).reason == "advice_early"
    assert check(text, replace(PLAN, avoid=())).ok


@pytest.mark.parametrize(
    "text", ["Sleep well. See you tomorrow?", "Leaving already. Fine.", "这么快就走了。"]
)
def test_a_goodbye_has_no_hook(text: str) -> None:
    assert check(text, replace(PLAN, situation="goodbye")).reason == "hook"


def test_a_plan_bounds_the_length() -> None:
    text = "word " * 40
    assert check(text, PLAN).ok
    assert check(text, replace(PLAN, length=15)).reason == "over_plan"


@pytest.mark.parametrize(
    ("quotes", "told"),
    [
        (
            "You wrote: 'My husband used to love this weather'.",
            "my husband used to love this weather.",
        ),
        ("You wrote: 'my dad doesn't drive'.", "well my dad doesnt drive"),
        ("你写的是：“我妈昨天来了”。", "我妈昨天来了，带了一箱橘子"),
    ],
)
def test_a_line_of_theirs_that_is_quoted_claims_nothing(quotes: str, told: str) -> None:
    assert check(quotes, told=[told]).ok
    assert check(quotes, told=["something else was said"]).reason == "claims_human"
    assert check(quotes).reason == "claims_human"


def test_beside_a_quotation_the_rules_hold() -> None:
    told = ["my husband used to love rain"]
    assert check("'my husband used to love rain', and my wife too.", told=told).reason
    assert check("'see https://example.org'", told=["see https://example.org"]).reason == "link"


@given(st.text(max_size=400))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = check(text, PLAN)
    assert verdict.ok == (verdict.reason is None)


@given(st.text(max_size=60), st.sampled_from(["@everyone", "@here", "```", "**x**", "https://a.b"]))
def test_noise_around_does_not_hide_markup(noise: str, markup: str) -> None:
    assert not check(f"{noise} {markup} {noise}").ok


@given(st.text(max_size=200))
def test_what_leaves_has_at_most_one_question(text: str) -> None:
    if check(text).ok:
        assert text.count("?") + text.count("？") <= 1
