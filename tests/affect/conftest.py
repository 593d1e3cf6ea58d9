"""What several tests of `affect` share."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from affect.perception.text import TextModel
from affect.writers import bank
from affect.writers.bank import Bank
from affect.writers.entry import Entry
from affect.writers.scripted import ScriptedWriter


@pytest.fixture(scope="session")
def the_bank() -> Bank:
    """The bank as it ships, read once."""
    return bank.load()


@pytest.fixture(scope="session")
def entries(the_bank: Bank) -> Mapping[str, Entry]:
    """Its entries by their ids."""
    return {entry.id: entry for entry in the_bank.entries}


@pytest.fixture(scope="session")
def writer(the_bank: Bank) -> ScriptedWriter:
    """The scripted writer as it ships, with the text model that ships."""
    model = TextModel.load()
    return ScriptedWriter(the_bank, model, model)
