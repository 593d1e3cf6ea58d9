from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.light import in_light
from affect.shares import SHARES, intensity, usual, weights
from affect.special import SPECIAL
from affect.strategy import plan, ranking, target
from affect.types import (
    EMOTIONS,
    Affect,
    Emotion,
    Moment,
    Parts,
    Plan,
    Reading,
    Stage,
    Strategy,
    Variance,
)

SPREAD = (0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1)


@dataclass(frozen=True)
class Past:
    said: str = "my shift changed again"
    reply: str = "Again, and nobody asked you."
    strategy: Strategy | None = Strategy.RESTATEMENT
    asked: bool = False
    situation: str | None = None
    reading: Reading | None = None
    at: datetime | None = None


def felt(
    emotion: Emotion | None = Emotion.SADNESS,
    valence: float = -0.45,
    arousal: float = 0.0,
    confidence: float = 0.8,
    conflict: float = 0.0,
) -> Reading:
    chances = {e: 0.7 if e is emotion else 0.05 for e in EMOTIONS}
    return Reading(
        emotion=emotion,
        probabilities=chances,
        affect=Affect(valence, arousal, 0.0),
        variance=Variance(0.1, 0.1, 0.1),
        confidence=confidence,
        conflict=conflict,
        weights={},
    )


def moment(away: float = 0.0, count: int = 5) -> Moment:
    still = Parts((0.0, 0.0, 0.0), SPREAD)
    return Moment(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        valence=Parts((away, 0.0, 0.0), SPREAD),
        arousal=still,
        dominance=still,
        count=count,
        version=1,
    )


def planned(
    history: tuple[Past, ...] = (),
    reading: Reading | None = None,
    said: str = "it all went wrong at work",
    situation: str | None = None,
    *,
    gentle: bool = False,
    persona: str = "companion",
    line: Moment | None = None,
) -> Plan:
    return plan(
        reading or felt(),
        line or moment(),
        history,
        said,
        "en",
        situation=situation,
        gentle=gentle,
        persona=persona,
    )


def test_a_talk_begins_by_exploring() -> None:
    assert planned().stage is Stage.EXPLORE


def test_after_three_replies_comfort_follows() -> None:
    assert planned((Past(), Past())).stage is Stage.EXPLORE
    assert planned((Past(), Past(), Past())).stage is Stage.COMFORT


def test_a_wish_told_early_ends_exploring() -> None:
    assert planned((Past(said="I wish she would ask me"),)).stage is Stage.COMFORT


def test_a_new_topic_goes_back_to_exploring() -> None:
    history = (Past(),) * 4
    assert planned(history, said="Anyway, my car broke down").stage is Stage.EXPLORE
    assert planned(history, said="对了，我的车坏了").stage is Stage.EXPLORE


def test_a_rise_of_distress_goes_back_to_exploring() -> None:
    sad = felt(valence=-0.7)
    assert planned((Past(),) * 4, sad, line=moment(away=-0.5)).stage is Stage.EXPLORE
    assert planned((Past(),) * 4, sad, line=moment(away=-0.1)).stage is Stage.COMFORT


def test_advice_that_was_asked_for_is_given_at_once() -> None:
    asked = planned(situation="asked_advice")
    assert asked.stage is Stage.ACT
    assert asked.strategy is Strategy.SUGGESTION
    assert "advice" not in asked.avoid


@pytest.mark.parametrize("yes", ["yes please", "ok, go on", "嗯，可以", "好啊"])
def test_advice_follows_leave(yes: str) -> None:
    history = (*(Past(),) * 4, Past(situation="permission", asked=True))
    assert planned(history, said=yes).situation == "asked_advice"


@pytest.mark.parametrize("no", ["no, just listen", "not now", "不用了", "先听我说完"])
def test_without_leave_no_advice(no: str) -> None:
    history = (*(Past(),) * 4, Past(situation="permission", asked=True))
    result = planned(history, said=no)
    assert result.situation != "asked_advice"
    assert "advice" in result.avoid


def test_leave_is_asked_late_and_once() -> None:
    stuck = "i can't get out of this"
    lengths = range(8)
    offered = [n for n in lengths if planned((Past(),) * n, said=stuck).situation == "permission"]
    assert offered
    assert min(offered) >= 4
    after = (*(Past(),) * 4, Past(situation="permission"), Past())
    assert planned(after, said=stuck).situation != "permission"


def test_no_advice_is_offered_to_who_is_telling() -> None:
    assert all(planned((Past(),) * n).situation != "permission" for n in range(8))


def test_a_yes_one_turn_later_still_takes_the_offer() -> None:
    history = (*(Past(),) * 4, Past(situation="permission", asked=True), Past())
    assert planned(history, said="ok yes please").situation == "asked_advice"
    asked = (*history[:-1], Past(asked=True, reply="Is that new?"))
    assert planned(asked, said="yes").situation == "said_yes"


