"""What the text model is corrected by, task by task."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from affect.training.data import Task
from affect.training.network import Network
from affect.training.text_rows import Scale

NEGATIVE_FOCUS, CLIP = 3.0, 0.05  # asymmetric loss: gamma-, and the margin that easy negatives get


def task_loss(
    network: Network, task: Task, pooled: Tensor, truth: Tensor, domain: Tensor, scale: Scale
) -> Tensor:
    """Mean loss of a batch on its task, before its weight."""
    if task is Task.LABELS:
        return asymmetric_loss(network.head("labels", pooled), truth)
    if task is Task.AFFECT:
        mean, deviation = truth.new_tensor(scale.mean), truth.new_tensor(scale.deviation)
        gap = network.head("affect", pooled) - (truth - mean) / deviation
        return gap.square().sum(dim=1).mean()
    logits = network.head("chinese", pooled) + network.heads["domain"](domain)
    return functional.cross_entropy(logits, truth[:, 0].long())


def asymmetric_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Ridnik et al. 2021 with gamma+ 0: easy negatives count little; summed over labels."""
    likely = torch.sigmoid(logits)
    shifted = (likely - CLIP).clamp(min=0)
    positive = truth * functional.logsigmoid(logits)
    negative = (1 - truth) * shifted.pow(NEGATIVE_FOCUS) * torch.log((1 - shifted).clamp(min=1e-8))
    return -(positive + negative).sum(dim=1).mean()
