"""The double as a process: ``python -m tests.doubles.bedrock --port 4610 --behaviour half_wrong``.

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
    options = _parser().parse_args()
    _find_tests()
    from tests.doubles.bedrock import script
    from tests.doubles.bedrock.server import BedrockServer
    from tests.doubles.bedrock.service import Bedrock

    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    service = script.load(options.script) if options.script else Bedrock()
    with BedrockServer(options.behaviour, options.port, service) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        signal.sigwait(ending)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A strict test double of Amazon Bedrock Runtime.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", type=Path, help="a JSON file; see script.py")
    parser.add_argument("--behaviour", help="what the chat models do; see behaviours.py")
    return parser


def _find_tests() -> None:
    """Make ``tests`` this project's own: an installed package of that name would hide it."""
    package = ModuleType("tests")
    package.__path__ = [str(TESTS)]
    sys.modules["tests"] = package


if __name__ == "__main__":
    main()
