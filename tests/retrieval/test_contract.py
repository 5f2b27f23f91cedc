import math

import numpy as np
import pytest

from retrieval.contract import FINGERPRINT_SENTENCE, MIN_AGREEMENT, check_contract, contract_of
from retrieval.errors import ContractError
from retrieval.interfaces import Contract
from tests.fakes.letters import LetterCounts

SAME = contract_of(LetterCounts())


def turned(contract: Contract, agreement: float) -> Contract:
    """The contract with a fingerprint of this cosine to its own."""
    old = np.array(contract.fingerprint)
    across = np.zeros_like(old)
    across[0], across[1] = -old[1], old[0]
    new = agreement * old + math.sqrt(1 - agreement**2) * across / np.linalg.norm(across)
    return Contract(contract.model, contract.dimension, tuple(new.tolist()))


def test_a_contract_tells_model_dimension_and_fingerprint() -> None:
    embedder = LetterCounts()
    contract = contract_of(embedder)
    assert (contract.model, contract.dimension) == ("letter-counts", 26)
    assert embedder.embedded == [FINGERPRINT_SENTENCE]
    np.testing.assert_allclose(
        contract.fingerprint, embedder.embed([FINGERPRINT_SENTENCE])[0], atol=1e-6
    )


def test_the_same_model_gives_the_same_contract() -> None:
    assert contract_of(LetterCounts()) == SAME
    check_contract(SAME, contract_of(LetterCounts()), "the index")


@pytest.mark.parametrize("agreement", [1.0, 0.999, 0.985, MIN_AGREEMENT + 1e-6])
def test_the_rounding_of_another_runtime_is_tolerated(agreement: float) -> None:
    check_contract(SAME, turned(SAME, agreement), "the index")


@pytest.mark.parametrize("agreement", [MIN_AGREEMENT - 1e-6, 0.9, 0.0, -1.0])
def test_other_weights_under_the_same_name_are_refused(agreement: float) -> None:
    with pytest.raises(ContractError, match=f"agree to {agreement:.2f} of 1") as caught:
        check_contract(SAME, turned(SAME, agreement), "the index 'plans'")
    assert str(caught.value).startswith("the index 'plans' was built with other weights")


def test_another_model_is_named_beside_the_one_in_use_with_the_remedy() -> None:
    present = Contract("titan-v2", 1024, (1.0,) * 1024)
    with pytest.raises(ContractError) as caught:
        check_contract(SAME, present, "the index 'plans'")
    message = str(caught.value)
    for part in ("the index 'plans'", "letter-counts (26", "titan-v2 (1024", "--rebuild"):
        assert part in message


def test_another_model_of_the_same_dimension_is_refused_by_its_name() -> None:
    with pytest.raises(ContractError, match="letter-counts-2"):
        check_contract(SAME, Contract("letter-counts-2", 26, SAME.fingerprint), "the index")


def test_the_same_model_in_another_dimension_is_refused() -> None:
    with pytest.raises(ContractError, match="512"):
        check_contract(SAME, Contract(SAME.model, 512, (1.0,) * 512), "the index")


@pytest.mark.parametrize(
    "fingerprint",
    [(), SAME.fingerprint[:-1], (*SAME.fingerprint, 0.0), (math.nan,) * 26, (0.0,) * 26],
    ids=["none", "too short", "too long", "not numbers", "zero"],
)
def test_a_damaged_contract_is_refused_with_the_remedy(fingerprint: tuple[float, ...]) -> None:
    recorded = Contract(SAME.model, SAME.dimension, fingerprint)
    with pytest.raises(ContractError, match="--rebuild"):
        check_contract(recorded, SAME, "the index")
