"""What the Discord library may write into logs: its warnings, without tracebacks; nothing else.

At DEBUG it logs every gateway frame and HTTP body (people's words, our token, interaction tokens)
and at INFO the session id. The floor holds whatever level the logs are set to.
"""

from __future__ import annotations

import logging

from discord import VoiceClient


class _Quiet(logging.Filter):
    """Lets warnings pass and takes the traceback off: an exception may quote what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        record.exc_text = None
        return record.levelno >= logging.WARNING


_QUIET = _Quiet()


def quiet_library_logs() -> None:
    """Hold discord.py's loggers to warnings, even if somebody sets one of them to DEBUG."""
    # That it cannot speak in voice channels needs no warning.
    VoiceClient.warn_nacl = VoiceClient.warn_dave = False
    names = [name for name in logging.root.manager.loggerDict if name.startswith("discord.")]
    for name in ("discord", *names):
        logger = logging.getLogger(name)
        # A filter added twice stays one.
        logger.addFilter(_QUIET)
    # Children ask their ancestors for a level, so debug texts are not even put together.
    logging.getLogger("discord").setLevel(logging.WARNING)
