"""Trained networks as ONNX files for the CPU, written node by node from their weights.

Linear layers become int8 per channel with dynamic activations (7 bit weights, so that processors
without VNNI neither overflow nor answer differently); the embedding table int8 with one scale per
row. Opset 17. A trunk takes `input_ids`, `attention_mask`, (batch, length) int64, and gives
`hidden` (batch, length, width); a branch takes `hidden` and `attention_mask` and gives its heads'
raw outputs, (batch, size) each, and of the head `recall` the `embedding`, (batch, width) of
length 1.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

OPSET = 17
HEADS = ("labels", "affect", "chinese", "recall")
MASKED = -1e4  # added to attention scores of padding


@dataclass(frozen=True, slots=True)
class Shape:
    """What the graphs must know beside the weights; `shared` layers are the trunk's."""

    layers: int
    shared: int
    heads: int
    width: int
    epsilon: float
    first_position: int  # 0 for BERT, padding number + 1 for XLM-R


Weights = Mapping[str, NDArray[Any]]


class _Graph:
    """Nodes and constants, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def linear(self, x: str, weight: NDArray[Any], bias: NDArray[Any], name: str) -> str:
        """`weight` is (out, in), as torch keeps it."""
        product = self.node("MatMul", [x, self.constant(f"{name}.w", weight.T)], f"{name}.product")
        return self.node("Add", [product, self.constant(f"{name}.b", bias)], f"{name}.sum")

    def norm(self, x: str, weights: Weights, prefix: str, epsilon: float) -> str:
        scale = self.constant(f"{prefix}.scale", weights[f"{prefix}.weight"])
        bias = self.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
        return self.node(
            "LayerNormalization", [x, scale, bias], f"{prefix}.out", epsilon=epsilon, axis=-1
        )


def trunk(weights: Weights, shape: Shape, whole_table: bool = False) -> Any:
    """Embeddings and the first `shape.shared` layers, before quantisation; `whole_table` keeps the
    embedding table in float32 too.
    """
    g = _Graph()
    hidden = _embeddings(g, weights, shape, whole_table)
    bias = _mask(g)
    for layer in range(shape.shared):
        hidden = _layer(g, weights, shape, layer, hidden, bias)
    g.node("Identity", [hidden], "hidden")
    outputs = [_hidden(shape)]
    return _model(g, "trunk", [_input("input_ids"), _input("attention_mask")], outputs)


def branch(weights: Weights, shape: Shape, heads: Sequence[str]) -> Any:
    """The layers from `shape.shared` on, their mean and heads on it, before quantisation."""
    g = _Graph()
    bias = _mask(g)
    hidden = "hidden"
    for layer in range(shape.shared, shape.layers):
        hidden = _layer(g, weights, shape, layer, hidden, bias)
    pooled = _mean(g, hidden)
    outputs = []
    for name in heads:
        raw = g.linear(pooled, weights[f"heads.{name}.weight"], weights[f"heads.{name}.bias"], name)
        size = len(weights[f"heads.{name}.bias"])
        output = "embedding" if name == "recall" else name
        if name == "recall":
            g.node("LpNormalization", [raw], output, axis=-1, p=2)
        else:
            g.node("Identity", [raw], output)
        outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", size]))
    return _model(g, "branch", [_hidden(shape), _input("attention_mask")], outputs)


def write(model: Any, path: Path, heads: Sequence[str] = ()) -> None:
    """Quantise a graph and save it; its heads are small and decide everything: they stay."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        onnx.save(model, plain)
        quantize_dynamic(
            plain,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[f"{name}.product" for name in heads],
            extra_options={"MatMulConstBOnly": True},
        )


def _input(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])


def _hidden(shape: Shape) -> Any:
    size = ["batch", "length", shape.width]
    return helper.make_tensor_value_info("hidden", TensorProto.FLOAT, size)


