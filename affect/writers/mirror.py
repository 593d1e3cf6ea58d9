"""Saying a line back in the person's own words: "he moved my shift" -> "He moved your shift."

A restatement for when no written entry is near. Only short clauses that tell what happened or how
things stand are said back, with "I" and "you" turned round; verdicts, doubts, questions, insults
and anything that could wound or harm in another's mouth are not. In doubt there is no mirror.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import matters
from affect.writers.lexicon import listed
from affect.writers.naming import capitalised
from affect.writers.righting import TURN, agreed

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_WORDS, MOST_WORDS = 3, 13
READ = 600  # characters of a line that are read for it
FEWEST_CHARACTERS, MOST_CHARACTERS = 6, 24
CORE_CHARACTERS = 4, 11  # of a Chinese clause that is said back: a longer one is a parrot's

_CLAUSE_END = re.compile(
    r"[!?;\n()]|[.:,](?!\d)|(?<!\d)[.:,]|\s[-–—]+\s"
    r"|\b(because|so (?=(i|we|he|she|they|it|that|my|now)\b)|which|"
    r"although|though|even though|but|and (i|it|now|we|they|he|she|my|then|that'?s))\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(and|but|so|well|oh|ok|okay|honestly|just|like|today|yeah|also|then|now|i think|"
    r"basically|actually|apparently)[\s,]+",
    re.IGNORECASE,
)
# When it was, said before the rest: it is kept.
_WHEN = re.compile(
    r"(yesterday|(last|this|one) (time|night|week|year|morning|weekend|month|day|summer)"
    r"|sometimes|tonight|these days|every (day|night|morning|week))[, ]+(?=\w)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[\s,]+(tho|though|lol|lmao|(ha)+h?|haha+|apparently|anyway|actually|i guess|or something"
    r"|or whatever|(and )?honestly( fair| same)?|tbh|obviously)[\s.!]*$",
    re.IGNORECASE,
)
_FILLER = re.compile(r"\blike (?=\d|since\b|a hundred\b)", re.IGNORECASE)
_ADVERB = (
    r"( (just|finally|again|suddenly|already|really|still|also|basically|barely|hardly|only"
    r"|almost|nearly|even|both))?"
)
# One noun or two: both are tried, because only the verb list tells where the subject ends.
_SUBJECTS = tuple(
    re.compile(rf"({who}){_ADVERB} (?P<verb>[a-z']+)", re.IGNORECASE)
    for who in (
        (
            r"i|we|he|she|they|it|someone|somebody"
            r"|(my|our|his|her|their|the|this|two|three|four|some|all|half) [\w'-]+"
            r"|me and my \w+"
            # Any one noun: "rent went up", "rehearsals start monday".
            r"|(?!(i|you|who|what|why|how|when|where|which|if|not|no|please|let|as|felt|feels?)\b)"
            r"[a-z][a-z-]+"
        ),
        r"(my|the|our|all (my|his|her)) [\w'-]+ [\w'-]+",
    )
)
# How things stand: "he's asleep next to me", "I'm going for the part"; verdicts have another form.
_STANDS = re.compile(
    r"(i'm|i am|we're|we are|(i|we|he|she|they|it) (was|were)|(he|she|it)'s|they're|(he|she|it) is"
    r"|they are|(my|our|the|his|her|all (my|his|her)) [\w'-]+( [\w'-]+)?('s| is| are| was| were)"
    r"|(\w+ )?\w+ (is|are)) (still |only |just |already |so |really |both |back |not )*"
    r"(?!(dying|drowning|falling|losing|giving|ending|failing|killing|cutting|hurting|thinking"
    r"|considering|planning|kidding|joking|bleeding|drinking|starving|being|feeling)\b)"
    r"(\w{2,}ing|[a-z]{3,}ed|at|in|on|with|without|from|off|out|away|up|here|there|next|back|home"
    r"|due|late|sick|broken|together|asleep|awake|supposed|\d+|nervous|scared|worried|sad|lonely"
    r"|angry|homesick|jealous|excited|proud|pregnant)\b",
    re.IGNORECASE,
)
_BARE_STATE = re.compile(
    r"(it|there)('s| is| was| are| were) (?!(not|no|all|my|so|too|over|hopeless|pointless|just)\b)"
    r"|(he|she|they|it)'d |(i|we)'(ve|d) (got|been|had) |i (can |could )?still "
    r"|(i|we) (just |only |really )*(want|need|miss)"
    r" (?!(to|more|it|this|out|an end|sleep|a drink)\b)"
    r"|(i|we) (still |just |really )?(can't|couldn't) (even |bring myself to |make myself )*(move"
    r"|find|reach|stay|afford|see|throw|eat|remember|open|tell|look|bring|drive|face|say|call|leave"
    r"|visit|sit|touch|pick|put|get|focus|concentrate|read|write|talk|make)\b"
    r"|(i|we) have to (move|tell|go|give|wait|leave|pay|find|take|start|call|share|bring|get"
    r"|work)\b|(i|we) don't (want to (?!(be|live|exist|wake|go on|do|feel|try|fight|eat|see)\b)"
    r"|mind\b|trust\b|know (if|how|what|why|whether|where)\b)",
    re.IGNORECASE,
)
_PLAIN_SUBJECT = re.compile(
    r"(i|we|he|she|they|it|my|our|his|her|their|the|nobody|someone|there|all)\b", re.IGNORECASE
)
_UNSAYABLE = re.compile(r"[\"“”@#/\\<>{}*_`]|\d{4}|\d\s?m?g\b")
# What a clause turns on: not to be able to, to wish, to keep doing; alone, still, the only one.
_HEAVY = re.compile(
    r"\b(can'?t|cannot|couldn'?t|hasn'?t|haven'?t|didn'?t|wanted|want|wish|miss\w*|keep|kept|alone"
    r"|only|still|cried|crying|lost|scared|afraid|lonely|worried|sad|without|never|promised)\b",
    re.IGNORECASE,
)
# A clause that was cut so that it ends with one of these is no sentence.
_DANGLING = re.compile(
    r"\b(is|are|was|were|am|be|been|a|an|the|my|his|her|their|our|to|of|in|on|at|for|with|from|by"
    r"|and|or|if|than|that|so|very|too|really|has|had|have|will|would|can|could|not)$",
    re.IGNORECASE,
)
_COPULA = frozenset({"is", "are", "was", "were"})
_TURN = TURN | {
    "we": "you",
    "us": "you",
    "our": "your",
    "ours": "yours",
    "ourselves": "yourselves",
    "we're": "you're",
    "we've": "you've",
    "we'd": "you'd",
    "we'll": "you'll",
}
_OURS = frozenset({"we", "us", "our", "ours"})
_BARE = re.compile(
    r"(?<!my )(?<!the )(?<!her )(?<!his )(?<!our )(?<!your )(?<!their )(?<!own )"
    r"\b(mom|mum|dad|grandma|grandpa)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\b((mon|tues|wednes|thurs|fri|satur|sun)day|january|february|april|june|july|august"
    r"|september|october|november|december)\b"
)
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
# A space beside a foreign word is inside the clause: 我那个 proposal 做了两周.
_CHINESE_CLAUSE = re.compile(
    r"(?:[，。！？；、,!?;~～…]|\.(?!\d)|(?<!\d)\.)+|(?<![A-Za-z0-9])\s+(?![A-Za-z0-9])"
)
# Half of a quotation, a laugh or a scream is not for saying back; nor is an answer's own 当然.
_NOISE_CHINESE = re.compile(
    r"[“”\"‘’'「」『』]|哈哈|啊啊|嘿嘿|^(当然|肯定|对|嗯|其实|不是|没有|让他|让她)|[\U0001f000-\U0001faff]"
)
_PROPER = frozenset({"I", "I'm", "I've", "I'd", "I'll"})


def mirror(said: str, language: str) -> str | None:
    """One sentence that says the first event back, or None."""
    return _core(said) if language == "zh" else _english(said)


_FRAGMENT = re.compile(
    r"(over|in front of|in|outside|inside|behind|near|next to|at|after"
    r"|since|because of|by|from|through|during|for|on|about|without)"
    r"( [a-z'-]+){1,6}|(almost |nearly |over |about )?(\d+|two|three|four|five|six|seven|eight|nine"
    r"|ten|a few|a couple of) (days|weeks|months|years|hours|times)|(a|one) (day|week|month|year)",
    re.IGNORECASE,
)


_BEFORE_ALL = re.compile(r"\b(in front of|without asking) every(one|body)\b", re.IGNORECASE)


def fragment(said: str) -> str | None:
    """A short English line that is no sentence ("over text", "yeah, three years"), said back."""
    plain = said.replace("’", "'").strip(" .!…")
    while (shorter := _TAIL.sub("", _LEAD.sub("", plain))) != plain:
        plain = shorter
    found = _ENGLISH_WORD.findall(_BEFORE_ALL.sub("", plain))
    if (
        not (_FRAGMENT.fullmatch(plain) or _is_bit(plain, found) or _is_deed(plain, found))
        or _forbidden_word(found)
        or _named(found)
    ):
        return None
    return _turned(plain)


def _is_deed(plain: str, found: list[str]) -> bool:
    """Whether it tells a deed and leaves out who did it: "walked home in the rain"."""
    if not 3 <= len(found) <= DEED_WORDS or re.search(r"[!?,;:]", plain):
        return False
    first = found[0].lower()
    past = first in listed("en", "event_verbs") and first not in _COPULA | {"says", "keep", "keeps"}
    return (past or first.endswith("ed")) and not _DANGLING.search(plain)


def _is_bit(plain: str, found: list[str]) -> bool:
    """Whether it is a few words without a verb: "organic chem", "third one without him"."""
    low = {word.lower() for word in found}
    verbs = listed("en", "event_verbs") | _COPULA | listed("en", "no_bit")
    few = (
        not re.search(r"[!?]", plain)
        and 2 <= len(found) <= BIT_WORDS
        and len(plain.split()) == len(found)
    )
    fits = few and not low & verbs and not any("'" in word for word in low)
    return fits and not any(word.isupper() and len(word) > 1 for word in found)


BIT_WORDS = 5
DEED_WORDS = 10


def retold(said: str, language: str) -> str | None:
    """What was told, as a clause to go after "you told me": "your dog died on saturday"."""
    if language == "zh":
        clause = _chinese(said)
        return clause.rstrip("。") if clause else None
    clause = _CLAUSE_END.split(_sentences(said)[0])[0]
    while (shorter := _LEAD.sub("", clause)) != clause:
        clause = shorter
    clause = clause.strip(" ,'-")
    found = _ENGLISH_WORD.findall(clause)
    ours = re.search(r"\b(we|us|our|ours)\b", clause, re.IGNORECASE)
    fits = not ours and 3 <= len(found) <= MOST_WORDS and not _DANGLING.search(clause)
    if not fits or "?" in clause or not _SUBJECT.match(clause) or _forbidden_word(found):
        return None
    turned = _turned(clause).rstrip(".")
    return turned[0].lower() + turned[1:]


_SUBJECT = re.compile(
    r"(i|he|she|they|it|there|(my|our|the|two|three) [\w'-]+)('m|'re|'s|'ve|'d)?"
    r"( [\w'-]+){1,}",
    re.IGNORECASE,
)


def _english(said: str) -> str | None:
    """The clause that weighs most, said back; of equal ones the last, of light ones the first."""
    sentences = _sentences(said[:READ])
    # Beside a death the weather is not said back.
    grave = [part for part in sentences if _is_grave(part)]
    sentences = grave or sentences
    told = [sentence for sentence in sentences if "?" not in sentence]
    # A question that comes first is what they are at, and wants an answer.
    found = [each for sentence in told for each in _sayable(sentence)] if told == sentences else []
    if not found:
        return None
    most = max(map(_weight, found))
    heaviest = [said for joint, said in found if _weight((joint, said)) == most]
    return _turned(heaviest[-1] if most > 0 else heaviest[0])


def _is_grave(part: str) -> bool:
    return any(matters.speaks_of(name, part) for name in matters.grave())


def _sentences(said: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s|\n", said.replace("’", "'").strip())


def _sayable(sentence: str) -> Iterator[tuple[str, str]]:
    """The clauses of a sentence that may be said back, each with the word that joins it on."""
    if _UNSAYABLE.search(sentence):
        return
    joint = "but" if sentence.lower().startswith("but ") else ""
    while (shorter := _TAIL.sub("", _LEAD.sub("", sentence))) != sentence:
        sentence = shorter
    sentence = _FILLER.sub("", sentence)
    begin = 0
    for end in (*_CLAUSE_END.finditer(sentence), None):
        clause = sentence[begin : end.start() if end else None].strip()
        if joint.startswith("and ") and joint[4:] not in {"now", "then"}:
            clause = f"{joint[4:]} {clause}"
        # What cannot be said back whole may have a first half that can.
        for half in dict.fromkeys([clause, clause.split(" and ")[0]]):
            # After the first clause a subject may be left out; only a plain one is taken for it.
            if (not begin or _PLAIN_SUBJECT.match(half)) and _may_be_said_back(half):
                yield joint, half
                break
        if end:
            begin, joint = end.end(), end.group().strip().lower()


def _weight(clause: tuple[str, str]) -> int:
    """What was said after a "but" is the point; so is what they could not, wished or lost."""
    joint, said = clause
    turns = joint in {"but", "though", "although"}
    return 2 * turns + bool(_HEAVY.search(said)) - (len(said.split()) <= FEWEST_WORDS)


def _may_be_said_back(clause: str) -> bool:
    found = _ENGLISH_WORD.findall(clause)
    clause = _WHEN.sub("", clause, count=1)
    whole = not _DANGLING.search(clause.rstrip(" ,'-"))
    fits = FEWEST_WORDS <= len(found) <= MOST_WORDS and whole and not _named(found)
    if not fits or _forbidden_word([word for word in found if word.lower() not in _OURS]):
        return False
    stands = _STANDS.match(clause) or _BARE_STATE.match(clause)
    return stands is not None or _tells_event(clause)


def _turned(clause: str) -> str:
    """The clause said to the person: "I" and "you" turned round, "mom" made "your mom"."""
    clause = _BARE.sub(lambda found: f"your {found.group().lower()}", clause)
    turned = _ENGLISH_WORD.sub(
        lambda word: _TURN.get(word.group().lower(), capitalised(word.group())), clause
    )
    turned = agreed(turned)
    turned = _DAY.sub(lambda found: found.group().capitalize(), turned)
    return turned[0].upper() + turned[1:].rstrip(" ,'-") + "."


def _forbidden_word(found: list[str]) -> bool:
    low = {word.lower() for word in found}
    whole = " ".join(found).lower()
    if any(phrase in whole for phrase in listed("en", "never_mirrored_phrases")):
        return True
    blocked = listed("en", "blocked") - listed("en", "harmless_inside")
    return bool(low & (listed("en", "never_mirrored") | blocked))


def _tells_event(clause: str) -> bool:
    return any(_begins_event(subject.match(clause), clause) for subject in _SUBJECTS)


def _begins_event(match: re.Match[str] | None, clause: str) -> bool:
    if not match:
        return False
    verb = match.group("verb").lower()
    if verb in _COPULA:
        # "My shift was moved" tells an event; "my boss is a clown" is a verdict.
        return bool(
            re.match(
                r" \w+(ed|ing|late|sick|broken|back)\b| (still|at|in|with|out|away)\b",
                clause[match.end() :],
            )
        )
    return verb in listed("en", "event_verbs") or verb.endswith("ed")


def _named(found: list[str]) -> bool:
    """Whether somebody or some place is called by name."""
    known = _PROPER | listed("en", "weekdays") | listed("en", "months")
    return any(word[0].isupper() and word not in known for word in found[1:])


def _chinese(said: str) -> str | None:
    clauses = [part for part in _CHINESE_CLAUSE.split(said.strip()) if part]
    if not clauses or "？" in said or "?" in said:
        return None
    # The point often stands in the second clause: 我借给表哥的钱，他到处说是我欠他的.
    fitting = (part for part in ("，".join(clauses[:2]), clauses[0]) if _may_be_echoed(part))
    clause = next(fitting, None)
    if clause is None:
        return None
    clause = re.sub(
        r"^(对了|就是|然后|所以|唉|哎|啊|嗯|好的(?=[，,])|好(?=[，,])|行(?=[，,]))+[，,]?",
        "",
        clause,
    )
    clause = re.sub(r"[\s哈嘿]+$|\s*\blol$", "", clause)
    if len(clause) < FEWEST_CHARACTERS - 1:
        return None
    # 你妈 alone can sound like swearing.
    return re.sub("我妈(?!妈)", "你妈妈", clause).replace("我", "你") + "。"


# What stands before the core of a clause, and what is no event: a verdict, a scream, a habit.
_BEFORE_CORE = re.compile(
    r"^(对了|就是|然后|所以|结果|后来|而且|不过|但是?|可是|唉|哎|诶|啊|嗯|反正|今[天早晚]|昨[天晚]"
    r"|刚[才刚]?|现在|最近|早上|中午|晚上|下午|医生说是?|我的|我家(?=[猫狗娃])|我(?!们|家|[爸妈爷奶姥外公婆姨舅姑叔哥姐弟妹"
    r"儿女老男对同室朋闺领邻家俩]))+"
)
_NO_EVENT = re.compile(
    r"^(服|吓死|笑死|气死|烦死|累死|困死|超|好|太|真|有点|挺|很|还|也|都|其实|没事|没办法|习惯)|就是这样"
    r"|([你吧呢嘛呗]|终于)$|.还是.|^(以前|就在|别|想|要|去|得|该|会|先|说|觉得|感觉|以为|打算|准备|给)|第一句"
)


_DEATH = re.compile(r"[走没]了([，。！\s]|$)|去世|过世|不在了")  # said back in a breath it is cold
_TELLS_CHINESE = re.compile(r"[了没被不又还老就]|\d")


def _core_weight(part: str) -> int:
    """What was not to be, or was done to them, is the point: 考研出分了 差3分没过线."""
    return 2 * bool(re.search(r".[没被]", part)) + ("了" in part) + bool(re.search(r"\d", part))


def _core(said: str) -> str | None:
    """The event of a Chinese line in a few words, as a friend says it back: 差3分没过线啊。"""
    if "？" in said or "?" in said or _DEATH.search(said):
        return None
    parts = [_BEFORE_CORE.sub("", part) for part in _CHINESE_CLAUSE.split(said.strip()) if part]
    fewest, most = CORE_CHARACTERS
    fitting = [
        part.rstrip("啊呀啦哈嘿 ")
        for part in parts
        if fewest <= len(part) <= most and not _NO_EVENT.search(part) and _may_be_said(part)
    ]
    told = [part for part in fitting if _TELLS_CHINESE.search(part)]
    if not told:
        return None
    core = max(told, key=_core_weight)
    return re.sub("我妈(?!妈)", "你妈妈", core).replace("我", "你") + "啊。"


def _may_be_echoed(clause: str) -> bool:
    return FEWEST_CHARACTERS <= len(clause) <= MOST_CHARACTERS and _may_be_said(clause)


def _may_be_said(clause: str) -> bool:
    never = listed("zh", "never_mirrored") | listed("zh", "blocked")
    return not _NOISE_CHINESE.search(clause) and not any(word in clause for word in never)
