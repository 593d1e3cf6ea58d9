"""run_bot.py with a stand-in for the text model: a whole process that starts quickly."""

from __future__ import annotations

import sys

import bot.app
import run_bot
from affect.perception.text import TextModel
from affect.writers import bank
from affect.writers.scripted import ScriptedWriter
from bot.settings import Settings
from tests.bot.reading import WordReader


def _load(settings: Settings) -> tuple[TextModel, ScriptedWriter]:
    return WordReader(), ScriptedWriter(bank.load())


if __name__ == "__main__":
    bot.app.load_models = _load
    if "telegram" in sys.argv:
        from bot.platforms import telegram_listening

        telegram_listening.FIRST_PAUSE = 0.01  # between two tries
    sys.exit(run_bot.main())
