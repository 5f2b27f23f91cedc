"""Matrix products of the graph in 8-bit integers.

Each weight matrix is rounded to 8 bits a column. What it is multiplied with is rounded to 8 bits
with the ranges that were seen of each of its channels (``Ranges``), before a layer's GELU, and by
the largest number of each token after it, where a few channels now and then exceed all others. So
a text's vector depends on its text alone, as in fp32, which onnxruntime's ``quantize_dynamic`` does
not give: it takes one range for all tokens of a run, and agrees less (least cosine .966 instead of
.998 on 150 passages and 100 questions).

Channels of a wide range are narrowed and their weights widened, so that both lose equally little
("SmoothQuant", Xiao et al., 2023). Without it, values of attention had to stay in fp32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.graph import (
    ATTENTION,
    CONTEXT,
    INTERMEDIATE,
    LAYERS,
    MICROSOFT,
    OUTPUT,
    WORDS,
    Dense,
    Graph,
    Weights,
    make_graph,
    plain,
    with_bias,
)
from retrieval.embedding.runtime import load_session

if TYPE_CHECKING:
    from onnx import ModelProto

Ranges: TypeAlias = Mapping[str, NDArray[np.float32]]
"""Of each matrix product, by name: the largest size of each channel that comes in."""

LEVELS = 127
"""Largest whole number of a weight, and of an input counted from its zero point."""
ZERO_POINT = 128
"""Inputs are rounded to 1 to 255: onnxruntime is fastest with unsigned times signed numbers."""
ACTIVE_ZERO_POINT = 20
"""After GELU nothing is below -.17: most of the 8 bits are for what is above 0."""
ACTIVE_FLOOR = np.float32(2)
"""Least range of a token after GELU; ACTIVE_ZERO_POINT then stands for -.17 at least."""
MARGIN = 1.2
"""Ranges are so much wider than seen. From 1 to 1.5 vectors agree alike, least cosine .998."""
BALANCE = {ATTENTION: 0.8, CONTEXT: 0.5, INTERMEDIATE: 0.7}
"""How far the ranges of channels are evened out at the cost of weights, 0 to 1; the best for each
of .35, .5, .65, .8 and 1."""
SMALLEST = np.float32(1e-6)


class _Rounded(NamedTuple):
    """Names of whole numbers, of what one of them stands for, and of the one that is 0."""

    numbers: str
    step: str
    zero: str


def make_rounded_graph(weights: Weights, texts: Sequence[NDArray[np.int64]]) -> "ModelProto":
    """The graph with products of 8-bit integers, and the vocabulary in float16.

    Args:
        weights: of the model.
        texts: token numbers of each text that ranges are taken from.
    """
    ranges = _seen_ranges(weights, texts)

    def multiply(graph: Graph, source: str, dense: Dense) -> str:
        if dense.site == OUTPUT:
            return _by_token(graph, source, dense)
        if dense.site == CONTEXT:
            return _within_one(graph, source, dense)
        return _by_channel(graph, source, dense, ranges[dense.name])

    return make_graph(_with_even_contexts(weights, ranges), multiply, np.float16)


def _seen_ranges(weights: Weights, texts: Sequence[NDArray[np.int64]]) -> Ranges:
    """Run texts in fp32 and note the largest size of each channel.

    Args:
        weights: of the model.
        texts: token numbers of each.
    """
    from onnx import ValueInfoProto

    sources: dict[str, str] = {}

    def noting(graph: Graph, source: str, dense: Dense) -> str:
        if dense.site != OUTPUT:
            sources[dense.name] = source
        return plain(graph, source, dense)

    model = make_graph(weights, noting)
    model.graph.output.extend(ValueInfoProto(name=name) for name in sources.values())
    session = load_session(model.SerializeToString())
    largest = dict.fromkeys(sources, np.float32(0))
    for ids in texts:
        states = session.run(list(sources.values()), {"input_ids": ids[None]})
        for name, of_tokens in zip(sources, states, strict=True):
            largest[name] = np.maximum(largest[name], np.abs(of_tokens).max(axis=(0, 1)))
    return {name: np.asarray(size * np.float32(MARGIN)) for name, size in largest.items()}


def _with_even_contexts(weights: Weights, ranges: Ranges) -> Weights:
    """The weights of the same model whose contexts are within -1 and 1, evened out by channel.

    A context is a mean of values, so that values are narrowed in its stead: no step of its own.
    """
    evened = dict(weights)
    for layer in range(LAYERS):
        of = f"encoder.layer.{layer}.attention."
        weight = weights[f"{of}output.dense.weight"]
        widths = _widths(ranges[f"layer {layer}/{CONTEXT}"], weight.T, CONTEXT)
        evened[f"{of}self.value.weight"] = weights[f"{of}self.value.weight"] / widths[:, None]
        evened[f"{of}self.value.bias"] = weights[f"{of}self.value.bias"] / widths
        evened[f"{of}output.dense.weight"] = weight * widths
    return evened


def _by_channel(graph: Graph, source: str, dense: Dense, ranges: NDArray[np.float32]) -> str:
    """A product whose input is rounded by channel; what exceeds its range is cut there."""
    widths = _widths(ranges, dense.weight, dense.site)
    factors = graph.constant(f"{dense.name}/factors", 1 / widths)
    scaled = graph.node("Mul", source, factors, name=f"{dense.name}/scaled")
    return _within_one(graph, scaled, replace(dense, weight=dense.weight * widths[:, None]))


def _widths(
    ranges: NDArray[np.float32], weight: NDArray[np.float32], site: str
) -> NDArray[np.float32]:
    """By what the channels that come in are divided, and the weight (inputs, outputs) multiplied.

    What is left of the ranges is at most 1.
    """
    ranges = np.maximum(ranges, SMALLEST)
    sizes = np.maximum(np.abs(weight).max(axis=1), SMALLEST)
    balance = BALANCE[site]
    widths = ranges**balance * sizes ** (balance - 1)
    return np.asarray(widths * (ranges / widths).max(), dtype=np.float32)


def _within_one(graph: Graph, source: str, dense: Dense) -> str:
    """A product with what is within -1 and 1; what exceeds them is cut there."""
    scale = graph.constant("int8/scale", np.float32(1 / LEVELS))
    zero = graph.constant("int8/zero", np.uint8(ZERO_POINT))
    whole = graph.node("QuantizeLinear", source, scale, zero, name=f"{dense.name}/whole")
    bias = graph.constant(f"{dense.name}/bias", dense.bias)
    return _multiplied(graph, _Rounded(whole, scale, zero), dense, bias, name=dense.name)


def _by_token(graph: Graph, source: str, dense: Dense) -> str:
    """A product of what GELU gave, each token rounded by its own largest number.

    Tokens of all texts are laid in one row, as operators round by one axis.
    """
    width = len(dense.weight)
    rows = graph.constant("int8/rows", np.array([-1, width], np.int64))
    flat = graph.node("Reshape", source, rows, name=f"{dense.name}/flat")
    largest = graph.node("ReduceMax", flat, name=f"{dense.name}/largest", axes=[-1], keepdims=1)
    floor = graph.constant("int8/active floor", ACTIVE_FLOOR)
    size = graph.node("Max", largest, floor, name=f"{dense.name}/size")
    levels = graph.constant("int8/active levels", np.float32(2 * LEVELS + 1 - ACTIVE_ZERO_POINT))
    step = graph.node("Div", size, levels, name=f"{dense.name}/step")
    line = graph.constant("int8/line", np.array([-1], np.int64))
    steps = graph.node("Reshape", step, line, name=f"{dense.name}/steps")
    zero = graph.constant("int8/active zero", np.uint8(ACTIVE_ZERO_POINT))
    # One zero point for each token, made once for all layers.
    count = graph.shared("Shape", steps, name="int8/tokens")
    zeros = graph.shared("Expand", zero, count, name="int8/zeros")
    whole = graph.node("QuantizeLinear", flat, steps, zeros, name=f"{dense.name}/whole", axis=0)
    one = graph.constant("int8/one", np.float32(1))
    rounded = _Rounded(whole, one, zero)
    product = _multiplied(graph, rounded, dense, name=f"{dense.name}/product")
    sized = graph.node("Mul", product, step, name=f"{dense.name}/sized")
    shape = graph.shared("Shape", WORDS, name="int8/shape")
    shaped = graph.node("Reshape", sized, shape, name=f"{dense.name}/shaped")
    return with_bias(graph, shaped, dense)


def _multiplied(graph: Graph, rounded: _Rounded, dense: Dense, *bias: str, name: str) -> str:
    """The product of whole numbers and a weight matrix, which is rounded by column."""
    scales = (np.abs(dense.weight).max(axis=0) / LEVELS).astype(np.float32)
    weight = graph.constant(f"{dense.name}/int8", np.rint(dense.weight / scales).astype(np.int8))
    steps = graph.constant(f"{dense.name}/scales", scales)
    zeros = graph.constant(f"{dense.name}/zeros", np.zeros(len(scales), np.int8))
    operands = (rounded.numbers, weight, rounded.step, steps, rounded.zero, zeros, *bias)
    return graph.node("MatMulIntegerToFloat", *operands, name=name, domain=MICROSOFT)
