import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage

from chat_app.errors import GenerationError
from chat_app.generation import bedrock as generation
from chat_app.generation.bedrock import BedrockChatModel, make_bedrock_model
from chat_app.generation.streaming import stream_text
from retrieval.usage import Meter
from tests.doubles.bedrock import BEHAVIOURS, BedrockServer, Guardrail, Reply, answers, frames
from tests.doubles.bedrock.faults import CONNECTION, ERRORS, STREAM
from tests.fakes.aws import OF_EVERY_OPERATION, environment, server_that_answers

MODEL = "amazon.nova-micro-v1:0"
PROMPT = [
    SystemMessage("Answer from the passages."),
    HumanMessage(
        '<passage number="1">The deductible is $500. Checkups are free.</passage>\n'
        "Question: What is the deductible?"
    ),
]
ANSWER = "The deductible is $500 [1]. Checkups are free [1]."
WORDS = {
    **OF_EVERY_OPERATION,
    "not_json": "the answer arrived damaged: try again",
    "stream_throttling": "limits the calls",
    "stream_model_error": "try again in a minute",
    "stream_internal": "try again in a minute",
    "stream_unavailable": "try again in a minute",
    "stream_validation": "benefits-chat doctor",
    "stream_unmodelled_error": "try again in a minute",
    "stream_reset": "broke in the middle of the answer: try again",
    "stream_cut": "broke in the middle of the answer: try again",
    "stream_half_frame": "broke in the middle of the answer: try again",
    "stream_no_stop": "broke in the middle of the answer: try again",
    "stream_no_metadata": "broke in the middle of the answer: try again",
    "stream_bad_prelude_checksum": "the answer arrived damaged: try again",
    "stream_bad_message_checksum": "the answer arrived damaged: try again",
    "stream_garbage": "the answer arrived damaged: try again",
    "stream_stall": "fell silent in the middle of the answer: try again",
}
NOT_OF_STREAMS = {"half_answer"}
ENDS_IN_ORDER = {"stream_half_frame", "stream_no_stop", "stream_no_metadata"}
"""As HTTP goes: the connection may serve the next call."""


@pytest.fixture(scope="module")
def server() -> Iterator[BedrockServer]:
    with BedrockServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "ATTEMPTS", 2)
        for name, value in environment(server.url).items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def bedrock(server: BedrockServer) -> BedrockServer:
    """The server as if new, answering ANSWER."""
    server.faults.clear()
    server.service.calls.clear()
    server.service.delta_delay = 0.0
    server.behaviour = answers([ANSWER])
    return server


@pytest.fixture(scope="module")
def model(server: BedrockServer) -> BedrockChatModel:
    del server  # its address is in the environment
    return make_bedrock_model(MODEL, "us-east-1", read_seconds=0.4)


@pytest.fixture
def own_model(server: BedrockServer) -> BedrockChatModel:
    """A model whose connections are all there are: the shared one may hold some for later calls."""
    del server
    return make_bedrock_model(MODEL, "us-east-1", read_seconds=0.4)


@pytest.fixture
def opened(bedrock: BedrockServer) -> Callable[[], int]:
    """Counts the connections that were opened since, and are open."""
    gc.collect()  # what models of other tests left to the garbage collector
    before = connections(bedrock)
    return lambda: connections(bedrock) - before


def chunks_of(model: BedrockChatModel) -> list[AIMessageChunk]:
    return list(model.stream(list(PROMPT)))


def stop_reasons(chunks: list[AIMessageChunk]) -> list[str]:
    return [
        chunk.response_metadata["stopReason"]
        for chunk in chunks
        if "stopReason" in chunk.response_metadata
    ]


def connections(server: BedrockServer) -> int:
    """Connections of this process to the server that are open at the client's end."""
    port = f":{int(server.url.rpartition(':')[2]):04X}"
    rows = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    ends = [row.split() for row in rows]
    return sum(end[2].endswith(port) and end[3] in {"01", "08"} for end in ends)


