"""Invented people and what they send."""

from __future__ import annotations

import itertools
from datetime import datetime

from storage.records import Arrival
from storage.values import dump

_numbers = itertools.count(1)


def arrival(
    text: str = "the oven broke again",
    *,
    account: str = "ana",
    at: datetime,
    ext_id: str | None = None,
    kind: str = "message",
    message: str | None = None,
    chat: str | None = None,
    platform: str = "terminal",
) -> Arrival:
    """Something that arrives from an account; the body is a small JSON object."""
    number = str(next(_numbers))
    return Arrival(
        platform=platform,
        account=account,
        chat=chat or account,
        thread=None,
        private=True,
        ext_id=ext_id or number,
        kind=kind,
        message=message or number,
        at=at,
        body=dump({"text": text}),
        name=account.capitalize(),
    )
