"""What kind of answer this moment wants: stage, strategy, target affect, length, whether to ask.

Rules, not a net: published strategy predictors hardly beat a turn counter, and rules can be read
and argued with (docs/decisions.md). Hill's stages as the ESC framework names them, ESConv's eight
strategies. Where several strategies fit, one is drawn by weight from a hash of the words, so the
same talk always gets the same plan. Knows no entry and no model: special turns of the talk
(`situation`) are recognised by the caller.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.answers import NO, YES, answer, says_yes
from affect.matters import NEW_TOPIC, NEWS
from affect.pauses import lately, returns
from affect.shares import (
    Turned,
    intensity,
    is_sure,
    usual,
    weights,
)
from affect.special import SPECIAL, Special
from affect.types import Affect, Emotion, Moment, Plan, Reading, Shift, Stage, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXPLORE_TURNS = 3  # replies after which exploration may end without everything being known
ADVICE_TURNS = 2  # replies without advice, unless asked
OFFER_TURNS = 4  # replies before leave to advise is asked
HEAVY = -0.5  # valence below which no advice is offered: first the feeling
SHORT_NO = 20  # characters of a refusal that says no more
OFFER_PAUSE = 6  # replies between two such offers
LENGTH = {"low": 35, "middle": 30, "high": 22}  # words
GENTLE_LENGTH = 24


NEWS_TARGET = Affect(0.6, 0.2, 0.1)  # an outcome is celebrated, however the words read

TONES: Mapping[Emotion, str] = {
    Emotion.ANGER: "serious",
    Emotion.DISGUST: "level",
    Emotion.FEAR: "steady",
    Emotion.JOY: "bright",
    Emotion.SADNESS: "gentle",
    Emotion.SURPRISE: "open",
    Emotion.NEUTRAL: "light",
}

# Small closed lists: each only moves a stage, so a miss costs little.
_WISH = re.compile(
    r"\b(i|we) (just )?(wish|want|need|hope|would like|'d like)\b|\bif only\b"
    r"|我?(真|好|只|就)?(希望|想要|盼着)|要是.{0,12}就好|我想(?!起|到|了)|本来|原本|说好|还得(笑|装|说)|(明天|后天|今晚|下周|马上|快)要?(出|查|考)|(成绩|分数|结果)(出来|下来|出)了$"
    r"|(室友|同桌|同学|同事|朋友|闺蜜|别人|人家).{0,6}(拿了|拿到|考上|考了|录取|升职|上岸|脱单)"
)
# A bare "yes, an idea would be good" or "no" may look like one of these to who reads by meaning.
_MAY_ANSWER = frozenset(
    {
        None,
        "asked_advice",
        "acknowledged",
        "wrong_guess",
        "small_talk",
        "irony",
        "silence",
        "thanks",
        "good_news",
    }
)
# What a bare yes, no or "idk" may be taken for; anything else that was recognised goes first.
_MAY_BE_BARE = frozenset(
    {None, "acknowledged", "wrong_guess", "small_talk", "irony", "silence", "good_news"}
)


# Advice is offered to those who turn in a circle, not to those who are telling.
_STUCK = re.compile(
    r"\b(stuck|can'?t|cannot|don'?t know (how|what|where|whether|if)|no idea (how|what)|every time"
    r"|over and over|nothing (helps|works)|keeps? (happening|going|coming|doing)|how do)\b"
    r"|不知道(怎么|该|要)|怎么也|每次都?|总是|老是|没办法|没用|一直这样|绕不出",
    re.IGNORECASE,
)


# Great, in the way that means the opposite; such words are no news.
_SCARE = re.compile(
    r"[\"“‘'](great|good|nice|fun|lucky|happy|help\w*|funny|perfect|love\w*|special)[\"”’']"
    r"|\bjust (great|perfect|wonderful|lovely|what i needed)\b|^\W*(oh,? )?(great|wonderful|perfect"
    r"|lovely|fantastic|brilliant)\b.*\b(another|more|again)\b|\byay\b|呵呵|真行|又来",
    re.IGNORECASE,
)
DIM = -0.15  # valence from which down a line of a dark matter colours those that go on with it
GLADDISH = 0.35  # valence below which what resembles good news is none
GLAD = 0.6  # valence above which a joy that nobody worded as news is news
STRETCH = 3  # earlier turns in which a sign of anger makes good news doubtful
ANGRY = -0.25  # valence below which an earlier line is such a sign
PARTING = 4.0  # times a strategy is likelier where the words call for it
_PARTING = frozenset({"thanks", "goodbye"})
AFTER_CARD_TURNS = 2  # turns about safety (cards too) after which another matter is taken up again
_CHOOSING = frozenset({"should_i", "choose"})
_ASKING = frozenset({"should_i", "choose", "asked_advice", "asked_again"})
ASKED_BACK = 8  # turns in which the same question counts as asked again
_SAFETY = re.compile(
    r"\b(safe|called|hotline|line|crisis|here now|with me|coming over|hold|hospital|er|ambulance"
    r"|police|alone|tired|sister|friend)\b|安全|热线|打了|接通|陪着?我|在我(旁|身)边|医院|警|一个人",
    re.IGNORECASE,
)


# What was good and is over.
_OVER = re.compile(
    r"\b(used to|back then|once upon|in the old days|those were)\b|以前|曾经|当初|那时候?|原来",
    re.IGNORECASE,
)
# Kinds of a line in which something has happened: a joy in any other is a pleasure, no news.
_HAPPENED = frozenset({"did", "deeds", "told", "detail", "feels", kinds.EXCITED})


def is_wish(said: str) -> bool:
    """Whether the words tell what is wished for, or over: it reads as joy, and is its absence."""
    return bool(_WISH.search(said.lower()) or _OVER.search(said))


def target(reading: Reading) -> Affect:
    """The affect that the reply should carry, per emotion (voice.md 2)."""
    felt = reading.affect
    match reading.emotion:
        case Emotion.ANGER:
            valence, arousal = -0.1, felt.arousal - 0.2
        case Emotion.DISGUST | Emotion.SADNESS:
            valence, arousal = -0.1, min(felt.arousal, -0.2)
        case Emotion.FEAR:
            valence, arousal = 0.0, min(felt.arousal - 0.5, 0.0)
        case Emotion.JOY:
            valence, arousal = 0.6, felt.arousal
        case Emotion.SURPRISE:
            valence, arousal = max(-0.3, min(0.3, felt.valence)), felt.arousal - 0.15
        case _:
            valence, arousal = 0.1, min(felt.arousal, 0.0)
    if felt.valence < -0.4:
        valence = min(valence, 0.0)
    return Affect(valence, max(-1.0, min(1.0, arousal)), 0.1)


def plan(
    reading: Reading,
    moment: Moment,
    history: Sequence[Turned],
    said: str,
    language: str,  # noqa: ARG001 - the rules so far are the same in every language
    *,
    situation: str | None = None,
    gentle: bool = False,
    persona: str = "companion",
    shift: Shift | None = None,
) -> Plan:
    """Plan the reply to `said`; `history` holds the earlier turns of this talk, oldest first.

    `situation` is what the caller recognised in the words. `gentle` holds in the day after a sign
    of danger: fewer questions, shorter, no advice unless asked, no humour. `shift` is one of the
    person's line that they were not asked about: an ordinary, calm turn asks, and nothing else.
    """
    strength = intensity(reading)
    if situation == "greeting" and returns(history, moment.at):
        situation = "back_again"
    now = lately(history, moment.at)
    if persona == "support":
        situation = _in_support(history, said, situation, gentle)
    else:
        situation = _situation(reading, history, now, said, situation, strength, gentle)
    special = SPECIAL.get(situation) if situation else None
    stage = _stage(reading, moment, history, said, situation)
    asking = _may_ask(history, said, strength, gentle)
    if special and special.ask is not None:
        asking = special.ask
    question = None
    if shift and situation is None and strength != "high" and not gentle:
        question, asking = "shift_up" if shift.up else "shift_down", False
    strategy = special.strategy if special else _strategy(reading, history, said, stage, asking)
    if strategy is Strategy.QUESTION and special and not asking:
        strategy = Strategy.REFLECTION_OF_FEELINGS
    length = special.length if special else LENGTH[strength]
    if gentle and situation != "after_card":
        length = min(length, GENTLE_LENGTH)
    return Plan(
        stage=stage,
        strategy=strategy,
        tone=_tone(reading, special, gentle),
        target=NEWS_TARGET if situation in NEWS else target(reading),
        length=length,
        ask=asking,
        avoid=_avoid(reading, stage, situation, asking=asking, gentle=gentle),
        situation=situation,
        question=question,
    )


def in_light(reading: Reading, history: Sequence[Turned], said: str) -> Reading:
    """The reading of a line in the light of the dark line that it goes on with.

    "He was with me for nine years" is even by itself, and is mourning after "my dog died": half
    of what counts is then the darkest line of an open matter, or the last one where the words hang
    on it. A line that says by itself how it is, a question and a laugh are left as they are.
    """
    if reading.emotion not in {None, Emotion.NEUTRAL} or kinds.asks(said) or kinds.laughs(said):
        return reading
    matter = matters.current(history, said)
    if matter and matter.dark and matter.since and matters.goes_on(matter.name, history, said):
        before = history[-matter.since :]
    else:
        before = history[-1:] if matters.hangs(said) else ()
    told = [turn.reading for turn in before if turn.reading is not None]
    darkest = min(told, key=lambda one: one.affect.valence, default=None)
    if darkest is None or darkest.affect.valence >= min(DIM, reading.affect.valence):
        return reading
    own, dark = reading.affect, darkest.affect
    return replace(
        reading,
        emotion=darkest.emotion,
        probabilities={
            e: (p + darkest.probabilities[e]) / 2 for e, p in reading.probabilities.items()
        },
        affect=Affect(
            (own.valence + dark.valence) / 2,
            (own.arousal + dark.arousal) / 2,
            (own.dominance + dark.dominance) / 2,
        ),
        confidence=min(reading.confidence, darkest.confidence) / 2,
    )


def ranking(history: Sequence[Turned], situation: str | None) -> tuple[Strategy, ...]:
    """What people who comfort would do here, likeliest first; `situation` as the plan has it.

    Almost all that can be known of it is the place in the talk: what is read in the words adds
    nothing that can be measured (docs/decisions.md). A plan departs from it where the house does:
    no advice unasked, more reflections than questions.
    """
    fitting = dict(usual(len(history) + 1))
    if situation in _PARTING:
        fitting[Strategy.OTHER] *= PARTING
    if situation == "asked_advice":
        fitting[Strategy.SUGGESTION] *= PARTING
    elif len(history) < ADVICE_TURNS:
        fitting.pop(Strategy.SUGGESTION)
    return tuple(sorted(fitting, key=lambda strategy: -fitting[strategy]))


def _situation(
    reading: Reading,
    history: Sequence[Turned],
    lately: Sequence[Turned],
    said: str,
    found: str | None,
    strength: str,
    gentle: bool,
) -> str | None:
    """The special turn: what the words say first, then what the talk so far says."""
    joyful = reading.emotion is Emotion.JOY and reading.affect.valence > GLAD
    # A wish or a friendly "yes" reads as joy, and is no news.
    joyful = joyful and not is_wish(said) and not YES.search(said.strip())
    # So does amusement, thanks, a question or a single word.
    joyful = joyful and kinds.tells(said)
    joyful = joyful and kinds.kind(said, reading.affect.valence) in _HAPPENED
    matter = matters.current(history, said)
    # "She was my best friend" reads as joy and is told in loneliness: in a dark matter only words
    # that tell an outcome are good news.
    heavy = matter is not None and matter.dark and matter.since > 0
    doubtful = heavy or crossed(lately) or bool(_SCARE.search(said))
    joyful = joyful and not doubtful
    if found == "good_news" and (doubtful or reading.affect.valence < GLADDISH):
        found = None  # it only looks like good news
    if found == "small_talk" and (heavy or reading.affect.valence < DIM):
        found = None
    if found in _CHOOSING and _asked_before(history, said):
        found = "asked_again"
    if found == "asked_advice" and any(t.situation in _CHOOSING for t in history[-ASKED_BACK:]):
        found = "asked_again"
    if found == "irony" and (heavy or any(t.situation in _WRY for t in history)):
        found = "wry"  # to ask which kind of great it is, once is enough
    if found == "after_card" and _back_at_the_topic(history, said):
        found = None
    if found == "success" and heavy:
        found = "relief"
    after = lately[-1] if lately else None
    unasked = after is not None and not after.asked
    if found == "wrong_guess" and matter and unasked and len(said) <= SHORT_NO:
        found = None  # a bare "not really" in the middle of something corrects no guess
    if found == "acknowledged" and matter and unasked and not _advised(lately):
        found = None  # an "ok" in the middle of something: the talk about it goes on
    offered = _open_offer(lately) and found in _MAY_ANSWER
    refused = found in _MAY_ANSWER and bool(NO.search(said)) and _advised(lately)
    # A bare "no thanks" is answered; whoever says more tells on.
    declined = "declined" if len(said) <= SHORT_NO else None
    bare = answer(said, after) if found in _MAY_BE_BARE else None
    rules = (
        ("asked_advice", offered and says_yes(said)),
        (declined, refused),
        (bare, bare is not None),
        (found, found is not None),
        ("after_crisis", gentle and not history),  # a talk opens in the day after
        ("good_news", joyful and is_sure(reading)),
        ("permission", _time_to_offer(reading, history, said, strength, gentle)),
    )
    return next((name for name, holds in rules if holds), None)


# All else that is said to the support persona, the entries of its own answer.
_FOR_SUPPORT = frozenset({"thanks", "after_card"})


def _in_support(history: Sequence[Turned], said: str, found: str | None, gentle: bool) -> str:
    """The turn for the support persona, which keeps to its matter; it is sorry once, at the start.

    Safety goes before it.
    """
    if found == "after_card" and _back_at_the_topic(history, said):
        found = None
    if found is not None and found in _FOR_SUPPORT:
        return found
    if gentle and not history:
        return "after_crisis"
    return "support" if history else "support_first"


_WRY = frozenset({"irony", "sarcasm", "wry"})


def crossed(history: Sequence[Turned]) -> bool:
    """Whether a line of this stretch was read as dark: then joy is rather a bitter word."""
    readings = [turn.reading for turn in history[-STRETCH:] if turn.reading is not None]
    return any(r.emotion is Emotion.ANGER or r.affect.valence < ANGRY for r in readings)


def _asked_before(history: Sequence[Turned], said: str) -> bool:
    """Whether the same question was asked before: most of its words are."""
    asked = [t.said for t in history[-ASKED_BACK:] if t.situation in _ASKING]
    own = _content(said)
    return any(
        len(own & _content(line)) * 2 >= min(len(own), len(_content(line))) for line in asked
    )


def _content(said: str) -> frozenset[str]:
    words = re.findall(r"[a-z']{4,}|[\u4e00-\u9fff]{2}", said.lower())
    return frozenset(words) - {"should", "just", "really", "again"}


def _back_at_the_topic(history: Sequence[Turned], said: str) -> bool:
    """Whether, after some turns about safety, something else is told: then the talk goes back.

    A card counts as such a turn (it has no strategy). Once the talk went back, it stays there until
    the next card, or until safety is spoken of again.
    """
    if not history or _SAFETY.search(said):
        return False
    about = 0
    for turn in reversed(history):
        if turn.situation != "after_card" and turn.strategy is not None:
            break
        about += 1
    told = len(said.split()) >= 5 or len(re.findall(r"[\u4e00-\u9fff]", said)) >= 8
    return about == 0 or (about >= AFTER_CARD_TURNS and told)


def _advised(history: Sequence[Turned]) -> bool:
    """Whether the last reply offered advice, or gave it."""
    return bool(history) and history[-1].situation in {"permission", "asked_advice"}


def _open_offer(history: Sequence[Turned]) -> bool:
    """Whether leave to advise was asked for, now or a turn ago, and is not answered yet."""
    last = [turn.situation for turn in history[-2:]]
    if last[-1:] == ["permission"]:
        return True
    # What came between must not have asked something that a yes would answer.
    return last[:1] == ["permission"] and not history[-1].asked and not NO.search(history[-1].said)


def _stage(
    reading: Reading,
    moment: Moment,
    history: Sequence[Turned],
    said: str,
    situation: str | None,
) -> Stage:
    if situation in {"asked_advice", "asked_again"}:
        return Stage.ACT
    if not history or NEW_TOPIC.search(said.strip()) or _distress_rises(reading, moment):
        return Stage.EXPLORE
    if situation in {"permission", "after_crisis", "harsh_on_self"}:
        return Stage.COMFORT
    if history[-1].situation == "asked_advice" and not NO.search(said):
        return Stage.ACT
    since = _turns_on_topic(history)
    known = since >= 1 and is_sure(reading) and any(_WISH.search(t) for t in _told(history, said))
    return Stage.COMFORT if known or since >= EXPLORE_TURNS else Stage.EXPLORE


def _strategy(
    reading: Reading, history: Sequence[Turned], said: str, stage: Stage, asking: bool
) -> Strategy:
    options = weights(reading, history, stage, ask=asking)
    if history and history[-1].strategy is Strategy.SUGGESTION:
        options.pop(Strategy.SUGGESTION, None)  # one idea at a time
    if len(history) < ADVICE_TURNS and stage is not Stage.ACT:
        options.pop(Strategy.INFORMATION, None)
    point = _draw(said, len(history), "strategy") * sum(options.values())
    for strategy, weight in options.items():
        point -= weight
        if point <= 0:
            return strategy
    return next(iter(options))


def _may_ask(history: Sequence[Turned], said: str, strength: str, gentle: bool) -> bool:
    """Questions in about half of the replies, none in at least two of any five."""
    asked = [turn.asked for turn in history]
    if sum(asked[-4:]) >= 3 or asked[-2:] == [True, True]:
        return False
    rate = 0.3 if asked[-1:] == [True] else 0.74
    if strength == "high" or gentle:
        rate /= 2
    return _draw(said, len(history), "ask") < rate


def _time_to_offer(
    reading: Reading, history: Sequence[Turned], said: str, strength: str, gentle: bool
) -> bool:
    """Leave to advise is asked once things are known, in a calm enough moment, and seldom."""
    if len(history) < OFFER_TURNS or strength == "high" or gentle:
        return False
    if not _STUCK.search(said) or kinds.kind(said) == "feels":
        return False  # "i can't sleep" tells how it is: it is no moment for an idea
    matter = matters.current(history, said)
    if matter is not None and matter.name in matters.grave():
        return False  # death, parting and illness are not for solving
    if not HEAVY < reading.affect.valence < -0.15 or any(turn.asked for turn in history[-1:]):
        return False
    recent = history[-OFFER_PAUSE:]
    return not any(turn.situation in {"permission", "asked_advice"} for turn in recent)


_MAY_ADVISE = frozenset(
    {"permission", "support", "support_first", "comfort", "advice_any", "like_me", "fact"}
)


def _avoid(
    reading: Reading, stage: Stage, situation: str | None, *, asking: bool, gentle: bool
) -> tuple[str, ...]:
    avoid = []
    if stage is not Stage.ACT and situation not in _MAY_ADVISE:
        avoid.append("advice")
    if not asking:
        avoid.append("question")
    if gentle or reading.affect.valence < 0:
        avoid.append("humour")
    if reading.affect.valence < -0.4 and situation not in NEWS:
        avoid.append("cheer")
    if not is_sure(reading):
        avoid.append("naming")
    return tuple(avoid)


def _tone(reading: Reading, special: Special | None, gentle: bool) -> str:
    if gentle:
        return "gentle"
    if special:
        return special.tone
    if not is_sure(reading) or reading.emotion is None:
        return "tentative"
    return TONES[reading.emotion]


def _distress_rises(reading: Reading, moment: Moment) -> bool:
    """Clearly worse than this person's own mood and home base would have it."""
    away = moment.valence.mean[0]
    return moment.count > 3 and reading.affect.valence < -0.5 and away < -0.3


def _turns_on_topic(history: Sequence[Turned]) -> int:
    """Replies since the last word that opened a new topic."""
    for back, turn in enumerate(reversed(history)):
        if NEW_TOPIC.search(turn.said.strip()):
            return back + 1
    return len(history)


def _told(history: Sequence[Turned], said: str) -> list[str]:
    return [*(turn.said.lower() for turn in history), said.lower()]


def _draw(said: str, turn: int, what: str) -> float:
    """A repeatable number in [0, 1): the same words at the same turn give the same."""
    return zlib.crc32(f"{what}\0{turn}\0{said}".encode(errors="replace")) / 2**32
