"""What was said before in a talk: kept turns, as the screening and a writer remember them."""

from __future__ import annotations

from collections.abc import Sequence

from affect.safety import screening
from affect.types import Plan, Strategy
from affect.writers.base import Exchange
from bot.messages import Incoming
from bot.perceiving import both_ends
from storage.records import TurnView, Wording
from storage.values import load


def words(messages: Sequence[Incoming]) -> str:
    """What the messages of a turn say together."""
    return "\n".join(message.text for message in messages if message.text).strip()


def together(typed: str, heard: str) -> str:
    """What was typed and what was heard in a turn, as one text."""
    return "\n".join(part for part in (typed, heard) if part)


def said_before(here: Sequence[TurnView]) -> tuple[str, ...]:
    """The person's latest words of a talk, as far back as screening looks, oldest first."""
    return tuple(_said(turn) for turn in here[-screening.RECENT :])


def history(here: Sequence[TurnView]) -> tuple[Exchange, ...]:
    """Kept turns of a talk as a writer remembers them; those whose words are gone are left out."""
    return tuple(exchange for turn in here if (exchange := _exchange(turn)))


def _said(turn: TurnView) -> str:
    typed = words([load(Incoming, body) for body in turn.said])
    return together(typed, turn.notes.heard)


def _exchange(turn: TurnView) -> Exchange | None:
    if turn.wording is None or not turn.said:
        return None
    return Exchange(
        said=both_ends(_said(turn)),
        reply=turn.wording.text,
        strategy=_shown(turn.wording, turn.plan),
        entry=turn.wording.entry,
        asked=turn.wording.asked,
        situation=turn.plan.situation if turn.plan else None,
        reading=turn.reading,
        at=turn.at,
    )


def _shown(wording: Wording, plan: Plan | None) -> Strategy | None:
    """The strategy that a reply really showed, which may be another than was planned."""
    if wording.strategy:
        return Strategy(wording.strategy)
    return plan.strategy if plan else None
