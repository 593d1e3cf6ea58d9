"""`evaluate fusion` and `train fusion` on made-up readings of known quality (seeded).

The shipped models' own figures need the data folder; here the way of measuring is tested.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from affect import fusion
from affect.conflict import PLEASANT
from affect.evaluation import fusion as figures
from affect.evaluation import pairs, pools
from affect.evaluation.pairs import HeldOut, Moments
from affect.training import fusion as training
from affect.types import EMOTIONS, Affect, Estimate, Modality, Variance

CONSTANTS = fusion.shipped()
SHARPNESS = {Modality.TEXT: 2.0, Modality.VOICE: 1.4, Modality.FACE: 1.9}


def held(seed: int, count: int = 1500) -> dict[Modality, HeldOut]:
    """Exact posteriors, on each modality's base rates, of unit vectors in noise."""
    random, made = np.random.default_rng(seed), {}
    for modality, sharpness in SHARPNESS.items():
        rates = np.array(CONSTANTS.base_rates[modality])
        truth = random.choice(len(EMOTIONS), count, p=rates)
        truth[: len(EMOTIONS)] = range(len(EMOTIONS))
        signal = sharpness * np.eye(len(EMOTIONS))[truth]
        odds = rates * np.exp(sharpness * (signal + random.normal(size=signal.shape)))
        made[modality] = HeldOut(truth, odds / odds.sum(axis=1, keepdims=True))
    return made


DEV, TEST = held(1), held(2)


@pytest.fixture(scope="module")
def found() -> figures.FusionFigures:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "DRAWS", 3)
        patch.setattr(figures, "COUNT", 1200)
        patch.setattr(figures, "LEARNED_ON", 3000)
        return figures.measure(DEV, TEST, CONSTANTS, lambda line: None)


def raw_moments(count: int = 40) -> Moments:
    """Moments on each model's own base rates, some parts missing, of any quality."""
    random = np.random.default_rng(3)
    drawn = pairs.missing(pairs.moments(TEST, CONSTANTS, count, random), 0.3, random)
    some = {m: q * random.random(count) for m, q in drawn.quality.items()}
    return replace(drawn, quality=some)


def on_prior(raw: Moments) -> Moments:
    told = {
        m: pairs.on_prior(HeldOut(raw.truth, p), m, CONSTANTS).told for m, p in raw.told.items()
    }
    return replace(raw, told=told)


def moments() -> Moments:
    return on_prior(raw_moments())


def test_what_is_measured_is_what_fusion_does() -> None:
    raw = raw_moments()
    drawn = on_prior(raw)
    ours, linear = pools.ours(drawn, CONSTANTS), pools.linear(drawn, CONSTANTS)
    conflict = pools.conflict(drawn, CONSTANTS)
    for n in range(len(raw.truth)):
        estimates = [
            Estimate(
                modality=m,
                probabilities=dict(zip(EMOTIONS, map(float, raw.told[m][n]), strict=True)),
                affect=Affect(0.0, 0.0, 0.0),
                variance=Variance(0.1, 0.1, 0.1),
                quality=float(raw.quality[m][n]),
                model="made up",
            )
            for m in Modality
        ]
        reading = fusion.fuse(estimates, constants=CONSTANTS)
        assert [*reading.probabilities.values()] == pytest.approx([*ours[n]], abs=1e-3)
        assert reading.conflict == pytest.approx(conflict[n], abs=1e-3)
        pooled = fusion.linear_pool(estimates, constants=CONSTANTS)
        assert [*pooled.probabilities.values()] == pytest.approx([*linear[n]], abs=1e-3)


def test_every_way_of_joining_gives_probabilities() -> None:
    drawn = moments()
    gate = pools.learn_gate(drawn, CONSTANTS)
    for told in (
        pools.ours(drawn, CONSTANTS),
        pools.linear(drawn, CONSTANTS),
        pools.plain_product(drawn, CONSTANTS),
        pools.dempster_shafer(drawn, CONSTANTS),
        pools.mean(drawn, CONSTANTS, pools.FIXED),
        pools.single(drawn, Modality.FACE, CONSTANTS),
        gate.pool(drawn, CONSTANTS),
    ):
        assert told.shape == (len(drawn.truth), len(EMOTIONS))
        assert told.sum(axis=1) == pytest.approx(1)
        assert (told >= 0).all()