def test_an_answer_streams_with_its_stop_reason_and_its_usage(
    bedrock: BedrockServer, model: BedrockChatModel
) -> None:
    chunks = chunks_of(model)
    assert "".join(chunk.text for chunk in chunks) == ANSWER
    assert sum(bool(chunk.text) for chunk in chunks) > 1
    assert stop_reasons(chunks) == ["end_turn"]
    used = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert len(used) == 1
    assert used[0]["total_tokens"] == used[0]["input_tokens"] + used[0]["output_tokens"]
    (call,) = bedrock.calls
    assert (call.operation, call.target, call.region) == ("ConverseStream", MODEL, "us-east-1")


def test_the_request_holds_prompt_and_limits(
    bedrock: BedrockServer, model: BedrockChatModel
) -> None:
    chunks_of(model)
    body = bedrock.calls[0].body
    assert body["system"] == [{"text": PROMPT[0].content}]
    assert body["messages"] == [{"role": "user", "content": [{"text": PROMPT[1].content}]}]
    assert body["inferenceConfig"] == {"maxTokens": generation.MAX_TOKENS, "temperature": 0.0}


def test_earlier_turns_are_sent_as_turns(bedrock: BedrockServer, model: BedrockChatModel) -> None:
    turns = [HumanMessage("What is a copay?"), AIMessage("A fixed amount."), HumanMessage("And?")]
    list(model.stream(turns))
    assert [each["role"] for each in bedrock.calls[0].body["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.usefixtures("bedrock")
def test_text_and_tokens_reach_the_flow(model: BedrockChatModel) -> None:
    meter = Meter()
    assert "".join(stream_text(model, PROMPT, meter)) == ANSWER
    counts = {(use.item, use.unit): amount for use, amount in meter.counts()}
    assert counts[MODEL, "input_tokens"] > 0
    assert counts[MODEL, "output_tokens"] > 0


def test_an_invocation_is_checked_as_a_stream_is(
    bedrock: BedrockServer, model: BedrockChatModel
) -> None:
    answer = model.invoke(list(PROMPT))
    assert answer.text == ANSWER
    assert answer.usage_metadata
    bedrock.faults.clear()
    bedrock.faults.add("ConverseStream", 1, None, "stream_no_stop")
    with pytest.raises(GenerationError):
        model.invoke(list(PROMPT))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_whatever_is_said_arrives_to_the_letter(
    bedrock: BedrockServer, model: BedrockChatModel, text: str
) -> None:
    bedrock.behaviour = answers([text])
    assert "".join(chunk.text for chunk in chunks_of(model)) == text


@pytest.mark.parametrize("behaviour", sorted(set(BEHAVIOURS) - {"endless", "endless_sentence"}))
def test_every_behaviour_streams_to_its_end(
    bedrock: BedrockServer, model: BedrockChatModel, behaviour: str
) -> None:
    bedrock.behaviour = BEHAVIOURS[behaviour]
    assert stop_reasons(chunks_of(model)) == ["end_turn"]


def test_a_reply_of_nothing_is_no_failure(bedrock: BedrockServer, model: BedrockChatModel) -> None:
    bedrock.behaviour = BEHAVIOURS["nothing"]
    chunks = chunks_of(model)
    assert "".join(chunk.text for chunk in chunks) == ""
    assert list(stream_text(model, PROMPT, Meter()))[:1] in ([], [""])


@pytest.mark.parametrize("reason", ["max_tokens", "content_filtered", "guardrail_intervened"])
def test_a_stop_before_the_end_is_told(
    bedrock: BedrockServer, model: BedrockChatModel, reason: str
) -> None:
    bedrock.behaviour = lambda _: Reply("The deductible is", reason)
    chunks = chunks_of(model)
    assert stop_reasons(chunks) == [reason]
    assert "".join(chunk.text for chunk in chunks) == "The deductible is"
    whole = model.invoke(list(PROMPT))
    assert whole.response_metadata["stopReason"] == reason


def test_most_tokens_are_obeyed_and_told(bedrock: BedrockServer) -> None:
    del bedrock
    model = make_bedrock_model(MODEL, "us-east-1", max_tokens=3)
    assert stop_reasons(chunks_of(model)) == ["max_tokens"]


@pytest.mark.parametrize("kind", sorted({*ERRORS, *CONNECTION, *STREAM} - NOT_OF_STREAMS))
def test_every_fault_is_an_error_with_a_remedy_and_leaves_nothing_open(
    bedrock: BedrockServer,
    own_model: BedrockChatModel,
    opened: Callable[[], int],
    kind: str,
) -> None:
    bedrock.faults.add("ConverseStream", 1, None, kind, seconds=0.8)
    with pytest.raises(GenerationError) as caught:
        chunks_of(own_model)
    assert str(caught.value).startswith(f"{MODEL} could not write the answer: ")
    assert WORDS[kind] in str(caught.value)
    assert "\n" not in str(caught.value)
    if kind in set(STREAM) - ENDS_IN_ORDER:
        assert opened() == 0


def test_every_fault_of_the_double_is_in_the_table() -> None:
    assert WORDS.keys() == {*ERRORS, *CONNECTION, *STREAM} - NOT_OF_STREAMS


@pytest.mark.parametrize(
    "event",
    [
        ("contentBlockDelta", {}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"image": {}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": "text"}),
        ("messageStart", {}),
        ("contentBlockDelta", ["not", "an", "event"]),
        ("contentBlockDelta", None),
        ("messageStop", 7),
        ("somethingNew", {}),
        ("messageStop", {}),
        ("metadata", {"usage": None}),
        ("metadata", {}),
    ],
)
def test_an_event_of_another_shape_is_an_error(event: tuple[str, Any]) -> None:
    stream = frames.event("messageStart", {"role": "assistant"}) + frames.event(*event)
    kind = "application/vnd.amazon.eventstream"
    with server_that_answers(stream, kind) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(url).items():
            patch.setenv(name, value)
        model = make_bedrock_model(MODEL, "us-east-1")
        with pytest.raises(GenerationError, match=r"could not write the answer: .*try again"):
            chunks_of(model)


@pytest.mark.parametrize("after", [0, 1, 4])
@pytest.mark.parametrize("kind", sorted(set(STREAM) - {"stream_stall"}))
def test_a_fault_at_any_piece_ends_in_an_error(
    bedrock: BedrockServer, model: BedrockChatModel, kind: str, after: int
) -> None:
    bedrock.faults.add("ConverseStream", 1, None, kind, after=after)
    with pytest.raises(GenerationError):
        chunks_of(model)


@pytest.mark.parametrize("kind", ["throttling", "service_unavailable", "reset", "bad_gateway"])
def test_a_passing_fault_before_the_stream_is_not_seen(
    bedrock: BedrockServer, model: BedrockChatModel, kind: str
) -> None:
    bedrock.faults.add("ConverseStream", 1, 1, kind)
    assert stop_reasons(chunks_of(model)) == ["end_turn"]
    assert len(bedrock.calls) == 2


def test_a_fault_in_mid_stream_is_not_paid_twice(
    bedrock: BedrockServer, model: BedrockChatModel
) -> None:
    bedrock.faults.add("ConverseStream", 1, 1, "stream_throttling")
    with pytest.raises(GenerationError):
        chunks_of(model)
    assert len(bedrock.calls) == 1


def test_stopping_early_closes_the_connection(
    bedrock: BedrockServer, own_model: BedrockChatModel, opened: Callable[[], int]
) -> None:
    bedrock.behaviour = BEHAVIOURS["endless"]
    bedrock.service.delta_delay = 0.001
    pieces = stream_text(own_model, PROMPT, Meter())
    said = ""
    while len(said) < 100:
        said += next(pieces)
    assert opened() == 1
    pieces.close()  # type: ignore[attr-defined]  # it is a generator
    assert opened() == 0


def test_a_stream_that_is_left_behind_closes_too(
    bedrock: BedrockServer, own_model: BedrockChatModel, opened: Callable[[], int]
) -> None:
    bedrock.behaviour = BEHAVIOURS["endless"]
    bedrock.service.delta_delay = 0.001
    pieces = own_model.stream(list(PROMPT))
    next(pieces)
    del pieces
    gc.collect()
    assert opened() == 0


def test_a_stream_read_to_its_end_leaves_its_connection_for_the_next(
    own_model: BedrockChatModel, opened: Callable[[], int]
) -> None:
    for _ in range(3):
        chunks_of(own_model)
    assert opened() <= 1


def test_streams_run_side_by_side(bedrock: BedrockServer, model: BedrockChatModel) -> None:
    bedrock.faults.add("ConverseStream", 1, None, "delay", seconds=30, together=6)
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda: said.append("".join(c.text for c in chunks_of(model))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [ANSWER] * 6
    assert bedrock.service.calls.peak == 6


@pytest.mark.parametrize(
    ("model_id", "served"),
    [
        ("us.amazon.nova-micro-v1:0", True),
        ("amazon.nova-2-lite-v1:0", True),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", True),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0", True),
        ("eu.amazon.nova-micro-v1:0", False),
        ("amazon.nova-unknown-v1:0", False),
        ("amazon.titan-embed-text-v2:0", False),
        (
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
            False,
        ),
    ],
)
def test_models_and_profiles_are_asked_by_the_id_given(
    bedrock: BedrockServer, model_id: str, served: bool
) -> None:
    model = make_bedrock_model(model_id, "us-east-1")
    if served:
        assert stop_reasons(chunks_of(model)) == ["end_turn"]
    else:
        with pytest.raises(GenerationError, match=r"BENEFITS_CHAT_MODEL|benefits-chat doctor"):
            chunks_of(model)
    assert [call.target for call in bedrock.calls] == [model_id]


def test_nothing_is_connected_before_the_first_question(
    bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    model = make_bedrock_model(MODEL)
    with pytest.raises(GenerationError, match="set AWS_PROFILE to one that"):
        chunks_of(model)
    assert bedrock.calls == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "unknown"}, "to valid ones"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "to valid ones"),
        ({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9"}, "could not be reached"),
    ],
)
def test_wrong_credentials_and_addresses_are_told_with_a_remedy(
    bedrock: BedrockServer,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    words: str,
) -> None:
    del bedrock
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    model = make_bedrock_model(MODEL, "us-east-1")
    with pytest.raises(GenerationError, match=words):
        chunks_of(model)


def test_an_answer_that_a_guardrail_stops_ends_in_its_words(bedrock: BedrockServer) -> None:
    bedrock.behaviour = BEHAVIOURS["extractive"]
    bedrock.register(Guardrail("abc", words=("deductible",)))
    model = make_bedrock_model(MODEL, "us-east-1")
    config = {"guardrailIdentifier": "abc", "guardrailVersion": "1"}
    chunks = list(model.stream(list(PROMPT), guardrailConfig=config))
    assert stop_reasons(chunks) == ["guardrail_intervened"]
    assert "".join(chunk.text for chunk in chunks).startswith("Sorry, the guardrail")


def test_the_import_brings_neither_torch_nor_numpy() -> None:
    program = (
        "import langchain_core.language_models.chat_models, boto3; "
        "import chat_app.generation.bedrock, sys; "
        "print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_read_time_out_is_that_of_the_settings(
    bedrock: BedrockServer, model: BedrockChatModel
) -> None:
    bedrock.faults.add("ConverseStream", 1, None, "stream_stall", seconds=60)
    began = time.monotonic()
    with pytest.raises(GenerationError, match="fell silent"):
        chunks_of(model)
    assert 0.3 < time.monotonic() - began < 30  # and not the minute of the stall
