"""What several tests of `affect` share."""

from __future__ import annotations

import pytest

from affect.perception.text import TextModel
from affect.writers import bank
from affect.writers.scripted import ScriptedWriter


@pytest.fixture(scope="session")
def writer() -> ScriptedWriter:
    """The scripted writer as it ships, with the text model that ships."""
    return ScriptedWriter(bank.load(), TextModel.load())
