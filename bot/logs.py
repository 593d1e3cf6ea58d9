"""Logging: events with short constant names and fields of ids and numbers, to standard error.

Other people's libraries stay at WARNING whatever the level: at DEBUG they print what people write
and the tokens that we send.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")
OURS = ("affect", "bot", "storage")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Events(logging.Formatter):
    """One line an event: time, level, name, fields."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """Append the fields given as `extra`."""
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line = super().format(record)
        return " ".join((line, *(f"{key}={value}" for key, value in fields.items())))


class _OriginOnly(logging.Filter):
    """Lets warnings pass, without their text and traceback: logger and level say where to look."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "library_warned", ()
        record.exc_info = record.exc_text = None
        record.origin = record.name
        return record.levelno >= logging.WARNING


_ORIGIN_ONLY = _OriginOnly()


def quiet(*libraries: str) -> None:
    """Hold libraries that log what people write, or our tokens, to the fact that they warned.

    httpx logs every address, and Telegram's hold the token; python-telegram-bot and discord.py
    log messages, frames and tokens. The floor holds whatever level somebody sets.
    """
    for name in (*libraries, *logging.root.manager.loggerDict):
        if name.partition(".")[0] in libraries:
            logging.getLogger(name).addFilter(_ORIGIN_ONLY)  # a filter added twice stays one
    for name in libraries:
        # Children ask their ancestors for a level, so debug texts are not even put together.
        logging.getLogger(name).setLevel(logging.WARNING)


def where(error: BaseException) -> str:
    """Where an error came from, innermost first; never its text, which may hold people's words."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return "<".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def configure(level: str) -> None:
    """Send our events of `level` and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Events())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # A task that ends unseen is reported with its traceback, and an error's text may hold words.
    quiet("asyncio")
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
