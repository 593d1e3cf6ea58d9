"""What tests of the bot share: a database that was migrated once, and the house on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from storage.vault import Vault
from tests.bot.house import House, Make, opened
from tests.clock import FakeClock


@pytest.fixture
async def database(database_url: str, vault: Vault) -> AsyncIterator[Database]:
    ready = await opened(database_url, vault)
    yield ready
    await ready.close()


@pytest.fixture
def make(database: Database, clock: FakeClock) -> Make:
    def build(**told: object) -> House:
        return House(database, clock, **told)  # type: ignore[arg-type]

    return build


@pytest.fixture
def house(make: Make) -> House:
    return make()
