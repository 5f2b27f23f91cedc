import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import aws
from retrieval.embedding.minilm import MiniLM
from retrieval.embedding.titan import MAX_CHARACTERS, Titan
from retrieval.errors import EmbeddingError
from retrieval.usage import Meter
from tests.doubles.bedrock import BedrockServer, Fault
from tests.doubles.bedrock.faults import CONNECTION, ERRORS
from tests.fakes.aws import OF_EVERY_OPERATION, environment, server_that_answers

MODEL = "amazon.titan-embed-text-v2:0"
WORDS = {
    **OF_EVERY_OPERATION,
    "half_answer": "the connection to AWS broke: try again",
    "not_json": "BENEFITS_CHAT_TITAN_MODEL",
}


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    with BedrockServer() as server:
        for name, value in environment(server.url).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def titan(bedrock: BedrockServer) -> Titan:
    del bedrock  # its address is in the environment
    return Titan(MODEL, 256, "us-east-1", read_seconds=0.3)


def sent(server: BedrockServer) -> list[str]:
    return [call.body["inputText"] for call in server.calls]


def titan_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("titan")]


@pytest.mark.parametrize("dimension", [256, 512, 1024])
def test_vectors_have_the_dimension_asked_for_and_norm_1(
    bedrock: BedrockServer, dimension: int
) -> None:
    titan = Titan(MODEL, dimension, "us-east-1")
    vectors = titan.embed(["Is my checkup free?", "What is the deductible?", "a"])
    assert (vectors.shape, vectors.dtype) == ((3, dimension), np.dtype(np.float32))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert {call.body["dimensions"] for call in bedrock.calls} == {dimension}
    assert all(call.body["normalize"] is True for call in bedrock.calls)
    assert (titan.name, titan.dimension, titan.window) == (MODEL, dimension, 8192)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(["copay", "fee", "plan", "visit", "drug"]), max_size=30),
    st.integers(1, 5),
)
def test_rows_stand_in_the_order_of_the_texts(texts: list[str], concurrency: int) -> None:
    with pytest.MonkeyPatch.context() as patch, BedrockServer() as server:
        for name, value in environment(server.url).items():
            patch.setenv(name, value)
        vectors = Titan(MODEL, 256, "us-east-1", concurrency=concurrency).embed(texts)
        alone = Titan(MODEL, 256, "us-east-1")
        expected = [alone.embed([text])[0] for text in texts]
        assert vectors.shape == (len(texts), 256)
        assert np.array_equal(vectors, np.array(expected).reshape(len(texts), 256))


def test_no_texts_make_no_call(bedrock: BedrockServer, titan: Titan) -> None:
    assert titan.embed([]).shape == (0, 256)
    assert titan.count_tokens([]) == []
    assert bedrock.calls == []


def test_as_many_calls_run_side_by_side_as_allowed_and_no_more(bedrock: BedrockServer) -> None:
    bedrock.faults.add("InvokeModel", 9, None, "delay", seconds=0.05)
    bedrock.faults.add("InvokeModel", 1, 8, "delay", seconds=30, together=8)
    Titan(MODEL, 256, "us-east-1", concurrency=8).embed([f"text {n}" for n in range(40)])
    assert bedrock.service.calls.peak == 8
    assert titan_threads() == []


def test_16_calls_share_a_pool_of_16_connections(
    bedrock: BedrockServer, caplog: pytest.LogCaptureFixture
) -> None:
    bedrock.faults.add("InvokeModel", 17, None, "delay", seconds=0.02)
    bedrock.faults.add("InvokeModel", 1, 16, "delay", seconds=30, together=16)
    Titan(MODEL, 256, "us-east-1").embed([f"text {n}" for n in range(64)])
    assert bedrock.service.calls.peak == 16
    assert "pool is full" not in caplog.text


def test_equal_texts_are_sent_once_and_counted_once(bedrock: BedrockServer, titan: Titan) -> None:
    meter = Meter()
    vectors = titan.embed(["a b c", "d", "a b c", "d", "d"], meter)
    assert sorted(sent(bedrock)) == ["a b c", "d"]
    assert np.array_equal(vectors[[0, 1, 1]], vectors[[2, 3, 4]])
    once = Meter()
    Titan(MODEL, 256, "us-east-1").embed(["a b c", "d"], once)
    assert dict(meter.counts()) == dict(once.counts())
    assert meter.total("input_tokens") > 0


