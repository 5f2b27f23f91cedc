"""The chat as a real process on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("benefits-chat")
SECONDS_TO_START = 60


def environment(data: Path, **further: str) -> dict[str, str]:
    """The environment of a process that keeps its index in this folder."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BENEFITS_CHAT_")}  # noqa: TID251
    return inherited | {"BENEFITS_CHAT_DATA_DIR": str(data)} | further


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """A chat that serves: its address and its process."""

    address: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def interrupt(self, with_signal: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does and return the exit status."""
        self.process.send_signal(with_signal)
        return self.process.wait(15)


@contextmanager
def serving(
    command: Sequence[str], env: dict[str, str], directory: Path = PROJECT
) -> Iterator[Running]:
    """Start a chat, wait until it says where it is, and stop it at the end."""
    process = subprocess.Popen(
        command,
        env=env,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    giving_up = threading.Timer(SECONDS_TO_START, process.kill)
    giving_up.start()
    try:
        address = _address(process)
        giving_up.cancel()
        yield Running(address, process)
    finally:
        giving_up.cancel()
        _end(process)
        if process.stdout:
            process.stdout.close()


def _end(process: subprocess.Popen[str]) -> None:
    """As its owner would, so that it can tidy up; at once where it does not listen."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def chat_command(port: int) -> list[str]:
    return [str(COMMAND), "chat", "--port", str(port)]


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("The chat is at "):
            return line.split()[4]
    raise AssertionError(f"the chat did not start: {''.join(said)}")
