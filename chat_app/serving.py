"""The chat's web server: Chainlit in this process, on one address, quietly."""
# mypy: untyped-calls-exclude=chainlit

import errno
import importlib
import json
import logging
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from chat_app.errors import ChatError
from chat_app.pages import PageHeaders, content_security_policy, without_foreign_links

if TYPE_CHECKING:
    from starlette.applications import Starlette

HANDLERS = "chat_app.app"
"""Loaded by name: importing it registers its handlers with Chainlit."""
PROJECT = Path(__file__).parent.parent
"""Holds ``chainlit.md``, ``.chainlit`` and ``public``."""
SHUTDOWN_SECONDS = 2
"""How long open conversations are waited for when the server stops."""


def serve(host: str, port: int) -> None:
    """Serve the chat until it is interrupted.

    Args:
        host: address to listen on.
        port: 1 to 65535.

    Raises:
        ChatError: the address cannot be used, or the chat's own files are missing.
    """
    with _listening(host, port) as listener, TemporaryDirectory(prefix="benefits-chat-") as folder:
        stage(Path(folder))
        # SIGTERM ends the server as Ctrl-C does, so that the folder is removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            _run(listener, f"http://{_in_address(host)}:{port}")
    click.echo("The chat has ended.", err=True)


def stage(folder: Path) -> None:
    """Make a folder Chainlit's project folder, with a copy of the chat's pages and settings.

    Chainlit writes translations and temporary files into its project folder when it is imported:
    a copy keeps the installation as it is, and lets the chat start from any directory.

    Raises:
        ChatError: the files are missing.
    """
    settings = folder / ".chainlit"
    translations = settings / "translations"
    translations.mkdir(parents=True)
    try:
        shutil.copy(PROJECT / "chainlit.md", folder)
        shutil.copy(PROJECT / ".chainlit" / "config.toml", settings)
        ignored = shutil.ignore_patterns("screenshot*")
        shutil.copytree(PROJECT / "public", folder / "public", ignore=ignored)
        changed = json.loads((PROJECT / ".chainlit" / "wording.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ChatError(
            f"{error.filename} of the chat is missing: install Benefits Chat from its folder with "
            "`pip install --editable .`"
        ) from None
    words = json.loads((_translations() / "en-US.json").read_text(encoding="utf-8"))
    text = json.dumps(_merged(words, changed), ensure_ascii=False)
    (translations / "en-US.json").write_text(text, encoding="utf-8")
    # Chainlit reads this once, when it is imported, and offers no other way to say it.
    os.environ["CHAINLIT_APP_ROOT"] = str(folder)  # noqa: TID251


def _run(listener: socket.socket, address: str) -> None:
    import uvicorn

    app = _application()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                click.echo(f"The chat is at {address} (end it with Ctrl-C)")

    config = uvicorn.Config(
        app,
        loop="asyncio",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    Server(config).run(sockets=[listener])


def _application() -> "Starlette":
    """Chainlit's application with our handlers, our page and nothing from other hosts."""
    from chainlit import server
    from chainlit.config import config

    logging.getLogger("chainlit").setLevel(logging.ERROR)
    importlib.import_module(HANDLERS)
    page = without_foreign_links(server.get_html_template(""))
    server.get_html_template = lambda _root_path: page
    # Chainlit lets any site open its socket; None is the library's "this site only".
    server.sio.eio.cors_allowed_origins = None
    app: Starlette = server.app
    app.router.routes[:] = [r for r in app.router.routes if not _is_documentation(r)]
    app.router.lifespan_context = _lifespan(config)
    app.add_middleware(PageHeaders, policy=content_security_policy(page))
    return app


def _lifespan(config: Any) -> Any:  # noqa: ANN401 - Chainlit's configuration, Starlette's context
    """What Chainlit does at start and end, without opening a browser or killing the process."""

    @asynccontextmanager
    async def lifespan(_app: "Starlette") -> AsyncIterator[None]:
        await config.code.on_app_startup()
        yield

    return lifespan


def _is_documentation(route: Any) -> bool:  # noqa: ANN401 - any kind of route
    return getattr(route, "path", "") in {
        "/docs",
        "/docs/oauth2-redirect",
        "/redoc",
        "/openapi.json",
    }


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ChatError(
                f"port {port} on {host} is taken: stop what listens there, or choose another "
                f"port, such as `benefits-chat chat --port {port + 1}`"
            ) from None
        if error.errno == errno.EACCES:
            raise ChatError(
                f"port {port} needs special rights: choose one from 1024 up with --port"
            ) from None
        raise ChatError(
            f"{host} is not an address of this machine: choose another --host"
        ) from None


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _translations() -> Path:
    """Chainlit's own words, found without importing it."""
    from importlib.util import find_spec

    found = find_spec("chainlit")
    if found is None or found.origin is None:
        raise ChatError("chainlit is not installed: install Benefits Chat again")
    return Path(found.origin).parent / "translations"


def _merged(words: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """The words with those that are changed, at any depth."""
    return words | {
        key: _merged(words.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in changed.items()
    }