def test_a_text_asked_again_is_not_paid_again(bedrock: BedrockServer, titan: Titan) -> None:
    first = titan.embed(["Is my checkup free?"])
    meter = Meter()
    again = titan.embed(["Is my checkup free?"], meter)
    assert np.array_equal(first, again)
    assert len(bedrock.calls) == 1
    assert list(meter.counts()) == []


def test_the_text_asked_longest_ago_is_forgotten_first(
    bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.embedding.titan.RECENT", 20)
    titan = Titan(MODEL, 256, "us-east-1")
    titan.embed(["kept", "forgotten"])
    for number in range(19):
        titan.embed(["kept"])
        titan.embed([f"text {number}"])
    bedrock.service.calls.clear()
    titan.embed(["kept"])
    assert sent(bedrock) == []
    titan.embed(["forgotten"])
    assert sent(bedrock) == ["forgotten"]


def test_changing_a_returned_vector_changes_no_later_one(titan: Titan) -> None:
    first = titan.embed(["kept"])
    first[:] = 0
    assert np.linalg.norm(titan.embed(["kept"])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty text has no vector: leave it out"),
        (" \n\t", "an empty text has no vector: leave it out"),
        (
            "Covered services and " + "x" * MAX_CHARACTERS,
            r"^the text that begins 'Covered services and x+' has 50,021 characters, Titan reads",
        ),
        (
            "Copay $5. " * 2_000,
            r"^the text that begins 'Copay \$5\. .*' has about 10,000 tokens, Titan reads 8,192",
        ),
    ],
)
def test_a_text_that_titan_does_not_take_is_refused_before_anything_is_sent(
    bedrock: BedrockServer, titan: Titan, text: str, message: str
) -> None:
    with pytest.raises(EmbeddingError, match=message):
        titan.embed(["a good text", text])
    assert bedrock.calls == []


def test_a_text_of_8192_tokens_is_sent(bedrock: BedrockServer, titan: Titan) -> None:
    titan.embed(["word" + " word" * 8_191])
    assert len(bedrock.calls) == 1
    with pytest.raises(EmbeddingError, match="8,193 tokens"):
        titan.embed(["word" + " word" * 8_192])


def test_broken_characters_are_sent_as_replacement_characters(
    bedrock: BedrockServer, titan: Titan
) -> None:
    titan.embed(["copay \ud800 $20"])
    assert sent(bedrock) == ["copay \N{REPLACEMENT CHARACTER} $20"]


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("kind", [*ERRORS, *CONNECTION])
def test_every_fault_is_an_error_with_a_remedy_and_leaves_no_thread(
    bedrock: BedrockServer, titan: Titan, kind: str, count: int
) -> None:
    bedrock.faults.add("InvokeModel", 1, None, kind, seconds=0.6)
    with pytest.raises(EmbeddingError) as caught:
        titan.embed([f"text {number}" for number in range(count)])
    assert WORDS[kind] in str(caught.value)
    assert kind == "not_json" or "the text that begins 'text " in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert titan_threads() == []


def test_one_fault_stops_what_has_not_begun_and_keeps_what_was_paid(
    bedrock: BedrockServer,
) -> None:
    titan = Titan(MODEL, 256, "us-east-1", concurrency=2)
    bedrock.faults.add("InvokeModel", 5, 5, "access_denied")
    texts = [f"text {number}" for number in range(100)]
    meter = Meter()
    with pytest.raises(EmbeddingError, match="Give the role"):
        titan.embed(texts, meter)
    begun = len(bedrock.calls)
    assert begun < 20
    titan.embed(texts, meter)
    # Those that were answered before are not asked again.
    assert len(bedrock.calls) == 100 + (begun - (begun - 1))
    whole = Meter()
    Titan(MODEL, 256, "us-east-1").embed(texts, whole)
    assert dict(meter.counts()) == dict(whole.counts())


