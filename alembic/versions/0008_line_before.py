"""The line as it was before a person's last reading stays beside it: for when they correct that."""

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"

OLDER = """
DELETE FROM line WHERE EXISTS (
    SELECT 1 FROM line AS other
    JOIN turn AS theirs ON theirs.id = other.turn_id
    JOIN turn AS mine ON mine.id = line.turn_id
    WHERE other.person_id = line.person_id AND theirs.no > mine.no
)
"""


def upgrade() -> None:
    op.drop_index(op.f("ix_line_turn_id"), "line")
    _keyed_by("turn_id")
    op.create_index(op.f("ix_line_person_id"), "line", ["person_id"])


def downgrade() -> None:
    op.execute(sa.text(OLDER))
    op.drop_index(op.f("ix_line_person_id"), "line")
    _keyed_by("person_id")
    op.create_index(op.f("ix_line_turn_id"), "line", ["turn_id"])


def _keyed_by(column: str) -> None:
    with op.batch_alter_table("line") as batch:
        batch.drop_constraint(op.f("pk_line"), type_="primary")
        batch.create_primary_key(op.f("pk_line"), [column])
