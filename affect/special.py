"""The special turns of a talk, and what each asks for: strategy, length, tone, question.

Which turn it is, `strategy` decides from what a writer recognised and from the talk so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from affect.types import Strategy


@dataclass(frozen=True, slots=True)
class Special:
    """How a special turn of the talk is answered; `ask` None leaves it to the ordinary rule."""

    strategy: Strategy
    length: int
    tone: str
    ask: bool | None = None


_OTHER, _REFLECT = Strategy.OTHER, Strategy.REFLECTION_OF_FEELINGS
SPECIAL: Mapping[str, Special] = {
    "greeting": Special(_OTHER, 16, "light"),
    "thanks": Special(Strategy.AFFIRMATION, 18, "light", ask=False),
    "goodbye": Special(_OTHER, 18, "light", ask=False),
    "good_news": Special(Strategy.AFFIRMATION, 35, "bright"),
    "mixed_news": Special(Strategy.RESTATEMENT, 30, "plain"),
    "anger_at_bot": Special(_OTHER, 22, "plain"),
    "insult": Special(_OTHER, 18, "calm", ask=False),
    "silence": Special(_OTHER, 20, "calm", ask=False),
    "are_you_real": Special(Strategy.INFORMATION, 35, "plain"),
    "love_me": Special(Strategy.INFORMATION, 30, "plain"),
    "how_do_you_know": Special(Strategy.INFORMATION, 35, "plain"),
    "what_do_you_keep": Special(Strategy.INFORMATION, 35, "plain"),
    "cannot_serve": Special(Strategy.INFORMATION, 40, "plain"),
    "take_sides": Special(Strategy.QUESTION, 30, "plain"),
    "harsh_on_self": Special(_REFLECT, 30, "gentle"),
    "leaning": Special(Strategy.QUESTION, 30, "gentle"),
    "irony": Special(Strategy.QUESTION, 22, "tentative", ask=True),
    "unclear": Special(Strategy.QUESTION, 18, "plain", ask=True),
    "wrong_guess": Special(Strategy.QUESTION, 22, "plain"),
    "repeated_topic": Special(Strategy.QUESTION, 30, "plain"),
    "permission": Special(Strategy.SUGGESTION, 25, "plain", ask=True),
    "asked_advice": Special(Strategy.SUGGESTION, 40, "plain"),
    "after_crisis": Special(Strategy.AFFIRMATION, 24, "gentle"),
    "success": Special(Strategy.AFFIRMATION, 35, "bright", ask=True),
    "relief": Special(Strategy.AFFIRMATION, 35, "bright", ask=True),
    **{
        f"answer_{what}": Special(Strategy.RESTATEMENT, 25, "plain")
        for what in ("when", "who", "name", "how", "what")
    },
    "lift": Special(Strategy.AFFIRMATION, 25, "gentle"),
    "said_yes": Special(Strategy.QUESTION, 30, "plain"),
    "said_no": Special(Strategy.QUESTION, 30, "plain"),
    "acknowledged": Special(_OTHER, 28, "plain"),
    "declined": Special(_OTHER, 25, "plain", ask=False),
    "unsure": Special(_REFLECT, 30, "gentle", ask=False),
    "explain": Special(Strategy.INFORMATION, 35, "plain"),
    "remember": Special(Strategy.RESTATEMENT, 45, "plain"),
    "should_i": Special(Strategy.QUESTION, 40, "plain", ask=True),
    "choose": Special(Strategy.RESTATEMENT, 45, "plain"),
    "asked_again": Special(Strategy.SUGGESTION, 45, "plain", ask=False),
    "corrected": Special(_OTHER, 30, "plain"),
    "sarcasm": Special(_OTHER, 30, "plain"),
    "wry": Special(_REFLECT, 25, "plain", ask=False),
    "my_feeling": Special(Strategy.INFORMATION, 40, "plain"),
    "my_voice": Special(Strategy.INFORMATION, 40, "plain"),
    "understand_me": Special(Strategy.INFORMATION, 35, "plain"),
    "memory": Special(Strategy.INFORMATION, 40, "plain", ask=False),
    "about_me": Special(Strategy.INFORMATION, 35, "plain", ask=True),
    "teasing": Special(_OTHER, 25, "light"),
    "change_topic": Special(_OTHER, 25, "light"),
    "after_card": Special(Strategy.AFFIRMATION, 40, "gentle", ask=True),
    "is_it_ok": Special(Strategy.COMMON_HUMANITY, 30, "plain"),
    "hindsight": Special(Strategy.COMMON_HUMANITY, 30, "plain"),
    "others_mind": Special(Strategy.QUESTION, 30, "plain"),
    "task": Special(Strategy.INFORMATION, 30, "plain"),
    "fact": Special(Strategy.INFORMATION, 30, "plain"),
    "your_life": Special(Strategy.INFORMATION, 30, "light"),
    "your_view": Special(Strategy.QUESTION, 30, "plain"),
    "open_question": Special(Strategy.QUESTION, 25, "plain"),
    "may_i": Special(_OTHER, 14, "light", ask=False),
    "beyond": Special(_REFLECT, 30, "gentle"),
    "did_it": Special(Strategy.AFFIRMATION, 30, "plain", ask=True),
    "you_said": Special(_OTHER, 30, "plain", ask=True),
    "result_out": Special(Strategy.QUESTION, 20, "open", ask=True),
    "back_again": Special(_OTHER, 30, "light", ask=True),
    "apology": Special(_OTHER, 20, "plain"),
    "away": Special(_OTHER, 14, "light", ask=False),
    "back": Special(_OTHER, 18, "light"),
    "small_talk": Special(_OTHER, 28, "light"),
    "support": Special(Strategy.INFORMATION, 50, "plain", ask=False),
    "support_first": Special(Strategy.RESTATEMENT, 55, "plain", ask=False),
    "meant": Special(Strategy.INFORMATION, 35, "plain", ask=False),
    "owned": Special(_OTHER, 10, "plain", ask=False),  # said before an answer, never by itself
    "self_blame": Special(_REFLECT, 40, "gentle", ask=False),
    "loved": Special(_REFLECT, 40, "gentle", ask=False),
    "like_me": Special(Strategy.INFORMATION, 40, "gentle", ask=False),
    "comfort": Special(Strategy.SUGGESTION, 40, "gentle", ask=False),
    "congratulate": Special(Strategy.AFFIRMATION, 25, "bright", ask=False),
    "how_are_you": Special(_OTHER, 25, "light", ask=True),
    "others_here": Special(Strategy.INFORMATION, 35, "plain", ask=False),
    "word_it": Special(Strategy.SUGGESTION, 45, "plain", ask=False),
    "ideas": Special(Strategy.SUGGESTION, 40, "light"),
    "advice_any": Special(Strategy.SUGGESTION, 40, "plain"),
    "off_tone": Special(Strategy.SUGGESTION, 25, "plain"),
    "pick": Special(Strategy.SUGGESTION, 30, "light", ask=False),
    "draft_plain": Special(Strategy.SUGGESTION, 35, "plain", ask=False),
    "draft_heated": Special(Strategy.SUGGESTION, 40, "plain", ask=False),
    "draft_unsure": Special(Strategy.SUGGESTION, 40, "plain", ask=False),
    "unknown": Special(Strategy.INFORMATION, 40, "plain", ask=False),
    "subject": Special(Strategy.INFORMATION, 30, "plain", ask=True),
    "foresee": Special(Strategy.INFORMATION, 30, "plain"),
    "why_pick": Special(Strategy.INFORMATION, 25, "light", ask=False),
    "humour": Special(Strategy.INFORMATION, 30, "light", ask=False),
    "able": Special(Strategy.INFORMATION, 30, "light"),
    "something": Special(Strategy.INFORMATION, 40, "light", ask=False),
    "story": Special(_OTHER, 45, "light", ask=False),
    "wish_luck": Special(Strategy.AFFIRMATION, 30, "light", ask=False),
    "too_late": Special(Strategy.SUGGESTION, 40, "plain", ask=False),
    "your_day": Special(Strategy.INFORMATION, 30, "light"),
    "plan_help": Special(Strategy.SUGGESTION, 60, "plain", ask=False),
    "liked": Special(_OTHER, 24, "light"),
    "praised": Special(_OTHER, 24, "light", ask=False),
    "rhetorical": Special(_OTHER, 24, "light"),
}
"""What the special turns ask for (voice.md 4); anything else is the ordinary case."""

ASKS = frozenset(
    {"asked_advice", "asked_again", "word_it", "ideas", "choose", "should_i", "open_question"}
    | {"your_view", "is_it_ok", "hindsight", "fact", "others_mind", "unknown"}
)
"""What a line may want of us. "How do I tell her?" asks for advice as well as for words, so such
turns are heard together, and what answers one of them may answer another.
"""
