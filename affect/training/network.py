"""The text network: a pretrained encoder whose lower half is frozen, and small heads on its mean.

`below` runs what never changes (embeddings and lower layers), `above` what is trained. Heads: the
28 labels, affect (V/A/D), the six Chinese classes, and `recall`, which keeps the sentence vector
close to the one of the untouched encoder, so that texts can still be found by meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel

from affect.labels import EWECT_CLASSES, LABELS

FROZEN_LAYERS = 6
DROPOUT = 0.1


class Network:
    """Encoder and heads. `parts` holds every module; only `above` and the heads are trained."""

    def __init__(self, encoder: Any, frozen: int = FROZEN_LAYERS) -> None:
        width = encoder.config.hidden_size
        layers = list(encoder.encoder.layer)
        self.encoder = encoder
        self.width: int = width
        self.frozen = min(frozen, len(layers))
        self.lower = nn.ModuleList([encoder.embeddings, *layers[: self.frozen]])
        self.lower.requires_grad_(False).eval()
        self.upper = nn.ModuleList(layers[self.frozen :])
        self.heads = nn.ModuleDict(
            {
                "labels": nn.Linear(width, len(LABELS)),
                "affect": nn.Linear(width, 3),
                "chinese": nn.Linear(width, len(EWECT_CLASSES)),
                # What the virus part of EWECT differs by: learned, then left out at run time.
                "domain": nn.Embedding(2, len(EWECT_CLASSES)),
                "recall": nn.Linear(width, width),
            }
        )
        self.dropout = nn.Dropout(DROPOUT)
        with torch.no_grad():
            self.heads["domain"].weight.zero_()
            self.heads["recall"].weight.copy_(torch.eye(width))
            self.heads["recall"].bias.zero_()
            for name in ("labels", "affect", "chinese"):
                nn.init.normal_(self.heads[name].weight, std=0.02)
                nn.init.zeros_(self.heads[name].bias)

    @classmethod
    def pretrained(cls, base: str | Path, frozen: int = FROZEN_LAYERS) -> Network:
        """From a hub id or a folder of a BERT or XLM-R encoder."""
        # Dropout on attention weights would keep the fast attention kernel off the CPU.
        encoder = AutoModel.from_pretrained(
            str(base), attention_probs_dropout_prob=0.0, add_pooling_layer=False
        )
        return cls(encoder.float(), frozen)

    def below(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(batch, length) ids and 0/1 mask -> (batch, length, width), from frozen layers."""
        embeddings, *layers = self.lower
        hidden: Tensor = embeddings(input_ids=ids)
        return through(layers, hidden, mask)

    def above(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """What `below` gave -> (batch, width): the mean over the tokens after the last layer."""
        hidden = through(self.upper, hidden, mask)
        weights = mask[:, :, None].to(hidden.dtype)
        return (hidden * weights).sum(dim=1) / weights.sum(dim=1)

    def head(self, name: str, pooled: Tensor) -> Tensor:
        """Raw output of one head."""
        result: Tensor = self.heads[name](self.dropout(pooled) if name != "recall" else pooled)
        return result

    def train(self, on: bool = True) -> None:
        """Dropout on or off; the frozen part never has any."""
        for part in (self.upper, self.heads, self.dropout):
            part.train(on)

    def trained(self) -> Iterator[tuple[str, Tensor]]:
        """Every trained parameter with a stable name."""
        for prefix, part in (("upper", self.upper), ("heads", self.heads)):
            for name, parameter in part.named_parameters():
                yield f"{prefix}.{name}", parameter

    def state(self) -> dict[str, Tensor]:
        """A copy of the trained parameters."""
        return {name: parameter.detach().clone() for name, parameter in self.trained()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over parameters that `state` gave."""
        with torch.no_grad():
            for name, parameter in self.trained():
                parameter.copy_(state[name])


def through(layers: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    """(batch, length, width) through encoder layers, padding hidden by a 0/1 mask."""
    visible = mask[:, None, None, :].bool()
    for layer in layers:
        out = layer(hidden, attention_mask=visible)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden
