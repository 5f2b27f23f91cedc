"""The double as an HTTP server on this machine."""

from collections.abc import Callable, Iterator
from threading import Thread
from types import TracebackType
from typing import Any, Self

from tests.doubles.bedrock import BEHAVIOURS, Behaviour
from tests.doubles.loopback import LoopbackServer
from tests.doubles.model_server.calls import Call
from tests.doubles.model_server.faults import Fault, Faults
from tests.doubles.model_server.handler import Handler, LeftError, as_they_are
from tests.doubles.model_server.protocols import PROTOCOLS


class ModelServer:
    """Serves models between ``with`` and its end.

    Attributes:
        behaviour: what the models say to a prompt.
        models: their names.
        listing: what is said to whoever asks for the models; None for those there are.
        context: tokens of their context, as listed.
        thought: what the models think before they answer, in the protocol's own field.
        unknown_fields: of a request, which it then refuses.
        piece_seconds: before each piece.
        cut: cuts the body of an answer into pieces of HTTP.
        calls: the requests so far.
        faults: the fault that is planned.
    """

    def __init__(self, protocol: str, behaviour: str = "extractive", port: int = 0) -> None:
        self.protocol = PROTOCOLS[protocol]
        self.faults = Faults()
        self._named = behaviour
        self.reset()
        self._server = LoopbackServer(
            port, Handler, {"double": self}, left=(ConnectionError, LeftError)
        )
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def reset(self) -> None:
        """As when it was new."""
        self.behaviour: Behaviour = BEHAVIOURS[self._named]
        self.models = ["qwen3:1.7b", "granite4.1:3b"]
        self.listing: Any = None
        self.context = 40_960
        self.thought = ""
        self.unknown_fields: set[str] = set()
        self.piece_seconds = 0.0
        self.cut: Callable[[Iterator[bytes]], Iterator[bytes]] = as_they_are
        self.calls: list[Call] = []
        self.faults.plan(None)

    def fail(self, kind: str, **how: Any) -> None:
        """Plan a fault; see ``Fault``."""
        self.faults.plan(Fault(kind, **how))

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def chats(self) -> list[Call]:
        """The calls that ask for an answer."""
        return [call for call in self.calls if call.path == self.protocol.chat]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()
        if self._server.failures and error is None:
            raise ExceptionGroup("the double failed", self._server.failures)
