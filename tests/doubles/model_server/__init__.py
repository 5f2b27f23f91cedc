"""A double of servers that run language models, over loopback HTTP: Ollama and OpenAI's protocol.

In a test::

    with ModelServer("ollama") as server:
        server.behaviour = answers(["The deductible is $500 [1]."])

As a process: ``python -m tests.doubles.model_server --protocol openai --behaviour extractive``, or
``tests.doubles.process`` in a test. Behaviours are those of the double of Bedrock.
"""

from tests.doubles.model_server.calls import Call
from tests.doubles.model_server.faults import BEFORE, STREAM, Fault
from tests.doubles.model_server.server import ModelServer

__all__ = ["BEFORE", "STREAM", "Call", "Fault", "ModelServer"]
