"""From data to the files that ship: train, export, calibrate, fit what reads told events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from affect.perception.calibration import Calibration
from affect.perception.text import CARD
from affect.perception.text_network import AFFECT, TOKENIZER, TRUNK, RawOutputs
from affect.perception.text_network import Network as TextNetwork
from affect.perception.tokens import PREFIX, clean, encode
from affect.training import calibrate, events
from affect.training import data as corpora
from affect.training.export import export
from affect.training.network import Network
from affect.training.text import train
from affect.training.text_rows import Scale, load_tokenizer
from affect.training.text_stage import Settings

MODEL, VERSION = "attune-text", "5"


def build(
    settings: Settings, data: Path, out: Path, today: date, report: Callable[[str], None]
) -> None:
    """The whole way; `out` holds the shipped files afterwards."""
    network, scale = train(settings, data, report)
    finish(network, scale, settings, data, out, today, report)


def finish(
    network: Network,
    scale: Scale,
    settings: Settings,
    data: Path,
    out: Path,
    today: date,
    report: Callable[[str], None],
) -> None:
    """Export a trained network, calibrate the exported file on dev, write `text.json`."""
    report("Exporting ...")
    export(network, scale, load_tokenizer(settings.base), tuple(vocabulary_texts(data)), out)
    report("Calibrating on dev ...")
    fitted = fit_calibration(data, out)
    write_json(out, fitted, settings, today)
    report(f"Written: {out / TRUNK}, {out / AFFECT}, {out / TOKENIZER}, {out / CARD}.")
    events.build(data, out, report)


def fit_calibration(data: Path, folder: Path) -> Calibration:
    """Calibrate the network in `folder` on the dev splits."""
    english, rated, chinese = corpora.dev_corpora(data)
    rates, chinese_rates = training_rates(data)
    dev = calibrate.Dev(
        english=raw_outputs(folder, english.texts),
        labels=english.targets > 0,
        rated=raw_outputs(folder, rated.texts),
        ratings=rated.targets.astype(np.float64),
        chinese=raw_outputs(folder, chinese.texts),
        classes=chinese.targets[:, 0].astype(np.int64),
    )
    return calibrate.fit(dev, rates, chinese_rates)


def training_rates(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Base rates of the seven emotions (GoEmotions train) and the six classes (EWECT usual)."""
    rates = calibrate.base_rates(corpora.goemotions(data, "train").targets)
    classes = corpora.ewect(data, "usual", "train").targets[:, 0].astype(np.int64)
    counts = np.bincount(classes, minlength=6).astype(np.float64)
    return rates, counts / counts.sum()


def raw_outputs(folder: Path, texts: tuple[str, ...]) -> RawOutputs:
    """The exported network's outputs for cleaned texts."""
    text_network = TextNetwork.load(folder)
    return text_network.feelings(encode(text_network.tokenizer, texts))


def vocabulary_texts(data: Path) -> Iterator[str]:
    """Every text whose pieces the cut must keep; train splits, and dev where there is no train."""
    for corpus in corpora.training_corpora(data):
        yield from (PREFIX + text for text in corpus.texts)
    for row in corpora.read_table(data / "text" / "meld" / "train.tsv.gz"):
        yield clean(row["utterance"])
    path = data / "text" / "empathetic_dialogues" / "dev.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield from (clean(turn) for turn in json.loads(line)["turns"])


def write_json(out: Path, fitted: Calibration, settings: Settings, today: date) -> None:
    """`text.json`: calibration and provenance."""
    told: dict[str, Any] = {
        "model": MODEL,
        "version": VERSION,
        "made": today.isoformat(),
        "base": {"name": "intfloat/multilingual-e5-small", "licence": "MIT"},
        "training": {
            "epochs": settings.epochs,
            "again": settings.again,
            "teachers": len(settings.teachers),
            "batch": settings.batch,
            "rate": settings.rate,
            "head_rate": settings.head_rate,
            "frozen_layers": settings.frozen,
            "seed": settings.seed,
        },
        "data": [
            {"name": "GoEmotions", "licence": "Apache-2.0"},
            {"name": "EmoBank", "licence": "CC BY-SA 4.0"},
            {"name": "SMP2020-EWECT", "licence": "none stated"},
        ],
        "licence": "Apache-2.0 (see the card for the data's own terms)",
        "calibration": fitted.to_json(),
        "figures": {},
    }
    _write(out / CARD, told)


def _write(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
