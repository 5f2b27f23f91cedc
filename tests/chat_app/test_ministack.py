"""The Bedrock adapters against ministack, a server of Bedrock that is not ours.

Its chat models say a fixed sentence. Its guardrails know words and personal data from version 1.5.5
on, but neither topics nor grounding; before, they let everything pass.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from socket import socket
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from chat_app.errors import GuardError
from chat_app.generation.bedrock import make_bedrock_model
from chat_app.generation.streaming import stream_text
from chat_app.guards.bedrock import BedrockGuard
from chat_app.guards.hooks import Allowed, Masked, Refused
from retrieval.usage import Meter
from tests.fakes.aws import environment

START_SECONDS = 60
MODEL = "amazon.nova-micro-v1:0"
QUESTION = "What is the deductible?"
SENTENCES = ("The deductible is $500.", "Write to a@b.example.", "Checkups are free.")
PASSAGES = (" ".join(SENTENCES),)
PROMPT = [SystemMessage("Answer from the passages."), HumanMessage(QUESTION)]


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own, ended with the tests."""
    program = Path(sys.executable).with_name("ministack")
    if not program.exists():
        pytest.skip("ministack is not installed beside python")
    folder = tmp_path_factory.mktemp("ministack")
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "bedrock,bedrock-runtime",
        # Else it listens on all addresses for MQTT.
        "IOT_MTLS_ENABLED": "0",
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([str(program)], cwd=folder, env=settings, stdout=log, stderr=log)
        try:
            until = time.monotonic() + START_SECONDS
            while not answers(url):
                if server.poll() is not None or time.monotonic() > until:
                    said = (folder / "log").read_text()[-300:]
                    pytest.skip(f"ministack did not start: {said}")
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            server.wait(START_SECONDS)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/_ministack/health", timeout=1).is_success
    return False


@pytest.fixture
def aws(ministack: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in environment(ministack).items():
        monkeypatch.setenv(name, value)
    return ministack


@pytest.fixture
def guardrail(aws: str) -> str:
    """The id of a guardrail that blocks a word and masks e-mail addresses and member numbers."""
    client: Any = boto3.client("bedrock", region_name="us-east-1", endpoint_url=aws)
    try:
        made = client.create_guardrail(
            name=f"plans-{uuid4().hex[:8]}",
            blockedInputMessaging="I do not answer this.",
            blockedOutputsMessaging="I do not show this answer.",
            wordPolicyConfig={"wordsConfig": [{"text": "casino"}]},
            sensitiveInformationPolicyConfig={
                "piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}],
                "regexesConfig": [{"name": "member", "pattern": r"M-\d+", "action": "ANONYMIZE"}],
            },
        )
    finally:
        client.close()
    return str(made["guardrailId"])


@pytest.fixture
def judging(guardrail: str) -> str:
    """The guardrail, where the installed ministack looks at texts at all."""
    if BedrockGuard(guardrail, "DRAFT", "us-east-1").check_question("casino", Meter()) == Allowed():
        pytest.skip(f"ministack {version('ministack')} lets every text pass; 1.5.5 does not")
    return guardrail


@pytest.mark.usefixtures("aws")
def test_a_chat_model_streams_whole_answers() -> None:
    model = make_bedrock_model(MODEL, "us-east-1")
    chunks = list(model.stream(list(PROMPT)))
    text = "".join(chunk.text for chunk in chunks)
    assert text
    stops = [chunk.response_metadata.get("stopReason") for chunk in chunks]
    assert [stop for stop in stops if stop] == ["end_turn"]
    assert sum(chunk.usage_metadata is not None for chunk in chunks) == 1
    meter = Meter()
    assert "".join(stream_text(model, PROMPT, meter)) == text
    assert meter.total("output_tokens") > 0
    assert model.invoke(list(PROMPT)).text == text


def test_a_guardrail_lets_good_questions_and_answers_pass(guardrail: str) -> None:
    guard = BedrockGuard(guardrail, "DRAFT", "us-east-1")
    assert guard.check_question(QUESTION, Meter()) == Allowed()
    assert guard.check_answer(SENTENCES[:1], QUESTION, PASSAGES, Meter()) == Allowed()


def test_questions_are_masked_and_stopped(judging: str) -> None:
    guard = BedrockGuard(judging, "DRAFT", "us-east-1")
    asked = "I am a@b.example, M-1234. My copay?"
    masked = guard.check_question(asked, Meter())
    assert masked == Masked(("I am {EMAIL}, {member}. My copay?",))
    refused = guard.check_question("Is the casino covered?", Meter())
    assert refused == Refused("I do not answer this.")


def test_answers_are_masked_sentence_by_sentence_and_stopped(judging: str) -> None:
    guard = BedrockGuard(judging, "DRAFT", "us-east-1")
    meter = Meter()
    masked = guard.check_answer(SENTENCES, QUESTION, PASSAGES, meter)
    assert masked == Masked((SENTENCES[0], "Write to {EMAIL}.", SENTENCES[2]))
    assert meter.total("personal_data_units") > 0
    refused = guard.check_answer(("The casino is free.",), QUESTION, PASSAGES, Meter())
    assert refused == Refused("I do not show this answer.")


def test_personal_data_in_passages_alone_masks_no_sentence(judging: str) -> None:
    guard = BedrockGuard(judging, "DRAFT", "us-east-1")
    assert guard.check_answer(SENTENCES[:1], QUESTION, PASSAGES, Meter()) == Allowed()


@pytest.mark.usefixtures("judging")
def test_a_guardrail_that_is_not_there_is_an_error_with_a_remedy() -> None:
    guard = BedrockGuard("abcdefghijkl", "1", "us-east-1")
    with pytest.raises(GuardError, match="BENEFITS_CHAT_GUARDRAIL_ID"):
        guard.check_question(QUESTION, Meter())


def test_a_guardrail_inside_converse_ends_the_stream_with_its_words(judging: str) -> None:
    model = make_bedrock_model(MODEL, "us-east-1")
    config = {"guardrailIdentifier": judging, "guardrailVersion": "DRAFT"}
    asked = [HumanMessage("Is the casino covered?")]
    chunks = list(model.stream(asked, guardrailConfig=config))
    assert "".join(chunk.text for chunk in chunks) == "I do not answer this."
    stops = [chunk.response_metadata.get("stopReason") for chunk in chunks]
    assert [stop for stop in stops if stop] == ["guardrail_intervened"]
