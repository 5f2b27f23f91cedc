"""The double as an HTTP server on this machine."""

from threading import Thread
from types import TracebackType
from typing import Self

from tests.doubles.bedrock.behaviours import Behaviour, named
from tests.doubles.bedrock.calls import Call
from tests.doubles.bedrock.faults import Faults
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.handler import Handler
from tests.doubles.bedrock.service import Bedrock
from tests.doubles.bedrock.signing import Access
from tests.doubles.loopback import LoopbackServer


class BedrockServer:
    """Serves Bedrock Runtime between ``with`` and its end.

    Args:
        behaviour: the chat models' behaviour, or the name of one.
        port: 0 for a free one.
        service: the state to serve, for more than a behaviour.
    """

    def __init__(
        self,
        behaviour: Behaviour | str | None = None,
        port: int = 0,
        service: Bedrock | None = None,
    ) -> None:
        self.service = service or Bedrock()
        if behaviour is not None:
            self.behaviour = named(behaviour) if isinstance(behaviour, str) else behaviour
        self._server = LoopbackServer(port, Handler, {"service": self.service})
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

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

    @property
    def url(self) -> str:
        """For ``endpoint_url``, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def behaviour(self) -> Behaviour:
        """What the chat models do; can be changed at any time."""
        return self.service.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.service.behaviour = behaviour

    @property
    def calls(self) -> list[Call]:
        """The calls so far, in order."""
        return self.service.calls.all()

    @property
    def faults(self) -> Faults:
        return self.service.faults

    @property
    def access(self) -> Access:
        return self.service.access

    @property
    def guardrails(self) -> dict[str, Guardrail]:
        """By identifier; see ``register``."""
        return self.service.guardrails

    def register(self, guardrail: Guardrail) -> None:
        """Make a guardrail known."""
        self.service.guardrails[guardrail.identifier] = guardrail
