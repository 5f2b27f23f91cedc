"""The commands in the AWS world: nothing but the environment says that it is one."""

from pathlib import Path

import pytest

from tests.aws.conftest import Cli
from tests.doubles.bedrock import BedrockServer, Guardrail
from tests.doubles.s3_vectors import S3VectorsServer

QUESTION = "Is the annual physical covered at 100%?"


def titan_texts(bedrock: BedrockServer, since: int = 0) -> list[str]:
    calls = [call for call in bedrock.calls[since:] if call.operation == "InvokeModel"]
    return [call.body["inputText"] for call in calls]


def test_index_list_search_ask_and_remove(aws: Cli, plans: Path, own_bucket: str) -> None:
    report = aws("index", plans, "--json").rows[0]
    assert report["documents"]["added"] == 3
    assert report["usage"]["input_tokens"] > 50
    assert 0 < report["usage"]["cost_usd"] < 0.001
    assert {row["policy"] for row in aws("list", "--json").rows} == {
        "PPO_PLUS",
        "HMO_SELECT",
        None,
    }
    found = aws("search", QUESTION, "--policy", "PPO_PLUS", "--json").rows[0]["matches"]
    assert {match["policy"] for match in found} <= {"PPO_PLUS", None}
    answer = aws("ask", QUESTION, "--policy", "PPO_PLUS", "--json").rows[0]
    assert "covered at 100% in-network" in answer["sentences"][0]["text"]
    assert answer["citations"][0]["policy"] == "PPO_PLUS"
    assert answer["usage"]["input_tokens"] > answer["usage"]["output_tokens"] > 0
    assert answer["usage"]["cost_usd"] > 0
    assert aws("remove", "handbook.md", "--json").rows == [{"removed": 1}]
    assert len(aws("list", "--json").rows) == 2


def test_text_that_has_not_changed_is_not_embedded_again(
    indexed: Cli, plans: Path, bedrock: BedrockServer
) -> None:
    before = len(bedrock.calls)
    assert indexed("index", plans, "--json").rows[0]["documents"]["unchanged"] == 3
    unchanged = titan_texts(bedrock, before)
    file = plans / "PPO_PLUS/2026/plan.md"
    file.write_text(file.read_text().replace("$500", "$550"), encoding="utf-8")
    before = len(bedrock.calls)
    assert indexed("index", plans, "--json").rows[0]["documents"]["changed"] == 1
    changed = titan_texts(bedrock, before)
    assert all("deductible is waived" in text for text in unchanged)  # the contract's sentence
    anew = [text for text in changed if "deductible is waived" not in text]
    assert anew
    assert all("$550" in text for text in anew)


def test_the_estimate_of_the_doctor_comes_before_anything_is_spent(
    aws: Cli, plans: Path, own_bucket: str, bedrock: BedrockServer
) -> None:
    before = len(bedrock.calls)
    findings = {row["part"]: row for row in aws("doctor", plans, "--json").rows}
    assert "3 documents to embed" in findings["estimate"]["what"]
    assert "about $0.0000 for amazon.titan-embed-text-v2:0" in findings["estimate"]["what"]
    assert len(titan_texts(bedrock, before)) <= 2  # "ready" and the contract's sentence
    aws("index", plans)
    again = {row["part"]: row for row in aws("doctor", plans, "--json").rows}
    assert "0 documents to embed, 3 unchanged" in again["estimate"]["what"]


