"""A double as a process of its own, for tests of the shell and of crashes."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SECONDS_TO_START = 60


@contextmanager
def double_process(name: str, *options: str) -> Iterator[str]:
    """Start ``bedrock`` or ``s3_vectors`` with these options; its address while it runs."""
    command = [sys.executable, "-m", f"tests.doubles.{name}", *options]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    giving_up = threading.Timer(SECONDS_TO_START, process.kill)
    giving_up.start()
    try:
        address = process.stdout.readline().strip()
        giving_up.cancel()
        if not address:
            raise AssertionError(f"the double {name} did not start")
        yield address
    finally:
        giving_up.cancel()
        process.terminate()
        process.wait(SECONDS_TO_START)
        process.stdout.close()
