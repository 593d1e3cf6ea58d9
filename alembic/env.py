"""Runs migrations on the connection it is given, or on the database of the settings."""

import asyncio

from sqlalchemy import Connection

from alembic import context
from storage.tables import Table


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    """For `alembic upgrade head` by hand."""
    from bot.settings import Settings
    from storage.database import Database
    from storage.vault import Vault

    settings = Settings.load()
    database = Database(settings.database, Vault.at(settings.keys))
    async with database.write(durable=True) as connection:
        await connection.run_sync(migrate)
    await database.close()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(connect_and_migrate())
