"""Guards of one's own, named in the settings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

GUARD = """
from chat_app.guards.hooks import Allowed, Guard, Masked, Refused, Withheld

class NoGyms(Guard):
    name = "no_gyms"

    def check_question(self, question, meter):
        if "gym" in question.lower():
            return Refused("Gyms are not for this chat. Ask about your plan.")
        return Allowed()

    def check_passages(self, passages, question, meter):
        if "physical" not in question:
            return Allowed()
        found = frozenset(at for at, text in enumerate(passages) if "annual physical" in text)
        return Withheld(found)

    def check_answer(self, sentences, question, passages, meter):
        return Masked(tuple(text.replace("$500", "[AMOUNT]") for text in sentences))

class NoGuard:
    pass
"""


@pytest.fixture
def indexed(
    cli: Callable[..., Run], plans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    assert cli("index", plans).status == 0
    (tmp_path / "our_guards.py").write_text(GUARD)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BENEFITS_CHAT_GUARDS", "our_guards:NoGyms")
    return cli


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_each_hook_of_an_own_guard_has_its_say(indexed: Callable[..., Run]) -> None:
    [refused] = indexed("ask", "Is a gym covered?", "--json").rows
    assert (refused["reason"], refused["answer"][:4]) == ("guardrail", "Gyms")
    [masked] = indexed(
        "ask", "What is the annual deductible?", "--policy", "PPO_PLUS", "--json"
    ).rows
    assert "[AMOUNT]" in masked["answer"]
    assert "$500" not in masked["answer"]
    [withheld] = indexed(
        "ask", "Is the annual physical free?", "--policy", "PPO_PLUS", "--json"
    ).rows
    assert "annual physical" not in str(withheld["sentences"])
    assert "annual physical" not in str(withheld["nearest"])
    reports = withheld["guardrails"]
    assert [r for r in reports if r["hook"] == "passages" and r["verdict"] == "withheld"]


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("our_guards:NoGuard", "is no guard: derive it"),
        ("our_guards:Missing", "cannot be made"),
        ("no_such_module:Guard", "cannot be made"),
        ("nonsense", "module:Class"),
    ],
)
def test_a_name_that_leads_to_no_guard_is_an_error(
    indexed: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.setenv("BENEFITS_CHAT_GUARDS", name)
    refused = indexed("ask", "Is it free?")
    assert refused.status == 1
    assert name in refused.err
    assert why in refused.err
    assert len(refused.err.splitlines()) == 1
