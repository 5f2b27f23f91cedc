"""The double as a process: ``python -m tests.doubles.s3_vectors --port 4600 --data FILE``.

It is started in the folder of the project, prints its address on one line when it listens, and
ends on SIGINT or SIGTERM.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.doubles.s3_vectors.server import S3VectorsServer


def main() -> None:
    """Serve until told to end."""
    given = _parser().parse_args()
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    choices: dict[str, Any] = {
        "region": given.region,
        "access_key_id": given.access_key_id,
        "classic_buckets": given.classic,
    }
    with S3VectorsServer(given.port, given.data, **choices) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        told.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A strict test double of Amazon S3 Vectors.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data", type=Path, help="a file that keeps the state")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--access-key-id", default="testing", help="the only one that is let in")
    parser.add_argument("--classic", action="store_true", help="buckets as before September 2026")
    return parser


if __name__ == "__main__":
    main()
