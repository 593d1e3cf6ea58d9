"""The person's own clauses for an entry: what they ask whether to do, what they told before,
and what was read in them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.types import Emotion, Modality
from affect.writers import missed, planning, righting, words
from affect.writers.lexicon import listed
from affect.writers.mirror import retold
from affect.writers.ordered import given, wish
from affect.writers.righting import TURN, blocked, instead, put_right, turned_chinese
from affect.writers.slots import Filler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.types import Estimate, Reading
    from affect.writers.base import Exchange, Scene

MOST_TOLD = 3  # things said back of a talk
MOST_WORDS = 8
_TELLING = frozenset({None, "good_news", "mixed_news", "success", "relief", "after_card"})
# "Do you remember what I told you last week?" asks for more than this talk.
_FAR = re.compile(
    r"\b(yesterday|last (time|week|night|month|year)|(a|few|some) (days?|weeks?) ago)\b"
    r"|昨[天晚]|前[天几]|上(次|周|个月|回)|以前|很久",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\bshould (?:i|we) (?:really |even |just |maybe |actually )?([a-z][^?.!,;\n]*)"
    r"|\b(?:if|whether|think) i should ([a-z][^?.!,;\n]*)"
    r"|\b(?:do|shall) (?:i|we) (?:just )?([a-z][^?.!,;\n]*?) or (?:not|no|nah)\b",
    re.IGNORECASE,
)
_SHOULD_CHINESE = re.compile(
    r"(?:该不该|应不应该|要不要|是不是(?:应)?该|(?:应)?该)(?:去)?([^？?，。！!\s]{1,14})"
    r"|^(?:那)?(?:我)?要((?:带|去|跟|给|换|买|告诉|打|找)[^？?，。！!\s]{0,10}?)[吗么]"
)
_UNFIT = re.compile(r"\b(or|and|because|that|which|do|it)\b|\b\w+n't\b", re.IGNORECASE)


def wished(scene: Scene) -> Filler | None:
    """What a customer wants, in their own words; None where it was not said."""
    text = wish([*(turn.said for turn in scene.history), scene.said], scene.language)
    return Filler(text, text) if text else None


def deed(said: str, language: str) -> Filler | None:
    """What the person asks whether to do: "call her", 给她打电话; None where it is not plain."""
    return _chinese_deed(said) if language == "zh" else _english_deed(said)


_AGREES = re.compile(
    r"^\W*((oh|well|hm+|um+|yeah|yes|so|just|i guess|i think|maybe|probably|mostly)\b\W*)+(?=\w)"
    r"|^(嗯+|哦|啊|大概|应该|可能|好像|就是?)[，,]?(?=.)",
    re.IGNORECASE,
)


_HEDGED = re.compile(
    r"[\s,]+(i (think|guess|suppose|believe)|probably|maybe|actually|really|lol|haha)\W*$"
    r"|[吧啊呀呢]+\W*$",
    re.IGNORECASE,
)


def told(scene: Scene) -> Filler | None:
    """What was told in this talk, oldest first, as one clause; None where nothing can be said."""
    if scene.persona == "support":
        text = given([*(turn.said for turn in scene.history), scene.said], scene.language)
        return Filler(text, text) if text else None
    if scene.plan.situation in {"owned", "corrected"}:
        return _righted(scene)
    if (scene.plan.situation or "").startswith(("answer_", "plan_help")):
        return _of_line(scene)
    if scene.plan.situation in {"explain", "anger_at_bot"}:
        wanted: Sequence[Exchange] = scene.history[-1:]
    elif scene.plan.situation == "remember" and not _FAR.search(scene.said):
        wanted = scene.history
    else:
        return None
    clauses = [
        clause
        for exchange in wanted
        if exchange.situation in _TELLING and (clause := retold(exchange.said, scene.language))
    ]
    picked = list(dict.fromkeys(clauses))
    if len(picked) > MOST_TOLD:
        picked = [*picked[:2], picked[-1]]  # how it began, and where it stands
    if not picked:
        return None
    text = "，".join(picked) if scene.language == "zh" else _series(picked)
    return Filler(text, text)


def _of_line(scene: Scene) -> Filler | None:
    """What the line itself holds: the time that a plan may take, or the answer that it is."""
    if scene.plan.situation == "plan_help":
        text = planning.span(scene.said)
    else:
        text = righting.turned(_HEDGED.sub("", _AGREES.sub("", scene.said)), scene.language)
    return Filler(text, text) if text else None


def _righted(scene: Scene) -> Filler | None:
    """What it is instead, or what was said before and missed."""
    if scene.plan.situation == "owned":
        return instead(scene.said, scene.language) or _told_again(scene)
    if missed.named(scene.said):
        return _told_again(scene) or _missed(scene)
    return put_right(scene.said, scene.language)


def _told_again(scene: Scene) -> Filler | None:
    """What a line says again that was missed: "you're not listening, i said she's away"."""
    if not missed.named(scene.said) or not (again := missed.restated(scene.said)):
        return None
    text = retold(again, scene.language) or righting.turned(again, scene.language)
    return Filler(text, text) if text else None


def _missed(scene: Scene) -> Filler | None:
    """The line of theirs that our last reply missed."""
    line = missed.missed(scene.history)
    text = retold(line.said, scene.language) if line else None
    return Filler(text, text) if text else None


BRIEF = 60  # characters of the last line, if it is said back whole
LONGEST_SAID = {"en": 120, "zh": 50}  # characters of a line that are said back word for word


def quoted(scene: Scene) -> Filler | None:
    """A line of theirs, as they wrote it: the one that holds what they ask to be remembered, or the
    last, from which to go on where our words were not understood."""
    if scene.plan.situation == "meant":
        part = scene.history[-1].said if scene.history else ""
        return _in_marks(part, scene.language) if len(part) <= BRIEF else None
    if scene.plan.situation != "remember" or _FAR.search(scene.said):
        return None
    wanted = words.stems(scene.said) - words.stems("remember recall 记得 说过")
    said = [part for turn in scene.history for part in re.split(r"(?<=[.!?。！？])\s*", turn.said)]
    shared = [(len(wanted & words.stems(part)), -number, part) for number, part in enumerate(said)]
    best, _, part = max(shared, default=(0, 0, ""))
    return _in_marks(part, scene.language) if best else None


def _in_marks(part: str, language: str) -> Filler | None:
    """A sentence of theirs as it stands, in quotation marks, if it may be said back."""
    plain = part.strip().rstrip(".。!！,，").replace('"', "")
    blocked = listed(language, "blocked")
    held = blocked & set(words.units(plain)) or any(
        word in plain for word in blocked if not word.isascii()
    )
    if held or not plain or len(plain) > LONGEST_SAID[language] or re.search(r"[?？“”]", plain):
        return None
    text = f"“{plain}”" if language == "zh" else f"'{plain}'"
    return Filler(text, text)


# "Text her or leave it", 先跟我妈说还是先跟我爸说: two things between which to choose.
_CHOICE = re.compile(
    r"(?:\b(?:should|do|shall|can) (?:i|we) (?:just |even |rather )?)?([a-z][^?.!,;\n]*?),? or "
    r"(?:should i |do i |just |do i just )*([a-z][^?.!,;\n]*?)(?: instead| then| now)?\W*",
    re.IGNORECASE,
)
_ASKS = re.compile(r"(should|do|shall|can) (i|we)\b", re.IGNORECASE)
_CHOICE_CHINESE = re.compile(
    r"(?:我)?(?:不知道)?(?:到底|究竟)?(?:是)?(?:应该|该|要|得)?(?:是)?([^？?，。！!\s]{1,12}?)"
    r"[好]?[，,]?还是(?:应该|该|要|得)?([^？?，。！!\s]{1,12}?)[呢啊呀吧好]*[？?]?"
)
_YOUR_VIEW = re.compile(r"^(那|所以|就是)*你(觉得|说|看|认为)")  # asked of the program, about them
_DOING = re.compile(
    r"先|去|忍|算|认|躲|留|跟|找|选|说|等|走|换|回|辞|考|打|发|告诉|继续|放|问|不|买|搬|接|做"
)
_NO_DEED = frozenset(
    {"not", "something", "what", "whatever", "nothing", "so", "else", "both", "is", "am", "are"}
)
_UNFIT_DEED = frozenset({"you", "your", "i", "it's", "is", "are", "not"})
CHOICE_WORDS = 6  # words of each thing that is chosen between


def choice(said: str, language: str | None = None) -> tuple[Filler, Filler] | None:
    """The two things that a question is between, turned to the person; None where it is not plain.

    `language` None: told by the words.
    """
    chinese = language == "zh" if language else not said.isascii()
    sentence = said.replace("’", "'").strip().rstrip("?？!. ")
    sentence = _YOUR_VIEW.sub("", sentence)
    last = re.split(r"(?<=[.!?。！？])\s*|\n", sentence)[-1]
    return _chinese_choice(last) if chinese else _english_choice(last)


def _chinese_choice(last: str) -> tuple[Filler, Filler] | None:
    last = re.sub(r"^(那|所以)?你(觉得|说|看|认为)(?=我|是|应|该|要|先)", "", last)
    found = _CHOICE_CHINESE.fullmatch(last)
    if not found or not all(_DOING.search(part) for part in found.groups()) or "你" in last:
        return None
    if any(word in last for word in listed("zh", "blocked")):
        return None
    one, two = (turned_chinese(part) for part in found.groups())
    return Filler(one, one), Filler(two, two)


def _english_choice(last: str) -> tuple[Filler, Filler] | None:
    """Only what asks for a deed: "red or blue?" does not."""
    found = _CHOICE.fullmatch(last) if _ASKS.match(last) else None
    if not found:
        return None
    parts = [part.strip().split() for part in found.groups()]
    low = {word.lower() for part in parts for word in part}
    fits = all(1 <= len(part) <= CHOICE_WORDS for part in parts)
    if not fits or parts[1][0].lower() in _NO_DEED or low & (listed("en", "blocked") | _UNFIT_DEED):
        return None
    one, two = (" ".join(TURN.get(word.lower(), word) for word in part) for part in parts)
    return Filler(one, one), Filler(two, two)


# What somebody likes, told of them: "she's really into gardening and old films", 他喜欢钓鱼.
_LIKES = re.compile(
    r"\b(?:he|she|they|(?:my|our) \w+)(?:'s|'re)? (?:(?:really|also|just|always|is|are|does) )*"
    r"(?:likes?|loves?|enjoys?|into|mad about|crazy about|collects?|obsessed with) "
    r"(?P<thing>[a-z][a-z' -]+)",
    re.IGNORECASE,
)
_LIKES_CHINESE = re.compile(
    r"(?:他|她|人家|妈|爸|姐|妹|哥|弟|老公|老婆|朋友|闺蜜|奶奶|爷爷|对象)(?:平时|特别|很|挺|最|就|比较"
    r"|一直|其实|蛮|也)*(?:喜欢|爱好是|爱)(?P<thing>[^，。！？,.!?\s我你他她]{1,10})"
)
_NO_THING = re.compile(
    r"\b(to|not|no|it|this|that|him|her|them|me|you|i|us|when|if|being|because|but|which|who)\b"
    r"|上了|的人|死",
    re.IGNORECASE,
)
LIKED_WORDS, LIKED_BACK = 6, 6


def liked(scene: Scene) -> Filler | None:
    """What somebody they told of likes, "gardening and old films"; None where it was not told."""
    told = [*(exchange.said for exchange in scene.history[-LIKED_BACK:]), scene.said]
    form = _LIKES_CHINESE if scene.language == "zh" else _LIKES
    for line in reversed(told):
        found = form.search(line.replace("’", "'"))
        thing = found["thing"].strip() if found else ""
        if not thing or _NO_THING.search(thing) or len(thing.split()) > LIKED_WORDS:
            continue
        if text := righting.turned(thing, scene.language):
            return Filler(text, text)
    return None


_FELT = {
    "en": {
        Emotion.ANGER: "anger",
        Emotion.DISGUST: "being put off by something",
        Emotion.FEAR: "worry",
        Emotion.JOY: "gladness",
        Emotion.SADNESS: "sadness",
        Emotion.SURPRISE: "surprise",
    },
    "zh": {
        Emotion.ANGER: "生气",
        Emotion.DISGUST: "反感",
        Emotion.FEAR: "担心",
        Emotion.JOY: "高兴",
        Emotion.SADNESS: "难过",
        Emotion.SURPRISE: "意外",
    },
}
_LEANING = {
    "en": ("a heavy mood without one clear name", "a light mood", "an even mood"),
    "zh": ("有点沉", "比较轻松", "比较平"),
}
_EVEN = {"en": "an even tone", "zh": "平稳"}
SOON = 4  # turns whose readings still stand for now
LEANS = 0.1  # valence from which a mood is said to lean


def feeling(scene: Scene) -> Filler | None:
    """What is read in the person, in words; for `my_voice` what the last voice showed, if any."""
    readings = [scene.reading, *(e.reading for e in reversed(scene.history[-SOON:]) if e.reading)]
    names = _FELT.get(scene.language, _FELT["en"])
    if scene.plan.situation == "my_voice":
        heard = next((each for each in map(_voice, readings) if each), None)
        if heard is None:
            return None
        top = max(heard.probabilities, key=lambda emotion: heard.probabilities[emotion])
        text = names.get(top, _EVEN.get(scene.language, _EVEN["en"]))
        return Filler(text, text)
    if scene.plan.situation != "my_feeling":
        return None
    for reading in readings:
        if reading.emotion in names and reading.emotion is not None:
            return Filler(names[reading.emotion], names[reading.emotion])
    valence = sum(scene.moment.valence.mean)
    dark, light, even = _LEANING.get(scene.language, _LEANING["en"])
    text = dark if valence < -LEANS else light if valence > LEANS else even
    return Filler(text, text)


def _voice(reading: Reading) -> Estimate | None:
    return next((e for e in reading.estimates if e.modality is Modality.VOICE), None)


def _series(clauses: Sequence[str]) -> str:
    if len(clauses) == 1:
        return clauses[0]
    return f"{', that '.join(clauses[:-1])}, and that {clauses[-1]}"


def _english_deed(said: str) -> Filler | None:
    found = _SHOULD.search(said.replace("’", "'"))
    if not found:
        return None
    words = re.sub(
        r" (or not|instead|then|now)$", "", (found[1] or found[2] or found[3]).strip()
    ).split()
    low = {word.lower() for word in words}
    if len(words) > MOST_WORDS or _UNFIT.search(" ".join(words)) or low & blocked("en"):
        return None
    text = " ".join(TURN.get(word.lower(), word) for word in words)
    return Filler(text, text)


def _chinese_deed(said: str) -> Filler | None:
    found = _SHOULD_CHINESE.search(said)
    if not found:
        return None
    asked = re.sub(r"[吗呢啊吧呀]+$", "", found[1] or found[2])
    if not asked or any(word in asked for word in blocked("zh")) or asked.startswith("做什"):
        return None
    text = turned_chinese(asked)
    return Filler(text, text)
