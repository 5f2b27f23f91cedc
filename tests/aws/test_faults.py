"""What goes wrong in AWS: the user reads a sentence with a remedy, and nothing is lost."""

from pathlib import Path

import pytest

from tests.aws.conftest import Cli
from tests.doubles.bedrock import BedrockServer
from tests.doubles.s3_vectors import S3VectorsServer

QUESTION = ("ask", "Is the annual physical covered at 100%?", "--policy", "PPO_PLUS", "--json")
ALWAYS = 10_000

BEFORE_THE_ANSWER = {
    "throttling": "try again in a minute",
    "service_unavailable": "try again in a minute",
    "internal": "try again in a minute",
    "bad_gateway": "try again",
    "model_timeout": "try again",
    "model_not_ready": "try again in a minute",
    "model_error": "try again",
    "access_denied": "permission",
    "expired_token": "sign in again",
    "not_found": "BENEFITS_CHAT_MODEL",
    "quota": "quota",
    "reset": "try again",
    "not_json": "try again",
}
IN_THE_STREAM = (
    "stream_throttling",
    "stream_model_error",
    "stream_internal",
    "stream_unavailable",
    "stream_validation",
    "stream_unmodelled_error",
    "stream_reset",
    "stream_cut",
    "stream_stall",
    "stream_bad_prelude_checksum",
    "stream_bad_message_checksum",
    "stream_garbage",
    "stream_half_frame",
    "stream_no_stop",
    "stream_no_metadata",
)
OF_THE_STORE = {
    "TooManyRequestsException": "try again in a minute",
    "ServiceUnavailableException": "try again in a minute",
    "InternalServerException": "try again in a minute",
    "RequestTimeoutException": "try again",
    "AccessDeniedException": "permission",
    "ExpiredTokenException": "sign in again",
    "ServiceQuotaExceededException": "quota",
    "reset": "try again",
    "half_body": "AWS_ENDPOINT_URL_S3VECTORS",
    "garbage": "AWS_ENDPOINT_URL_S3VECTORS",
    "html": "try again",
}


def assert_clear(status: int, err: str) -> None:
    assert status == 1
    assert err.startswith("benefits-chat: ")
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2


@pytest.fixture(scope="module")
def ready(
    tmp_path_factory: pytest.TempPathFactory, s3: S3VectorsServer, bedrock: BedrockServer
) -> str:
    """A bucket with the plans in it, for tests that leave it as it is."""
    return f"ready-{tmp_path_factory.mktemp('ready').name}".replace("_", "-")


