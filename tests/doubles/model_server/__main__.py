"""The double as a process: ``python -m tests.doubles.model_server --protocol ollama``.

It prints its address on one line when it listens, and ends on SIGINT or SIGTERM.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).resolve().parents[2]


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="A test double of servers of language models.")
    parser.add_argument("--protocol", choices=["ollama", "openai"], default="ollama")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--behaviour", default="extractive", help="one of the double of Bedrock")
    options = parser.parse_args()
    _find_tests()
    from tests.doubles.model_server.server import ModelServer

    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    with ModelServer(options.protocol, options.behaviour, options.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        signal.sigwait(ending)


def _find_tests() -> None:
    """Make ``tests`` this project's own: an installed package of that name would hide it."""
    package = ModuleType("tests")
    package.__path__ = [str(TESTS)]
    sys.modules["tests"] = package


if __name__ == "__main__":
    main()
