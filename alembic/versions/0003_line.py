"""What is learnt of a person's line, and what people say of themselves."""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "line",
        sa.Column("person_id", Number, nullable=False),
        sa.Column("turn_id", sa.String(length=26), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_line_person_id_person")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_line_turn_id_turn")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_line")),
    )
    op.create_index(op.f("ix_line_turn_id"), "line", ["turn_id"])
    op.create_table(
        "report",
        sa.Column("turn_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", Number, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_report_turn_id_turn")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_report_person_id_person")
        ),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_report")),
    )
    op.create_index(op.f("ix_report_person_id"), "report", ["person_id"])


def downgrade() -> None:
    op.drop_table("report")
    op.drop_table("line")
