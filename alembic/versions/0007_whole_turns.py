"""Turns that are still whole, by when they were kept: erasing looks at no other."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"

WHOLE = sa.text("sealed IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_turn_kept_at", "turn")
    for name, columns in (
        ("ix_turn_whole", ["kept_at"]),
        ("ix_turn_whole_of_person", ["person_id", "kept_at"]),
    ):
        op.create_index(name, "turn", columns, sqlite_where=WHOLE, postgresql_where=WHOLE)


def downgrade() -> None:
    op.drop_index("ix_turn_whole_of_person", "turn")
    op.drop_index("ix_turn_whole", "turn")
    op.create_index("ix_turn_kept_at", "turn", ["kept_at"])
