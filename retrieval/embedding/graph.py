"""The graph of all-MiniLM-L6-v2 for onnxruntime, made of its weights.

Written by hand and not traced: attention is one operator, and how the matrix products are computed
is left to the caller. A traced graph takes a sixth more time for passages, a quarter for questions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.runtime import DIMENSION, TOKENS, VECTOR, WINDOW

if TYPE_CHECKING:
    from onnx import ModelProto

Weights: TypeAlias = Mapping[str, NDArray[np.float32]]
"""By the names of transformers' ``BertModel``; matrices are (outputs, inputs)."""

Attribute: TypeAlias = int | float | Sequence[int]

LAYERS = 6
HEADS = 12
OPSET = 17
MICROSOFT = "com.microsoft"
"""The operators of onnxruntime's own."""

WORDS = "word vectors"
"""Of the tokens: float32, (batch, length, DIMENSION), as all states are."""

_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix product of a layer: what comes in, times the weight, plus the bias.

    Attributes:
        site: which it is in its layer: ATTENTION, CONTEXT, INTERMEDIATE or OUTPUT.
        name: of the one in the whole graph.
        weight: float32, (inputs, outputs).
        bias: float32, (outputs,).
    """

    site: str
    name: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


ATTENTION, CONTEXT, INTERMEDIATE, OUTPUT = "attention", "context", "intermediate", "output"
"""Queries, keys and values of a layer at once; of what attention made of them; and the two of the
layer's feed-forward network, GELU between them."""


class Graph:
    """A graph in the making: operators and the constants that they read."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        from onnx import GraphProto

        self._graph = GraphProto(name="all-MiniLM-L6-v2")
        self._once: set[str] = set()

    def constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        """Hold a constant, once; its name."""
        from onnx import numpy_helper

        if name not in self._once:
            self._once.add(name)
            made = numpy_helper.from_array(np.ascontiguousarray(value), name)
            self._graph.initializer.append(made)
        return name

    def node(
        self, operator: str, *inputs: str, name: str, domain: str = "", **attributes: Attribute
    ) -> str:
        """Add an operator with one output; the output's name, which is the operator's."""
        return self.nodes(operator, *inputs, names=[name], domain=domain, **attributes)[0]

    def shared(self, operator: str, *inputs: str, name: str) -> str:
        """Add an operator that several places read, once; the output's name."""
        if name not in self._once:
            self._once.add(name)
            self.node(operator, *inputs, name=name)
        return name

    def nodes(
        self,
        operator: str,
        *inputs: str,
        names: list[str],
        domain: str = "",
        **attributes: Attribute,
    ) -> list[str]:
        """Add an operator; the names of its outputs."""
        from onnx.helper import make_attribute, make_node

        made = make_node(operator, inputs, names, name=names[0], domain=domain)
        made.attribute.extend(make_attribute(*each) for each in attributes.items())
        self._graph.node.append(made)
        return names

    def model(self) -> "ModelProto":
        """The whole, from the numbers of tokens to the vector of a text and of each token."""
        from onnx import TensorProto
        from onnx.helper import make_model, make_opsetid, make_tensor_value_info

        ids = make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])
        self._graph.input.append(ids)
        for name, places in ((VECTOR, ["batch"]), (TOKENS, ["batch", "length"])):
            made = make_tensor_value_info(name, TensorProto.FLOAT, [*places, DIMENSION])
            self._graph.output.append(made)
        imports = [make_opsetid("", OPSET), make_opsetid(MICROSOFT, 1)]
        return make_model(self._graph, opset_imports=imports, ir_version=8)


Multiply: TypeAlias = Callable[[Graph, str, Dense], str]
"""Adds a matrix product of the named tensor, (..., inputs), to a graph; the name of the product."""


def make_graph(
    weights: Weights, multiply: Multiply, words: type[np.floating[Any]] = np.float32
) -> "ModelProto":
    """Make the model: token numbers (batch, length), none of them padding, in; vectors out.

    The vector of a text is the mean of its tokens' states, of norm 1, as in "Sentence-BERT"
    (Reimers and Gurevych, 2019); the model is BERT (Devlin et al., 2019).

    Args:
        weights: of the model.
        multiply: adds a matrix product.
        words: as what the vectors of the vocabulary are held; float16 saves 23 MB of memory.
    """
    graph = Graph()
    states = _embeddings(graph, weights, words)
    for layer in range(LAYERS):
        last = layer == LAYERS - 1
        states = _layer(graph, weights, layer, states, multiply, TOKENS if last else "")
    mean = graph.node("ReduceMean", states, name="mean", axes=[1], keepdims=0)
    graph.node("LpNormalization", mean, name=VECTOR, axis=-1, p=2)
    return graph.model()


