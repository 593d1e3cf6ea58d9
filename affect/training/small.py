"""A graph's large weights kept in eight bits, and widened as the graph is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def keep_small(path: Path, least: int) -> None:
    """Rewrite the graph at `path`: float32 constants of `least` numbers or more in eight bits."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(path))
    widened = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < least:
            continue
        name = tensor.name
        small, scale = _in_8_bits(values)
        tensor.CopyFrom(numpy_helper.from_array(small, f"{name}.small"))
        model.graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        widened += [
            helper.make_node(
                "Cast", [f"{name}.small"], [f"{name}.wide"], to=onnx.TensorProto.FLOAT
            ),
            helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]),
        ]
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _in_8_bits(values: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Rounded values, and what they are multiplied with: a scale for each output, which is the last
    axis of a product (in, out) and the first of a convolution (out, in, ...).
    """
    axes = 0 if values.ndim == 2 else tuple(range(1, values.ndim))
    scale = np.maximum(np.abs(values).max(axis=axes, keepdims=True) / 127, 1e-12)
    return np.rint(values / scale).astype(np.int8), scale
