import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import exceptions
from botocore.eventstream import ChecksumMismatch, InvalidHeadersLength
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError

from retrieval import aws
from retrieval.aws import aws_failures, error_code, explained, make_client
from retrieval.errors import EmbeddingError
from tests.doubles.bedrock import BedrockServer
from tests.doubles.bedrock.errors import STATUS
from tests.fakes.aws import environment

REMEDY = re.compile(
    r"\b(?:try again|set AWS_\w+|sign in|renew|ask AWS|Ask AWS|Give the role|check|Check)\b"
)


def answered(code: str, message: str = "It says so.") -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "InvokeModel")


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    with BedrockServer() as server:
        for name, value in environment(server.url).items():
            monkeypatch.setenv(name, value)
        yield server


def ask(region: str | None = "us-east-1") -> None:
    with aws_failures("it failed", EmbeddingError):
        make_client("bedrock-runtime", region, read_seconds=0.3).invoke_model(
            modelId="amazon.titan-embed-text-v2:0", body='{"inputText": "a"}'
        )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", "Throttling"),
        ("throttlingException", "Throttling"),
        ("modelStreamErrorException", "ModelStreamError"),
        ("ModelErrorException", "ModelError"),
        ("InternalServerError", "InternalServer"),
        ("ExpiredToken", "ExpiredToken"),
        ("502", "502"),
        ("", ""),
    ],
)
def test_codes_are_the_same_before_and_in_a_stream(code: str, expected: str) -> None:
    assert error_code(answered(code)) == expected
    streamed = exceptions.EventStreamError({"Error": {"Code": code}}, "ConverseStream")
    assert error_code(streamed) == expected


@pytest.mark.parametrize("error", [ValueError("x"), exceptions.NoRegionError(), KeyError()])
def test_other_errors_have_no_code(error: Exception) -> None:
    assert error_code(error) == ""


@pytest.mark.parametrize(
    "code",
    [
        *STATUS,
        "ExpiredToken",
        "RequestExpired",
        "InvalidClientTokenId",
        "IncompleteSignature",
        "SignatureDoesNotMatch",
        "AccessDenied",
        "TooManyRequestsException",
        "RequestTimeoutException",
        "InternalFailure",
        "internalServerException",
        "modelStreamErrorException",
        "serviceUnavailableException",
        "500",
        "502",
        "503",
        "413",
    ],
)
def test_every_code_has_one_line_with_a_remedy(code: str) -> None:
    said = explained(answered(code)) or ""
    assert REMEDY.search(said), said
    assert "\n" not in said
    assert not re.search(r"\{\w*\}", said)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.NoCredentialsError(), "set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID",
        ),
        (
            exceptions.CredentialRetrievalError(provider="process", error_msg="no"),
            "cannot be read",
        ),
        (exceptions.ProfileNotFound(profile="work"), "(work) could not be found: set AWS_PROFILE"),
        (exceptions.SSOTokenLoadError(error_msg="no"), "sign in again"),
        (exceptions.UnauthorizedSSOTokenError(), "sign in again"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="no"), "sign in again"),
        (exceptions.NoRegionError(), "set AWS_REGION"),
        (exceptions.InvalidRegionError(region_name="a b"), "such as us-east-1"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), "did not answer in time"),
        (exceptions.ConnectTimeoutError(endpoint_url="u"), "did not answer in time"),
        (exceptions.EndpointConnectionError(endpoint_url="u"), "could not be reached"),
        (exceptions.ProxyConnectionError(proxy_url="u"), "could not be reached"),
        (exceptions.SSLError(endpoint_url="u", error="self-signed"), "AWS_CA_BUNDLE"),
        (exceptions.ConnectionClosedError(endpoint_url="u"), "broke: try again"),
        (exceptions.ResponseStreamingError(error="half"), "broke: try again"),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), "broke: try again"),
        (exceptions.HTTPClientError(error="odd"), "broke: try again"),
        (exceptions.ParamValidationError(report="a\nb"), "benefits-chat doctor"),
        (ChecksumMismatch(1, 2), "arrived damaged: try again"),
        (InvalidHeadersLength(9), "arrived damaged: try again"),
        (ResponseParserError("odd"), "cannot be read: try again"),
        (IncompleteRead(1, 2), "broke in the middle of the answer: try again"),
        (ProtocolError("reset"), "broke in the middle of the answer: try again"),
        (ConnectionResetError(), "broke in the middle of the answer: try again"),
        (TimeoutError(), "broke in the middle of the answer: try again"),
    ],
)
def test_every_failure_on_the_way_has_one_line_with_a_remedy(error: Exception, words: str) -> None:
    said = explained(error) or ""
    assert words in said
    assert REMEDY.search(said), said
    assert "\n" not in said