def plain(graph: Graph, source: str, dense: Dense) -> str:
    """A ``Multiply`` in fp32."""
    weight = graph.constant(f"{dense.name}/weight", dense.weight)
    product = graph.node("MatMul", source, weight, name=f"{dense.name}/product")
    return with_bias(graph, product, dense)


def with_bias(graph: Graph, product: str, dense: Dense) -> str:
    """Add the bias of a matrix product to it."""
    bias = graph.constant(f"{dense.name}/bias", dense.bias)
    return graph.node("Add", product, bias, name=dense.name)


def _embeddings(graph: Graph, weights: Weights, words: type[np.floating[Any]]) -> str:
    """The sum of what a token and its place say."""
    from onnx import TensorProto

    of = "embeddings."
    first_type = weights[f"{of}token_type_embeddings.weight"][0]
    places = weights[f"{of}position_embeddings.weight"][:WINDOW] + first_type
    vocabulary = graph.constant("words", weights[f"{of}word_embeddings.weight"].astype(words))
    word = graph.node("Gather", vocabulary, "input_ids", name="word")
    read = graph.node("Cast", word, name=WORDS, to=TensorProto.FLOAT)
    length = graph.node("Shape", "input_ids", name="length", start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    place = graph.node("Slice", graph.constant("places", places), zero, length, zero, name="place")
    total = graph.node("Add", read, place, name="token and place")
    return _normalised(graph, total, weights, f"{of}LayerNorm", "embedded")


def _layer(
    graph: Graph, weights: Weights, number: int, states: str, multiply: Multiply, name: str
) -> str:
    """A layer: attention, then the feed-forward network, each added to what came in."""
    layer = f"encoder.layer.{number}."

    def dense(site: str, module: str) -> Dense:
        weight = weights[f"{layer}{module}.weight"].T
        return Dense(site, f"layer {number}/{site}", weight, weights[f"{layer}{module}.bias"])

    parts = multiply(graph, states, _attention(weights, number))
    names = [f"layer {number}/{part}" for part in ("query", "key", "value")]
    sizes = graph.constant("sizes", np.array([DIMENSION] * 3, np.int64))
    query, key, value = graph.nodes("Split", parts, sizes, names=names, axis=-1)
    attended = graph.node(
        "MultiHeadAttention",
        *(query, key, value),
        name=f"layer {number}/attended",
        domain=MICROSOFT,
        num_heads=HEADS,
        scale=1.0,
    )
    context = multiply(graph, attended, dense(CONTEXT, "attention.output.dense"))
    total = graph.node("Add", context, states, name=f"layer {number}/context and states")
    norm = f"{layer}attention.output.LayerNorm"
    states = _normalised(graph, total, weights, norm, f"layer {number}/half")
    inner = multiply(graph, states, dense(INTERMEDIATE, "intermediate.dense"))
    active = graph.node("Gelu", inner, name=f"layer {number}/active", domain=MICROSOFT)
    outer = multiply(graph, active, dense(OUTPUT, "output.dense"))
    total = graph.node("Add", outer, states, name=f"layer {number}/output and states")
    norm = f"{layer}output.LayerNorm"
    return _normalised(graph, total, weights, norm, name or f"layer {number}/states")


def _attention(weights: Weights, number: int) -> Dense:
    """Queries, keys and values in one product; queries are scaled, so that attention need not."""
    of = f"encoder.layer.{number}.attention.self."
    scale = np.float32((DIMENSION // HEADS) ** -0.5)
    scales = {"query": scale, "key": np.float32(1), "value": np.float32(1)}
    weight = [weights[f"{of}{part}.weight"].T * by for part, by in scales.items()]
    bias = [weights[f"{of}{part}.bias"] * by for part, by in scales.items()]
    name = f"layer {number}/{ATTENTION}"
    return Dense(ATTENTION, name, np.concatenate(weight, axis=1), np.concatenate(bias))


def _normalised(graph: Graph, source: str, weights: Weights, module: str, name: str) -> str:
    gain = graph.constant(f"{module}/gain", weights[f"{module}.weight"])
    bias = graph.constant(f"{module}/bias", weights[f"{module}.bias"])
    return graph.node(
        "LayerNormalization", source, gain, bias, name=name, axis=-1, epsilon=_EPSILON
    )
