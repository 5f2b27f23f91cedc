import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from chat_app.answers import Finished, Question, Said
from chat_app.assistant import Assistant
from chat_app.errors import GenerationError
from chat_app.generation.ollama import CONTEXT_TOKENS, OllamaChatModel, make_ollama_model
from chat_app.generation.openai_compatible import make_openai_model
from chat_app.generation.quotes import QuotesChatModel
from chat_app.generation.served import ServedChatModel
from chat_app.generation.streaming import stream_text
from chat_app.plans import PlanBook
from chat_app.stopping import stop_when
from chat_app.writing import Writer
from prompts.library import prompt
from retrieval.catalog import read_catalog
from retrieval.errors import SettingsError
from retrieval.pricing import FREE, usage_json
from retrieval.searching import Searcher
from retrieval.stores.memory import MemoryStore
from retrieval.usage import Meter
from tests.doubles.bedrock import BEHAVIOURS, Reply, answers
from tests.doubles.model_server import BEFORE, STREAM, ModelServer
from tests.doubles.process import double_process
from tests.fakes.words import WordVectors

MODEL = "qwen3:1.7b"
KEY = "sk-very-secret-0123456789"
PROMPT = [
    SystemMessage("Answer from the passages."),
    HumanMessage(
        '<passage number="1">The deductible is $500. Checkups are free.</passage>\n'
        "Question: What is the deductible?"
    ),
]
ANSWER = "The deductible is $500 [1]. Checkups are free [1]."
SLOW = {"slow_first", "slow_later", "drip"}
UNREADABLE = "BENEFITS_CHAT_GENERATOR"
WORDS = {
    "slow_first": "sent nothing within 0.6 s: its model may still be loading",
    "reset": "broke the connection before it answered: look at its log",
    "close": "broke the connection before it answered: look at its log",
    "not_http": UNREADABLE,
    "html": "no proxy stands in the way",
    "html_error": "failed (502): ask again",
    "redirect": "redirects to https://elsewhere.invalid/: set BENEFITS_CHAT_MODEL_URL",
    "empty": "broke the connection before it answered",
    "other_protocol": UNREADABLE,
    "json_list": UNREADABLE,
    "key_wrong": "does not accept the key (401",
    "forbidden": "does not accept the key (403: not for you): set BENEFITS_CHAT_MODEL_KEY",
    "no_model": "qwen3:1.7b",
    "no_path": UNREADABLE,
    "busy": "is busy (429: rate limit reached): ask again in a minute",
    "busy_later": "is busy (429: rate limit reached): ask again in 60 s",
    "overloaded": "is busy (503: Loading model): ask again in a minute",
    "crash": "failed (500: llama runner process has terminated): ask again, or look at its log",
    "no_memory": "has not enough memory for the model (model requires more system memory (5.5 GiB)",
    "too_long": "(512 tokens)): lower BENEFITS_CHAT_PROMPT_TOKENS, or ",
    "refused": "refused the request (400: invalid temperature): check BENEFITS_CHAT_MODEL",
    "slow_later": "fell silent in the middle of the answer for 0.6 s",
    "drip": "fell silent in the middle of the answer for 0.6 s",
    "stream_reset": "broke the connection in the middle of the answer",
    "cut": "broke the connection in the middle of the answer",
    "cut_clean": "broke the connection in the middle of the answer",
    "cut_line": "broke the connection in the middle of the answer",
    "wrong_json": "broke the connection in the middle of the answer",
    "wrong_shape": "broke the connection in the middle of the answer",
    "error_event": "failed in the middle of the answer (CUDA error: out of luck): ask again",
    "endless_line": UNREADABLE,
}
ASKED_AGAIN = {"reset", "close", "busy", "overloaded"}
"""Faults before an answer that may pass within the time for a piece."""
OLLAMA = pytest.mark.parametrize("running", ["ollama"], indirect=True)
OPENAI = pytest.mark.parametrize("running", ["openai"], indirect=True)