def test_an_index_of_another_model_or_dimension_is_refused(
    indexed: Cli, plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENEFITS_CHAT_TITAN_DIMENSION", "256")
    for command in (["ask", QUESTION], ["search", QUESTION], ["index", plans]):
        refused = indexed(*command)
        assert refused.status == 1
        assert "1024 numbers" in refused.err
        assert "--rebuild" in refused.err
    monkeypatch.delenv("BENEFITS_CHAT_TITAN_DIMENSION")
    assert indexed("ask", QUESTION, "--policy", "PPO_PLUS").status == 0
    monkeypatch.setenv("BENEFITS_CHAT_TITAN_DIMENSION", "256")
    assert indexed("index", plans, "--rebuild").status == 0
    assert indexed("ask", QUESTION, "--policy", "PPO_PLUS").status == 0


class TestGuardrails:
    """Bedrock Guardrails around question and answer."""

    @pytest.fixture(autouse=True)
    def guarded(self, aws: Cli, bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch) -> None:
        del aws  # its environment is changed here
        bedrock.register(
            Guardrail(
                "benefitsguard",
                topics={"medical advice": ("diagnose",)},
                pii={"US_SOCIAL_SECURITY_NUMBER": "ANONYMIZE", "EMAIL": "ANONYMIZE"},
                words=("enroll",),
                blocked_input="I cannot help with that. Ask me about your plan.",
            )
        )
        monkeypatch.setenv("BENEFITS_CHAT_GUARDRAIL_ID", "benefitsguard")
        monkeypatch.delenv("BENEFITS_CHAT_GUARDRAILS")

    def test_an_intervention_is_shown_in_the_guardrails_words(self, indexed: Cli) -> None:
        answer = indexed("ask", "Can you diagnose my knee?", "--json").rows[0]
        assert (answer["refused"], answer["reason"]) == (True, "guardrail")
        assert answer["answer"] == "I cannot help with that. Ask me about your plan."
        assert answer["citations"] == []
        assert [(g["hook"], g["verdict"]) for g in answer["guardrails"]] == [
            ("question", "refused")
        ]

    def test_what_is_masked_in_the_question_goes_no_further(
        self, indexed: Cli, bedrock: BedrockServer
    ) -> None:
        before = len(bedrock.calls)
        asked = f"My number is 078-05-1120. {QUESTION}"
        answer = indexed("ask", asked, "--policy", "PPO_PLUS", "--json").rows[0]
        assert "078-05-1120" not in answer["question"]
        assert answer["sentences"]
        later = [c for c in bedrock.calls[before:] if c.operation != "ApplyGuardrail"]
        assert later
        assert not [call for call in later if "078-05-1120" in str(call.body)]

    def test_an_answer_that_the_guardrail_refuses_is_not_shown(self, indexed: Cli) -> None:
        answer = indexed("ask", "By when must new hires decide?", "--json").rows[0]
        assert answer["reason"] == "guardrail"
        assert "hire date" not in answer["answer"]

    def test_a_guardrail_that_is_down_refuses_or_goes_on_as_set(
        self, indexed: Cli, bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bedrock.faults.add("ApplyGuardrail", 1, 1_000, "access_denied")
        answer = indexed("ask", QUESTION, "--policy", "PPO_PLUS", "--json").rows[0]
        assert answer["reason"] == "guardrail"
        assert "could not be checked" in answer["answer"]
        monkeypatch.setenv("BENEFITS_CHAT_GUARDRAIL_FAILURE", "go_on")
        answer = indexed("ask", QUESTION, "--policy", "PPO_PLUS", "--json").rows[0]
        assert "100%" in answer["answer"]


def test_guardrails_without_an_id_are_an_error_that_names_the_setting(
    aws: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENEFITS_CHAT_GUARDRAILS", "bedrock")
    refused = aws("ask", QUESTION)
    assert refused.status == 1
    assert "BENEFITS_CHAT_GUARDRAIL_ID" in refused.err


def test_the_local_index_copied_in_answers_alike(
    aws: Cli, plans: Path, own_bucket: str, monkeypatch: pytest.MonkeyPatch, s3: S3VectorsServer
) -> None:
    monkeypatch.setenv("BENEFITS_CHAT_WORLD", "local")
    aws("index", plans)
    local = aws("ask", QUESTION, "--json").rows[0]
    copied = aws("copy", "--to", "s3_vectors", "--json").rows[0]
    assert copied["chunks"]["copied"] == sum(row["chunks"] for row in aws("list", "--json").rows)
    assert aws("copy", "--to", "chroma").status == 1
    monkeypatch.setenv("BENEFITS_CHAT_WORLD", "aws")
    monkeypatch.setenv("BENEFITS_CHAT_EMBEDDER", "minilm")
    monkeypatch.setenv("BENEFITS_CHAT_GENERATOR", "quotes")
    there = aws("ask", QUESTION, "--json").rows[0]
    assert [c["key"] for c in there["citations"]] == [c["key"] for c in local["citations"]]
    assert there["answer"] == local["answer"]
    again = aws("copy", "--to", "memory", "--json").rows[0]
    assert again["chunks"]["copied"] == copied["chunks"]["copied"]
