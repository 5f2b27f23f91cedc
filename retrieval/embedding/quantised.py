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
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.graph import (
    ATTENTION,
    CONTEXT,
    INTERMEDIATE,
    MICROSOFT,
    OUTPUT,
    Dense,
    Graph,
    Multiply,
    Weights,
    make_graph,
    plain,
    with_bias,
)
from retrieval.embedding.runtime import load_session

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

_SCALE, _ZERO = "int8/scale", "int8/zero"
_ACTIVE_SCALE, _ACTIVE_ZERO = "int8/active scale", "int8/active zero"


def rounding(ranges: Ranges) -> Multiply:
    """A ``Multiply`` in 8-bit integers.

    Args:
        ranges: of the products before GELU.
    """

    def multiply(graph: Graph, source: str, dense: Dense) -> str:
        if dense.site == OUTPUT:
            return _by_token(graph, source, dense)
        return _by_channel(graph, source, dense, ranges[dense.name])

    return multiply


def seen_ranges(weights: Weights, texts: Sequence[NDArray[np.int64]]) -> Ranges:
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


def _by_channel(graph: Graph, source: str, dense: Dense, ranges: NDArray[np.float32]) -> str:
    """A product whose input is rounded by channel; what exceeds its range is cut there."""
    ranges = np.maximum(ranges, SMALLEST)
    sizes = np.maximum(np.abs(dense.weight).max(axis=1), SMALLEST)
    balance = BALANCE[dense.site]
    widths = ranges**balance * sizes ** (balance - 1)
    widths *= (ranges / widths).max()
    factors = graph.constant(f"{dense.name}/factors", 1 / widths)
    scaled = graph.node("Mul", source, factors, name=f"{dense.name}/scaled")
    scale = graph.constant(_SCALE, np.float32(1 / LEVELS))
    zero = graph.constant(_ZERO, np.uint8(ZERO_POINT))
    whole = graph.node("QuantizeLinear", scaled, scale, zero, name=f"{dense.name}/whole")
    weight, scales, zeros = _weight(graph, dense, dense.weight * widths[:, None])
    bias = graph.constant(f"{dense.name}/bias", dense.bias)
    inputs = (whole, weight, scale, scales, zero, zeros, bias)
    return graph.node("MatMulIntegerToFloat", *inputs, name=dense.name, domain=MICROSOFT)


def _by_token(graph: Graph, source: str, dense: Dense) -> str:
    """A product of what GELU gave, each token rounded by its own largest number."""
    largest = graph.node("ReduceMax", source, name=f"{dense.name}/largest", axes=[-1], keepdims=1)
    floor = graph.constant("int8/active floor", ACTIVE_FLOOR)
    size = graph.node("Max", largest, floor, name=f"{dense.name}/size")
    factor = graph.node("Reciprocal", size, name=f"{dense.name}/factor")
    scaled = graph.node("Mul", source, factor, name=f"{dense.name}/scaled")
    scale = graph.constant(_ACTIVE_SCALE, np.float32(1 / (2 * LEVELS + 1 - ACTIVE_ZERO_POINT)))
    zero = graph.constant(_ACTIVE_ZERO, np.uint8(ACTIVE_ZERO_POINT))
    whole = graph.node("QuantizeLinear", scaled, scale, zero, name=f"{dense.name}/whole")
    weight, scales, zeros = _weight(graph, dense, dense.weight)
    inputs = (whole, weight, scale, scales, zero, zeros)
    product = graph.node(
        "MatMulIntegerToFloat", *inputs, name=f"{dense.name}/product", domain=MICROSOFT
    )
    sized = graph.node("Mul", product, size, name=f"{dense.name}/sized")
    return with_bias(graph, sized, dense)


def _weight(graph: Graph, dense: Dense, weight: NDArray[np.float32]) -> tuple[str, str, str]:
    """A weight matrix (inputs, outputs) rounded by column, its scales and zero points."""
    scales = (np.abs(weight).max(axis=0) / LEVELS).astype(np.float32)
    rounded = np.rint(weight / scales).astype(np.int8)
    return (
        graph.constant(f"{dense.name}/int8", rounded),
        graph.constant(f"{dense.name}/scales", scales),
        graph.constant(f"{dense.name}/zeros", np.zeros(len(scales), np.int8)),
    )
