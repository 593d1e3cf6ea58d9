"""Turns by time, of all and of one person; a person blocked, or with so many turns a day."""

import sqlalchemy as sa

import storage.tables
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_turn_at_turn_id", "turn", ["at", "id"])
    op.create_index("ix_turn_person_id_turn_at_turn_id", "turn", ["person_id", "at", "id"])
    op.add_column(
        "person", sa.Column("blocked_at", storage.tables.Instant(timezone=True), nullable=True)
    )
    op.add_column("person", sa.Column("daily", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "daily")
    op.drop_column("person", "blocked_at")
    op.drop_index("ix_turn_person_id_turn_at_turn_id", "turn")
    op.drop_index("ix_turn_at_turn_id", "turn")
