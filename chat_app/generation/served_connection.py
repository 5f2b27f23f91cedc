"""Requests to a server that runs a language model: bounded in time, stopped at once."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import ip_address
from typing import Any

import httpx

from chat_app.errors import GenerationError
from chat_app.generation.hanging_up import Call, rest
from chat_app.generation.served_failures import URL_SETTING, Failures, ServerKind
from chat_app.stopping import stop_requested
from retrieval.errors import SettingsError

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""Longest wait of a check; Ollama lists its models within a tenth of a second."""
MAX_LINE = 1 << 20
"""Bytes of a line; a piece of an answer takes some hundred."""
MAX_REFUSAL = 1 << 16
"""Bytes that are read of an error."""

_BUSY = {429, 503}
"""Ollama with a full queue, a llama.cpp that loads its model, a limit of calls."""


class ServerConnection:
    """Sends requests to one model server. Safe for threads; connects at each request.

    Each request has a connection of its own: it costs less than a millisecond beside an answer
    that takes seconds, and closing it is what stops the server.
    """

    def __init__(self, kind: ServerKind, url: str, *, key: str = "", read_seconds: float) -> None:
        """Connect to nothing yet.

        Args:
            kind: of the server, for messages.
            url: its address; what a request asks for follows it.
            key: sent as a bearer token, where there is one.
            read_seconds: longest wait for the next piece of an answer.

        Raises:
            SettingsError: the address is none.
        """
        whole = _checked(url)
        secrets = tuple(filter(None, (key, whole.password)))
        self.url = whole.copy_with(userinfo=b"")
        self.failures = Failures(kind, str(self.url).rstrip("/"), read_seconds, secrets)
        self._seconds = read_seconds
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "benefits-chat"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._user = (whole.username, whole.password) if whole.username else None

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(
            auth=self._user,
            headers=self._headers,
            timeout=httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            # A proxy of the environment cannot reach a server on this machine.
            trust_env=not _is_here(self.url.host),
        )

    def lines(self, path: str, body: Mapping[str, Any]) -> Iterator[bytes]:
        """Post a value in JSON; the lines of the answer as they come, without empty ones.

        Closing the iterator closes the connection. A stop that is requested does so too, within
        a fifth of a second, even while nothing comes; the lines then end.

        Raises:
            GenerationError: the server cannot be reached, refuses, or breaks off.
        """
        call = Call()
        request = self._client.build_request(
            "POST", f"{self.failures.url}{path}", json=body, extensions={"trace": call.trace}
        )
        with call.hung_up_when_stopped():
            response = self._opened(request)
            if response is None:
                return
            try:
                yield from self._read(response)
            except httpx.TimeoutException as error:
                raise self.failures.slow(begun=True) from error
            except httpx.HTTPError as error:
                if not stop_requested():
                    raise self.failures.broken(begun=True) from error
            finally:
                response.close()

    def value(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The JSON value behind a path, within CHECK_SECONDS; posts the body, if there is one.

        Raises:
            GenerationError: the server cannot be reached, refuses or says nothing readable.
        """
        seconds = httpx.Timeout(min(CHECK_SECONDS, self._seconds))
        method = "GET" if body is None else "POST"
        request = self._client.build_request(
            method, f"{self.failures.url}{path}", json=body, timeout=seconds
        )
        response = self._sent(request)
        try:
            self._check(response)
            if not (said := _beginning(response, MAX_LINE)):
                raise self.failures.broken(begun=False)
            return json.loads(said)
        except ValueError as error:
            raise self.failures.unreadable() from error
        except httpx.HTTPError as error:
            raise self.failures.broken(begun=False) from error
        finally:
            response.close()

    def _opened(self, request: httpx.Request) -> httpx.Response | None:
        """The response that begins an answer, or None when the reader pressed stop before.

        A server that is busy or breaks off before it answers is asked again until the time for
        one piece is over.
        """
        until = time.monotonic() + self._seconds
        pause = 0.5
        while not stop_requested():
            try:
                response = self._sent(request)
                if response.status_code not in _BUSY:
                    return self._checked(response)
                wait = _asked_wait(response)
                failure: GenerationError = self._refusal(response)
            except _BrokenError as error:
                failure, wait = error, None
            pause = min(2 * pause, 8.0)
            wait = pause if wait is None else wait
            if time.monotonic() + wait > until:
                raise failure
            rest(wait)
        return None

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise self.failures.not_connected(error) from error
        except httpx.TimeoutException as error:
            raise self.failures.slow(begun=False) from error
        except httpx.RemoteProtocolError as error:
            if "disconnected" in str(error):
                raise _BrokenError(str(self.failures.broken(begun=False))) from error
            raise self.failures.unreadable() from error
        except httpx.HTTPError as error:
            raise _BrokenError(str(self.failures.broken(begun=False))) from error

    def _checked(self, response: httpx.Response) -> httpx.Response:
        try:
            self._check(response)
        except BaseException:
            response.close()
            raise
        return response

    def _check(self, response: httpx.Response) -> None:
        if response.is_redirect:
            raise self.failures.redirected(response.headers.get("location", ""))
        if not response.is_success:
            raise self._refusal(response)
        if "html" in response.headers.get("content-type", ""):
            raise self.failures.unreadable()

    def _refusal(self, response: httpx.Response) -> GenerationError:
        with suppress(httpx.HTTPError):
            body = _beginning(response, MAX_REFUSAL)
            response.close()
            return self.failures.refused(
                response.status_code, body, response.headers.get("retry-after", "")
            )
        return self.failures.refused(response.status_code, b"")

    def _read(self, response: httpx.Response) -> Iterator[bytes]:
        """Lines; those of a stream that only keep the connection alive are no sign of life."""
        left = b""
        heard = time.monotonic()
        for piece in response.iter_bytes():
            *whole, left = (left + piece).split(b"\n")
            if len(left) > MAX_LINE:
                raise self.failures.unreadable()
            for line in map(bytes.strip, whole):
                if line and not line.startswith(b":"):
                    yield line
                    heard = time.monotonic()
            if time.monotonic() - heard > self._seconds:
                raise self.failures.slow(begun=True)
        if left.strip():
            yield left.strip()


class _BrokenError(GenerationError):
    """The connection broke before anything was received: trying again may help."""


def _checked(url: str) -> httpx.URL:
    try:
        whole = httpx.URL(url)
    except httpx.InvalidURL:
        whole = httpx.URL("")
    if whole.scheme not in {"http", "https"} or not whole.host:
        shown = str(whole.copy_with(userinfo=b"")) if whole.host else url.rpartition("@")[2]
        raise SettingsError(
            f"{URL_SETTING} is '{shown[:80]}': give an address such as http://127.0.0.1:11434"
        )
    return whole


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _beginning(response: httpx.Response, size: int) -> bytes:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > size:
            break
    return body[:size]


def _asked_wait(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, by number or by date."""
    asked = response.headers.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(asked))
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    return None
