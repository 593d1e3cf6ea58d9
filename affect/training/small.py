"""A graph's large weights kept in few bits, and widened as the graph is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Small = tuple[NDArray[Any], NDArray[np.float32] | None]
"""What is kept of a constant, and the scale that it is multiplied with, if any."""


def in_16_bits(values: NDArray[np.float32]) -> Small:
    """Half the size, same figures."""
    return values.astype(np.float16), None


def in_8_bits(values: NDArray[np.float32]) -> Small:
    """A quarter of the size, with a scale for each output (column)."""
    scale = np.maximum(np.abs(values).max(axis=0, keepdims=True) / 127, 1e-12)
    return np.rint(values / scale).astype(np.int8), scale


def keep_small(path: Path, least: int, kept: Callable[[NDArray[np.float32]], Small]) -> None:
    """Rewrite the graph at `path`: float32 constants of `least` numbers or more as `kept` gives."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(path))
    widened = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < least:
            continue
        name = tensor.name
        small, scale = kept(values)
        tensor.CopyFrom(numpy_helper.from_array(small, f"{name}.small"))
        wide = name if scale is None else f"{name}.wide"
        widened.append(
            helper.make_node("Cast", [f"{name}.small"], [wide], to=onnx.TensorProto.FLOAT)
        )
        if scale is not None:
            model.graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
            widened.append(helper.make_node("Mul", [wide, f"{name}.scale"], [name]))
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
