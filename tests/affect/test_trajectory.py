"""What a person's line promises to its callers: people, times, and what is refused."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from affect import fusion, trajectory
from affect.errors import BadInput
from affect.trajectory import grid
from affect.types import EMOTIONS, Affect, Modality, Moment, Reading, Variance

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NO_EVIDENCE = Variance(math.inf, math.inf, math.inf)


class PutBack(tzinfo):
    """A wall clock on the night it is put back: an hour comes twice."""

    def utcoffset(self, at: datetime | None) -> timedelta:
        return timedelta(hours=1 if at and at.fold else 2)

    def dst(self, at: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        return "twice"


def reading(valence: float = -0.6, variance: float = 0.1, **changes: object) -> Reading:
    base = Reading(
        emotion=None,
        probabilities=dict.fromkeys(EMOTIONS, 1 / 7),
        affect=Affect(valence, 0.2, -0.3),
        variance=Variance(variance, variance, variance),
        confidence=1 / 7,
        conflict=0.0,
        weights={Modality.TEXT: 1.0},
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name any field


def values(moment: Moment) -> list[float]:
    return [
        number
        for line in (moment.valence, moment.arousal, moment.dominance)
        for number in (*line.mean, *line.covariance)
    ]


def test_somebody_new_is_the_population_prior() -> None:
    moment = trajectory.begin(NOON)
    home = pytest.approx(astuple(trajectory.HOME))
    assert astuple(trajectory.affect_of(moment)) == home
    assert astuple(trajectory.home_of(moment)) == home
    assert trajectory.spread_of(moment).valence == pytest.approx(0.25**2 + 0.125**2 + 0.2**2)
    assert trajectory.home_spread_of(moment).valence == pytest.approx(0.2**2)
    assert (moment.count, moment.version) == (0, trajectory.VERSION)


def test_fusion_and_line_share_their_prior() -> None:
    constants = fusion.shipped()
    moment = trajectory.begin(NOON)
    spread = trajectory.spread_of(moment)
    assert constants.affect_mean == pytest.approx(astuple(trajectory.affect_of(moment)))
    assert constants.affect_variance == pytest.approx(
        (spread.valence, spread.arousal, spread.dominance)
    )
    assert constants.variance_floor == trajectory.SMALLEST_VARIANCE


def test_a_first_reading_needs_no_moment() -> None:
    assert trajectory.follow(None, reading(), NOON) == trajectory.follow(
        trajectory.begin(NOON), reading(), NOON
    )


def test_sadness_moves_the_line_down_and_time_brings_it_home() -> None:
    sad = trajectory.follow(None, reading(-0.7), NOON)
    later = trajectory.now(sad, NOON + timedelta(hours=8))
    much_later = trajectory.now(sad, NOON + timedelta(days=365))
    low, middle, high = (trajectory.affect_of(m).valence for m in (sad, later, much_later))
    assert low < -0.2 < middle < high
    assert high == pytest.approx(trajectory.home_of(sad).valence)
    assert trajectory.home_of(sad).valence < trajectory.HOME.valence


def test_years_later_the_line_is_home_with_the_spread_of_somebody_known() -> None:
    sad = trajectory.follow(None, reading(), NOON)
    moment = trajectory.now(sad, NOON + timedelta(days=30 * 365))
    expected = sad.valence.pull.emotion_variance + 0.125**2 + sad.valence.covariance[8]
    assert trajectory.spread_of(moment).valence == pytest.approx(expected)
    assert moment.valence.mean == pytest.approx((0, 0, sad.valence.mean[2]))


def test_many_readings_teach_the_home_base() -> None:
    moment = None
    for day in range(60):
        moment = trajectory.follow(moment, reading(-0.5), NOON + timedelta(days=day))
    assert moment is not None
    assert trajectory.home_of(moment).valence < -0.2  # the rest may be how their words are read
    assert trajectory.home_spread_of(moment).valence < 0.2**2 / 2
    assert moment.count == 60
    assert moment.valence.pull.emotion_variance < 0.25**2 / 2  # nobody so even swings so far


def test_their_own_word_tells_home_base_and_a_readers_bias_apart() -> None:
    """Words read as -.5 day after day, by somebody who says that they are well."""
    moment = None
    for day in range(60):
        at = NOON + timedelta(days=day)
        moment = trajectory.follow(moment, reading(-0.5), at)
        if day % 10 == 0:
            moment = trajectory.report(moment, 0.1, None, at)
    assert moment is not None
    assert trajectory.home_of(moment).valence > -0.1
    assert trajectory.home_spread_of(moment).arousal > trajectory.home_spread_of(moment).valence


@pytest.mark.parametrize(
    "nothing", [reading(variance=math.inf), fusion.fuse([])], ids=["infinite", "prior"]
)
def test_a_reading_without_evidence_moves_nothing(nothing: Reading) -> None:
    sad = trajectory.follow(None, reading(), NOON)
    at = NOON + timedelta(hours=3)
    assert trajectory.follow(sad, nothing, at) == trajectory.now(sad, at)
    assert trajectory.follow(None, nothing, NOON) == trajectory.begin(NOON)
    told = [trajectory.read(nothing, NOON), trajectory.said(at, 0.5)]
    assert [one.own for one in told] == [False, True]
    assert trajectory.series(told).own.tolist() == [False, True]


def test_one_unknown_coordinate_leaves_that_dimension() -> None:
    half_known = reading(variance=0.1, affect=Affect(-0.6, 0.0, 0.0))
    half_known = replace(half_known, variance=Variance(0.1, math.inf, 0.1))
    moment = trajectory.follow(None, half_known, NOON)
    assert moment.arousal == trajectory.begin(NOON).arousal
    assert moment.valence != trajectory.begin(NOON).valence
    assert moment.count == 1


def test_the_prior_in_a_weak_reading_does_not_draw_the_line_to_the_population() -> None:
    """A hundred selfies of weight .1 that say the same outweigh the prior mixed into each."""
    constants = fusion.shipped()
    left, prior = 0.9 / constants.affect_variance[0], constants.affect_mean[0]
    own = 0.1 / 0.1
    weak = reading(
        variance=1 / (own + left),
        affect=Affect((own * -0.6 + left * prior) / (own + left), 0.0, 0.0),
        weights={Modality.FACE: 0.1},
    )
    moment = None
    for day in range(100):
        moment = trajectory.follow(moment, weak, NOON + timedelta(days=day))
    assert moment is not None
    assert trajectory.affect_of(moment).valence < -0.25


def test_messages_of_one_burst_count_less() -> None:
    def after(gap: timedelta) -> float:
        moment = None
        for n in range(10):
            moment = trajectory.follow(moment, reading(), NOON + n * gap)
        assert moment is not None
        return trajectory.home_spread_of(moment).valence

    assert after(timedelta(minutes=1)) > after(timedelta(hours=4))


def test_thirty_messages_of_one_burst_tell_hardly_more_than_two_unrelated_ones() -> None:
    """Half of an error is shared: however many follow, the other half is what they make smaller."""
    burst = None
    for n in range(30):
        burst = trajectory.follow(burst, reading(), NOON + timedelta(seconds=20 * n))
    twice = trajectory.follow(None, reading(variance=0.04), NOON)
    assert burst is not None
    assert trajectory.spread_of(burst).valence > trajectory.spread_of(twice).valence


def test_a_self_report_weighs_more_and_shares_no_error() -> None:
    talk = trajectory.follow(None, reading(-0.6, variance=0.2), NOON)
    said = trajectory.report(talk, 0.5, 0.0, NOON + timedelta(minutes=1))
    assert trajectory.affect_of(said).valence > 0.3
    assert said.count == talk.count + 1


def test_a_late_message_counts_as_of_now() -> None:
    moment = trajectory.follow(None, reading(), NOON)
    late = trajectory.follow(moment, reading(0.4), NOON - timedelta(minutes=5))
    assert late == trajectory.follow(moment, reading(0.4), NOON)
    assert late.at == NOON


def test_a_very_late_message_is_refused() -> None:
    moment = trajectory.follow(None, reading(), NOON)
    with pytest.raises(BadInput) as refusal:
        trajectory.follow(moment, reading(), NOON - timedelta(minutes=11))
    assert refusal.value.kind == "out_of_order"


@pytest.mark.parametrize(
    "bad",
    [
        reading(math.nan),
        reading(math.inf),
        reading(1.5),
        reading(variance=math.nan),
        reading(variance=-0.1),
    ],
    ids=["nan", "infinite", "beyond", "nan variance", "negative variance"],
)
def test_what_is_no_reading_is_refused(bad: Reading) -> None:
    with pytest.raises(BadInput) as refusal:
        trajectory.follow(None, bad, NOON)
    assert refusal.value.kind == "affect"


def test_times_need_their_zone() -> None:
    with pytest.raises(BadInput) as refusal:
        trajectory.begin(datetime(2026, 5, 1, 12, 0))  # noqa: DTZ001  # the point of the test
    assert refusal.value.kind == "naive_time"


def test_a_moment_of_another_form_is_refused() -> None:
    old = replace(trajectory.begin(NOON), version=trajectory.VERSION + 1)
    with pytest.raises(BadInput) as refusal:
        trajectory.now(old, NOON)
    assert refusal.value.kind == "moment_version"


def test_only_the_instant_counts_not_the_clock_on_the_wall() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PutBack())
    second = first.replace(fold=1)  # an hour later, and Python's own difference is 0
    assert second - first == timedelta(0)
    moved = trajectory.follow(trajectory.follow(None, reading(), first), reading(), second)
    in_utc = trajectory.follow(
        trajectory.follow(None, reading(), first.astimezone(UTC)),
        reading(),
        second.astimezone(timezone(timedelta(hours=9))),
    )
    assert moved == in_utc
    assert moved.at - first.astimezone(UTC) == timedelta(hours=1)
    assert moved.at.tzinfo is UTC


def test_what_is_shown_is_cut_and_the_state_is_not() -> None:
    moment = trajectory.begin(NOON)
    far = replace(moment, valence=replace(moment.valence, mean=(0.8, 0.3, 0.4)), memory=b"")
    assert trajectory.affect_of(far).valence == 1.0
    later = trajectory.now(far, NOON + timedelta(hours=4))
    assert later.valence.mean[0] == pytest.approx(0.4)


def test_a_forecast_widens_and_falls_back_by_half_lives() -> None:
    moment = trajectory.follow(None, reading(-0.8, variance=0.01), NOON)
    moment = replace(moment, memory=b"")  # one that is kept for looking back
    half_life = moment.valence.pull.emotion_half_life
    hours = (0, half_life, 2 * half_life, 48)
    path = trajectory.forecast(moment, [NOON + timedelta(hours=h) for h in hours])
    emotions = [m.valence.mean[0] for m in path]
    spreads = [trajectory.spread_of(m).valence for m in path]
    assert emotions[1] == pytest.approx(emotions[0] / 2)
    assert emotions[2] == pytest.approx(emotions[0] / 4)
    assert spreads == sorted(spreads)
    assert path[0] == moment


def test_a_moment_of_the_first_form_goes_on_from_where_it_was() -> None:
    sad = trajectory.follow(None, reading(-0.7), NOON)
    old = replace(sad, version=1, memory=b"")
    at = NOON + timedelta(hours=8)
    following = trajectory.follow(old, reading(0.2), at)
    assert following.version == trajectory.VERSION
    assert following.count == 2
    assert trajectory.home_of(following).valence < trajectory.HOME.valence
    expected = trajectory.affect_of(trajectory.follow(sad, reading(0.2), at)).valence
    assert trajectory.affect_of(following).valence == pytest.approx(expected, abs=0.05)


def test_memory_has_constant_size_and_a_lost_one_is_no_harm() -> None:
    moment = trajectory.follow(None, reading(), NOON)
    later = moment
    for hour in range(1, 20):
        later = trajectory.follow(later, reading(hour / 20), NOON + timedelta(hours=hour))
    assert len(later.memory) == len(moment.memory)
    torn = trajectory.follow(replace(later, memory=b"?"), reading(), later.at)
    assert torn.count == later.count + 1


def test_looking_changes_nothing_that_follows() -> None:
    moment = trajectory.follow(None, reading(), NOON)
    looked = trajectory.now(moment, NOON + timedelta(hours=2))
    at = NOON + timedelta(hours=5)
    assert values(trajectory.follow(looked, reading(0.5), at)) == pytest.approx(
        values(trajectory.follow(moment, reading(0.5), at)), abs=1e-12
    )


def test_after_forgetting_the_rest_gives_the_running_state() -> None:
    kept = [(reading(v), NOON + timedelta(hours=7 * n)) for n, v in enumerate((-0.5, 0.2, 0.6))]
    moment = None
    for each, at in kept:
        moment = trajectory.follow(moment, each, at)
    assert trajectory.rebuild(trajectory.read(each, at) for each, at in kept) == moment


def test_a_line_of_the_second_form_keeps_what_was_learnt() -> None:
    moment = trajectory.begin(NOON)
    for n in range(1, 30):
        moment = trajectory.follow(moment, reading(), NOON + timedelta(hours=5 * n))
    older = replace(moment, version=2, memory=moment.memory[: grid.BYTES] + bytes(216))
    at = moment.at + timedelta(hours=5)
    new, old = (trajectory.follow(one, reading(), at) for one in (moment, older))
    assert old.version == trajectory.VERSION
    assert old.valence == new.valence
    assert len(old.memory) == len(new.memory)
