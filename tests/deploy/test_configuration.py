from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.configuration import Configuration, ConfigurationError, read_configuration

REGIONS = {"model_regions": "us-east-1, us-west-2"}


def test_no_context_gives_the_defaults() -> None:
    assert read_configuration({}) == Configuration()


def test_what_cdk_itself_puts_into_the_context_is_not_ours() -> None:
    context = {"aws:cdk:version-reporting": True, "@aws-cdk/core:flag": True, "cdk-migrate": False}
    assert read_configuration(context) == Configuration()


def test_text_of_the_command_line_and_values_of_json_mean_the_same() -> None:
    texts = {"dimension": "256", "grounding": "0.9", "allow_rebuild": "true"} | REGIONS
    values: dict[str, Any] = {"dimension": 256, "grounding": 0.9, "allow_rebuild": True}
    values["model_regions"] = ["us-east-1", "us-west-2"]
    model = {"model": "us.amazon.nova-pro-v1:0"}
    assert read_configuration(texts | model) == read_configuration(values | model)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"dimenson": "512"}, "there is no context value 'dimenson': the names are bucket, index"),
        ({"dimension": "384"}, "dimension='384' cannot be used: input should be 256, 512 or 1024"),
        ({"dimension": "1024.5"}, "dimension='1024.5' cannot be used"),
        ({"grounding": "1"}, "grounding='1' cannot be used: input should be less than or equal to"),
        ({"relevance": "-0.1"}, "relevance='-0.1' cannot be used"),
        ({"grounding": "nan"}, "grounding='nan' cannot be used"),
        ({"grounding": "high"}, "grounding='high' cannot be used: input should be a valid number"),
        ({"bucket": "My_Bucket"}, "bucket='My_Bucket' cannot be used"),
        ({"bucket": "ab"}, "bucket='ab' cannot be used"),
        ({"bucket": "a" * 64}, "bucket="),
        ({"bucket": "plans\n"}, "bucket="),
        ({"index": ".plans"}, "index='.plans' cannot be used"),
        ({"guardrail": "my guardrail"}, "guardrail='my guardrail' cannot be used"),
        ({"guardrail": "g" * 51}, "guardrail="),
        ({"model": "anthropic.claude-3"}, "model='anthropic.claude-3' cannot be used"),
        ({"model": "amazon.nova-*:0"}, "model='amazon.nova-*:0' cannot be used"),
        ({"model": "us.amazon.nova-pro-v1:0"}, "give model_regions too, such as us-east-1,us-west"),
        (REGIONS, "model_regions belongs to a geographic inference profile, and amazon.nova"),
        ({"model": "global.amazon.nova-pro-v1:0"} | REGIONS, "model_regions belongs to a geo"),
        ({"model": "us.amazon.nova-pro-v1:0", "model_regions": "us-*"}, "model_regions="),
        ({"trusted_principal": "*"}, "trusted_principal='*' cannot be used"),
        ({"trusted_principal": "arn:aws:iam::123456789012:role/*"}, "trusted_principal="),
        ({"trusted_principal": "arn:aws:iam::123456789012:root"}, "trusted_principal="),
        ({"trusted_principal": "evil.example.com"}, "trusted_principal="),
        ({"allow_rebuild": "perhaps"}, "allow_rebuild='perhaps' cannot be used"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_line(
    context: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(context)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.dictionaries(st.sampled_from([*Configuration.model_fields]), st.text() | st.integers()))
def test_whatever_is_given_is_accepted_or_refused_by_name(context: dict[str, Any]) -> None:
    said = refusal(context)
    assert said is None or any(name in said for name in context)


@given(st.from_regex(r"[a-z:.*/0-9]{0,40}", fullmatch=True))
def test_no_wildcard_gets_into_a_policy(value: str) -> None:
    for name in ("model", "trusted_principal", "bucket", "index"):
        assert "*" not in value or refusal({name: value}) is not None


def refusal(context: dict[str, Any]) -> str | None:
    try:
        read_configuration(context)
    except ConfigurationError as error:
        return str(error)
    return None
