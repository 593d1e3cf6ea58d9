"""What the store takes and gives: frozen values, no rows, no sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from affect.danger import Mark
from affect.facts import Fact
from affect.types import SELF_REPORT_VARIANCE, Moment, Plan, Reading, Risk


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it is stored: who and where in the platform's own ids, the rest as sealed bytes.

    `kind` is message, command, edit or delete. `message` is the platform's id of the message.
    `account` may be empty for a delete, where the platform does not say whose it was.
    """

    platform: str
    account: str
    chat: str
    thread: str | None
    private: bool
    ext_id: str
    kind: str
    message: str | None
    at: datetime
    body: bytes
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """An open message of a person, opened. `body` is what `Arrival.body` was."""

    id: int
    talk_id: str
    platform: str
    kind: str
    at: datetime
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person beside their talk. A consent that was never asked is absent.

    An operator may have `blocked` them, or let them have `daily` turns in 24 hours.
    """

    id: int
    uid: str
    turns: int
    language: str | None
    country: str | None
    zone: str | None
    created_at: datetime
    consents: Mapping[str, bool] = field(default_factory=dict)
    blocked: bool = False
    daily: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a turn that could not be used, named: part, kind, one sentence."""

    part: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Care:
    """What care for the person has to remember from turn to turn; it travels in the notes.

    `introduced`: they were told what this is. `since` and `last` are the first and last message of
    the running stretch of talk, `told` when they last heard that this is a program, `paused`
    whether a pause was suggested in this stretch. `marks` are the signs of danger of the last
    day and the quiet turns since (`safety.holding`); empty where there was none. `shift` names the
    last shift of their line that they were asked about, by when it was found.
    """

    introduced: bool = False
    since: datetime | None = None
    last: datetime | None = None
    told: datetime | None = None
    paused: bool = False
    marks: tuple[Mark, ...] = ()
    shift: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """What else is kept of a turn: language of the reply, danger found (0 to 5), problems, notices.

    `topics` names the kinds of danger. `heard` are the words of its voice notes. `asked` names the
    modality whose leave was asked for beside the reply.
    """

    language: str
    care: Care = Care()
    risk: Risk = Risk.NONE
    level: int = 0
    topics: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    heard: str = ""
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate for a reply that was not chosen, with its reasons; its words are not kept."""

    writer: str
    entry: str | None = None
    reasons: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wording:
    """The reply as it was worded, with how it came about and what else was considered."""

    text: str
    writer: str
    strategy: str | None = None
    entry: str | None = None
    reasons: Mapping[str, float] = field(default_factory=dict)
    asked: bool = False
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How a person said that they were at `at`, each dimension in [-1, 1].

    None for a dimension that they were not asked about. `variance` is how far their words may lie
    from it. `about` is the turn whose reading they judged, with the `verdict` right, wrong or felt;
    `emotion` is what they agreed to, or chose.
    """

    at: datetime
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    variance: float = SELF_REPORT_VARIANCE
    about: str | None = None
    verdict: str | None = None
    emotion: str | None = None


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact as it is kept, with the turn it comes from. `asked`: they were asked how it was."""

    id: str
    turn_id: str
    fact: Fact
    asked: bool = False


@dataclass(frozen=True, slots=True)
class UsualVoice:
    """What is usual for a person's voice, as bytes that the bot understands.

    `since` is when the turn of its first note was kept; None where that is the turn in hand.
    """

    body: bytes
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole turn, ready to be kept in one transaction.

    `no` is the turn's number for the person: the fence must stand at `no - 1`. `parts` are the
    reply's parts as bytes that the bot understands. `report` is what the person said of themselves,
    already in `moment`. `voice` is what is usual for the person's voice from now on; None leaves
    what is known. `facts` were told in it, and `asked_after` is the fact that its reply asks about.
    """

    id: str
    person_id: int
    no: int
    talk_id: str
    platform: str
    kind: str
    at: datetime
    kept_at: datetime
    inbox_ids: tuple[int, ...]
    notes: Notes
    parts: tuple[bytes, ...] = ()
    reading: Reading | None = None
    moment: Moment | None = None
    plan: Plan | None = None
    wording: Wording | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    report: Report | None = None
    voice: UsualVoice | None = None
    facts: tuple[Fact, ...] = ()
    asked_after: str | None = None


@dataclass(frozen=True, slots=True)
class TurnView:
    """A kept turn, opened. `said` holds the person's messages in order, as stored bodies."""

    id: str
    person_id: int
    person_uid: str
    no: int
    talk_id: str
    platform: str
    kind: str
    at: datetime
    said: tuple[bytes, ...]
    notes: Notes
    reading: Reading | None
    moment: Moment | None
    plan: Plan | None
    wording: Wording | None
    timings: Mapping[str, float]
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Checkin:
    """A check-in that is due at `run_at`: asked in a private talk, at `local_time` of `zone`."""

    id: int
    person_id: int
    talk_id: str
    platform: str
    chat: str
    thread: str | None
    run_at: datetime
    local_time: str
    zone: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a reply that is due, claimed by nobody yet."""

    id: int
    person_id: int
    turn_id: str
    part: int
    platform: str
    body: bytes
    attempts: int
    in_doubt: bool
