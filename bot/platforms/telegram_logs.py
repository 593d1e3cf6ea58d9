"""What the libraries under Telegram may write into logs: that they warned, and nothing else.

httpx logs every address, and ours hold the token; python-telegram-bot logs what people write, with
an answer that it cannot read even as an error. The floor holds whatever level the logs are set to.
"""

from __future__ import annotations

import logging

LIBRARIES = ("telegram", "httpx", "httpcore")


class _OriginOnly(logging.Filter):
    """Lets warnings pass, without their text and traceback: logger and level say where to look."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "library_warned", ()
        record.exc_info = record.exc_text = None
        record.origin = record.name
        return record.levelno >= logging.WARNING


_ORIGIN_ONLY = _OriginOnly()


def quiet_library_logs() -> None:
    """Hold the libraries' loggers to warnings, even if somebody sets one of them to DEBUG."""
    known = [*LIBRARIES, *logging.root.manager.loggerDict]
    for name in known:
        if name.partition(".")[0] in LIBRARIES:
            # A filter added twice stays one.
            logging.getLogger(name).addFilter(_ORIGIN_ONLY)
    for name in LIBRARIES:
        # Children ask their ancestors for a level, so debug texts are not even put together.
        logging.getLogger(name).setLevel(logging.WARNING)