@pytest.mark.parametrize(
    ("said", "asked", "situation"),
    [
        ("yes", "Did any of them notice?", "said_yes"),
        ("no", "Did any of them notice?", "said_no"),
        ("idk", "What did she say?", "unsure"),
        ("no", "What did she say?", "unsure"),
        ("yes", "What did she say?", None),
        ("不知道", "最难的是哪一段？", "unsure"),
        ("对", "这样有一阵了吗？", "said_yes"),
        ("没有", "身边有人知道吗？", "said_no"),
        ("no", "Did it sting? Either way, it stays with you.", "said_no"),
    ],
)
def test_a_bare_answer_belongs_to_what_was_asked(
    said: str, asked: str, situation: str | None
) -> None:
    history = (Past(), Past(reply=asked, asked=True))
    assert planned(
        history, said=said, situation="silence" if said == "idk" else None
    ).situation == (situation)


def test_good_news_after_a_dark_stretch_is_a_relief() -> None:
    history = (Past(said="she broke up with me"), Past(said="i called her"))
    missed = planned(history, felt(), "she said she missed me too!", "success")
    assert missed.situation == "relief"
    assert "cheer" not in missed.avoid
    warm = planned(history, felt(Emotion.JOY, 0.8), "she was my best friend")
    assert warm.situation is None


def test_good_news_is_celebrated_and_needs_no_stage() -> None:
    result = planned(reading=felt(Emotion.JOY, 0.7, 0.5), said="look what came today")
    assert result.situation == "good_news"
    assert result.target.valence == pytest.approx(0.6)
    assert result.tone == "bright"


def test_no_celebration_of_what_hurts() -> None:
    assert planned(reading=felt(valence=-0.5), situation="good_news").situation is None


@pytest.mark.parametrize("said", ["I wish he would ask", "yes, an idea would be good", "好啊"])
def test_a_wish_or_a_yes_is_no_news(said: str) -> None:
    assert planned(reading=felt(Emotion.JOY, 0.6), said=said).situation is None


def test_a_found_situation_goes_before_good_news() -> None:
    assert planned(reading=felt(Emotion.JOY, 0.7, 0.5), situation="thanks").situation == "thanks"


@pytest.mark.parametrize("situation", ["goodbye", "thanks", "silence", "insult"])
@given(said=st.text(max_size=30))
def test_no_question_where_people_leave_or_are_silent(situation: str, said: str) -> None:
    result = planned(said=said, situation=situation)
    assert not result.ask
    assert "question" in result.avoid


def test_every_special_turn_can_be_planned() -> None:
    for name, special in SPECIAL.items():
        reading = felt(Emotion.JOY, 0.4) if name == "good_news" else felt(Emotion.NEUTRAL, 0.0)
        result = planned(reading=reading, situation=name)
        assert result.situation == name
        assert result.length == special.length


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=30, max_size=60))
def test_of_five_replies_at_least_two_ask_nothing(lines: list[str]) -> None:
    history: tuple[Past, ...] = ()
    for said in lines:
        asks = planned(history, felt(Emotion.NEUTRAL, 0.0), said).ask
        history = (*history, Past(said=said, asked=asks))
    asked = [turn.asked for turn in history]
    assert all(sum(asked[i : i + 5]) <= 3 for i in range(len(asked) - 4))


def test_about_half_of_the_replies_may_ask() -> None:
    history: tuple[Past, ...] = ()
    for number in range(400):
        asks = planned(history[-6:], felt(Emotion.NEUTRAL, 0.0), f"line {number}").ask
        history = (*history, Past(asked=asks))
    share = sum(turn.asked for turn in history) / len(history)
    assert 0.4 <= share <= 0.6


def test_strong_feelings_get_fewer_words_and_questions() -> None:
    strong, slight = felt(valence=-0.8), felt(valence=-0.2)
    assert planned(reading=strong).length < planned(reading=slight).length
    asks = [planned(reading=strong, said=str(n)).ask for n in range(200)]
    assert sum(asks) < 100


def test_a_doubtful_reading_is_not_named() -> None:
    for doubtful in (felt(confidence=0.2), felt(conflict=0.5), felt(None, 0.0)):
        result = planned(reading=doubtful)
        assert result.tone == "tentative"
        assert "naming" in result.avoid


def test_the_gentle_day_is_short_and_without_humour() -> None:
    result = planned(gentle=True)
    assert result.situation is None  # a fresh page is an ordinary one
    assert result.length <= 24
    assert result.tone == "gentle"
    assert {"advice", "humour"} <= set(result.avoid)


@pytest.mark.parametrize("persona", ["companion", "support"])
def test_in_the_gentle_day_only_a_bare_hello_after_a_pause_is_met_with_it(persona: str) -> None:
    before = (Past(at=moment().at - timedelta(hours=9)),)
    back = planned(before, gentle=True, persona=persona, situation="greeting")
    telling = planned(before, gentle=True, persona=persona)
    fresh = planned(gentle=True, persona=persona, situation="greeting")
    assert back.situation == "after_crisis"
    assert "after_crisis" not in {telling.situation, fresh.situation}


def test_the_support_persona_has_its_own_entries() -> None:
    assert planned(persona="support").situation == "support_first"
    later = (Past(situation="support_first"),)
    assert planned(later, persona="support").situation == "support"
    assert planned(later, persona="support", situation="should_i").situation == "support"
    assert planned(later, persona="support", situation="thanks").situation == "thanks"


