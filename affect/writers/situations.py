"""Which special turn of the talk the words are, if any: fixed forms first, then meaning.

Meaning: the nearest cue of an entry for a situation must be near enough and clearly nearer than
the nearest cue of an ordinary entry. FLOOR and MARGIN were fitted on the lines of
tests/data/situations.yaml with the text model that ships. In doubt the talk is ordinary.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.corrections import corrects
from affect.types import Estimate, Modality, Strategy
from affect.writers import retelling, words
from affect.writers.done import done
from affect.writers.lexicon import contrast, no_outcome, turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.writers.bank import Bank
    from affect.writers.base import Exchange
    from affect.writers.cues import Cues

FLOOR = 0.55
SURE = 0.88  # likeness from which an ordinary entry answers, even a question
MARGIN = 0.03
# Praise is oftener meant than not, and wrong cheer is worse than none.
FLOORS = {"irony": 0.65, "good_news": 0.78, "leaning": 0.65, "take_sides": 0.65}
SHORT = 120  # characters that a greeting or a goodbye has at most
ENDS = 300  # characters at both ends of a long message where it may turn to the program

BY_MEANING = frozenset(
    {"mixed_news", "anger_at_bot", "are_you_real", "love_me", "how_do_you_know", "take_sides"}
    | {"what_do_you_keep", "cannot_serve", "harsh_on_self", "leaning", "irony", "wrong_guess"}
    | {"small_talk", "good_news"}
)
"""Situations that people put in many words; the others have fixed forms or come from the plan."""
COURTESIES = frozenset({"greeting", "thanks", "goodbye"})
_ON_A_REPLY = frozenset(
    {"explain", "change_topic", "teasing", "acknowledged", "did_it", "you_said", "anger_at_bot"}
)  # speak of what went before
# What a correction may be taken for, and a question between two things.
_MAY_CORRECT = frozenset({None, "silence", "acknowledged", "irony", "success", "relief"})
_MAY_CHOOSE = frozenset({None, "should_i", "asked_advice"})
# A correction that names a feeling corrects the guess of one.
_FEELING = re.compile(
    r"\b(sad|angry|mad|upset|scared|afraid|worried|happy|tired|anxious|jealous|joking|depressed)\b"
    r"|难过|生气|害怕|担心|开心|高兴|伤心|焦虑|抑郁",
    re.IGNORECASE,
)
_ANSWERING = frozenset({"anger_at_bot", "wrong_guess"})  # need a reply that they answer

_MAYBE_QUOTED = frozenset(
    {"insult", "love_me", "leaning", "harsh_on_self", "about_me"}
)  # said by others
_REPORTED = re.compile(
    r"\b(he|she|they|who|\w+) (said|told|asked|called|says|yelled|wrote|texted)\b|\bi told\b"
    r"|[他她](们)?(就|又|还|却)?(说|骂|问|吼|发)|说我|骂我",
    re.IGNORECASE,
)

_STILL_ANSWERED = frozenset(
    {"are_you_real", "how_do_you_know", "what_do_you_keep", "cannot_serve", "anger_at_bot"}
    | {"insult", "explain", "love_me", "about_me", "understand_me", "memory"}
)

_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_NO_GUESS = re.compile(
    r"(no|nope|nah|不|不用|不了|不要|没有)\W*(not now|thanks|thank you|really)?\W*"
    r"|(yes|yeah|yep|ok|okay|sure|好|嗯|对|是的).*",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSES = re.compile(r"[.,!;\n。，！；…]+|\s[-–—]+\s")
_FAREWELL = re.compile(
    r"(ok(ay)? |well |so |kk |right |anyway )*(good ?night|night( night)?|nite|gn|bye( bye)?|gtg"
    r"|g2g|ttyl|cya|see (you|ya)|talk (soon|later|tomorrow))( x+| then| all| attune| thanks)*"
    r"|(我)?(先)?(晚安|拜拜|再见|睡了|走了|下了|撤了)(啦|了|哈|咯)?",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_BETWEEN = re.compile(r"[\s,.!?;:，。！？；、…~～-]+")


def find(
    said: str,
    cues: Cues,
    bank: Bank,
    history: Sequence[Exchange] = (),
    embedding: Sequence[float] | None = None,
) -> str | None:
    """The situation that `said` is, or None for an ordinary turn."""
    return _by_words(said, history) or _by_meaning(said, cues, bank, history, embedding)


def _by_words(said: str, history: Sequence[Exchange]) -> str | None:
    fixed = by_form(said)
    if fixed in _MAY_CORRECT and (corrected := corrects(said, history[-1] if history else None)):
        feeling = corrected == "corrected" and _FEELING.search(said)
        return "wrong_guess" if feeling else corrected
    if fixed in _MAY_CHOOSE and retelling.choice(said):
        return "choose"
    if fixed is None and done(said, history):
        return "did_it"
    if fixed == "unclear" and re.search(r"\d", said) and history and history[-1].asked:
        return None  # a number that was asked for
    return fixed if history or fixed not in _ON_A_REPLY else None


def _by_meaning(
    said: str,
    cues: Cues,
    bank: Bank,
    history: Sequence[Exchange],
    embedding: Sequence[float] | None,
) -> str | None:
    language = "zh" if words.is_chinese(said) else "en"
    likeness = cues.likeness(said, language, embedding)
    best = _best(likeness, bank, language)
    ordinary = best.pop(None, 0.0)
    if ordinary >= SURE:
        return None
    allowed = {
        name: score
        for name, score in best.items()
        if name in BY_MEANING and _possible(name, said, history)
    }
    if allowed:
        name, score = max(allowed.items(), key=lambda item: item[1])
        if name == "cannot_serve" and score < SURE and turns("asked")["task"].search(said):
            return "task"
        if score >= FLOORS.get(name, FLOOR) and score - ordinary >= MARGIN:
            return name
    return _asked(said)


# Nearness alone mistakes "should I write to her?" for a question to the program: these turns are
# only possible where the words themselves speak of such a thing.
_SPOKEN_OF = {
    "what_do_you_keep": re.compile(
        r"\b(keep|kept|stor(e|ed|ing)|sav(e|ed|ing)|record|data|privacy|private|delet|eras"
        r"|leak|remember|who (can |could )?(see|read))|存|记录|记得|隐私|泄露|删|看到|保密",
        re.IGNORECASE,
    ),
    "how_do_you_know": re.compile(
        r"\bhow (do|did|can|could|would) you\b|what makes you|why (do|did|would) you (think|say)"
        r"|\bguess|怎么知道|凭什么|怎么看出|怎么判断|怎么猜|怎么晓得",
        re.IGNORECASE,
    ),
    "are_you_real": re.compile(
        r"\b(you|this|bot|human|robot|machine|ai)\b|你|真人|机器", re.IGNORECASE
    ),
    "cannot_serve": re.compile(
        r"\b((can|could|will|would) you|for me|do i have|am i|promise|secret|diagnos\w*|depress\w*"
        r"|bipolar|adhd|ocd|autis\w*|pills?|dose|mg|medic\w*|tablets?|prescri\w*|legal|lawyer|sue"
        r"|marry|date me|write me)\b|帮我|替我|药|诊断|抑郁|症|病|保证|秘密|联系|律师",
        re.IGNORECASE,
    ),
    "anger_at_bot": re.compile(
        r"\b(you|your|yourself|help\w*|listen\w*|answers?|questions?|bot|this)\b|你|废话|没用|敷衍|重复",
        re.IGNORECASE,
    ),
    "harsh_on_self": re.compile(
        r"\b(i'?m|i am|me|my|myself|i (can'?t|never|always|ruin|fail|mess|screw|hate myself))\b"
        r"|我",
        re.IGNORECASE,
    ),
    "love_me": re.compile(r"\byou\b|\bu\b|^(?!.*[他她]).*你", re.IGNORECASE),
    "small_talk": re.compile(r"^(?!.*(吐|没叫|没喊|不想))."),
    "take_sides": re.compile(
        r"\b(right|wrong|sides?|agree|faults?|fair|unfair|unreasonable|overreact\w*|crazy|too much"
        r"|problem|blame|dramatic)\b|错|问题|对不对|站|评|过分|怪谁|谁对",
        re.IGNORECASE,
    ),
    "irony": re.compile(
        r"\b(great|wonderful|nice|sure|lovely|perfect|brilliant|fantastic|thanks|right)\b"
        r"|呵呵|真行|真棒|太好了|好得很|厉害|谢谢",
        re.IGNORECASE,
    ),
}


def _possible(name: str, said: str, history: Sequence[Exchange]) -> bool:
    if name in _SPOKEN_OF and not _SPOKEN_OF[name].search(said):
        return False
    if name == "good_news" and _unsettled(said):
        return False
    if name == "mixed_news":
        return bool(contrast().search(said))
    if name == "anger_at_bot" and _REPORTED.search(said):
        return False  # who asked, said or did it was somebody else
    if name == "wrong_guess" and (_NO_GUESS.fullmatch(said.strip()) or not _guessed(history)):
        return matters.denies(said) and bool(_FEELING.search(said))
    return bool(history) or name not in _ANSWERING


def _guessed(history: Sequence[Exchange]) -> bool:
    """Whether the last reply guessed at a feeling, which alone can be guessed wrong."""
    last = history[-1] if history else None
    guessed = last is not None and last.strategy is Strategy.REFLECTION_OF_FEELINGS
    return guessed or (last is not None and bool(_FEELING.search(last.reply)))


def by_form(said: str) -> str | None:
    """The situation by fixed forms alone: greetings, thanks, goodbyes, questions to the program."""
    plain = said.replace("’", "'").strip()
    joiner = "" if words.is_chinese(plain) else " "
    bare = _BETWEEN.sub(joiner, _EDGES.sub("", plain))
    if not any(letter.isalpha() for letter in bare):
        return _wordless(plain)
    if len(bare) <= SHORT:
        for name, pattern in turns("whole").items():
            if pattern.fullmatch(bare):
                return name
        if _takes_leave(plain):
            return "goodbye"
    plain = plain if len(plain) <= 2 * ENDS else f"{plain[:ENDS]} {plain[-ENDS:]}"
    for name, pattern in turns("inside").items():
        quoted = name in _MAYBE_QUOTED and _REPORTED.search(plain)
        if pattern.search(plain) and not quoted and not (name == "success" and _unsettled(plain)):
            return name
    return None


def _asked(said: str) -> str | None:
    """Which kind of question the words are, where nothing nearer answers them."""
    plain = said[:ENDS].replace("’", "'").strip()
    if kinds.kind(plain) == "what_if":
        return None
    found = next((name for name, form in turns("asked").items() if form.search(plain)), None)
    return found or ("open_question" if kinds.asks(plain) else None)


def _takes_leave(plain: str) -> bool:
    """Whether a short line ends on a word of farewell: "right. bed. night"."""
    clauses = [part.strip() for part in _CLAUSES.split(plain) if part.strip()]
    return bool(clauses) and "?" not in plain and bool(_FAREWELL.fullmatch(clauses[-1]))


def weighed(estimates: Sequence[Estimate], found: str | None) -> list[Estimate]:
    """The estimates of a turn; words of mere courtesy to the program count nothing.

    "Thanks for listening" is pleasant to read and tells nothing of how somebody is.
    """
    if found not in COURTESIES:
        return list(estimates)
    return [replace(e, quality=0.0) if e.modality is Modality.TEXT else e for e in estimates]


def under_care(found: str | None) -> str:
    """The special turn in the talk after a crisis card: safety first, whatever else was found.

    Questions to the program keep their honest answers.
    """
    return found if found and found in _STILL_ANSWERED else "after_card"


def _unsettled(plain: str) -> bool:
    return bool(no_outcome().search(re.sub("不[错少小低]", "", plain)))


def _wordless(plain: str) -> str | None:
    """Dots are silence; a face or a heart says enough to be read; anything else is unclear."""
    if _EMOJI.search(plain):
        return None
    return "unclear" if re.search(r"[^\s.…。·,，~～-]", plain) else "silence"


def _best(likeness: Mapping[str, float], bank: Bank, language: str) -> dict[str | None, float]:
    """The best likeness of each situation; under None that of ordinary entries."""
    told = bank.evidence(language)
    return {situation: max(likeness[name] for name in names) for situation, names in told.items()}