def test_silence_in_a_stream_is_told_apart_from_a_break() -> None:
    error = ReadTimeoutError(None, "url", "slow")  # type: ignore[arg-type]  # no pool in a test
    assert "fell silent in the middle of the answer: try again" in (explained(error) or "")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), OSError("disk"), TypeError()])
def test_errors_that_are_not_of_aws_pass_unchanged(error: Exception) -> None:
    assert explained(error) is None
    with pytest.raises(type(error)) as caught, aws_failures("it failed", EmbeddingError):
        raise error
    assert caught.value is error


@given(st.sampled_from([*STATUS, "OddException", "502", ""]), st.text(max_size=400))
def test_whatever_aws_says_the_message_is_one_line_with_a_remedy(code: str, said: str) -> None:
    with (
        pytest.raises(EmbeddingError) as caught,
        aws_failures("the search failed", EmbeddingError),
    ):
        raise answered(code, said)
    assert str(caught.value).startswith("the search failed: ")
    assert len(str(caught.value).splitlines()) == 1
    assert REMEDY.search(str(caught.value))
    assert isinstance(caught.value.__cause__, exceptions.ClientError)


def test_a_signature_for_another_region_is_told_apart_from_a_wrong_key() -> None:
    region = answered("InvalidSignatureException", "Credential should be scoped to a valid region.")
    assert "set AWS_REGION to the region of the bucket" in (explained(region) or "")
    key = answered("InvalidSignatureException", "The request signature does not match.")
    assert "to valid ones" in (explained(key) or "")


@pytest.mark.parametrize(
    ("variables", "region", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "unknown"}, "us-east-1", "to valid ones"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "us-east-1", "to valid ones"),
        ({"AWS_SESSION_TOKEN": "old"}, "us-east-1", "have expired"),
        ({}, "eu-west-1", "set AWS_REGION to the region of the bucket"),
        ({"AWS_PROFILE": "nowhere"}, "us-east-1", "set AWS_PROFILE to one that"),
        ({}, "no region", "such as us-east-1"),
    ],
)
def test_wrong_settings_are_told_with_their_remedy(
    bedrock: BedrockServer,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    region: str,
    words: str,
) -> None:
    bedrock.access.region = "us-east-1"
    bedrock.access.expired_tokens.add("old")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EmbeddingError, match=f"^it failed: .*{re.escape(words)}"):
        ask(region)


def test_without_credentials_the_message_says_what_to_set(
    bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(EmbeddingError, match="no AWS credentials were found: set AWS_PROFILE"):
        ask()
    assert bedrock.calls == []


def test_a_port_where_nobody_listens_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EmbeddingError, match="could not be reached: check the network"):
        ask()


@pytest.mark.parametrize("attempts", [1, 3, None])
def test_a_call_is_tried_as_often_as_asked(bedrock: BedrockServer, attempts: int | None) -> None:
    bedrock.faults.add("InvokeModel", 1, None, "service_unavailable")
    client = make_client("bedrock-runtime", "us-east-1", attempts=attempts)
    with pytest.raises(exceptions.ClientError):
        client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body='{"inputText": "a"}')
    assert len(bedrock.calls) == (attempts or aws.ATTEMPTS)


def test_the_region_of_the_user_holds_where_none_is_given(
    bedrock: BedrockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = ap-south-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    ask(None)
    assert bedrock.calls[0].region == "ap-south-1"