@pytest.fixture(scope="module", params=["ollama", "openai"])
def running(request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    with ModelServer(request.param) as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    """The server as if new, answering ANSWER."""
    running.reset()
    running.behaviour = answers([ANSWER])
    return running


@pytest.fixture
def model(server: ModelServer) -> ServedChatModel:
    return model_of(server)


def model_of(server: ModelServer, url: str = "", **how: Any) -> ServedChatModel:
    how = {"read_seconds": 20.0, **how}
    if server.protocol.name == "ollama":
        return make_ollama_model(how.pop("model", MODEL), url or server.url, **how)
    return make_openai_model(how.pop("model", MODEL), url or server.url, KEY, **how)


def chunks_of(model: ServedChatModel) -> list[AIMessageChunk]:
    return list(model.stream(list(PROMPT)))


def text_of(model: ServedChatModel) -> str:
    return "".join(chunk.text for chunk in chunks_of(model))


def stop_reasons(chunks: list[AIMessageChunk]) -> list[str]:
    told = [chunk.response_metadata.get("stopReason") for chunk in chunks]
    return [reason for reason in told if reason]


def patiently(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def test_an_answer_streams_with_its_stop_reason_and_its_usage(
    server: ModelServer, model: ServedChatModel
) -> None:
    chunks = chunks_of(model)
    assert "".join(chunk.text for chunk in chunks) == ANSWER
    assert sum(bool(chunk.text) for chunk in chunks) > 1
    assert stop_reasons(chunks) == ["end_turn"]
    used = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert len(used) == 1
    assert used[0]["total_tokens"] == used[0]["input_tokens"] + used[0]["output_tokens"] > 0
    assert patiently(lambda: [call.ending for call in server.chats] == ["whole"])


def test_each_piece_is_handed_over_before_the_next_comes(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.piece_seconds = 0.02
    chunks = model.stream(list(PROMPT))
    sent = [server.chats[0].pieces for chunk in chunks if chunk.text]
    assert sent == sorted(sent)
    assert len(set(sent)) > 2


def test_the_request_holds_prompt_and_limits(server: ModelServer) -> None:
    text_of(model_of(server, max_tokens=77, temperature=0.25))
    (call,) = server.chats
    turns = [(turn["role"], turn["content"]) for turn in call.body["messages"]]
    assert turns == [("system", PROMPT[0].content), ("user", PROMPT[1].content)]
    assert (call.body["model"], call.body["stream"]) == (MODEL, True)
    if server.protocol.name == "ollama":
        assert call.body["options"] == {
            "num_ctx": CONTEXT_TOKENS,
            "num_predict": 77,
            "temperature": 0.25,
        }
        assert (call.body["think"], call.body["truncate"]) == (False, False)
        assert call.body["keep_alive"]
    else:
        assert (call.body["max_tokens"], call.body["temperature"]) == (77, 0.25)
        assert call.headers["authorization"] == f"Bearer {KEY}"


def test_text_and_tokens_reach_the_flow(server: ModelServer, model: ServedChatModel) -> None:
    del server
    meter = Meter()
    assert "".join(stream_text(model, PROMPT, meter)) == ANSWER
    counts = {(use.item, use.unit): amount for use, amount in meter.counts()}
    # Nobody is paid for what Ollama reads and writes; of other servers nobody knows.
    name = FREE + MODEL if isinstance(model, OllamaChatModel) else MODEL
    assert counts[name, "input_tokens"] > 0
    assert counts[name, "output_tokens"] > 0
    assert usage_json(meter)["cost_usd"] == (0 if name != MODEL else None)


def test_an_invocation_is_checked_as_a_stream_is(
    server: ModelServer, model: ServedChatModel
) -> None:
    answer = model.invoke(list(PROMPT))
    assert answer.text == ANSWER
    assert answer.usage_metadata
    assert answer.response_metadata["stopReason"] == "end_turn"
    server.fail("cut_clean")
    with pytest.raises(GenerationError, match="broke the connection"):
        model.invoke(list(PROMPT))


async def test_the_asynchronous_side_is_checked_too(
    server: ModelServer, model: ServedChatModel
) -> None:
    assert (await model.ainvoke(list(PROMPT))).text == ANSWER
    assert "".join([chunk.text async for chunk in model.astream(list(PROMPT))]) == ANSWER
    server.fail("cut_clean")
    with pytest.raises(GenerationError, match="broke the connection"):
        await model.ainvoke(list(PROMPT))


WISH = {"include_usage": True}
SPOKEN = st.text(st.characters(codec="utf-8", exclude_characters="<[\x00"), max_size=120)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SPOKEN, st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_the_text_is_the_same_however_the_body_is_cut(
    server: ModelServer, model: ServedChatModel, text: str, sizes: Sequence[int]
) -> None:
    def cut(lines: Iterator[bytes]) -> Iterator[bytes]:
        body, at, turn = b"".join(lines), 0, 0
        while at < len(body):
            size = sizes[turn % len(sizes)]
            yield body[at : at + size]
            at, turn = at + size, turn + 1

    server.behaviour = answers([text])
    server.cut = cut
    assert text_of(model) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "data", "models", "name", "id"]), inner)
    ),
    max_leaves=6,
)
Way = tuple[str | int, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to each part of a JSON value."""
    yield way
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from ways(value[key], (*way, key))


def with_another(value: Any, way: Way, other: Any) -> Any:
    """The value with another part at the end of the way."""
    if not way:
        return other
    copied = value.copy()
    copied[way[0]] = with_another(value[way[0]], way[1:], other)
    return copied


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), VALUES)
def test_whatever_a_server_says_is_an_answer_or_an_error_of_ours(
    server: ModelServer, model: ServedChatModel, data: st.DataObject, other: Any
) -> None:
    protocol = server.protocol
    events = [protocol.piece("Free"), *protocol.endings({"stream_options": WISH}, "stop", (3, 4))]
    at = data.draw(st.integers(0, len(events) - 1))
    way = data.draw(st.sampled_from(list(ways(events[at]))))
    events[at] = with_another(events[at], way, other)
    server.cut = lambda _: iter([protocol.line(event) for event in events])
    with suppress(GenerationError):
        said = text_of(model)
        # A list may be content in blocks, whose text is the answer.
        assert isinstance(other, list) or said in {"Free", "", str(other), f"Free{other}"}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(VALUES.filter(lambda value: value is not None))
def test_whatever_a_server_lists_is_a_line_or_an_error_of_ours(
    server: ModelServer, model: ServedChatModel, listing: Any
) -> None:
    server.listing = listing
    with pytest.raises(GenerationError) as caught:
        model.check()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a\u2028b\u2029c\x85d", "\r\nline\r", "data: [DONE]", "🙂" * 9])
def test_what_looks_like_the_end_of_a_line_is_text(
    server: ModelServer, model: ServedChatModel, text: str
) -> None:
    server.behaviour = answers([text])
    assert text_of(model) == text


@pytest.mark.parametrize("cut_at", [1, 3, 7, 200])
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<think>\nIt is [1].\n</think>\nIt is $5 [1].", "\nIt is $5 [1]."),
        ("<think></think>Free [1].", "Free [1]."),
        ("[THINK]a[/THINK]b", "b"),
        ("a <b>c</b> < d <thin", "a <b>c</b> < d <thin"),
        ("one<thinking>two</thinking>three", "onethree"),
        ("thought</think>said", "thoughtsaid"),
        ("<think>never ends", ""),
    ],
)
def test_what_is_thought_is_not_said(
    server: ModelServer, model: ServedChatModel, written: str, said: str, cut_at: int
) -> None:
    def pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
        body = b"".join(lines)
        return iter([body[at : at + cut_at * 40] for at in range(0, len(body), cut_at * 40)])

    server.behaviour = answers([written])
    server.cut = pieces
    assert text_of(model) == said


def test_what_is_thought_in_a_field_of_its_own_is_not_said(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.thought = "The passages say that checkups are free, so I cite [1]. "
    assert text_of(model) == ANSWER


def test_an_answer_cut_at_its_most_tokens_is_told(server: ModelServer) -> None:
    chunks = chunks_of(model_of(server, max_tokens=3))
    assert stop_reasons(chunks) == ["max_tokens"]
    assert ANSWER.startswith("".join(chunk.text for chunk in chunks))


def test_a_model_that_thinks_until_its_tokens_are_spent_is_an_error(server: ModelServer) -> None:
    server.behaviour = answers(["<think>" + "hm " * 50])
    with pytest.raises(GenerationError, match=r"used all its tokens.*BENEFITS_CHAT_ANSWER_TOKENS"):
        text_of(model_of(server, max_tokens=9))


def test_a_reply_of_nothing_is_no_failure(server: ModelServer, model: ServedChatModel) -> None:
    server.behaviour = BEHAVIOURS["nothing"]
    assert text_of(model) == ""


@pytest.mark.parametrize("kind", [*BEFORE, *STREAM])
def test_every_fault_is_an_error_with_a_remedy(server: ModelServer, kind: str) -> None:
    server.fail(kind)
    hasty = kind in SLOW or kind in ASKED_AGAIN
    model = model_of(server, read_seconds=0.6 if hasty else 20.0)
    with pytest.raises(GenerationError) as caught:
        text_of(model)
    message = str(caught.value)
    assert WORDS[kind] in message
    assert "\n" not in message
    assert server.url in message or kind == "no_model"
    assert "***" in message or kind != "key_wrong" or server.protocol.name == "ollama"
    assert KEY not in message
    assert "word" not in message


def test_every_fault_of_the_double_is_in_the_table() -> None:
    assert WORDS.keys() == {*BEFORE, *STREAM}


@pytest.mark.parametrize("after", [0, 1, 5])
@pytest.mark.parametrize("kind", sorted({*STREAM} - SLOW))
def test_a_fault_at_any_piece_ends_in_an_error(
    server: ModelServer, model: ServedChatModel, kind: str, after: int
) -> None:
    server.fail(kind, after=after)
    with pytest.raises(GenerationError):
        text_of(model)
    assert len(server.chats) == 1


@pytest.mark.parametrize("kind", sorted(ASKED_AGAIN))
def test_a_passing_fault_before_the_answer_is_not_seen(
    server: ModelServer, model: ServedChatModel, kind: str
) -> None:
    server.fail(kind, times=1)
    assert text_of(model) == ANSWER
    assert len(server.chats) == 2


def test_a_server_that_says_when_to_come_again_is_asked_then(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.fail("busy_later", times=1, seconds=1)
    began = time.monotonic()
    assert text_of(model) == ANSWER
    assert time.monotonic() - began >= 1


def test_a_server_that_is_busy_for_longer_than_anyone_waits_is_not_waited_for(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.fail("busy_later", seconds=3600)
    with pytest.raises(GenerationError, match="ask again in 3600 s"):
        text_of(model)
    assert len(server.chats) == 1


def test_stopping_early_closes_the_connection(server: ModelServer, model: ServedChatModel) -> None:
    server.behaviour = BEHAVIOURS["endless"]
    server.piece_seconds = 0.001
    pieces = stream_text(model, PROMPT, Meter())
    said = ""
    while len(said) < 100:
        said += next(pieces)
    assert server.chats[0].ending == ""
    pieces.close()  # type: ignore[attr-defined]  # it is a generator
    assert patiently(lambda: server.chats[0].ending == "left")


def test_a_stream_that_is_left_behind_closes_too(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.behaviour = BEHAVIOURS["endless"]
    server.piece_seconds = 0.001
    pieces = model.stream(list(PROMPT))
    next(pieces)
    del pieces
    gc.collect()
    assert patiently(lambda: server.chats[0].ending == "left")


@pytest.mark.parametrize("kind", ["slow_first", "slow_later", "drip"])
def test_a_stop_is_obeyed_while_the_server_is_silent(
    server: ModelServer, model: ServedChatModel, kind: str
) -> None:
    server.fail(kind, seconds=300)
    stopped = threading.Event()
    said: list[str] = []

    def work() -> None:
        stop_when(stopped.is_set)
        said.extend(stream_text(model, PROMPT, Meter()))

    thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    assert patiently(lambda: bool(server.chats))
    stopped.set()
    thread.join(15)
    assert not thread.is_alive()
    assert ANSWER.startswith("".join(said))
    assert patiently(lambda: server.chats[0].ending in {"left", "spoiled"})


def test_a_stop_is_obeyed_while_a_busy_server_is_waited_for(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.fail("busy_later", seconds=19)
    stopped = threading.Event()

    def work() -> None:
        stop_when(stopped.is_set)
        list(stream_text(model, PROMPT, Meter()))

    thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    assert patiently(lambda: bool(server.chats))
    stopped.set()
    thread.join(15)
    assert not thread.is_alive()


def test_no_thread_and_no_connection_outlives_an_answer(
    server: ModelServer, model: ServedChatModel
) -> None:
    text_of(model)
    before = threading.active_count()
    for kind in ("cut", "error_event", "crash", "wrong_json"):
        server.fail(kind)
        with pytest.raises(GenerationError):
            text_of(model)
    server.reset()
    text_of(model)
    assert patiently(lambda: threading.active_count() <= before)
    port = f":{int(server.url.rpartition(':')[2]):04X}"
    rows = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    ends = [row.split() for row in rows]
    assert not [end for end in ends if end[2].endswith(port) and end[3] in {"01", "08"}]


def test_streams_run_side_by_side(server: ModelServer, model: ServedChatModel) -> None:
    server.piece_seconds = 0.01
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(text_of(model))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [ANSWER] * 8


def test_a_server_that_is_down_is_told_with_how_to_start_it(server: ModelServer) -> None:
    model = model_of(server, url="http://127.0.0.1:9")
    start = "ollama serve" if server.protocol.name == "ollama" else "vllm serve MODEL"
    uses: tuple[Callable[[], str], ...] = (lambda: text_of(model), model.check)
    for use in uses:
        with pytest.raises(GenerationError) as caught:
            use()
        assert str(caught.value).startswith("nothing answers at http://127.0.0.1:9")
        assert start in str(caught.value)
        assert "BENEFITS_CHAT_MODEL_URL" in str(caught.value)


def test_an_unknown_host_is_told(server: ModelServer) -> None:
    model = model_of(server, url="http://nobody.invalid:11434")
    with pytest.raises(GenerationError, match=r"no machine of the name 'nobody.invalid' is known"):
        text_of(model)


def test_a_server_without_tls_is_told(server: ModelServer) -> None:
    model = model_of(server, url=server.url.replace("http:", "https:"))
    with pytest.raises(GenerationError, match="no secure connection"):
        text_of(model)


@pytest.mark.parametrize("url", ["", "localhost:11434", "ftp://host", "http://", "http://a:b"])
def test_an_address_that_is_none_is_told(server: ModelServer, url: str) -> None:
    make = make_ollama_model if server.protocol.name == "ollama" else make_openai_model
    with pytest.raises(SettingsError, match=r"BENEFITS_CHAT_MODEL_URL is '.*': give an address"):
        make(MODEL, url)


@OPENAI
def test_a_refusal_that_is_not_about_wishes_leaves_them(
    server: ModelServer, model: ServedChatModel
) -> None:
    server.models = []
    with pytest.raises(GenerationError, match="start it with this model"):
        text_of(model)
    server.models = [MODEL]
    assert any(chunk.usage_metadata for chunk in chunks_of(model))


def test_name_and_password_of_an_address_are_sent_and_never_told(
    server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url.replace("//", "//reader:hidden-word@")
    model = (
        make_ollama_model(MODEL, url)
        if server.protocol.name == "ollama"
        else make_openai_model(MODEL, url)
    )
    assert text_of(model) == ANSWER
    assert server.chats[0].headers["authorization"].startswith("Basic ")
    server.fail("crash")
    with pytest.raises(GenerationError) as caught:
        text_of(model)
    for told in (str(caught.value), caplog.text, repr(model), str(model)):
        assert "hidden-word" not in told


def test_the_key_is_in_no_log_and_no_representation(
    server: ModelServer, model: ServedChatModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text_of(model)
    server.fail("key_wrong")
    with pytest.raises(GenerationError):
        text_of(model)
    for told in (caplog.text, repr(model), str(model), repr(model.server)):
        assert KEY not in told


def test_a_model_that_is_not_there_is_told_with_those_that_are(server: ModelServer) -> None:
    model = model_of(server, model="llama9")
    with pytest.raises(GenerationError, match="llama9") as answered:
        text_of(model)
    with pytest.raises(GenerationError, match="llama9") as checked:
        model.check()
    if server.protocol.name == "ollama":
        assert "run `ollama pull llama9`" in str(answered.value)
        assert "run `ollama pull llama9`" in str(checked.value)
    else:
        assert "qwen3:1.7b" in str(answered.value)
    assert "granite4.1:3b, qwen3:1.7b" in str(checked.value)


def test_a_server_that_has_the_model_passes_its_check(
    server: ModelServer, model: ServedChatModel
) -> None:
    line = model.check()
    assert line.startswith(MODEL)
    assert server.url in line
    assert "tokens of context" in line
    assert not server.chats


@pytest.mark.parametrize("kind", sorted({*BEFORE} - {"slow_first", "no_model", "too_long"}))
def test_a_check_tells_what_an_answer_would_tell(
    server: ModelServer, model: ServedChatModel, kind: str
) -> None:
    server.fail(kind)
    with pytest.raises(GenerationError) as caught:
        model.check()
    assert WORDS[kind].partition(" in ")[0] in str(caught.value)


def test_a_check_does_not_wait_for_long(server: ModelServer) -> None:
    server.fail("slow_first", seconds=300)
    with pytest.raises(GenerationError, match="sent nothing within"):
        model_of(server, read_seconds=0.5).check()


def test_nothing_is_sent_before_the_first_question(server: ModelServer) -> None:
    model_of(server)
    model_of(server, url="http://nobody.invalid")
    assert server.calls == []


def test_variables_of_the_libraries_do_not_count(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OLLAMA_HOST", "LANGSMITH_GATEWAY_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/elsewhere")
    for name in ("OPENAI_API_KEY", "OLLAMA_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-someone-else")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert text_of(model_of(server)) == ANSWER
    assert "of-someone-else" not in str(server.chats[0].headers)


def test_nothing_goes_to_langsmith() -> None:
    """In a process of its own: langsmith reads the environment once."""
    program = """
import sys
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith import utils
from chat_app.generation.ollama import make_ollama_model
from chat_app.generation.openai_compatible import make_openai_model
assert utils.tracing_is_enabled()
for make, url in zip((make_ollama_model, make_openai_model), sys.argv[1:]):
    model = make("qwen3:1.7b", url)
    print("".join(chunk.text for chunk in model.stream("Question: free?")))
    print(model.invoke("Question: free?").text)
wait_for_all_tracers()
"""
    with (
        ModelServer("openai") as collector,
        ModelServer("ollama") as ollama,
        ModelServer("openai") as openai,
    ):
        ollama.behaviour = openai.behaviour = answers(["Free."])
        done = subprocess.run(
            [sys.executable, "-c", program, ollama.url, openai.url],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env={
                "PATH": "/usr/bin:/bin",
                "LANGSMITH_TRACING": "true",
                "LANGSMITH_API_KEY": "testing",
                "LANGSMITH_ENDPOINT": collector.url,
            },
        )
        assert done.stdout.split() == ["Free."] * 4
        assert collector.calls == []


@OLLAMA
def test_a_prompt_that_ollama_cut_is_an_error(server: ModelServer) -> None:
    model = make_ollama_model(MODEL, server.url, context_tokens=10)
    with pytest.raises(GenerationError, match=r"longer than the 10 tokens.*PROMPT_TOKENS"):
        text_of(model)


@OLLAMA
def test_a_context_longer_than_the_models_is_told_by_the_check(server: ModelServer) -> None:
    server.context = 4096
    with pytest.raises(GenerationError, match=r"takes 4096 tokens, and is asked to take 8192"):
        model_of(server).check()


@OPENAI
@pytest.mark.parametrize("field", ["stream_options", "chat_template_kwargs"])
def test_a_server_that_does_not_know_a_wish_is_asked_without(
    server: ModelServer, model: ServedChatModel, field: str
) -> None:
    server.unknown_fields = {field}
    assert text_of(model) == ANSWER
    assert text_of(model) == ANSWER
    assert [field in call.body for call in server.chats] == [True, False, False]


@OPENAI
def test_a_server_that_counts_in_every_piece_is_counted_once(
    server: ModelServer, model: ServedChatModel
) -> None:

    def counting(lines: Iterator[bytes]) -> Iterator[bytes]:
        for line in lines:
            usage = b'"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10},"id"'
            yield line.replace(b'"id"', usage) if b'"usage"' not in line else b""

    server.cut = lambda lines: filter(None, counting(lines))
    meter = Meter()
    assert "".join(stream_text(model, PROMPT, meter)) == ANSWER
    assert meter.total("output_tokens") == 3


@OPENAI
def test_an_address_with_its_version_is_taken_as_it_is(server: ModelServer) -> None:
    assert text_of(make_openai_model(MODEL, f"{server.url}/v1/")) == ANSWER
    assert text_of(make_openai_model(MODEL, f"{server.url}/")) == ANSWER


def test_the_double_runs_as_a_process(server: ModelServer) -> None:
    name = server.protocol.name
    with double_process("model_server", "--protocol", name) as url:
        assert "$500" in text_of(model_of(server, url=url))


def test_tools_are_called_and_what_the_model_asks_for_comes_in_chunks(
    server: ModelServer, model: ServedChatModel
) -> None:
    function = {"name": "search", "arguments": {"question": "deductible"}}
    if server.protocol.name == "openai":
        function |= {"arguments": '{"question": "deductible"}'}
    asked = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]}
    part = server.protocol.piece("")
    (part["message"] if "message" in part else part["choices"][0]["delta"]).update(asked)
    server.cut = lambda lines: iter([server.protocol.line(part), *lines])
    server.behaviour = BEHAVIOURS["nothing"]
    tool = {
        "type": "function",
        "function": {"name": "search", "description": "", "parameters": {"type": "object"}},
    }
    reply = model.bind_tools([tool]).invoke(list(PROMPT))
    assert [(call["name"], call["args"]) for call in reply.tool_calls] == [
        ("search", {"question": "deductible"})
    ]
    assert server.chats[0].body["tools"] == [tool]


def assistant(model: ServedChatModel, *, quotes_after_failure: bool) -> Assistant:
    from contextlib import nullcontext

    from retrieval.indexing import Indexer
    from retrieval.originals import OriginalFiles
    from tests.chat_app.test_assistant import DOCUMENTS

    store, vectors = MemoryStore(), WordVectors()
    Indexer(store, vectors, OriginalFiles(Path("unused")), nullcontext).index(DOCUMENTS)
    book = PlanBook((e.policy, e.plan_year) for e in read_catalog(store))
    writer = Writer(
        QuotesChatModel(embed=vectors.embed), model, quotes_after_failure=quotes_after_failure
    )
    return Assistant(Searcher(store, vectors), writer, lambda: book)


QUESTION = Question("What is the annual deductible?", policies=("PPO_PLUS",), plan_year=2026)
QUOTE = "The annual deductible is $500 per person."


def test_an_assistant_answers_with_the_served_model(server: ModelServer) -> None:
    server.behaviour = BEHAVIOURS["extractive"]
    *_, last = assistant(model_of(server), quotes_after_failure=False).answer(QUESTION)
    assert isinstance(last, Finished)
    assert QUOTE in [sentence.text for sentence in last.answer.sentences]
    assert last.answer.notes == ()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crash", WORDS["crash"]),
        ("no_model", f"the model {MODEL}"),
        ("empty", "broke the connection"),
        ("error_event", "CUDA error: out of luck"),
        ("cut_clean", "broke the connection"),
    ],
)
def test_quotes_stand_in_for_a_server_that_fails_and_the_answer_says_so(
    server: ModelServer, kind: str, words: str
) -> None:
    server.fail(kind, after=0)
    model = model_of(server)
    *_, last = assistant(model, quotes_after_failure=True).answer(QUESTION)
    assert isinstance(last, Finished)
    assert [sentence.text for sentence in last.answer.sentences] == [QUOTE]
    (note,) = last.answer.notes
    frame = prompt("generator_failed", why="|").partition("|")
    assert note.startswith(frame[0])
    assert words in note
    with pytest.raises(GenerationError):
        list(assistant(model, quotes_after_failure=False).answer(QUESTION))


def test_a_server_that_is_down_means_quotes_or_an_error_as_the_setting_says(
    server: ModelServer,
) -> None:
    model = model_of(server, url="http://127.0.0.1:9")
    *_, last = assistant(model, quotes_after_failure=True).answer(QUESTION)
    assert isinstance(last, Finished)
    assert [sentence.text for sentence in last.answer.sentences] == [QUOTE]
    assert "nothing answers at http://127.0.0.1:9" in last.answer.notes[0]
    with pytest.raises(GenerationError, match="nothing answers at"):
        list(assistant(model, quotes_after_failure=False).answer(QUESTION))


def test_sentences_before_a_cut_stand_and_the_cut_is_told(server: ModelServer) -> None:
    server.behaviour = lambda _: Reply(f"{QUOTE[:-1]} [1]. And then")
    ending = -1 if server.protocol.name == "ollama" else -3
    server.cut = lambda lines: iter(list(lines)[:ending])
    events = assistant(model_of(server), quotes_after_failure=True).answer(QUESTION)
    said = next(event for event in events if isinstance(event, Said))
    assert said.sentence.text == QUOTE
    with pytest.raises(GenerationError, match="broke the connection in the middle"):
        list(events)
