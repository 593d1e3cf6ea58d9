"""One person on two platforms, by a one-time code."""

import sqlalchemy as sa

import storage.tables
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("person", sa.Column("joined_id", number, nullable=True))
    op.create_index(op.f("ix_person_joined_id"), "person", ["joined_id"])
    op.create_table(
        "link_code",
        sa.Column("person_id", number, nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", storage.tables.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_link_code_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_link_code")),
        sa.UniqueConstraint("blind", name=op.f("uq_link_code_blind")),
    )


def downgrade() -> None:
    op.drop_table("link_code")
    op.drop_index(op.f("ix_person_joined_id"), "person")
    op.drop_column("person", "joined_id")
