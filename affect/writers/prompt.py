"""A scene becomes the messages for an LLM, within a budget of tokens.

What is the same for everybody comes first and what changes most comes last, so that a server can
keep the work on the beginning: the persona and its manner; what the person agreed to have
remembered; the turns before, whole, the oldest folded into a line each; then the words that are
answered and, after them, the moment and the plan as fields. A person's words stand only in user
messages and only neutralised; nothing that was read in them ever stands inside them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affect import written
from affect.shares import is_sure
from affect.writers.chat import Message
from affect.writers.neutral import neutralise
from affect.writers.words import WORDS_PER_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affect.writers.base import Exchange, Scene

FOLD = 4  # turns are folded so many at a time: a beginning that changes each turn is never kept
FOLDED_WORDS = 14  # of each folded turn that go into the running summary
FOLDED_CHARACTERS = 24  # the same in Chinese, which has no spaces
SUMMARY_TURNS = 12  # folded turns that the summary still tells of
FRAME = 8  # tokens that a chat template spends on each message, at the most seen


def build(scene: Scene, count: Callable[[str], int], budget: int) -> tuple[Message, ...]:
    """The prompt of a scene; `count` gives a text's tokens, `budget` what all may have together.

    Roles alternate from the first user message on, as the strictest templates ask. Where even the
    words that are answered do not fit, their middle is left out.
    """

    def fits(messages: Sequence[Message]) -> bool:
        return sum(count(message.content) + FRAME for message in messages) <= budget

    for folded in range(0, len(scene.history) + FOLD, FOLD):
        messages = _messages(scene, scene.said, min(folded, len(scene.history)))
        if fits(messages):
            return messages
    bare = _without_the_past(scene)
    said, messages = scene.said, _messages(bare, scene.said, 0)
    while len(said) > 1 and not fits(messages):
        quarter = max(1, len(said) // 4)
        said = said[: 2 * quarter - 1] + "…" + said[-quarter:] if quarter > 1 else said[:1]
        messages = _messages(bare, said, 0)
    return messages


def system(persona: str, language: str) -> str:
    """What stands first: the same for everybody who is answered in that language."""
    told = texts(language)
    examples = told["examples"].get(persona, told["examples"]["companion"])
    return f"{told.get(persona, told['companion'])}\n{told['manner']}\n{examples}"


def moment(scene: Scene) -> str:
    """The moment and the plan as fields, one a line."""
    told, plan, reading = texts(scene.language), scene.plan, scene.reading
    named = reading.emotion.value if reading.emotion and is_sure(reading) else told["unsure"]
    length = plan.length
    if scene.language == "zh":
        length = round(length / WORDS_PER_CHARACTER)
    felt = told["numbers"].format(
        emotion=named,
        valence=f"{reading.affect.valence:+.1f}",
        arousal=f"{reading.affect.arousal:+.1f}",
    )
    avoid = [told["avoid"][name] for name in plan.avoid if name in told["avoid"]]
    wanted = told["plan"].format(
        stage=plan.stage.value,
        strategy=plan.strategy.value,
        how=told["strategies"][plan.strategy.value],
        tone="gentle" if scene.gentle else plan.tone,
        aim_valence=f"{plan.target.valence:+.1f}",
        aim_arousal=f"{plan.target.arousal:+.1f}",
        length=length,
        ask=told["ask"][plan.ask],
        avoid=", ".join(avoid) or told["nothing"],
        language=told["language"],
    )
    return f"{felt}\n{wanted}"


def _task(scene: Scene) -> str:
    """What to do, once more and in a sentence: what stands last is followed best."""
    told, plan = texts(scene.language), scene.plan
    how = told["strategies"][plan.strategy.value]
    task: str = told["answer"].format(how=how, ask=told["ask"][plan.ask])
    return task


@cache
def texts(language: str) -> dict[str, Any]:
    """The texts of prompts.yaml; English where a language has none."""
    file = Path(__file__).parent / "prompts.yaml"
    content: dict[str, Any] = written.read(file)
    return dict(content.get(language, content["en"]))


def _messages(scene: Scene, said: str, folded: int) -> tuple[Message, ...]:
    """System, then the turns after the first `folded`, then what is answered."""
    kept = "\n".join(neutralise(fact) for fact in scene.memory)
    earlier = _summary(scene.history[:folded], scene.language)
    before = [_tagged("kept", kept), _tagged("earlier", earlier)]
    spoken: list[Message] = []
    for exchange in scene.history[folded:]:
        spoken.append(Message("user", neutralise(exchange.said)))
        spoken.append(Message("assistant", neutralise(exchange.reply)))
    last = [_tagged("said", neutralise(said)), _tagged("plan", moment(scene))]
    last.append(_task(scene))
    spoken.append(Message("user", "\n".join(last)))
    past = "\n".join(part for part in before if part)
    if past:
        spoken[0] = Message("user", f"{past}\n{spoken[0].content}")
    return (Message("system", system(scene.persona, scene.language)), *spoken)


def _tagged(name: str, content: str) -> str:
    return f"<{name}>\n{content}\n</{name}>" if content else ""


def _summary(folded: Sequence[Exchange], language: str) -> str:
    """The running summary: a line a turn, in the person's own words, the oldest dropped first."""
    told = texts(language)["told"]
    lines = [_shortened(neutralise(turn.said), language) for turn in folded[-SUMMARY_TURNS:]]
    return "\n".join(told.format(said=line) for line in lines if line)


def _shortened(said: str, language: str) -> str:
    flat = " ".join(said.split())
    if language == "zh":
        return flat if len(flat) <= FOLDED_CHARACTERS else flat[:FOLDED_CHARACTERS] + "…"
    words = flat.split(" ")
    return flat if len(words) <= FOLDED_WORDS else " ".join(words[:FOLDED_WORDS]) + " …"


def _without_the_past(scene: Scene) -> Scene:
    return replace(scene, history=(), memory=())
