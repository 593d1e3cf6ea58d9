"""Rows of a person are found by them everywhere: to forget somebody costs what is theirs.

The second column is that of the partial index beside it: SQLite chooses between the two by chance,
and by either it finds what is open without a look at the rest.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

INDICES = (
    ("ix_talk_person_id", "talk", ["person_id"]),
    ("ix_inbox_person_id_inbox_turn_id", "inbox", ["person_id", "turn_id"]),
    ("ix_delivery_person_id_delivery_state", "delivery", ["person_id", "state"]),
    ("ix_delivery_talk_id", "delivery", ["talk_id"]),
    ("ix_job_talk_id", "job", ["talk_id"]),
)


def upgrade() -> None:
    for name, table, columns in INDICES:
        op.create_index(op.f(name), table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(op.f(name), table)
