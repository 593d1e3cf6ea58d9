"""Which special turn of the talk the words are, if any: by form, by act, by meaning.

A line that is nothing but a greeting or a goodbye is told by its form. What a line does else is
told by a classifier of acts (`hearing`), where it is sure. Where it is not, fixed forms inside the
line decide (`forms`), or meaning (`meaning`). In doubt the talk is ordinary.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from affect import kinds
from affect.agreeing import agrees
from affect.corrections import corrects
from affect.special import ASKS
from affect.types import Estimate, Modality
from affect.writers import drafts, missed, plainly, retelling, sides, wants, words
from affect.writers.addressed import (
    ASKED_ABOUT,
    CORRECTED,
    Addressed,
    addressed,
    reported,
    sentences,
)
from affect.writers.done import done
from affect.writers.following import TOLD_WORDS
from affect.writers.forms import COURTESIES, by_form, whole
from affect.writers.hearing import TELLS
from affect.writers.leaving import leaves, plans, tells_past
from affect.writers.meaning import MAYBE_ACT, REQUESTS, by_meaning, request
from affect.writers.possible import FEELING, asks_view, seeks_help

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.writers.bank import Bank
    from affect.writers.base import Exchange
    from affect.writers.cues import Cues
    from affect.writers.hearing import Hearing

SURE_ACT = 0.4  # probability from which an act is taken for what the line does
# Acts that are oftener heard than done need more: on 7,451 judged lines half were right from there.
SURE_OF = {
    "goodbye": 0.75,
    "acknowledged": 0.7,
    "greeting": 0.7,
    "task": 0.7,
    "wrong_guess": 0.7,
    "irony": 0.7,
    "teasing": 0.85,
    "corrected": 0.6,
    "what_do_you_keep": 0.55,
    "are_you_real": 0.55,
    "remember": 0.55,
    "did_it": 0.55,
}
SURE_TO_US = 0.75  # the same of an act that is about our last reply: an apology needs a reason
SURE_PRIVATE = 0.5  # the same of a sentence that asks who reads along
SURE_OF_ANOTHER = 0.6  # probability of an act from which a form that is no act is not believed
SURELY_TELLS = 0.6  # probability from which a line tells something, whatever its words look like

_PRIVATE = frozenset({"others_here", "what_do_you_keep"})
# What a sentence may do that is about our last reply.
_ACTS = {
    "meant": ASKED_ABOUT,
    "anger_at_bot": "anger_at_bot",
    "wrong_guess": CORRECTED,
    "corrected": CORRECTED,
}
# Situations of acts that have another name.
_ACTED = {"no_words": "silence", "yes": "acknowledged", "no": "acknowledged"}
_LIGHT = frozenset({"greeting", "acknowledged", "yes", "no"})  # beside which more may be told
_ANSWERING = frozenset(
    {"meant", "corrected", "wrong_guess", "teasing", "anger_at_bot", "did_it", "you_said"}
    | {"acknowledged", "change_topic", "yes", "no"}
)  # need a reply of ours before them
# What a form tells surely: the line is nothing else, or it tells an outcome, which no act is.
_FORMAL = frozenset(
    {"greeting", "goodbye", "thanks", "silence", "unclear", "success", "relief", "result_out"}
    | {"sarcasm", "corrected", "may_i", "apology", "away", "back", "off_tone"}
)
# What fixed forms take such a line for, where it is about our reply after all.
_TO_US = frozenset(
    {None, "explain", "corrected", "silence", "acknowledged", "others_mind"}
    | {"irony", "wry", "success", "relief", "fact", "remember", "teasing"}
)
_AGAINST_US = frozenset({"corrected", "wrong_guess", "anger_at_bot", "meant", "explain"})
_WEIGHED = frozenset({"should_i", "choose", "asked_again"})
_APPROVES = re.compile(
    r"\W*((yeah|yes|oh|ok(ay)?|hm+|mm+|haha|actually)\W+)*"
    r"((that|this|it)('s| is|s| sounds)?|sounds?)( (really|quite|pretty|actually|so|not))?"
    r" (good|great|nice|perfect|better|helpful|lovely|bad|fair|smart)( idea)?( thanks)?\W*"
    r"|[嗯哦好啊，]*(这(个|样|么说)?|听着|感觉|主意)*(挺|很|真|也)?"
    r"(好|可以|不错|行|靠谱)(的|啊|呀|诶|主意|，|谢谢)*\W*",
    re.IGNORECASE,
)
_WORDED = frozenset({"word_it", "off_tone"})
_NARROWER = re.compile(
    r"\W*((but|ok(ay)?|maybe|no|hm+|and|or)\W+)*(something|anything|what|nothing)( a bit)? \w+\W*$"
    r"|[那嗯要有，]*(来个|来点)?(还有|别的|快|简单|便宜|清淡|省事|快手|换一?个).{0,3}(的|点|吗|呢)?\W*$",
    re.IGNORECASE,
)
_EITHER = frozenset({"choose", "should_i", "ideas"})
_ON_A_REPLY = frozenset(
    {"explain", "change_topic", "teasing", "acknowledged", "did_it", "you_said", "anger_at_bot"}
)  # speak of what went before
# What a correction may be taken for, and a question between two things.
_MAY_CORRECT = frozenset({None, "silence", "acknowledged", "irony", "success", "relief"})
_MAY_CHOOSE = frozenset({None, "should_i", "asked_advice"})
_STILL_ANSWERED = frozenset(
    {"are_you_real", "how_do_you_know", "what_do_you_keep", "cannot_serve", "anger_at_bot"}
    | {"insult", "explain", "love_me", "about_me", "understand_me", "memory"}
)

_WIDE = frozenset(
    {"others_mind", "your_view", "asked_advice", "is_it_ok"}
)  # under which requests for one certain thing fall
_CLAUSE = re.compile(r"(?<=[.!?,;…。！？，；])\s*|\s{2,}|\n")
_SAYS_NO = re.compile(r"\W*(no+|nah|nope)\b|\W*(不|没)", re.IGNORECASE)


def find(
    said: str,
    cues: Cues,
    bank: Bank,
    hearing: Hearing,
    history: Sequence[Exchange] = (),
    embedding: Sequence[float] | None = None,
) -> str | None:
    """The situation that `said` is, or None for an ordinary turn."""
    private = _private(drafts.beside(said, history), hearing)
    if asked := private or plainly.asked(said, history):
        return asked
    about_us = _parts(said, hearing, history, embedding)
    if about_us is not None and about_us.rest:
        rest = about_us.rest  # the embedding was of the whole line
        return plainly.asked(rest) or _found(rest, None, cues, bank, hearing, history, None)
    if about_us is not None and missed.named(said):
        return _act(about_us.act, said, asked=history[-1].asked)
    return _found(said, about_us, cues, bank, hearing, history, embedding)


def _found(
    said: str,
    about_us: Addressed | None,
    cues: Cues,
    bank: Bank,
    hearing: Hearing,
    history: Sequence[Exchange],
    embedding: Sequence[float] | None,
) -> str | None:
    """The situation of a line that asks nothing plainly, in the light of what of it is about us."""
    fixed = _by_words(said, history)
    if about_us is not None and fixed in _TO_US:
        return _act(about_us.act, said, asked=history[-1].asked)
    # "No, she works nights" mostly answers; that it corrects must be heard.
    if fixed in _FORMAL and not (fixed == CORRECTED and _SAYS_NO.match(said)):
        return fixed
    acts = hearing.acts(said, embedding)
    heard = _heard(said, fixed, acts, cues, bank, hearing, history, embedding)
    heard = wants.wanted(said, heard, acts)
    if heard in _AGAINST_US and history and agrees(said, history[-1].reply):
        return None
    return plainly.PICK if heard in _EITHER and sides.light(said, heard=True) else heard


def _private(said: str, hearing: Hearing) -> str | None:
    """Whether one of its sentences asks who can read along, or what is kept: nothing else in a line
    may hide that.
    """
    for sentence in filter(kinds.asks, sentences(said)):
        act, sure = _surest(hearing.acts(sentence))
        if act in _PRIVATE and sure >= SURE_PRIVATE:
            return act
    return None


def _heard(
    said: str,
    fixed: str | None,
    acts: Mapping[str, float],
    cues: Cues,
    bank: Bank,
    hearing: Hearing,
    history: Sequence[Exchange],
    embedding: Sequence[float] | None,
) -> str | None:
    """The situation by its most probable act, in the light of what its form says (`fixed`)."""
    act, sure = _surest(acts)
    if fixed and (fixed == whole(said) or _maybe(fixed, acts, sure)):
        return fixed
    if act in _LIGHT and sure >= SURE_ACT and (rest := _beside_light(said, hearing)):
        return find(rest, cues, bank, hearing, history)
    if sure < SURE_ACT or act == TELLS:
        act, sure = wants.likeliest(acts) or (act, sure)
    # "Halifax" in the middle of a talk is no hello: of 27 such, one was.
    hails = act == "greeting" and bool(history)
    stays = act == "goodbye" and (plans(said) or tells_past(said) or _decides(history))
    opens = act == "comfort" and seeks_help(said, history)
    if hails or stays or opens or sure < SURE_OF.get(act, SURE_ACT) or act == TELLS:
        found = fixed or by_meaning(
            said, cues, bank, history, embedding, acts, settles=_decides(history)
        )
        only_like_it = found in acts or found == "open_question"
        return None if only_like_it and acts.get(TELLS, 0.0) >= SURELY_TELLS else found
    asked = request(said, cues, bank, history, fewest=1) if act in _WIDE else None
    if asked in REQUESTS:
        return asked
    return _ACTED.get(act, act) if history or act not in _ANSWERING else fixed


def _decides(history: Sequence[Exchange]) -> bool:
    """Whether the last line asked whether or what to do: 那我去吧 settles it, and ends no talk."""
    return bool(history) and history[-1].situation in _WEIGHED


def _maybe(fixed: str, acts: Mapping[str, float], sure: float) -> bool:
    """Whether what the form says may be so, for all that the most probable act is `sure`."""
    if fixed in acts:
        return acts[fixed] >= MAYBE_ACT
    return bool(acts) and sure < SURE_OF_ANOTHER and acts[TELLS] < SURE_ACT


def _surest(acts: Mapping[str, float]) -> tuple[str, float]:
    return max(acts.items(), key=lambda item: item[1], default=(TELLS, 0.0))


def _beside_light(said: str, hearing: Hearing) -> str:
    """What is told after a bare yes, no, nod or greeting: "nah. failed maths" -> "failed maths"."""
    clauses = [clause for clause in _CLAUSE.split(said) if clause.strip()]
    while len(clauses) > 1:
        act, sure = _surest(hearing.acts(clauses[0]))
        if act not in _LIGHT or sure < SURE_ACT:
            break
        clauses.pop(0)
    rest = " ".join(clauses).strip()
    return rest if len(rest) < len(said.strip()) and words.count(rest) >= TOLD_WORDS else ""


def _act(act: str, said: str, *, asked: bool) -> str:
    """The situation of a line that is about our last reply, which `asked` or stated something."""
    if act == CORRECTED and FEELING.search(said):
        return "wrong_guess"
    return "explain" if act == ASKED_ABOUT and asked else act


def parts(
    said: str,
    hearing: Hearing,
    history: Sequence[Exchange] = (),
    embedding: Sequence[float] | None = None,
) -> Addressed | None:
    """What of `said` is about our last reply, and what is told beside it; None for nothing."""
    return None if plainly.asked(said, history) else _parts(said, hearing, history, embedding)


def _parts(
    said: str,
    hearing: Hearing,
    history: Sequence[Exchange],
    embedding: Sequence[float] | None,
) -> Addressed | None:
    if not history or leaves(said):
        return None
    if missed.named(said):
        return Addressed(CORRECTED, missed.anew(said, history))
    if wants.by_form(said):
        return None  # "what should I cook tonight?" asks for an idea, not about our question
    # "No, he doesn't help with that either" has the form of a correction, and tells something.
    if hearing.acts(said, embedding).get(TELLS, 0.0) >= SURELY_TELLS:
        return None

    def meant(sentence: str) -> str | None:
        acts = hearing.acts(sentence, embedding if sentence == said.strip() else None)
        act, sure = _surest(acts)
        return _ACTS.get(act) if sure >= SURE_TO_US else None

    return addressed(said, history, meant)


def _by_words(said: str, history: Sequence[Exchange]) -> str | None:
    fixed = by_form(said)
    if (
        fixed in _MAY_CORRECT
        and not reported(said)
        and (corrected := corrects(said, history[-1] if history else None))
    ):
        feeling = corrected == "corrected" and FEELING.search(said)
        return "wrong_guess" if feeling else corrected
    if fixed == "harsh_on_self" and asks_view(said):
        return "self_blame"
    if fixed in _MAY_CHOOSE and retelling.choice(said):
        return "choose"
    return _after_reply(fixed, said, history)


def _after_reply(fixed: str | None, said: str, history: Sequence[Exchange]) -> str | None:
    """What a form stands for in the light of our last reply."""
    if fixed is None and _narrows(said, history):
        return "ideas"
    if fixed is None and history and history[-1].situation in ASKS and _APPROVES.fullmatch(said):
        return "acknowledged"
    if fixed is None and done(said, history):
        return "did_it"
    if fixed == "unclear" and re.search(r"\d", said) and history:
        return None  # a number tells more of what was told
    if fixed == "off_tone" and (not history or history[-1].situation not in _WORDED):
        return None
    return fixed if history or fixed not in _ON_A_REPLY else None


def _narrows(said: str, history: Sequence[Exchange]) -> bool:
    """Whether it narrows what ideas were asked for: "something quick", "anything else?"."""
    return bool(history) and history[-1].situation == "ideas" and bool(_NARROWER.match(said))


def weighed(estimates: Sequence[Estimate], said: str) -> list[Estimate]:
    """The estimates of a turn; words of mere courtesy to the program count nothing.

    "Thanks for listening" is pleasant to read and tells nothing of how somebody is.
    """
    if whole(said.replace("’", "'").strip()) not in COURTESIES:
        return list(estimates)
    return [replace(e, quality=0.0) if e.modality is Modality.TEXT else e for e in estimates]


def under_care(found: str | None) -> str:
    """The special turn in the talk after a crisis card: safety first, whatever else was found.

    Questions to the program keep their honest answers.
    """
    return found if found and found in _STILL_ANSWERED else "after_card"
