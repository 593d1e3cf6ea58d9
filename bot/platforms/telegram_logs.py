"""What the libraries under Telegram may write into logs: that they warned, and nothing else.

httpx logs every address, and ours hold the token; python-telegram-bot logs people's words, with
an answer that it cannot read even as an error. So only a record's origin and level go on.
"""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

LIBRARIES = ("telegram", "httpx", "httpcore")


class _OriginOnly(logging.Handler):
    """Says that a library warned, without its text, its fields or its traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        name = type(error).__name__ if error else None
        log.log(record.levelno, "library_warned", extra={"origin": record.name, "error": name})


_ORIGIN_ONLY = _OriginOnly(logging.WARNING)


def quiet_library_logs() -> None:
    """Let nothing of the libraries' own texts out, whatever level somebody sets."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        # A handler added twice stays one.
        logger.addHandler(_ORIGIN_ONLY)
