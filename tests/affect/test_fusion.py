"""What fusion promises, for any estimates: weights, silence, copies, conflict, abstention."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect import fusion
from affect.errors import BadInput, ModelUnavailable
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Reading, Variance

laws = settings(max_examples=80, deadline=None)
PRIOR = fusion.fuse([])
UNKNOWN = Variance(math.inf, math.inf, math.inf)


def estimate(
    modality: Modality = Modality.TEXT,
    likely: Emotion = Emotion.SADNESS,
    share: float = 0.7,
    quality: float = 1.0,
    valence: float = -0.5,
    silent: frozenset[Emotion] = frozenset(),
) -> Estimate:
    """One emotion with a share, the others alike."""
    heard = [e for e in EMOTIONS if e not in silent and e is not likely]
    probabilities = dict.fromkeys(EMOTIONS, 0.0) | dict.fromkeys(heard, (1 - share) / len(heard))
    return Estimate(
        modality=modality,
        probabilities=probabilities | {likely: share},
        affect=Affect(valence, 0.1, -0.2),
        variance=Variance(0.1, 0.15, 0.15),
        quality=quality,
        model="made up",
        silent=silent,
    )


@st.composite
def estimates_of(draw: st.DrawFn, modality: Modality | None = None) -> Estimate:
    silent = draw(st.frozensets(st.sampled_from(EMOTIONS), max_size=6))
    odds = {
        e: 0.0 if e in silent else draw(st.floats(0.0, 1.0, allow_subnormal=False))
        for e in EMOTIONS
    }
    total = sum(odds.values())
    coordinate, variance = st.floats(-1.0, 1.0), st.floats(1e-3, 2.0) | st.just(math.inf)
    return Estimate(
        modality=modality or draw(st.sampled_from(Modality)),
        probabilities={e: p / total if total > 1e-6 else 1 / 7 for e, p in odds.items()},
        affect=Affect(draw(coordinate), draw(coordinate), draw(coordinate)),
        variance=Variance(draw(variance), draw(variance), draw(variance)),
        quality=draw(st.floats(0.0, 1.0, allow_subnormal=False)),
        model="made up",
        silent=silent,
    )


several = st.lists(estimates_of(), max_size=5)


def numbers(reading: Reading) -> list[float]:
    points = (reading.affect, reading.variance)
    return [
        *(reading.probabilities[e] for e in EMOTIONS),
        *(n for p in points for n in (p.valence, p.arousal, p.dominance)),
        reading.conflict,
        reading.confidence,
    ]


def same(one: Reading, other: Reading, tolerance: float = 1e-9) -> bool:
    return numbers(one) == pytest.approx(numbers(other), rel=tolerance, abs=tolerance)


@laws
@given(several, st.sampled_from([fusion.fuse, fusion.linear_pool]))
def test_every_reading_is_sound(estimates: list[Estimate], pool: object) -> None:
    reading = fusion.fuse(estimates) if pool is fusion.fuse else fusion.linear_pool(estimates)
    assert math.fsum(reading.probabilities.values()) == pytest.approx(1.0)
    assert list(reading.probabilities) == list(EMOTIONS)
    assert all(0 <= p <= 1 for p in reading.probabilities.values())
    assert 0 <= reading.conflict <= 1
    assert reading.confidence == max(reading.probabilities.values())
    assert all(math.isfinite(n) for n in numbers(reading))
    assert all(0 <= weight <= 1 for weight in reading.weights.values())
    assert set(reading.weights) == {e.modality for e in estimates}
    assert reading.estimates == tuple(estimates)


@laws
@given(several, st.randoms(use_true_random=False))
def test_order_does_not_matter(estimates: list[Estimate], random: object) -> None:
    shuffled = list(estimates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out random.Random
    assert same(fusion.fuse(shuffled), fusion.fuse(estimates))
    assert same(fusion.linear_pool(shuffled), fusion.linear_pool(estimates))


@laws
@given(several, estimates_of())
def test_quality_zero_changes_nothing(estimates: list[Estimate], other: Estimate) -> None:
    blind = replace(other, quality=0.0)
    assert same(fusion.fuse([*estimates, blind]), fusion.fuse(estimates))
    assert same(fusion.linear_pool([*estimates, blind]), fusion.linear_pool(estimates))


@laws
@given(st.sampled_from(EMOTIONS), st.floats(0.6, 0.99), st.floats(0.6, 0.99))
def test_who_is_not_contradicted_is_not_doubted(emotion: Emotion, one: float, two: float) -> None:
    told = [estimate(Modality.TEXT, emotion, one), estimate(Modality.FACE, emotion, two)]
    trusting = fusion.fuse(told, constants=replace(fusion.shipped(), doubt=0.0))
    assert same(fusion.fuse(told), trusting)


def test_one_that_two_contradict_is_believed_less() -> None:
    """Glad words beside a sad voice and a sad face, as a joke is told: their weights alone would
    leave the words as much as ever.
    """
    told = [
        estimate(Modality.TEXT, Emotion.JOY, 0.97),
        estimate(Modality.VOICE, Emotion.SADNESS, 0.8),
        estimate(Modality.FACE, Emotion.SADNESS, 0.8),
    ]
    found = fusion.fuse(told)
    trusting = fusion.fuse(told, constants=replace(fusion.shipped(), doubt=0.0))
    assert found.emotion is Emotion.SADNESS
    assert found.probabilities[Emotion.JOY] < trusting.probabilities[Emotion.JOY] / 2


@laws
@given(several, st.data())
def test_a_copy_changes_nothing(estimates: list[Estimate], data: st.DataObject) -> None:
    """Estimates of one modality share its weight, so a second view of a signal adds no surety."""
    alone = [replace(e, modality=m) for e, m in zip(estimates, Modality, strict=False)]
    if alone:
        copy = data.draw(st.sampled_from(alone))
        assert same(fusion.fuse([*alone, copy]), fusion.fuse(alone))


@laws
@given(estimates_of(Modality.TEXT), st.floats(0.0, 1.0))
def test_a_copy_under_another_name_adds_no_more_than_its_weight(
    words: Estimate, quality: float
) -> None:
    """The limit of the first form: told as another modality, a copy does raise confidence.

    Log-odds against the prior grow by the factor 1 + λq/λq(words), never more; only weights
    learnt on pairs can see errors that two modalities share.
    """
    even = replace(fusion.shipped(), base_rates=dict.fromkeys(Modality, fusion.shipped().prior))
    words = replace(words, quality=1.0)
    copy = replace(words, modality=Modality.VOICE, quality=quality)
    one = fusion.fuse([words], constants=even).probabilities
    two = fusion.fuse([words, copy], constants=even).probabilities
    factor = 1 + even.weights[Modality.VOICE] * quality
    for e in EMOTIONS:
        for other in EMOTIONS:
            before = math.log(one[e] / PRIOR.probabilities[e] / one[other])
            before += math.log(PRIOR.probabilities[other])
            after = math.log(two[e] / PRIOR.probabilities[e] / two[other])
            after += math.log(PRIOR.probabilities[other])
            assert after == pytest.approx(factor * before, abs=1e-6)


@laws
@given(several, estimates_of())
def test_silence_is_no_veto(estimates: list[Estimate], words: Estimate) -> None:
    """A class that nobody has a model for keeps at least about its prior."""
    mute = [replace(e, silent=e.silent | {Emotion.DISGUST}) for e in [*estimates, words]]
    only = fusion.fuse(mute[-1:]).probabilities[Emotion.DISGUST]
    assert only >= PRIOR.probabilities[Emotion.DISGUST] * (1 - 1e-9)
    many = fusion.fuse(mute)
    told = fusion.fuse([replace(e, silent=frozenset(EMOTIONS)) for e in mute])
    assert many.probabilities[Emotion.DISGUST] > 0
    assert told.probabilities == pytest.approx(PRIOR.probabilities)


def test_a_silent_class_keeps_its_prior_exactly_beside_words_of_full_weight() -> None:
    words = estimate(likely=Emotion.ANGER, share=0.9, silent=frozenset({Emotion.DISGUST}))
    reading = fusion.fuse([words])
    prior = PRIOR.probabilities[Emotion.DISGUST]
    assert reading.probabilities[Emotion.DISGUST] == pytest.approx(prior)
    assert reading.probabilities[Emotion.ANGER] == pytest.approx(0.9 * (1 - prior))


def test_what_is_said_of_a_silent_class_is_not_heard() -> None:
    words = estimate(silent=frozenset({Emotion.DISGUST}))
    loud = replace(words, probabilities={**words.probabilities, Emotion.DISGUST: 0.5})
    assert same(fusion.fuse([words]), fusion.fuse([loud]))


@laws
@given(estimates_of(Modality.TEXT))
def test_words_alone_stay_the_calibrated_text_estimate(words: Estimate) -> None:
    words = replace(words, quality=1.0, silent=frozenset())
    reading = fusion.fuse([words])
    for e in EMOTIONS:
        assert reading.probabilities[e] == pytest.approx(words.probabilities[e], abs=1e-3)
    if words.variance.valence < math.inf:
        assert reading.affect.valence == pytest.approx(words.affect.valence)
        assert reading.variance.valence == pytest.approx(words.variance.valence)
    assert reading.weights == {Modality.TEXT: 1.0}
    assert reading.conflict == 0.0


@laws
@given(estimates_of())
def test_one_modality_is_never_in_conflict(only: Estimate) -> None:
    assert fusion.fuse([only]).conflict == 0.0
    assert fusion.fuse([only, only]).conflict == 0.0


@laws
@given(several)
def test_without_evidence_there_is_only_the_prior(estimates: list[Estimate]) -> None:
    blind = [replace(e, quality=0.0) for e in estimates]
    reading = fusion.fuse(blind, transcript="words")
    assert same(reading, PRIOR)
    assert reading.emotion is None
    assert reading.transcript == "words"
    assert sum(reading.weights.values()) == 0


def test_nothing_is_named_where_nothing_was_read_however_likely_it_is() -> None:
    rates = (0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.88)
    mostly_neutral = replace(fusion.shipped(), prior=rates)
    assert fusion.fuse([], constants=mostly_neutral).confidence == pytest.approx(0.88)
    assert fusion.fuse([], constants=mostly_neutral).emotion is None


def test_one_poor_selfie_stays_near_the_prior() -> None:
    selfie = estimate(Modality.FACE, Emotion.ANGER, share=0.97, quality=0.1, valence=-0.9)
    reading = fusion.fuse([selfie])
    moved = sum(abs(reading.probabilities[e] - PRIOR.probabilities[e]) for e in EMOTIONS) / 2
    assert moved < 0.06
    assert abs(reading.affect.valence - PRIOR.affect.valence) < 0.1
    assert reading.variance.valence > 0.9 * PRIOR.variance.valence
    assert reading.emotion is None
    own = fusion.shipped().weights[Modality.FACE]
    assert reading.weights == {Modality.FACE: pytest.approx(0.1 * own)}


@laws
@given(estimates_of(Modality.TEXT), st.sampled_from(EMOTIONS), st.floats(1.0, 50.0))
def test_a_modality_that_agrees_raises(words: Estimate, emotion: Emotion, odds: float) -> None:
    """Whatever the words say, a voice raises the one emotion that it makes more likely."""
    rates = dict(zip(EMOTIONS, fusion.shipped().base_rates[Modality.VOICE], strict=True))
    told = rates | {emotion: odds * rates[emotion]}
    total = sum(told.values())
    voice = replace(estimate(Modality.VOICE), probabilities={e: told[e] / total for e in EMOTIONS})
    before = fusion.fuse([words]).probabilities[emotion]
    assert fusion.fuse([words, voice]).probabilities[emotion] >= before - 1e-12


def test_agreement_is_surer_and_conflict_is_wider() -> None:
    words = estimate(Modality.TEXT, Emotion.SADNESS, 0.7, valence=-0.5)
    alike = estimate(Modality.VOICE, Emotion.SADNESS, 0.7, valence=-0.5)
    against = estimate(Modality.VOICE, Emotion.JOY, 0.9, valence=0.7)
    alone, agreed, torn = (fusion.fuse([words, *more]) for more in ([], [alike], [against]))
    assert agreed.confidence > alone.confidence
    assert agreed.variance.valence < alone.variance.valence < torn.variance.valence
    assert agreed.conflict < 0.1 < 0.4 < torn.conflict
    assert -0.5 < torn.affect.valence < 0.7


def test_full_contradiction_is_as_much_conflict_as_the_weaker_weighs_and_abstains() -> None:
    level = {Modality.TEXT: 0.5, Modality.VOICE: 0.5, Modality.FACE: 0.5}
    constants = replace(fusion.shipped(), weights=level, probability_floor=1e-9)
    against = [
        estimate(Modality.TEXT, Emotion.ANGER, 1.0),
        estimate(Modality.VOICE, Emotion.SADNESS, 1.0),
    ]
    assert fusion.fuse(against, constants=constants).conflict == pytest.approx(0.5, abs=1e-6)
    third = estimate(Modality.FACE, Emotion.JOY, 1.0)
    torn = fusion.fuse([*against, third], constants=constants)
    assert torn.conflict == pytest.approx(0.5, abs=1e-6)
    assert torn.emotion is None


@laws
@given(estimates_of(Modality.TEXT), estimates_of(Modality.VOICE), st.floats(0.0, 1.0))
def test_a_faint_signal_makes_no_more_conflict_than_it_weighs(
    words: Estimate, voice: Estimate, quality: float
) -> None:
    reading = fusion.fuse([words, replace(voice, quality=quality)])
    least = min(reading.weights.values(), default=0.0)
    assert reading.conflict <= least + 1e-12


def test_brave_words_and_a_sad_face_differ_more_than_two_shades_of_displeasure() -> None:
    words = estimate(Modality.TEXT, Emotion.JOY, 0.6)
    face = estimate(Modality.FACE, Emotion.SADNESS, 0.6)
    cross = estimate(Modality.TEXT, Emotion.ANGER, 0.6)
    unsure = estimate(Modality.TEXT, share=1 / 7)
    brave, shades, open_ = (fusion.fuse([one, face]).conflict for one in (words, cross, unsure))
    assert brave > shades > open_


@laws
@given(several, estimates_of())
def test_what_hardly_counts_hardly_moves(estimates: list[Estimate], faint: Estimate) -> None:
    faint = replace(faint, quality=1e-9)
    alone = [e for e in estimates if e.modality is not faint.modality and e.quality > 0.01]
    before, after = fusion.fuse(alone), fusion.fuse([*alone, faint])
    assert numbers(after) == pytest.approx(numbers(before), abs=1e-5)


@pytest.mark.parametrize(
    ("share", "second", "named"),
    [(0.60, 0.20, True), (0.51, 0.30, True), (0.49, 0.10, False), (0.55, 0.45, False)],
)
def test_an_emotion_is_named_only_where_it_stands_out(
    share: float, second: float, named: bool
) -> None:
    left = (1 - share - second) / 5
    probabilities = dict.fromkeys(EMOTIONS, left)
    probabilities |= {Emotion.FEAR: share, Emotion.SADNESS: second}
    reading = fusion.fuse([replace(estimate(), probabilities=probabilities)])
    assert (reading.emotion is Emotion.FEAR) is named
    assert (reading.emotion is None) is not named
    assert reading.confidence == pytest.approx(share, abs=1e-3)


def test_labels_and_transcript_are_carried_through() -> None:
    words = replace(estimate(), labels={"grief": 0.6, "remorse": 0.4})
    appraisal = replace(estimate(), labels={"grief": 0.7})
    blind = replace(estimate(Modality.FACE, quality=0.0), labels={"joy": 0.9})
    reading = fusion.fuse([words, appraisal, blind], transcript="I miss her")
    assert reading.labels == {"grief": 0.7, "remorse": 0.4}
    assert list(reading.labels) == ["grief", "remorse"]
    assert reading.transcript == "I miss her"


def test_the_linear_pool_is_the_sum_of_the_seed() -> None:
    constants = replace(
        fusion.shipped(),
        weights={Modality.TEXT: 0.5, Modality.VOICE: 0.2, Modality.FACE: 0.1},
        base_rates=dict.fromkeys(Modality, fusion.shipped().prior),
    )
    x, z, y = (
        estimate(Modality.TEXT, Emotion.SADNESS, 0.7, valence=-0.5),
        estimate(Modality.VOICE, Emotion.ANGER, 0.6, valence=-0.3),
        estimate(Modality.FACE, Emotion.JOY, 0.8, valence=0.6),
    )
    v = fusion.linear_pool([x, z, y], constants=constants)
    for e in EMOTIONS:
        assert v.probabilities[e] == pytest.approx(
            0.5 * x.probabilities[e]
            + 0.2 * z.probabilities[e]
            + 0.1 * y.probabilities[e]
            + 0.2 * PRIOR.probabilities[e]
        )
    assert v.affect.valence == pytest.approx(0.5 * -0.5 + 0.2 * -0.3 + 0.1 * 0.6 + 0.2 * 0.1)
    within = 0.8 * 0.1 + 0.2 * PRIOR.variance.valence
    squares = 0.5 * 0.25 + 0.2 * 0.09 + 0.1 * 0.36 + 0.2 * 0.01
    assert v.variance.valence == pytest.approx(within + squares - v.affect.valence**2)


def test_the_linear_pool_does_not_raise_a_lone_blurred_face_to_certainty() -> None:
    face = estimate(Modality.FACE, Emotion.JOY, 0.99, quality=0.1)
    reading = fusion.linear_pool([face])
    assert reading.probabilities[Emotion.JOY] < PRIOR.probabilities[Emotion.JOY] + 0.05


@laws
@given(several)
def test_evidence_leaves_the_prior_out(estimates: list[Estimate]) -> None:
    """The pooled measurement comes back, for any weight that the prior had."""
    alone = [replace(e, quality=max(e.quality, 0.01)) for e in estimates]
    reading = fusion.fuse(alone)
    value, variance = fusion.evidence(reading)
    known = [e for e in alone if e.variance.valence < math.inf]
    if not known:
        assert variance.valence == math.inf
        return
    assert 0 < variance.valence < math.inf
    if len(alone) == 1 and abs(value.valence) < 1:
        weight = reading.weights[alone[0].modality]
        assert value.valence == pytest.approx(alone[0].affect.valence, abs=1e-6)
        assert variance.valence == pytest.approx(alone[0].variance.valence / weight, rel=1e-6)


def test_the_prior_is_no_evidence() -> None:
    _, variance = fusion.evidence(PRIOR)
    assert variance == UNKNOWN


@pytest.mark.parametrize(
    "bad",
    [
        replace(estimate(), quality=1.5),
        replace(estimate(), quality=math.nan),
        replace(estimate(), affect=Affect(math.nan, 0.0, 0.0)),
        replace(estimate(), affect=Affect(0.0, 2.0, 0.0)),
        replace(estimate(), variance=Variance(-0.1, 0.1, 0.1)),
        replace(estimate(), variance=Variance(0.1, math.nan, 0.1)),
        replace(estimate(), probabilities={Emotion.JOY: 1.0}),
        replace(estimate(), probabilities=dict.fromkeys(EMOTIONS, math.nan)),
    ],
)
def test_a_broken_estimate_is_refused(bad: Estimate) -> None:
    with pytest.raises(BadInput) as refusal:
        fusion.fuse([bad])
    assert refusal.value.kind == "estimate"


def test_the_constants_that_ship_say_where_they_come_from() -> None:
    told = json.loads(resources.files("affect").joinpath("weights/fusion.json").read_text("utf-8"))
    sources = " ".join(told["provenance"])
    assert all(
        name in sources for name in ("weights", "prior", "base_rates", "affect", "floor", "abstain")
    )
    constants = fusion.shipped()
    assert set(constants.weights) == set(constants.base_rates) == set(Modality)
    assert constants.weights[Modality.TEXT] == 1.0
    assert constants.base_rates[Modality.TEXT] == constants.prior


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": {Modality.TEXT: 1.2}},
        {"prior": (0.5, 0.5)},
        {"prior": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)},
        {"variance_floor": 0.0},
    ],
)
def test_constants_out_of_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ModelUnavailable):
        replace(fusion.shipped(), **changes)  # type: ignore[arg-type]  # wrong on purpose
