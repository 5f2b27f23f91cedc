"""A Chroma server, reached by its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from retrieval.errors import SettingsError

PORT = 8000
"""Where ``chroma run`` listens."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
"""A put of 5,000 records takes a server about 5 s; chromadb itself waits for ever."""


class ChromaServer:
    """Connects at the first use."""

    def __init__(self, url: str) -> None:
        """Hold the address.

        Raises:
            SettingsError: it is not the address of a server.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise SettingsError(f"{url!r} is no address of a Chroma server: write http://HOST:PORT")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else PORT)
        self._client: Any = None
        self._turn = Lock()

    @property
    def name(self) -> str:
        """How messages name the store."""
        return f"the Chroma server at {self._address}"

    @property
    def remedy(self) -> str:
        """What to do when it fails."""
        return (
            "check that it runs (`chroma run --path FOLDER`) and that BENEFITS_CHAT_CHROMA_URL "
            "is its address, then try again"
        )

    @contextmanager
    def session(self) -> Iterator[Any]:
        """Chroma's client for one operation."""
        with self._turn:
            if self._client is None:
                self._client = self._connect()
        yield self._client

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            for session in _sessions(self._client):
                session.close()
            self._client.close()
            self._client = None

    @property
    def _address(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._secure else 'http'}://{host}:{self._port}"

    def _connect(self) -> Any:  # noqa: ANN401 - chromadb is not typed here
        import chromadb
        import httpx
        from chromadb.config import Settings

        httpx.get(f"{self._address}/api/v2/heartbeat", timeout=CONNECT_SECONDS).raise_for_status()
        client = chromadb.HttpClient(
            host=self._host,
            port=self._port,
            ssl=self._secure,
            # Given in full: chromadb would take them from the environment and from .env.
            settings=Settings(
                _env_file=None,
                anonymized_telemetry=False,
                chroma_server_host=self._host,
                chroma_server_http_port=self._port,
                chroma_server_headers={},
            ),
        )
        for session in _sessions(client):
            session.timeout = httpx.Timeout(ANSWER_SECONDS)
        return client


def _sessions(client: Any) -> list[Any]:  # noqa: ANN401 - chromadb is not typed here
    """The HTTP clients within chromadb's, which leaves them without time-out and never closed."""
    # Nothing public leads to them. The second is of the client that looked the database up.
    return [c._server._session for c in (client, client._admin_client)]  # noqa: SLF001
