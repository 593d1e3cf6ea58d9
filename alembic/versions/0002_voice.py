"""What is usual for the voice of a person who agreed to it."""

import sqlalchemy as sa

import storage.tables
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "voice",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("since", storage.tables.Instant(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_voice_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_voice")),
    )


def downgrade() -> None:
    op.drop_table("voice")
