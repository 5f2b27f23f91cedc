"""The embedding contract: an index is searched only with the model that built it."""

import numpy as np

from retrieval.errors import ContractError
from retrieval.interfaces import Contract, Embedder

FINGERPRINT_SENTENCE = "The annual deductible is waived for preventive care from network providers."
"""Embedded once per index; never change it, or every index built before is refused."""

MIN_AGREEMENT = 0.95
"""Least cosine between the recorded and the present fingerprint.

Runtimes of one model agree to .98 and better (int8 against fp32: minimum .984 measured);
another model of the same dimension is near 0.
"""


def contract_of(embedder: Embedder) -> Contract:
    """The contract that an index built with this embedder carries."""
    vector = embedder.embed([FINGERPRINT_SENTENCE])[0]
    return Contract(
        model=embedder.name,
        dimension=embedder.dimension,
        fingerprint=tuple(round(float(number), 6) for number in vector),
    )


def check_contract(recorded: Contract, present: Contract, index: str) -> None:
    """Compare what the index was built with to what would be used now.

    Args:
        recorded: read from the index.
        present: of the embedder in use.
        index: how to name the index in a message.

    Raises:
        ContractError: model, dimension or fingerprint differ.
    """
    remedy = (
        "set BENEFITS_CHAT_EMBEDDER to the model it was built with, "
        "or build it anew with `benefits-chat index --rebuild PATH`"
    )
    if (recorded.model, recorded.dimension) != (present.model, present.dimension):
        raise ContractError(
            f"{index} was built with {recorded.model} ({recorded.dimension} numbers), "
            f"the settings say {present.model} ({present.dimension}): {remedy}"
        )
    if len(recorded.fingerprint) != recorded.dimension:
        raise ContractError(f"{index} carries a damaged embedding contract: {remedy}")
    agreement = float(np.dot(recorded.fingerprint, present.fingerprint))
    if not agreement >= MIN_AGREEMENT:
        raise ContractError(
            f"{index} was built with other weights of {recorded.model} "
            f"(their vectors of one sentence agree to {agreement:.2f} of 1): {remedy}"
        )