def _model(g: _Graph, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
    graph = helper.make_graph(g.nodes, name, inputs, outputs, g.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="attune")
    onnx.checker.check_model(model)
    return model


def _embeddings(g: _Graph, weights: Weights, shape: Shape, whole_table: bool) -> str:
    """Sum of word, position and type vectors, normalised."""
    table = weights["embeddings.word_embeddings.weight"]
    if whole_table:
        words = g.node("Gather", [g.constant("words", table), "input_ids"], "words.float")
    else:
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127
        small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
        rows = g.node("Gather", [g.constant("words", small), "input_ids"], "words.rows")
        scales = g.constant("words.scale", scale.astype(np.float32))
        row_scale = g.node("Gather", [scales, "input_ids"], "words.row_scale")
        cast = g.node("Cast", [rows], "words.cast", to=TensorProto.FLOAT)
        words = g.node("Mul", [cast, row_scale], "words.float")
    # Positions from a running sum of the mask: Shape -> Range fails in onnxruntime's optimiser.
    axis = g.constant("axis", np.array(1, dtype=np.int64))
    running = g.node("CumSum", ["attention_mask", axis], "positions.sum")
    first = g.constant("positions.first", np.array(shape.first_position - 1, dtype=np.int64))
    shifted = g.node("Add", [running, first], "positions.shifted")
    zero = g.constant("positions.zero", np.array(0, dtype=np.int64))
    places = g.node("Max", [shifted, zero], "positions")
    # One type only: its vector goes into the positions.
    both = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    positions = g.node("Gather", [g.constant("places", both), places], "positions.float")
    total = g.node("Add", [words, positions], "embeddings.sum")
    return g.norm(total, weights, "embeddings.LayerNorm", shape.epsilon)


def _mask(g: _Graph) -> str:
    """The mask as a column, for the mean, and the bias that hides padding from attention."""
    mask = g.node("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    g.node("Unsqueeze", [mask, g.constant("mask.axis", np.array([2]))], "mask.column")
    wide = g.node("Unsqueeze", [mask, g.constant("mask.axes", np.array([1, 2]))], "mask.wide")
    one = g.constant("one", np.array(1, dtype=np.float32))
    hidden_places = g.node("Sub", [one, wide], "mask.hidden")
    low = g.constant("mask.low", np.array(MASKED, dtype=np.float32))
    return g.node("Mul", [hidden_places, low], "mask.bias")


def _layer(g: _Graph, weights: Weights, shape: Shape, number: int, hidden: str, bias: str) -> str:
    source, name = f"encoder.layer.{number}", f"l{number}"
    own = f"{source}.attention.self"
    # One product for query, key and value; the score's scale goes into the query.
    scale = 1 / math.sqrt(shape.width // shape.heads)
    parts = ("query", "key", "value")
    factors = (scale, 1.0, 1.0)
    weight = np.concatenate(
        [weights[f"{own}.{p}.weight"] * f for p, f in zip(parts, factors, strict=True)]
    )
    offset = np.concatenate(
        [weights[f"{own}.{p}.bias"] * f for p, f in zip(parts, factors, strict=True)]
    )
    joined = g.linear(hidden, weight.astype(np.float32), offset.astype(np.float32), f"{name}.qkv")
    split = [f"{name}.{p}" for p in parts]
    g.nodes.append(helper.make_node("Split", [joined], split, name=f"{name}.split", axis=-1))
    form = g.constant(f"{name}.form", np.array([0, 0, shape.heads, shape.width // shape.heads]))
    apart = {}
    for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        shaped = g.node("Reshape", [f"{name}.{part}", form], f"{name}.{part}.shaped")
        apart[part] = g.node("Transpose", [shaped], f"{name}.{part}.apart", perm=order)
    scores = g.node("MatMul", [apart["query"], apart["key"]], f"{name}.scores")
    seen = g.node("Add", [scores, bias], f"{name}.seen")
    attention = g.node("Softmax", [seen], f"{name}.attention", axis=-1)
    context = g.node("MatMul", [attention, apart["value"]], f"{name}.context")
    together = g.node("Transpose", [context], f"{name}.together", perm=[0, 2, 1, 3])
    flat = g.constant(f"{name}.flat", np.array([0, 0, shape.width]))
    joined = g.node("Reshape", [together, flat], f"{name}.joined")
    out = f"{source}.attention.output"
    mixed = g.linear(
        joined, weights[f"{out}.dense.weight"], weights[f"{out}.dense.bias"], f"{name}.mix"
    )
    first = g.node("Add", [mixed, hidden], f"{name}.residual1")
    hidden = g.norm(first, weights, f"{out}.LayerNorm", shape.epsilon)
    up = f"{source}.intermediate.dense"
    wide = g.linear(hidden, weights[f"{up}.weight"], weights[f"{up}.bias"], f"{name}.up")
    active = _gelu(g, wide, name)
    down = f"{source}.output.dense"
    weight = weights[f"{down}.weight"]
    if (smooth := weights.get(f"{down}.smooth")) is not None:  # affect/training/smoothing.py
        divisor = g.constant(f"{name}.divisor", 1 / smooth)
        active = g.node("Mul", [active, divisor], f"{name}.smooth")
        weight = weight * smooth
    narrow = g.linear(active, weight, weights[f"{down}.bias"], f"{name}.down")
    second = g.node("Add", [narrow, hidden], f"{name}.residual2")
    return g.norm(second, weights, f"{source}.output.LayerNorm", shape.epsilon)


def _gelu(g: _Graph, x: str, name: str) -> str:
    """The exact form, in the pattern that onnxruntime fuses into one kernel."""
    root = g.constant(f"{name}.root2", np.array(math.sqrt(2), dtype=np.float32))
    one = g.constant(f"{name}.one", np.array(1, dtype=np.float32))
    half = g.constant(f"{name}.half", np.array(0.5, dtype=np.float32))
    error = g.node("Erf", [g.node("Div", [x, root], f"{name}.gelu.div")], f"{name}.gelu.erf")
    grown = g.node("Mul", [x, g.node("Add", [error, one], f"{name}.gelu.add")], f"{name}.gelu.mul")
    return g.node("Mul", [grown, half], f"{name}.gelu")


def _mean(g: _Graph, hidden: str) -> str:
    kept = g.node("Mul", [hidden, "mask.column"], "pool.kept")
    axes = g.constant("pool.axes", np.array([1]))
    total = g.node("ReduceSum", [kept, axes], "pool.total", keepdims=0)
    count = g.node("ReduceSum", ["mask.column", axes], "pool.count", keepdims=0)
    return g.node("Div", [total, count], "pool")
