"""What the failures of a model server, and of the way to it, mean for a user."""

import json
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from chat_app.errors import GenerationError

URL_SETTING = "BENEFITS_CHAT_MODEL_URL"
SAID = 200
"""Most characters of a server's own words in a message."""

_TOO_LONG = re.compile(
    r"context.{0,40}(length|size|window|overflow|exceed)|exceed.{0,60}context"
    r"|(prompt|input).{0,40}too long|too many tokens",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL = re.compile(
    r"model.{0,300}(not.found|not.exist|not.loaded|no.such)", re.IGNORECASE | re.DOTALL
)
_NO_MEMORY = re.compile(r"more (system )?memory|out of memory", re.IGNORECASE)


class RefusedError(GenerationError):
    """The server answered with an error instead of an answer.

    Attributes:
        status: of HTTP.
        said: the server's own words, shortened.
        no_model: the server says that it does not have the model.
    """

    def __init__(self, message: str, status: int, said: str, *, no_model: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.said = said
        self.no_model = no_model


@dataclass(frozen=True, slots=True)
class ServerKind:
    """A kind of server, as messages speak of it.

    Attributes:
        name: as "Ollama".
        start: how it is started, as a phrase: "start it with `ollama serve`".
        longer: how it is made to take a longer prompt, as such a phrase.
    """

    name: str
    start: str
    longer: str


@dataclass(frozen=True, slots=True)
class Failures:
    """Makes the errors of one server.

    Attributes:
        kind: of the server.
        url: its address, without user name and password.
        seconds: longest wait for the next piece of an answer.
        secrets: what is never repeated, whoever says it.
    """

    kind: ServerKind
    url: str
    seconds: float
    secrets: tuple[str, ...] = ()

    @property
    def _server(self) -> str:
        return f"{self.kind.name} at {self.url}"

    def not_connected(self, error: httpx.TransportError) -> GenerationError:
        """The server could not be reached at all."""
        causes = _causes(error)
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            host = httpx.URL(self.url).host
            return GenerationError(
                f"no machine of the name '{host}' is known: check {URL_SETTING} ({self.url})"
            )
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return GenerationError(
                f"no secure connection to {self._server} ({self._short(str(error))}): "
                f"check whether {URL_SETTING} begins with http or https, and SSL_CERT_FILE"
            )
        if isinstance(error, httpx.ProxyError):
            return GenerationError(
                f"the proxy on the way to {self.url} refuses ({self._short(str(error))}): check "
                "HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
            )
        return GenerationError(
            f"nothing answers at {self.url}: {self.kind.start}, or set {URL_SETTING} to where it "
            "runs"
        )

    def slow(self, *, begun: bool) -> GenerationError:
        """Nothing came for too long, at the start or in the middle of an answer."""
        if begun:
            return GenerationError(
                f"{self._server} fell silent in the middle of the answer for "
                f"{self.seconds:g} s: ask again, or raise BENEFITS_CHAT_ANSWER_SECONDS"
            )
        return GenerationError(
            f"{self._server} sent nothing within {self.seconds:g} s: its model may still be "
            "loading; ask again, or raise BENEFITS_CHAT_ANSWER_SECONDS"
        )

    def broken(self, *, begun: bool) -> GenerationError:
        """The connection ended before the answer did."""
        when = "in the middle of the answer" if begun else "before it answered"
        return GenerationError(
            f"{self._server} broke the connection {when}: look at its log, and ask again"
        )

    def unreadable(self) -> GenerationError:
        """What came is not what such a server says."""
        return GenerationError(
            f"what answers at {self.url} does not speak as {self.kind.name} does: check "
            f"{URL_SETTING} and BENEFITS_CHAT_GENERATOR, and that no proxy stands in the way"
        )

    def in_stream(self, said: object) -> GenerationError:
        """The server told of an error in the middle of its answer."""
        words = self._short(_words(said))
        return self._about_model(words) or GenerationError(
            f"{self._server} failed in the middle of the answer ({words}): ask again, "
            "or look at its log"
        )

    def redirected(self, target: str) -> GenerationError:
        """The server sends elsewhere, where a prompt is not sent unasked."""
        try:
            place = str(httpx.URL(target).copy_with(userinfo=b"", query=None, fragment=None))
        except httpx.InvalidURL:
            place = "another address"
        return GenerationError(
            f"{self.url} redirects to {self._short(place)}: set {URL_SETTING} to the address "
            f"of {self.kind.name} itself"
        )

    def refused(self, status: int, body: bytes, retry_after: str = "") -> RefusedError:
        """The server answered with a status of failure."""
        said = self._short(_words(_read(body)))
        no_model = status in {400, 404} and bool(_NO_MODEL.search(said))
        return RefusedError(
            self._refusal(status, said, retry_after), status, said, no_model=no_model
        )

    def _refusal(self, status: int, said: str, retry_after: str) -> str:
        answered = f"{status}: {said}" if said else f"{status}"
        if known := self._about_model(said):
            return str(known)
        match status:
            case 401 | 403:
                return (
                    f"{self._server} does not accept the key ({answered}): set "
                    "BENEFITS_CHAT_MODEL_KEY to one that it accepts"
                )
            case 404 | 405:
                return str(self.unreadable())
            case 429 | 503:
                wait = f"in {retry_after} s" if retry_after.isdigit() else "in a minute"
                return f"{self._server} is busy ({answered}): ask again {wait}"
            case status if status >= 500:
                return f"{self._server} failed ({answered}): ask again, or look at its log"
            case _:
                return (
                    f"{self._server} refused the request ({answered}): check "
                    "BENEFITS_CHAT_MODEL with `benefits-chat doctor`"
                )

    def _about_model(self, said: str) -> GenerationError | None:
        if _TOO_LONG.search(said):
            return GenerationError(
                f"the prompt is longer than {self._server} takes ({said}): lower "
                f"BENEFITS_CHAT_PROMPT_TOKENS, or {self.kind.longer}"
            )
        if _NO_MEMORY.search(said):
            return GenerationError(
                f"{self._server} has not enough memory for the model ({said}): set "
                "BENEFITS_CHAT_MODEL to a smaller one"
            )
        return None

    def _short(self, words: str) -> str:
        for secret in self.secrets:
            words = words.replace(secret, "***")
        words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
        return words[:SAID].rstrip(" .")


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return ""


def _words(said: object) -> str:
    """The words in any of the shapes that servers give their errors; empty for none."""
    if isinstance(said, dict):
        # Ollama: error; OpenAI: error.message; FastAPI: detail; llama.cpp and vLLM: message.
        kept: list[Any] = [said.get(name) for name in ("error", "message", "detail")]
        return next((words for each in kept if each and (words := _words(each))), "")
    if isinstance(said, list):
        return "; ".join(filter(None, map(_words, said)))
    if isinstance(said, str):
        return said
    return ""


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes
