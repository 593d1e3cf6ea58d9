"""Which special turn of the talk it is: what the words say first, then what the talk so far says.

`strategy` plans by it, `special` tells what each turn asks for. The caller recognised what the
words are by themselves (`found`); here that is weighed against reading, matter and earlier turns.
Knows no entry and no model.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.answers import NO, YES, answer, received, says_yes
from affect.shares import Turned, is_sure
from affect.types import Emotion, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.matters import Matter

OFFER_TURNS = 4  # replies before leave to advise is asked
HEAVY = -0.5  # valence below which no advice is offered: first the feeling
SHORT_NO = 20  # characters of a refusal that says no more
OFFER_PAUSE = 6  # replies between two such offers
DIM = -0.15  # valence from which down a line of a dark matter colours those that go on with it
GLADDISH = 0.35  # valence below which what resembles good news is none
GLAD = 0.6  # valence above which a joy that nobody worded as news is news
STRETCH = 3  # earlier turns in which a sign of anger makes good news doubtful
ANGRY = -0.25  # valence below which an earlier line is such a sign

# Small closed lists: each only moves a stage, so a miss costs little.
WISH = re.compile(
    r"\b(i|we) (just )?(wish|want|need|hope|would like|'d like)\b|\bif only\b"
    r"|我?(真|好|只|就)?(希望|想要|盼着)|要是.{0,12}就好|我想(?!起|到|了)|本来|原本|说好"
    r"|还得(笑|装|说)|(明天|后天|今晚|下周|马上|快)要?(出|查|考)|(成绩|分数|结果)(出来|下来"
    r"|出)了$"
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
# 不想听 refuses an idea; 不想吃饭 tells how it is.
_NO_APPETITE = re.compile(
    r"(?<!都)(不想|不敢|没法|没心情|吃不下|睡不着)(?!听|说|聊|要|了|谈|试)[\u4e00-\u9fff]{2}"
)
_TRIES = re.compile(r"\b(try|give it a (go|try))\b|试")
TRIED = 3  # turns in which "I'll try" is about the advice given
# What a bare yes, no or "idk" may be taken for; anything else that was recognised goes first.
_MAY_BE_BARE = frozenset(
    {None, "acknowledged", "wrong_guess", "small_talk", "irony", "silence", "good_news"}
)
# What a short answer to our own question may be taken for.
_MAY_BE_TOLD = frozenset({None, "acknowledged", "unclear", "wrong_guess", "irony"})
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
# Asked for with no word of what for.
_MORE_IDEAS = re.compile(
    r"\W*((so|ok(ay)?|well|hm+|and|have you|do you have|got)\W+)*any (\w+ )?(idea|suggestion)s?\W*"
    r"|[那嗯所以，]*有(没有)?(啥|什么)?(别的|其他的?)?好?(主意|点子|想法|建议)(吗|没有?|么|嘛|呢)?\W*",
    re.IGNORECASE,
)
AFTER_CARD_TURNS = 2  # turns about safety (cards too) after which another matter is taken up again
_LIGHT = frozenset({"small_talk", "pick"})
_CHOOSING = frozenset({"should_i", "choose"})
_ASKING = frozenset({"should_i", "choose", "asked_advice", "asked_again"})
_ASKING_WORDS = frozenset(
    {"should", "just", "really", "again", "what", "would", "could", "think", "advice", "then"}
    | {"怎么", "么办", "我该", "该怎", "那我", "到底"}
)
BARE_ASK = 1  # words of its own that a question has which asks for advice on what was asked before
ASKED_BACK = 8  # turns in which the same question counts as asked again
_SAFETY = re.compile(
    r"\b(safe|called|hotline|line|crisis|here now|with me|coming over|hold|hospital|er|ambulance"
    r"|police|alone|tired|sister|friend)\b|安全|热线|打了|接通|陪着?我|在我(旁|身)边|医院|警"
    r"|一个人",
    re.IGNORECASE,
)
# What was good and is over, or is another's.
_OVER = re.compile(
    r"\b(jealous|envious|envy|used to|back then|once upon|in the old days|those were)\b"
    r"|羡慕|眼红|以前|曾经|当初|那时候?|原来",
    re.IGNORECASE,
)
# Whoever is laughed at tells of laughter, and of no joy.
_MOCKED = re.compile(
    r"\b(laugh\w*|giggl\w*|snigger\w*) at (me|us|my)\b|(笑话?|嘲笑|取笑)(了|着)?(我"
    r"|咱)(?!们?.{0,4}(开心|高兴))"
    r"|(全班|全场|哄堂).{0,2}笑",
    re.IGNORECASE,
)
# Kinds of a line in which something has happened: a joy in any other is a pleasure, no news.
_HAPPENED = frozenset({"did", "deeds", "told", "detail", "feels", kinds.EXCITED})


_LIFTING = frozenset({"did", "deeds", kinds.EXCITED})  # "she was so kind" is told in mourning


def is_wish(said: str) -> bool:
    """Whether the words tell what is wished for, is over, or is laughed at: it reads as joy, and is
    its absence.
    """
    return bool(WISH.search(said.lower()) or _OVER.search(said) or _MOCKED.search(said))


def of_companion(
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
    if found in _LIGHT:
        found = _lightly(found, reading, matter, said, heavy=heavy, gentle=gentle)
    if found in _CHOOSING and _asked_before(history, said):
        found = "asked_again"
    chose = any(t.situation in _CHOOSING for t in history[-ASKED_BACK:])
    if found == "asked_advice" and chose and len(_content(said)) <= BARE_ASK:
        found = "asked_again"
    found = _in_its_time(found, history, said, heavy=heavy, gentle=gentle)
    after = lately[-1] if lately else None
    unasked = after is not None and not after.asked
    if found == "wrong_guess" and matter and unasked and len(said) <= SHORT_NO:
        found = None  # a bare "not really" in the middle of something corrects no guess
    tries = bool(_TRIES.search(said)) and any(_advised([turn]) for turn in lately[-TRIED:])
    if found == "acknowledged" and matter and unasked and not (_advised(lately) or tries):
        found = None  # an "ok" in the middle of something: the talk about it goes on
    offered = _open_offer(lately) and found in _MAY_ANSWER
    refused = found in _MAY_ANSWER and bool(NO.search(said)) and _advised(lately)
    # A bare "no thanks" is answered; whoever says more tells on.
    declined = "declined" if len(said) <= SHORT_NO and not _NO_APPETITE.search(said) else None
    bare = answer(said, after) if found in _MAY_BE_BARE else None
    told = _told(after, said) if found in _MAY_BE_TOLD else None
    if told:
        found = None
    rules = (
        ("asked_advice", offered and says_yes(said)),
        (declined, refused),
        (bare, bare is not None),
        (found, found is not None),
        ("good_news", joyful and is_sure(reading)),
        (told, told is not None),
        ("lift", _lifts(reading, matter, said)),
        ("permission", _time_to_offer(reading, history, said, matter, strength, gentle)),
    )
    return next((name for name, holds in rules if holds), None)


# All else that is said to the support persona, the entries of its own answer.
_FOR_SUPPORT = frozenset({"thanks", "after_card"})


def of_support(history: Sequence[Turned], said: str, found: str | None, gentle: bool) -> str:
    """The turn for the support persona, which keeps to its matter; it is sorry once, at the start.

    Safety goes before it.
    """
    if found == "after_card" and _back_at_the_topic(history, said):
        found = None
    if found is not None and found in _FOR_SUPPORT:
        return found
    if gentle and found == "back_again":
        return "after_crisis"
    return "support" if history else "support_first"


_WRY = frozenset({"irony", "sarcasm", "wry"})


def crossed(history: Sequence[Turned]) -> bool:
    """Whether a line of this stretch was read as dark: then joy is rather a bitter word."""
    readings = [turn.reading for turn in history[-STRETCH:] if turn.reading is not None]
    return any(r.emotion is Emotion.ANGER or r.affect.valence < ANGRY for r in readings)


def _in_its_time(
    found: str | None, history: Sequence[Turned], said: str, *, heavy: bool, gentle: bool
) -> str | None:
    """What a turn is in the talk so far: a success after a dark stretch is a relief, and beside a
    death no more than a lift.
    """
    if found == "irony" and (heavy or any(t.situation in _WRY for t in history)):
        return "wry"  # to ask which kind of great it is, once is enough
    if found == "after_card" and _back_at_the_topic(history, said):
        return None
    if gentle and found == "back_again":
        return "after_crisis"  # whoever tells something is answered on that
    if found == "ideas" and heavy and _MORE_IDEAS.fullmatch(said.strip()):
        return "asked_advice"  # in trouble it is help that is asked for, and no recipe
    if found in matters.NEWS and matters.mourns(history):
        return "lift"  # what died is not made good by a job
    return "relief" if found == "success" and heavy else found


def _lightly(
    found: str,
    reading: Reading,
    matter: Matter | None,
    said: str,
    *,
    heavy: bool,
    gentle: bool,
) -> str | None:
    """What is for light moments; in others small talk is none, and two sides are weighed."""
    if found == "small_talk":
        return None if heavy or reading.affect.valence < DIM else found
    grave = matter is not None and matter.name in matters.grave()
    grave = grave and matter is not None and matters.goes_on(matter.name, (), said)
    return "choose" if grave or gentle or reading.affect.valence < HEAVY else found


def _told(after: Turned | None, said: str) -> str | None:
    """What a short line is as the answer to our last question; None for what is more than that."""
    begun = matters.begun(said)
    grave = any(matters.speaks_of(name, said) for name in matters.grave())
    return None if grave or begun in matters.grave() else received(said, after)


def _lifts(reading: Reading, matter: Matter | None, said: str) -> bool:
    """Whether something good is told in a grave time: no news, and nothing to be mourned."""
    grave = matter is not None and matter.since > 0 and matter.name in matters.grave()
    glad = reading.emotion is Emotion.JOY and reading.affect.valence > GLADDISH
    happened = kinds.kind(said, reading.affect.valence) in _LIFTING
    return grave and glad and happened and not is_wish(said)


def _asked_before(history: Sequence[Turned], said: str) -> bool:
    """Whether the same question was asked before: most of its words are."""
    asked = [t.said for t in history[-ASKED_BACK:] if t.situation in _ASKING]
    own = _content(said)
    return any(
        len(own & _content(line)) * 2 >= min(len(own), len(_content(line))) for line in asked
    )


def _content(said: str) -> frozenset[str]:
    words = re.findall(r"[a-z']{4,}|[\u4e00-\u9fff]{2}", said.lower())
    return frozenset(words) - _ASKING_WORDS


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


def _time_to_offer(
    reading: Reading,
    history: Sequence[Turned],
    said: str,
    matter: Matter | None,
    strength: str,
    gentle: bool,
) -> bool:
    """Leave to advise is asked once things are known, in a calm enough moment, and seldom."""
    if len(history) < OFFER_TURNS or strength == "high" or gentle:
        return False
    if not _STUCK.search(said) or kinds.kind(said) == "feels":
        return False  # "i can't sleep" tells how it is: it is no moment for an idea
    if matter is not None and matter.name in matters.grave():
        return False  # death, parting and illness are not for solving
    if not HEAVY < reading.affect.valence < -0.15 or any(turn.asked for turn in history[-1:]):
        return False
    recent = history[-OFFER_PAUSE:]
    return not any(turn.situation in {"permission", "asked_advice"} for turn in recent)
