"""From the two corpora to the voice files that ship, and the figures that a shipped file cannot
give again: folds over RAVDESS actors, and CREMA-D alone heard against RAVDESS.

The first stage (CREMA-D alone) has met no RAVDESS person: it is run once and serves the shipped
network and every fold. The second stage mixes both corpora; RAVDESS, which has a fifth of the
clips, counts four times: twice as it is, and once after each Opus round trip of `ROUND_TRIPS`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from affect.evaluation.figures import Figure, as_json, measured
from affect.perception.speaker import Usual
from affect.perception.voice import CARD, GRAPH, VoiceModel
from affect.perception.voice_calibration import CLASSES, VoiceCalibration
from affect.training import voice_calibrate
from affect.training.tune import Watch, unwatched
from affect.training.voice_data import FOLDS, Clips, crema_d, join, ravdess
from affect.training.voice_fit import Check, Settings, Stage, fit, outputs, recall, usual
from affect.training.voice_network import VoiceNetwork, export

__all__ = ["Settings", "build"]

MODEL, VERSION = "attune-voice", "1"
AS_IT_IS = 2  # how often RAVDESS is there without another round trip
ROUND_TRIPS = (32_000, 9_000)  # bits a second: a voice note, and the least that one understands
LICENCE = (
    "CC BY-NC-SA 4.0: non-commercial (trained on RAVDESS, CC BY-NC-SA 4.0, and CREMA-D, ODbL 1.0)"
)
MUST = {"shared": 0.40, "folds": 0.58}

Report = Callable[[str], None]


def build(settings: Settings, data: Path, out: Path, today: date, report: Report) -> None:
    """The whole way; `out` holds `voice.onnx` and `voice.json` afterwards."""
    settings.run.mkdir(parents=True, exist_ok=True)
    report("Reading the corpora ...")
    crema, ravd = crema_d(data), ravdess(data)
    base = usual(crema.take(crema.split == "train"))
    first = first_stage(crema, base, settings, report)
    figures = cross_corpus(first, base, ravd)
    report("Sending RAVDESS through Opus ...")
    coded = [ravd] * AS_IT_IS + [ravdess(data, bits=bits) for bits in ROUND_TRIPS]
    train, *more = (corpus.take(corpus.split == "train") for corpus in (crema, *coded))
    network = second_stage(first, "second", train, more, base, settings, report)
    report("Exporting, calibrating on dev ...")
    out.mkdir(parents=True, exist_ok=True)
    export(network, out / GRAPH)
    fresh = VoiceCalibration.fresh()
    write_json(out, fresh, base, settings, today, figures)
    model = VoiceModel.load(out)
    fitted = voice_calibrate.fit(model, [c.take(c.split == "dev") for c in (crema, ravd)])
    write_json(out, fitted, base, settings, today, figures)
    report("Folds over RAVDESS actors ...")
    figures += folds(first, crema, coded, base, settings, report)
    write_json(out, fitted, base, settings, today, figures)
    report(f"Written: {out / GRAPH}, {out / CARD}.")


def watched(crema: Clips, ravd: Clips, settings: Settings, report: Report, watch: Watch) -> None:
    """Both stages, measured on dev of both corpora: what a search for settings repeats."""
    settings.run.mkdir(parents=True, exist_ok=True)
    train, more = (corpus.take(corpus.split == "train") for corpus in (crema, ravd))
    base = usual(train)
    half = settings.first / (settings.first + settings.second)
    first = first_stage(crema, base, settings, report, lambda at, told: watch(half * at, told))
    dev = join([corpus.take(corpus.split == "dev") for corpus in (crema, ravd)])
    second_stage(
        first,
        "second",
        train,
        [more] * (AS_IT_IS + len(ROUND_TRIPS)),
        base,
        settings,
        report,
        _check(dev, base),
        lambda at, told: watch(half + (1 - half) * at, told),
    )


def first_stage(
    crema: Clips, base: Usual, settings: Settings, report: Report, watch: Watch = unwatched
) -> VoiceNetwork:
    """Train on CREMA-D's train split alone."""
    torch.manual_seed(settings.seed)
    train, dev = (crema.take(crema.split == name) for name in ("train", "dev"))
    stage = Stage("first", train, settings.first, settings.rate)
    return fit(VoiceNetwork(), stage, base, settings, _check(dev, base), report, watch)


