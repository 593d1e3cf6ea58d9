"""Every table. What a person wrote, is called or was read as stands in `sealed` columns only.

Four of them are the truth of the work in hand: `inbox`, `turn`, `delivery` and `job`. A `person`
row carries the fence: `turns` grows by one with each turn, compare-and-set, so that a turn
happens once whatever engine wakes us up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows itself only in a column that is spelled INTEGER, and uses a number twice
# unless told not to: an old number must never come to mean somebody else's row.
NEVER_AGAIN = {"sqlite_autoincrement": True}
Number = BigInteger().with_variant(Integer, "sqlite")
Ulid = String(26)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Refuse naive times: they are a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, _: Dialect) -> datetime | None:
        """Give back UTC, which SQLite does not keep."""
        if value is None:
            return None
        if value.tzinfo:
            found: datetime = value.astimezone(UTC)
            return found
        return datetime.combine(value, value.time(), UTC)  # a fifth of the time of `replace`


class Table(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant, bytes: LargeBinary, dict[str, float]: JSON}  # noqa: RUF012


class Person(Table):
    """Somebody. `uid` names them to operators; `turns` is the fence.

    An operator may have `blocked_at` them, or let them have `daily` turns a day. Who is `joined_id`
    to another talks as that other from then on, and keeps what they had (`storage.links`).
    """

    __tablename__ = "person"
    __table_args__ = (NEVER_AGAIN,)
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    uid: Mapped[str] = mapped_column(Ulid, unique=True)
    turns: Mapped[int] = mapped_column(server_default="0")
    language: Mapped[str | None] = mapped_column(String(8))
    country: Mapped[str | None] = mapped_column(String(2))
    zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    blocked_at: Mapped[datetime | None]
    daily: Mapped[int | None]
    joined_id: Mapped[int | None] = mapped_column(Number, index=True)


class Key(Table):
    """A person's wrapped key. Never in the same backup as the rest."""

    __tablename__ = "person_key"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    wrapped: Mapped[bytes]


class LinkCode(Table):
    """A one-time code of a person, blinded: whoever brings it until then joins them."""

    __tablename__ = "link_code"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    blind: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    until: Mapped[datetime]


class Account(Table):
    """A person's identity on one platform, found by its blinded id."""

    __tablename__ = "account"
    __table_args__ = (Index(None, "person_id"),)
    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    platform: Mapped[str] = mapped_column(String(16))
    blind: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes]


class Talk(Table):
    """A talk of one person in one place; `/new` closes it and the next message opens another."""

    __tablename__ = "talk"
    __table_args__ = (
        Index(
            "uq_talk_open",
            "person_id",
            "blind",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "blind"),
        Index(None, "person_id"),
    )
    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    platform: Mapped[str] = mapped_column(String(16))
    blind: Mapped[bytes] = mapped_column(LargeBinary(32))
    private: Mapped[bool]
    sealed: Mapped[bytes]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Turn(Table):
    """One turn: some messages, one answer. `at` is when they were sent, `kept_at` when answered.

    `sealed` goes with the words (`storage.retention`): where it is empty, nothing is left to erase.
    """

    __tablename__ = "turn"
    __table_args__ = (
        UniqueConstraint("person_id", "no"),
        Index(None, "talk_id"),
        # Those whose words were not erased yet.
        Index(
            "ix_turn_whole",
            "kept_at",
            sqlite_where=text("sealed IS NOT NULL"),
            postgresql_where=text("sealed IS NOT NULL"),
        ),
        Index(
            "ix_turn_whole_of_person",
            "person_id",
            "kept_at",
            sqlite_where=text("sealed IS NOT NULL"),
            postgresql_where=text("sealed IS NOT NULL"),
        ),
        Index(None, "at", "id"),
        Index(None, "person_id", "at", "id"),
    )
    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    no: Mapped[int]
    talk_id: Mapped[str] = mapped_column(ForeignKey("talk.id"))
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    kept_at: Mapped[datetime]
    sealed: Mapped[bytes | None]


