"""Readings as people see them (tables) and as programs do (one JSON object)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from affect.types import EMOTIONS, Estimate, Probabilities, Reading

BAR = 24  # characters of a bar of probability 1
DIGITS = 4  # after the point: what calibration can support


def as_json(reading: Reading, language: str | None) -> dict[str, Any]:
    """The `reading` object of the contract, with the emotion and the language beside it."""
    return {
        "emotion": str(reading.emotion) if reading.emotion else None,
        "emotions": _rounded(reading.probabilities),
        "labels": {label: round(p, DIGITS) for label, p in reading.labels.items()},
        "valence": round(reading.affect.valence, DIGITS),
        "arousal": round(reading.affect.arousal, DIGITS),
        "dominance": round(reading.affect.dominance, DIGITS),
        "valence_sd": round(reading.variance.valence**0.5, DIGITS),
        "arousal_sd": round(reading.variance.arousal**0.5, DIGITS),
        "dominance_sd": round(reading.variance.dominance**0.5, DIGITS),
        "confidence": round(reading.confidence, DIGITS),
        "conflict": round(reading.conflict, DIGITS),
        "language": language,
        "modalities": {str(e.modality): _modality(e, reading) for e in reading.estimates},
        "transcript": reading.transcript,
    }


def as_table(
    reading: Reading, language: str | None, problems: Sequence[str] = ()
) -> RenderableType:
    """The same for people: an estimate with uncertainty, never a verdict."""
    emotions = Table("emotion", "probability", "", box=None, pad_edge=False)
    ranked = sorted(EMOTIONS, key=lambda emotion: -reading.probabilities[emotion])
    for emotion in ranked:
        p = reading.probabilities[emotion]
        strong = "bold" if emotion is reading.emotion else ""
        emotions.add_row(Text(emotion, strong), f"{p:.2f}", "█" * round(p * BAR))
    affect = Table("", "value", "± 1 sd", box=None, pad_edge=False)
    for name in ("valence", "arousal", "dominance"):
        value, variance = getattr(reading.affect, name), getattr(reading.variance, name)
        affect.add_row(name, f"{value:+.2f}", f"{variance**0.5:.2f}")
    parts: list[RenderableType] = [Text(_headline(reading, language)), "", emotions, "", affect]
    if len(reading.estimates) > 1:
        parts += ["", _beside(reading), Text(f"Conflict between them: {reading.conflict:.2f}.")]
    if reading.transcript is not None:
        parts += ["", Text(f"Heard: {reading.transcript or '(no words)'}")]
    parts += [Text(f"Problem: {problem}.") for problem in problems]
    return Group(*parts)


def _beside(reading: Reading) -> Table:
    """What each modality says alone, with the weight that it was given."""
    table = Table("", "most likely", "weight", "quality", box=None, pad_edge=False)
    for estimate in reading.estimates:
        emotion = max(EMOTIONS, key=lambda e, told=estimate.probabilities: told[e])  # type: ignore[misc]
        weight = reading.weights.get(estimate.modality, 0.0)
        likely = f"{emotion} {estimate.probabilities[emotion]:.2f}"
        table.add_row(str(estimate.modality), likely, f"{weight:.2f}", f"{estimate.quality:.2f}")
    return table


def _headline(reading: Reading, language: str | None) -> str:
    named = ", ".join(f"{label} {p:.2f}" for label, p in reading.labels.items())
    said = f"Most likely {reading.emotion}" if reading.emotion else "No single emotion stands out"
    parts = [f"{said} (confidence {reading.confidence:.2f})"]
    if named:
        parts.append(f"labels: {named}")
    if language:
        parts.append(f"language: {language}")
    return "; ".join(parts) + "."


def _modality(estimate: Estimate, reading: Reading) -> dict[str, Any]:
    return {
        "weight": round(reading.weights.get(estimate.modality, 0.0), DIGITS),
        "quality": round(estimate.quality, DIGITS),
        "emotions": _rounded(estimate.probabilities),
        "model": estimate.model,
    }


def _rounded(probabilities: Probabilities) -> dict[str, float]:
    return {str(emotion): round(probabilities[emotion], DIGITS) for emotion in EMOTIONS}