def second_stage(
    first: VoiceNetwork,
    name: str,
    crema: Clips,
    ravd: list[Clips],
    base: Usual,
    settings: Settings,
    report: Report,
    check: Check = lambda _: {},
    watch: Watch = unwatched,
) -> VoiceNetwork:
    """Go on from the first stage with every form of RAVDESS's clips among CREMA-D's."""
    both = join([crema, *ravd])
    stage = Stage(name, both, settings.second, settings.second_rate, settings.drawn)
    return fit(copy.deepcopy(first), stage, base, settings, check, report, watch)


def cross_corpus(first: VoiceNetwork, base: Usual, ravd: Clips) -> list[Figure]:
    """CREMA-D's network on every RAVDESS clip of the six shared classes."""
    six = [k for k, name in enumerate(CLASSES) if name not in ("surprise", "calm")]
    heard = ravd.take(np.isin(ravd.acted, six))
    return [
        _figure("CREMA-D to RAVDESS", f"6 classes UAR, {name}", logits, heard.acted, six, needed)
        for name, logits, needed in (
            ("strangers", outputs(first, heard, base)[0], MUST["shared"]),
            ("known voices", outputs(first, heard, base, known=True)[0], None),
        )
    ]


def folds(
    first: VoiceNetwork,
    crema: Clips,
    forms: list[Clips],
    base: Usual,
    settings: Settings,
    report: Report,
) -> list[Figure]:
    """Six second stages, each without the actors whom it is tested on; no dev is looked at.

    The first of RAVDESS's `forms` is what is tested.
    """
    train, ravd = crema.take(crema.split == "train"), forms[0]
    told = {known: np.zeros((len(ravd), len(CLASSES))) for known in (False, True)}
    for fold in range(FOLDS):
        held = ravd.fold == fold
        network = second_stage(
            first,
            f"fold{fold}",
            train,
            [form.take(~held) for form in forms],
            base,
            settings,
            report,
        )
        for known, logits in told.items():
            logits[held] = outputs(network, ravd.take(held), base, known)[0]
        report(f"fold {fold}: {recall(told[False][held], ravd.acted[held], list(range(8))):.3f}")
    classes = list(range(len(CLASSES)))
    name = "8 classes UAR, 6 folds by actor"
    return [
        _figure("RAVDESS", f"{name}, strangers", told[False], ravd.acted, classes, MUST["folds"]),
        _figure("RAVDESS", f"{name}, known voices", told[True], ravd.acted, classes),
    ]


def write_json(
    out: Path,
    fitted: VoiceCalibration,
    base: Usual,
    settings: Settings,
    today: date,
    figures: list[Figure],
) -> None:
    """`voice.json`: constants, provenance, and under `folds` what only training can measure."""
    told: dict[str, Any] = {
        "model": MODEL,
        "version": VERSION,
        "made": today.isoformat(),
        "training": {
            "epochs": [settings.first, settings.second],
            "batch": settings.batch,
            "drawn": settings.drawn,
            "rate": [settings.rate, settings.second_rate],
            "seed": settings.seed,
        },
        "data": [
            {"name": "RAVDESS", "licence": "CC BY-NC-SA 4.0"},
            {"name": "CREMA-D", "licence": "ODbL 1.0"},
        ],
        "licence": LICENCE,
        "usual": {
            "mean": [round(float(x), 3) for x in base.mean],
            "spread": [round(float(x), 3) for x in base.spread],
        },
        "calibration": fitted.to_json(),
        "folds": as_json(figures),
        "figures": {},
    }
    path = out / CARD
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _check(dev: Clips, base: Usual) -> Check:
    classes = sorted(set(dev.acted.tolist()))

    def check(network: VoiceNetwork) -> dict[str, float]:
        return {"dev": recall(outputs(network, dev, base)[0], dev.acted, classes)}

    return check


def _figure(
    corpus: str,
    name: str,
    logits: NDArray[np.float64],
    acted: NDArray[np.int64],
    classes: list[int],
    needed: float | None = None,
) -> Figure:
    def measure(rows: NDArray[np.int64]) -> float:
        return recall(logits[rows], acted[rows], classes)

    return measured(corpus, name, measure, len(acted), needed)