def test_the_same_scene_gives_the_same_plan() -> None:
    assert planned((Past(),)) == planned((Past(),))


def test_strategies_are_not_repeated_much() -> None:
    first = weights(felt(), (Past(strategy=Strategy.QUESTION),), Stage.EXPLORE, ask=True)
    fresh = weights(felt(), (Past(strategy=None),), Stage.EXPLORE, ask=True)
    assert first[Strategy.QUESTION] < fresh[Strategy.QUESTION]


@pytest.mark.parametrize("stage", list(Stage))
def test_shares_sum_to_one(stage: Stage) -> None:
    assert sum(SHARES[stage].values()) == pytest.approx(1.0)
    assert sum(weights(felt(), (), stage, ask=False).values()) == pytest.approx(1.0)


def test_no_advice_in_the_ordinary_strategies_before_act() -> None:
    for stage in (Stage.EXPLORE, Stage.COMFORT):
        assert Strategy.SUGGESTION not in SHARES[stage]


@given(
    st.sampled_from([*EMOTIONS, None]),
    st.floats(-1, 1),
    st.floats(-1, 1),
)
def test_the_target_is_calmer_than_alarm_and_never_bright_to_the_sad(
    emotion: Emotion | None, valence: float, arousal: float
) -> None:
    aim = target(felt(emotion, valence, arousal))
    assert -1 <= aim.arousal <= 1
    if valence < -0.4:
        assert aim.valence <= 0
    if arousal > 0.4 and emotion is not Emotion.JOY:
        assert aim.arousal <= arousal


@pytest.mark.parametrize(
    ("reading", "level"),
    [
        (felt(valence=-0.7), "high"),
        (felt(Emotion.FEAR, -0.4, 0.7), "high"),
        (felt(valence=-0.45), "middle"),
        (felt(valence=-0.2), "low"),
        (felt(Emotion.NEUTRAL, 0.1), "low"),
        (felt(None, -0.1), "low"),
    ],
)
def test_intensity(reading: Reading, level: str) -> None:
    assert intensity(reading) == level


def test_no_joy_in_an_angry_stretch() -> None:
    joy = felt(Emotion.JOY, 0.7)
    angry = Past(reading=felt(Emotion.ANGER, -0.6))
    assert planned((angry,), joy, "i found it again").situation is None
    assert planned((Past(),), joy, "oh great, another one").situation is None
    assert planned((Past(),), joy, "i found it again").situation == "good_news"
    assert planned((Past(),), joy, "i used to like it here").situation is None


def test_after_two_turns_about_safety_another_matter_is_taken_up() -> None:
    after = Past(situation="after_card")
    back = "the clients are still on my desk, all of them"
    assert planned((after,), said=back, situation="after_card").situation == "after_card"
    assert planned((after, after), said=back, situation="after_card").situation != "after_card"
    safe = planned((after, after), said="my sister is here now with me", situation="after_card")
    assert safe.situation == "after_card"


def test_what_people_do_depends_on_the_place_in_the_talk() -> None:
    assert ranking((), None)[0] is Strategy.QUESTION
    assert Strategy.SUGGESTION not in ranking((), None)
    assert Strategy.SUGGESTION in ranking((Past(),) * 5, None)[:3]
    assert ranking((Past(),) * 4, "goodbye")[0] is Strategy.OTHER
    assert ranking((), "asked_advice")[-1] is not Strategy.SUGGESTION


@pytest.mark.parametrize("number", [1, 2, 5, 8, 40])
def test_what_people_do_is_a_share_of_each_strategy(number: int) -> None:
    assert set(usual(number)) == set(Strategy)
    assert sum(usual(number).values()) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("said", ["i can't sleep, i'm so tired of it", "she died and i'm stuck"])
def test_leave_to_advise_is_not_asked_where_it_hurts(said: str) -> None:
    assert all(planned((Past(),) * n, said=said).situation != "permission" for n in range(8))


def test_an_even_line_is_read_in_the_light_of_what_it_goes_on_with() -> None:
    even = felt(Emotion.NEUTRAL, 0.1, confidence=0.9)
    mourning = (Past(said="my dog died", reading=felt(Emotion.SADNESS, -0.5)),)
    lit = in_light(even, mourning, "he was with me for nine years")
    assert lit.emotion is Emotion.SADNESS
    assert lit.affect.valence == pytest.approx(-0.2)
    assert lit.confidence <= even.confidence / 2


@pytest.mark.parametrize(
    "said", ["i made a big pot of pasta for everybody tonight", "what is that?"]
)
def test_what_does_not_go_on_with_it_keeps_its_reading(said: str) -> None:
    even = felt(Emotion.NEUTRAL, 0.1, confidence=0.9)
    glad = felt(Emotion.JOY, 0.6)
    mourning = (Past(said="my dog died", reading=felt(Emotion.SADNESS, -0.5)),)
    assert in_light(even, mourning, said) is even
    assert in_light(glad, mourning, "he was with me for nine years") is glad
    assert in_light(even, (), "he was with me for nine years") is even