@pytest.fixture
def asked(aws: Cli, plans: Path, ready: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("BENEFITS_CHAT_VECTOR_BUCKET", ready)
    monkeypatch.setenv("BENEFITS_CHAT_ANSWER_SECONDS", "1")
    if not aws("list", "--json").rows:
        assert aws("index", plans).status == 0
    return aws


@pytest.mark.parametrize("kind", BEFORE_THE_ANSWER)
def test_a_generator_that_fails_before_it_answers(
    asked: Cli, bedrock: BedrockServer, kind: str
) -> None:
    bedrock.faults.add("ConverseStream", 1, ALWAYS, kind)
    done = asked(*QUESTION)
    assert_clear(done.status, done.err)
    assert BEFORE_THE_ANSWER[kind] in done.err
    assert not done.out
    bedrock.faults.clear()
    assert asked(*QUESTION).rows[0]["sentences"]


@pytest.mark.parametrize("kind", IN_THE_STREAM)
def test_a_generator_that_fails_in_the_middle_of_its_answer(
    asked: Cli, bedrock: BedrockServer, kind: str
) -> None:
    bedrock.faults.add("ConverseStream", 1, ALWAYS, kind)
    done = asked(*QUESTION)
    assert_clear(done.status, done.err)
    assert "again" in done.err or "benefits-chat doctor" in done.err
    assert not done.out


@pytest.mark.parametrize("kind", ["throttling", "access_denied", "stream_half_frame", "stream_cut"])
def test_quotes_stand_in_for_a_generator_that_fails_where_that_is_set(
    asked: Cli, bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("BENEFITS_CHAT_GENERATOR_FAILURE", "quotes")
    bedrock.faults.add("ConverseStream", 1, ALWAYS, kind)
    done = asked(*QUESTION)
    if kind.startswith("stream") and done.status == 1:
        assert_clear(done.status, done.err)
        return
    [answer] = done.rows
    assert answer["sentences"][0]["text"].startswith("Preventive care: the annual physical")
    assert "could be written" in answer["answer"]


@pytest.mark.parametrize("kind", BEFORE_THE_ANSWER)
def test_an_embedder_that_fails(asked: Cli, bedrock: BedrockServer, kind: str) -> None:
    bedrock.faults.add("InvokeModel", 1, ALWAYS, kind)
    done = asked("search", QUESTION[1])
    assert_clear(done.status, done.err)
    remedy = BEFORE_THE_ANSWER[kind].replace("CHAT_MODEL", "CHAT_TITAN_MODEL")
    assert remedy in done.err


@pytest.mark.parametrize("kind", OF_THE_STORE)
def test_a_store_that_fails_is_named(asked: Cli, s3: S3VectorsServer, kind: str) -> None:
    s3.faults.add(kind, "QueryVectors", last=ALWAYS)
    done = asked("search", QUESTION[1])
    assert_clear(done.status, done.err)
    assert OF_THE_STORE[kind] in done.err
    assert "plans" in done.err


@pytest.mark.parametrize("kind", ["TooManyRequestsException", "ServiceUnavailableException"])
def test_what_passes_by_itself_is_not_seen_by_the_user(
    asked: Cli, s3: S3VectorsServer, bedrock: BedrockServer, kind: str
) -> None:
    s3.faults.add(kind, "QueryVectors")
    bedrock.faults.add("InvokeModel", 1, 1, "throttling")
    bedrock.faults.add("ConverseStream", 1, 1, "throttling")
    assert asked(*QUESTION).rows[0]["sentences"]


@pytest.mark.parametrize(
    "kind", ["TooManyRequestsException", "AccessDeniedException", "reset", "half_applied"]
)
def test_an_indexing_run_that_fails_half_way_is_completed_by_the_next(
    aws: Cli, plans: Path, own_bucket: str, s3: S3VectorsServer, kind: str
) -> None:
    aws("index", plans / "handbook.md")
    s3.faults.add(kind, "PutVectors", last=ALWAYS)
    failed = aws("index", plans)
    assert_clear(failed.status, failed.err)
    s3.faults.clear()
    assert [row["document"] for row in aws("list", "--json").rows] == ["handbook.md"]
    report = aws("index", plans, "--json").rows[0]["documents"]
    assert (report["added"], report["unchanged"]) == (2, 1)
    keys = [match["key"] for match in aws("search", "plan", "--json").rows[0]["matches"]]
    assert len(keys) == len(set(keys))


def test_an_index_that_is_not_there_is_named_with_what_to_run(aws: Cli, own_bucket: str) -> None:
    done = aws("ask", "Is it free?")
    assert_clear(done.status, done.err)
    assert own_bucket in done.err
    assert "benefits-chat index PATH" in done.err


def test_the_wrong_region_is_said(asked: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    done = asked("search", "plan")
    assert_clear(done.status, done.err)
    assert "AWS_REGION" in done.err


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID"])
def test_what_is_not_set_is_named(
    asked: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv(missing)
    if missing == "AWS_ACCESS_KEY_ID":
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = asked("search", "plan") if missing == "AWS_REGION" else asked("doctor")
    assert done.status == 1
    assert missing in done.err + done.out
    assert "Traceback" not in done.err


def test_nobody_listening_is_said(asked: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3VECTORS", "http://127.0.0.1:9")
    done = asked("search", "plan")
    assert_clear(done.status, done.err)
    assert "could not be reached" in done.err


def test_one_question_of_many_that_fails_does_not_end_the_others(
    asked: Cli, bedrock: BedrockServer, tmp_path: Path
) -> None:
    rows = "".join(
        f'{{"id": "{n}", "question": "{QUESTION[1]}", "policies": ["PPO_PLUS"]}}\n'
        for n in range(3)
    )
    (tmp_path / "rows.jsonl").write_text(rows)
    bedrock.faults.add("ConverseStream", 2, 2, "access_denied")
    done = asked("ask", "--questions", tmp_path / "rows.jsonl", "--json")
    assert done.status == 1
    assert [("error" in row, row["id"]) for row in done.rows] == [
        (False, "0"),
        (True, "1"),
        (False, "2"),
    ]
