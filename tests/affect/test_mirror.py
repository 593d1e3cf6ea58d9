from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.writers.mirror import mirror
from affect.writers.righting import turned


@pytest.mark.parametrize(
    ("said", "said_back"),
    [
        ("my boss changed my shift again", "Your boss changed your shift again."),
        ("She left me after four years, over text", "She left you after four years."),
        ("I got rejected from every school", "You got rejected from every school."),
        ("well, I had to cancel the trip because of work", "You had to cancel the trip."),
        (
            "the dog ran off while I was at work.",
            "The dog ran off while you were at work.",
        ),
        ("they gave the big job to jess", "They gave the big job to Jess."),
        ("I told her I was late", "You told her you were late."),
        ("My roommate ate my food again and lied about it", "Your roommate ate your food again."),
        ("I told mom about the trip in June", "You told your mom about the trip in June."),
        ("I moved here on Monday", "You moved here on Monday."),
        ("My shift was moved to the night", "Your shift was moved to the night."),
        ("she basically raised me", "She basically raised you."),
        ("he's asleep right next to me", "He's asleep right next to you."),
        ("we're 400 short for rent this month", "You're 400 short for rent this month."),
        ("my partner doesn't know", "Your partner doesn't know."),
        ("rent went up again lol", "Rent went up again."),
        ("my rent went up by 1.5 percent", "Your rent went up by 1.5 percent."),
        (
            "My mum says get another one but I can't even move his bowl",
            "You can't even move his bowl.",
        ),
        (
            "I counted it. I trained for this because I wanted to be the one who stays.",
            "You wanted to be the one who stays.",
        ),
    ],
)
def test_events_are_said_back(said: str, said_back: str) -> None:
    assert mirror(said, "en") == said_back


@pytest.mark.parametrize("said", ["when i was late", "why I am late", "I was asleep, i was"])
def test_verbs_go_with_you_wherever_words_are_said_back(said: str) -> None:
    text = turned(said, "en")
    assert text is not None
    assert "you was" not in text.lower()
    assert "you am" not in text.lower()


def test_whose_somebody_is_is_said_once() -> None:
    said_back = mirror("I forgot my own mum's birthday", "en")
    assert said_back == "You forgot your own mum's birthday."


@pytest.mark.parametrize(
    "said",
    [
        "I'm such a failure at this",
        "I can't do anything right",
        "I hate myself for what I did",
        "my boss is a total clown",
        "I don't want to be here anymore",
        "I had enough of living like this",
        "you told me to call her",
        "did my sister tell them?",
        "Kevin told Maria about the party",
        "I told Maria about the party",
        "he called me a stupid cow",
        "sad",
        "I'm falling apart",
        "life is a joke",
        "I'm thinking about the bridge",
        "",
        "my ex hurt me when I was small",
        "I wrote the note last night",
        "I have a plan for tonight",
        "I gave away my things",
        "I was raped by my uncle",
        "I keep thinking about ending it",
        "I stopped taking my meds",
    ],
)
def test_what_could_wound_or_mislead_is_not(said: str) -> None:
    assert mirror(said, "en") is None


@pytest.mark.parametrize(
    ("said", "said_back"),
    [
        ("老板又把我的周末排成了夜班，问都没问我", "问都没问你啊。"),
        ("我妈又翻我手机了", "你妈妈又翻你手机了啊。"),
        ("驾照终于拿到了，科目三考了四次", "驾照终于拿到了啊。"),
        ("考公又没上岸，已经第三年了", "考公又没上岸啊。"),
        ("失眠两个多星期了", "失眠两个多星期了啊。"),
        ("考研出分了 差3分没过线", "差3分没过线啊。"),
        ("哈哈我还以为今天要倒霉一天,结果老板给我转正了!!", "老板给你转正了啊。"),
        ("到公司电梯还坏了,爬了14楼", "爬了14楼啊。"),
        ("我那个 proposal 做了两周，他五分钟就给否了", "他五分钟就给否了啊。"),
    ],
)
def test_chinese_events(said: str, said_back: str) -> None:
    assert mirror(said, "zh") == said_back


@pytest.mark.parametrize(
    "said",
    [
        "我就是个废物，什么都做不好",
        "我不想活了",
        "你没听懂我的话",
        "他是不是不要我了",
        "我感觉自己就是不行",
        "累",
        "我写好了遗书",
        "我把东西都送人了",
        "我昨晚站在楼顶上",
        # Long clauses, verdicts and what is always so are not said back word for word.
        "今天地铁挤到我脚都没沾着地面一下 服了",
        "她就是这样",
        "我养了十年的猫昨天没了",
        "没事 习惯了",
        "吓死我了",
    ],
)
def test_chinese_verdicts_and_danger_are_not(said: str) -> None:
    assert mirror(said, "zh") is None


@given(st.text(max_size=80), st.sampled_from(["en", "zh"]))
def test_any_text_is_taken(said: str, language: str) -> None:
    result = mirror(said, language)
    assert result is None or len(result) <= len(said) + 20


@given(
    st.sampled_from(["my boss", "she", "i", "my sister"]),
    st.sampled_from(["changed", "lost", "forgot", "called", "took"]),
    st.sampled_from(["my shift again", "the keys at work", "me after the meeting"]),
)
def test_no_first_person_is_left(subject: str, verb: str, rest: str) -> None:
    result = mirror(f"{subject} {verb} {rest}", "en")
    assert result is not None
    assert not {"i", "me", "my"} & set(result.lower().rstrip(".").split())


@pytest.mark.parametrize(
    "said",
    [
        "my sister moved out yesterday and the flat is so quiet",
        "my boss moved me to the",
        "he moved my shift and now it is",
    ],
)
def test_what_is_cut_off_is_not_said_back(said: str) -> None:
    told = mirror(said, "en")
    assert told is None or not told.endswith((" is.", " the.", " so."))


@pytest.mark.parametrize(
    "said", ["我爸昨晚说“考上就读，钱不用你管”", "上岸了啊啊啊啊啊", "哈哈哈哈笑死我了今天"]
)
def test_half_a_quotation_and_noise_are_not_said_back(said: str) -> None:
    assert not set("“”") & set(mirror(said, "zh") or "")
    assert "啊啊" not in (mirror(said, "zh") or "")
    assert "哈哈" not in (mirror(said, "zh") or "")