class Inbox(Table):
    """What arrived, stored before the platform is told so. `turn_id` is empty while it is open."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "ext_id"),
        Index(
            "ix_inbox_open",
            "person_id",
            "id",
            sqlite_where=text("turn_id IS NULL"),
            postgresql_where=text("turn_id IS NULL"),
        ),
        Index(None, "person_id", "turn_id"),
        Index(None, "turn_id"),
        Index(None, "talk_id", "message"),
        NEVER_AGAIN,
    )
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    talk_id: Mapped[str] = mapped_column(ForeignKey("talk.id"))
    channel: Mapped[str] = mapped_column(String(16))
    ext_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    message: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[bytes | None]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turn.id"))


class Reading(Table):
    """What a turn was read as, with each modality's estimate."""

    __tablename__ = "reading"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]


class Moment(Table):
    """The person's line after a turn."""

    __tablename__ = "moment"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]


class Line(Table):
    """What the filter of a person's line has learnt by their last moment, and by the one before.

    Two rows of constant size. The moments beside the turns are small, for looking back; the next
    step needs the newest row too, and a word that corrects what was read last the one before.
    """

    __tablename__ = "line"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]


class Report(Table):
    """What a person said of themselves in a turn: a check-in, or a correction of a reading."""

    __tablename__ = "report"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]


class Plan(Table):
    """What kind of answer a turn wanted."""

    __tablename__ = "plan"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes]


class Reply(Table):
    """What was answered, by which writer, and how long each step took (milliseconds)."""

    __tablename__ = "reply"
    __table_args__ = (Index(None, "person_id"),)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    writer: Mapped[str] = mapped_column(String(32))
    timings: Mapped[dict[str, float]]
    sealed: Mapped[bytes]


class Fact(Table):
    """A phrase of a person's own about their life, found in a turn; it goes with that turn."""

    __tablename__ = "fact"
    __table_args__ = (Index(None, "person_id"), Index(None, "turn_id"))
    id: Mapped[str] = mapped_column(Ulid, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"))
    sealed: Mapped[bytes]


class Delivery(Table):
    """A part of a reply on its way; `sealed` is emptied once it has arrived."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("turn_id", "part"),
        Index(
            "ix_delivery_open",
            "person_id",
            "id",
            sqlite_where=text("state IN ('pending', 'sending')"),
            postgresql_where=text("state IN ('pending', 'sending')"),
        ),
        Index(None, "person_id", "state"),
        Index(None, "talk_id"),
        NEVER_AGAIN,
    )
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id"))
    talk_id: Mapped[str] = mapped_column(ForeignKey("talk.id"))
    platform: Mapped[str] = mapped_column(String(16))
    part: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes | None]
    token: Mapped[str | None] = mapped_column(Ulid)
    lease_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime | None]


class Job(Table):
    """Something to do for a person at a time of their own clock."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "run_at"),
        Index(None, "run_at"),
        Index(None, "talk_id"),
        NEVER_AGAIN,
    )
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    talk_id: Mapped[str] = mapped_column(ForeignKey("talk.id"))
    kind: Mapped[str] = mapped_column(String(32))
    run_at: Mapped[datetime]
    local_time: Mapped[str | None] = mapped_column(String(5))
    zone: Mapped[str | None] = mapped_column(String(64))


class Consent(Table):
    """What a person agreed to or took back, and when; the newest row of a kind holds."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "person_id", "kind", "id"), NEVER_AGAIN)
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16))
    granted: Mapped[bool]
    at: Mapped[datetime]


class Voice(Table):
    """What is usual for the voice of a person who agreed to it; `since` the turn of its first note.

    One row a person, of constant size: the next note of theirs is read against it.
    """

    __tablename__ = "voice"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime]
    sealed: Mapped[bytes]


class Audit(Table):
    """Who looked at what, and why; append-only, each row chained to the one before."""

    __tablename__ = "audit"
    __table_args__ = (NEVER_AGAIN,)
    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    person_uid: Mapped[str | None] = mapped_column(Ulid, index=True)
    reason: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
