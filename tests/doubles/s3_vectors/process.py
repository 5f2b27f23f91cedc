"""The double as a process of its own, for tests of the shell and of crashes."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = (sys.executable, "-m", "tests.doubles.s3_vectors")
PROJECT = Path(__file__).parents[3]
SECONDS_TO_START = 30


@contextmanager
def s3_vectors_process(*options: str) -> Iterator[str]:
    """Start the double with these command-line options; its address while it runs."""
    process = subprocess.Popen([*COMMAND, *options], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    giving_up = threading.Timer(SECONDS_TO_START, process.kill)
    giving_up.start()
    try:
        address = process.stdout.readline().strip()
        giving_up.cancel()
        if not address:
            raise AssertionError("the double of S3 Vectors did not start")
        yield address
    finally:
        giving_up.cancel()
        process.terminate()
        process.wait(SECONDS_TO_START)
        process.stdout.close()