def test_where_nobody_speaks_the_prior_stays() -> None:
    drawn = moments()
    silent = replace(drawn, quality={m: 0 * q for m, q in drawn.quality.items()})
    for told in (
        pools.ours(silent, CONSTANTS),
        pools.linear(silent, CONSTANTS),
        pools.dempster_shafer(silent, CONSTANTS),
        pools.mean(silent, CONSTANTS, pools.FIXED),
    ):
        assert told == pytest.approx(np.tile(CONSTANTS.prior, (len(drawn.truth), 1)))


def test_all_seven_subsets_and_the_stress_rows_are_there(found: figures.FusionFigures) -> None:
    rows = list(found.f1)
    assert rows[:7] == [
        "words", "voice", "face", "words+voice", "words+face", "voice+face", "words+voice+face",
    ]  # fmt: skip
    for word in ("repeats", "flipped", "noisy", "broken", "missing", "agree"):
        assert any(word in row for row in rows)
    assert all(set(of) == set(figures.METHODS) for of in found.f1.values())
    assert all(0 <= mean <= 1 for of in found.f1.values() for mean, _ in of.values())


def test_independent_calibrated_experts_reach_the_goals(found: figures.FusionFigures) -> None:
    goals = {goal.name: goal for goal in found.goals}
    for name in (
        "F1 over the best single: words+voice+face",
        "calibration error: fused",
        "error at 60 % coverage / error",
    ):
        assert goals[name].holds
    for row in ("voice broken, q = 0", "face broken, q = 0"):
        assert goals[f"F1 over the best single: {row}"].holds
    # A copy told as another modality is known to add confidence; the table says so.
    assert not goals["confidence added where the voice repeats the words"].holds


def test_figures_are_told_to_people_and_programs(found: figures.FusionFigures) -> None:
    fused, goals = found.tables()
    assert fused.row_count == len(found.f1)
    assert goals.row_count == len(found.goals)
    narrow = Console(width=80, file=io.StringIO())
    for table in (fused, goals):  # a line a row, below a title and its heads
        assert len(narrow.render_lines(table)) <= table.row_count + 5
    told = json.loads(json.dumps(found.as_json()))
    assert told["macro_f1"]["words"]["ours"]["mean"] == round(found.f1["words"]["ours"][0], 4)
    assert all(isinstance(goal["holds"], bool) for goal in told["goals"])


def test_opposites_are_of_the_other_side() -> None:
    truth = np.arange(len(EMOTIONS)).repeat(50)
    other = pairs.opposite(truth, np.array(CONSTANTS.prior), np.random.default_rng(4))
    assert (other != truth).all()
    joy = EMOTIONS.index(PLEASANT[0])
    sided = pairs.has_side(truth)
    assert ((truth[sided] == joy) != (other[sided] == joy)).all()


def test_lambda_follows_what_a_modality_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "COUNT", 2000)
    noise = np.random.default_rng(5)
    told = DEV[Modality.VOICE].told
    useless = HeldOut(DEV[Modality.VOICE].truth, noise.permutation(told))
    weights, loss = training.fit(DEV, CONSTANTS, 0)
    worse, higher = training.fit({**DEV, Modality.VOICE: useless}, CONSTANTS, 0)
    assert weights[Modality.TEXT] == worse[Modality.TEXT] == 1
    assert weights[Modality.VOICE] > 0.3
    assert worse[Modality.VOICE] <= 0.1
    assert higher > loss
    assert training.fit(DEV, CONSTANTS, 0)[0] == weights


def test_training_writes_constants_that_fusion_can_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {m: dict(zip(EMOTIONS, CONSTANTS.base_rates[m], strict=True)) for m in Modality}
    monkeypatch.setattr(training, "COUNT", 500)
    monkeypatch.setattr(training, "held_out", lambda m, data, split: (DEV[m], rates[m]))
    lines: list[str] = []
    today = date(2026, 5, 1)
    training.build(training.Settings(), tmp_path, tmp_path / "out", today, lines.append)
    told = json.loads((tmp_path / "out" / "fusion.json").read_text("utf-8"))
    assert told["weights"]["text"] == 1.0
    assert "2026-05-01" in told["provenance"]["weights"]
    for part in (told["prior"], *told["base_rates"].values()):
        assert sum(part.values()) == pytest.approx(1, abs=1e-9)
        assert set(part) == {str(e) for e in EMOTIONS}
    assert any("λ" in line for line in lines)
