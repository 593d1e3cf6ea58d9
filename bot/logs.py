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
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
