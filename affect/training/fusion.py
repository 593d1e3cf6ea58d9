"""Fitting what fusion is told from outside: λ of voice and face, base rates, from dev splits.

λ of the words is 1 by decision: words alone stay the calibrated text estimate. The other two have
least log loss on matched moments of dev people in which `AGREEMENT` of each modality's items belong
to their moment; that the others do not is what `doubt` stands for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from affect.evaluation import pairs, pools
from affect.evaluation.held_out import DEV, held_out
from affect.evaluation.pairs import HeldOut
from affect.fusion import Constants, shipped
from affect.types import EMOTIONS, Modality, Probabilities

AGREEMENT = 0.9  # a design value: how often sarcasm, acting or an old picture come in is not known
DOUBT = round(1 - AGREEMENT, 4)
COUNT = 20_000  # moments that λ are fitted on
STEP = 0.05  # of the grid; the loss is flat around its least
FILE = "fusion.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit; `run` is unused, as nothing is kept on the way."""

    run: Path = Path("runs/fusion")
    seed: int = 0


def build(
    settings: Settings, data: Path, out: Path, today: date, report: Callable[[str], None]
) -> None:
    """Fit on the dev splits and write `fusion.json` into `out`; raises `ModelUnavailable`."""
    held: dict[Modality, HeldOut] = {}
    rates: dict[Modality, Probabilities] = {}
    for modality in Modality:
        report(f"Reading the dev split: {modality} ...")
        held[modality], rates[modality] = held_out(modality, data, DEV)
    rates = {modality: rounded(of) for modality, of in rates.items()}
    constants = replace(with_rates(shipped(), rates), doubt=DOUBT)
    weights, loss = fit(held, constants, settings.seed)
    report(f"λ: {', '.join(f'{m} {w:.2f}' for m, w in weights.items())}; log loss {loss:.4f}.")
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(written(weights, rates, today), indent=1, ensure_ascii=False) + "\n"
    (out / FILE).write_text(text, "utf-8")
    report(f"Written: {out / FILE}.")


def with_rates(constants: Constants, rates: Mapping[Modality, Probabilities]) -> Constants:
    """The constants with the base rates that the models stand on."""
    vectors = {m: tuple(told[e] for e in EMOTIONS) for m, told in rates.items()}
    return replace(constants, base_rates=vectors)


def fit(
    held: Mapping[Modality, HeldOut], constants: Constants, seed: int
) -> tuple[dict[Modality, float], float]:
    """λ of least log loss on a grid, the words' being 1, and that loss."""
    random = np.random.default_rng(seed)
    known = {m: pairs.on_prior(items, m, constants) for m, items in held.items()}
    found = pairs.moments(known, constants, COUNT, random, dict.fromkeys(Modality, AGREEMENT))
    grid = [round(k * STEP, 2) for k in range(1, round(1 / STEP) + 1)]
    losses = {}
    for voice in grid:
        for face in grid:
            weights = {Modality.TEXT: 1.0, Modality.VOICE: voice, Modality.FACE: face}
            told = pools.ours(found, replace(constants, weights=weights))
            right = told[np.arange(COUNT), found.truth]
            losses[voice, face] = float(-np.log(np.maximum(right, 1e-12)).mean())
    (voice, face), loss = min(losses.items(), key=lambda entry: entry[1])
    return {Modality.TEXT: 1.0, Modality.VOICE: voice, Modality.FACE: face}, loss


def written(
    weights: Mapping[Modality, float], rates: Mapping[Modality, Probabilities], today: date
) -> dict[str, Any]:
    """What ships now, with the fitted parts put in and where they come from."""
    place = resources.files("affect") / "weights" / FILE
    told: dict[str, Any] = json.loads(place.read_text("utf-8"))
    how = f"fitted by `python -m affect train fusion` on {today.isoformat()}"
    told["form"] = how
    told["weights"] = {str(m): weight for m, weight in weights.items()}
    told["doubt"] = DOUBT
    told["base_rates"] = {str(m): _told(of) for m, of in rates.items()}
    told["prior"] = _told(rates[Modality.TEXT])
    told["provenance"] |= {
        "weights": "text 1.0 by decision: words alone at quality 1 give the calibrated text "
        f"estimate unchanged. voice and face {how}: least log loss on {COUNT} moments matched by "
        f"label from dev splits, {AGREEMENT:.0%} of each modality's items belonging to their "
        "moment.",
        "doubt": "the share of items that did not belong to their moment in that fit.",
        "prior": "the text model's base rates: what we expect of people who talk with a companion, "
        "a design value of `affect/training/events.py`, not a measurement.",
        "base_rates.text": "the same as the prior, so that they cancel.",
        "base_rates.voice": "those that the voice model's card gives.",
        "base_rates.face": "those that the face model's card gives.",
    }
    return told


def rounded(rates: Probabilities) -> Probabilities:
    """Four digits, the likeliest taking what rounding leaves: the sum is 1."""
    short = {e: round(rates[e], 4) for e in EMOTIONS}
    top = max(short, key=lambda emotion: short[emotion])
    return short | {top: round(short[top] + 1 - sum(short.values()), 4)}


def _told(rates: Probabilities) -> dict[str, float]:
    return {str(emotion): rate for emotion, rate in rates.items()}
