"""Which strategies a text shows, by cues that a reader can check; nothing is learned here.

The cues follow the definitions of ESConv's annotation (Liu et al., ACL 2021, section 3.2): a
question asks for more, a restatement says their matter back, a reflection names a feeling, common
humanity speaks of many people, an affirmation names what they did, a suggestion what they could do,
information a fact. One sentence shows one strategy, the first that holds; most replies show two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.types import Strategy
from affect.writers import guard, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEELING = (
    r"(?:sad|angry|mad|hurt\w*|afraid|scar(?:ed|y)|anxious|worr\w+|lonely|alone|tired|exhaust\w+"
    r"|drain\w+|overwhelm\w+|frustrat\w+|disappoint\w+|asham\w+|guilt\w*|embarrass\w+|jealous"
    r"|upset|stress\w*|stung|stings?|hard|heavy|painful|rough|tough|scary|relie\w+|happy|glad"
    r"|proud|excit\w+|torn|numb|empty|lost|stuck|betray\w+|humiliat\w+|unfair|helpless|hopeless"
    r"|nervous|grie\w+|miss(?:ing)?|weigh\w*|wear\w*|unsettl\w+|surpris\w+|shock\w+|annoy\w+)"
)
_FEELING_ZH = (
    r"(?:难过|伤心|委屈|生气|气人|火大|害怕|怕|慌|紧张|焦虑|担心|孤单|孤独|累|疲|撑不住|失望|丢脸|内疚"
    r"|羡慕|嫉妒|烦|压力|扎心|扎人|心酸|心疼|松了口气|高兴|开心|骄傲|激动|矛盾|空|麻木|无助|难熬|难受"
    r"|不好受|憋屈|意外|吓|冷清|磨人|疼|堵)"
)
_SUGGESTION = re.compile(
    r"\b(?:maybe|perhaps|you (?:could|might|can)|might help|could help|try|consider|how about"
    r"|one (?:option|idea|small thing)|if you (?:like|want))\b.{0,60}\b(?:try|write|call|talk"
    r"|ask|take|tell|make|go|set|put|start|keep|leave|help|walk|say|text|rest)\b"
    r"|可以(?:试|先|去|把|找)|试试|不妨|要不要?(?:先|试)|主意",
    re.IGNORECASE,
)
_MANY = re.compile(
    r"\b(?:(?:many|most|plenty of|a lot of|lots of|other) (?:people|of us|folks)|people often"
    r"|others|everyone|you(?:'re| are) not (?:the only|alone)|common|anyone would)\b"
    r"|很多人|好多人|不少人|大家|谁都|换(?:了)?谁|不止你",
    re.IGNORECASE,
)
_DID = re.compile(
    r"\b(?:you(?:'ve| have)? (?:still |already |even |really )?(?:kept|keep|managed|did|got through"
    r"|held|noticed|came|showed|made it|worked|stood|found|took|tried|stayed|passed|finished|won"
    r"|earned|chose|carried|handled)|that (?:took|counts|matters|is no small)|no small thing"
    r"|takes (?:courage|strength|effort|work)|well done|proud of)\b"
    r"|不容易|了不起|做到了|撑(?:过|到|下)|熬过|坚持|真(?:行|棒|厉害)|算数|值得",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"\b(?:often|usually|typically|tends? to|generally|in general|means that|is called|peaks?"
    r"|takes about|it is known)\b|通常|一般|往往|常常|是因为|意味着|大概要",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:seems?|sounds?|looks?|maybe|perhaps|must|might|feel\w*|felt|you(?:'re| are)|part of you"
    r"|what a|that(?:'s| is| was)|it(?:'s| is| was))\b"
    r"|好像|是不是|有点|可能|一定|真|这么|那么|挺|很|太",
    re.IGNORECASE,
)
_FEELS = re.compile(rf"\b{_FEELING}\b|{_FEELING_ZH}", re.IGNORECASE)
_THEIRS = re.compile(r"\b(?:you|your|yours|you're)\b|你", re.IGNORECASE)
TAKEN_UP = 2  # stems of theirs that make a plain sentence a restatement
_ENDS = re.compile(r"(?<=[.!?。！？])\s*")


def shown(text: str, said: str) -> tuple[Strategy, ...]:
    """The strategies that a reply to `said` shows, in the order of its sentences, each once."""
    own = words.stems(said)
    parts = [part for part in _ENDS.split(text) if part.strip()]
    return tuple(dict.fromkeys(_of(part, own) for part in parts))


def main(text: str, said: str, wanted: Strategy) -> Strategy:
    """The strategy to remember a reply by: the one wanted where it shows, else the first."""
    found = shown(text, said)
    if wanted in found or not found:
        return wanted if found else Strategy.OTHER
    return found[0]


def _of(sentence: str, own: frozenset[str]) -> Strategy:
    return next(_held(sentence, own), Strategy.OTHER)


def _held(sentence: str, own: frozenset[str]) -> Iterator[Strategy]:
    asks = words.questions(sentence) > 0
    feels = bool(_FEELS.search(sentence) and _GUESS.search(sentence))
    # "Relieved, and a bit guilty for it?" names a feeling; a question word asks for more.
    if asks:
        yield (
            Strategy.REFLECTION_OF_FEELINGS
            if feels and _is_guess(sentence)
            else (Strategy.QUESTION)
        )
    if guard.gives_advice(sentence) or _SUGGESTION.search(sentence):
        yield Strategy.SUGGESTION
    if _MANY.search(sentence):
        yield Strategy.COMMON_HUMANITY
    if _DID.search(sentence):
        yield Strategy.AFFIRMATION
    if feels:
        yield Strategy.REFLECTION_OF_FEELINGS
    if len(own & words.stems(sentence)) >= TAKEN_UP:
        yield Strategy.RESTATEMENT
    if _FACT.search(sentence):
        yield Strategy.INFORMATION
    if _THEIRS.search(sentence) and own & words.stems(sentence):
        yield Strategy.RESTATEMENT


def _is_guess(sentence: str) -> bool:
    return not re.search(
        r"\b(?:what|who|when|where|why|how|which|do you|did you|have you|are there|is there|can you"
        r"|could you|would you)\b|什么|谁|哪|怎么|几|多少|吗",
        sentence,
        re.IGNORECASE,
    )