@pytest.mark.parametrize("kind", ["throttling", "service_unavailable", "reset", "bad_gateway"])
def test_a_passing_fault_is_not_seen(bedrock: BedrockServer, titan: Titan, kind: str) -> None:
    bedrock.faults.add("InvokeModel", 1, 1, kind)
    assert titan.embed(["a"]).shape == (1, 256)
    assert len(bedrock.calls) == 2


@contextmanager
def titan_answered(answer: object) -> Iterator[Titan]:
    """A Titan whose service gives this answer."""
    with server_that_answers(answer) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(url).items():
            patch.setenv(name, value)
        yield Titan(MODEL, 256, "us-east-1")


@pytest.mark.parametrize(
    "vector",
    [
        [1.0] * 255,
        [1.0] * 257,
        [0.0] * 256,
        [math.nan] * 256,
        [math.inf] + [0.0] * 255,
        [[1.0] * 256],
        [],
        None,
        "text",
        ["x"] * 256,
    ],
)
def test_a_vector_that_cannot_be_used_is_refused(vector: object) -> None:
    answer = {"embedding": vector, "inputTextTokenCount": 1}
    with (
        titan_answered(answer) as titan,
        pytest.raises(EmbeddingError, match=r"is no vector|cannot be used"),
    ):
        titan.embed(["a"])


@pytest.mark.parametrize("answer", [{}, {"embedding": [1.0] * 256}, [], "text", 7, None])
def test_an_answer_that_is_not_titans_is_refused(answer: object) -> None:
    with (
        titan_answered(answer) as titan,
        pytest.raises(EmbeddingError, match="Titan Text Embeddings V2"),
    ):
        titan.embed(["a"])


def test_a_vector_off_norm_1_by_rounding_is_made_norm_1() -> None:
    meter = Meter()
    answer = {"embedding": [0.0625001] * 256, "inputTextTokenCount": 3}
    with titan_answered(answer) as titan:
        vector = titan.embed(["a"], meter)[0]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-7)
    assert meter.total("input_tokens") == 3


def test_many_threads_may_share_one(bedrock: BedrockServer, titan: Titan) -> None:
    found: list[bool] = []
    expected = titan.embed(["a", "b"])

    def ask() -> None:
        vectors = titan.embed(["a", "b", threading.current_thread().name])
        found.append(np.array_equal(vectors[:2], expected))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
    assert len(bedrock.calls) == 2 + 8


def test_an_arn_names_the_model_behind_it(bedrock: BedrockServer) -> None:
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
    titan = Titan(arn, 256, "us-east-1")
    meter = Meter()
    titan.embed(["a"], meter)
    assert titan.name == MODEL
    assert [call.target for call in bedrock.calls] == [arn]
    assert [use.item for use, _ in meter.counts()] == [MODEL]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Titan(MODEL, 384), "256, 512 or 1024 numbers, not 384"),
        (lambda: Titan(MODEL, 256, concurrency=0), "1 is the least"),
    ],
)
def test_what_cannot_work_is_refused_at_once(make: Callable[[], Titan], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_no_region_is_told_with_a_remedy(
    bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bedrock
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EmbeddingError, match="no AWS region is set: set AWS_REGION"):
        Titan(MODEL, 256).embed(["a"])


def test_tokens_are_counted_as_minilm_counts_them(embedder: MiniLM, titan: Titan) -> None:
    texts = ["", "Is my annual checkup free?", "naïve Œuvre 保険", "copay \ud800 $20", "x " * 999]
    assert titan.count_tokens(texts) == embedder.count_tokens(texts)


def test_constructing_and_counting_load_neither_boto3_nor_torch_nor_onnxruntime() -> None:
    program = (
        "import sys; from retrieval.embedding.titan import Titan; titan = Titan(); "
        "assert titan.count_tokens(['a copay']) == [3], titan.count_tokens(['a copay']); "
        "print([m for m in ('boto3', 'botocore', 'torch', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_the_doubles_faults_are_all_in_the_table() -> None:
    assert WORDS.keys() == {*ERRORS, *CONNECTION}
    assert Fault("InvokeModel", 1, None, "throttling").kind in WORDS
