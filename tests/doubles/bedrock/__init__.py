"""A strict double of Amazon Bedrock Runtime, spoken to by real boto3 over loopback HTTP.

In a test::

    with BedrockServer("extractive") as server:
        client = boto3.client("bedrock-runtime", endpoint_url=server.url, region_name="us-east-1",
                              aws_access_key_id="testing", aws_secret_access_key="testing")

As a process: ``python -m tests.doubles.bedrock --port 0 --behaviour false_amounts``, or
``tests.doubles.process`` in a test.
"""

from tests.doubles.bedrock.behaviours import BEHAVIOURS, Behaviour, Reply, answers
from tests.doubles.bedrock.calls import Call
from tests.doubles.bedrock.faults import KINDS, Fault
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.prompt_reading import Passage, Prompt
from tests.doubles.bedrock.server import BedrockServer
from tests.doubles.bedrock.service import Bedrock
from tests.doubles.bedrock.signing import Access

__all__ = [
    "BEHAVIOURS",
    "KINDS",
    "Access",
    "Bedrock",
    "BedrockServer",
    "Behaviour",
    "Call",
    "Fault",
    "Guardrail",
    "Passage",
    "Prompt",
    "Reply",
    "answers",
]
