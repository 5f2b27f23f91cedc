"""The real product for the browser: indexed documents, a serving process, Chromium."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.chat.plans import write_plans
from tests.chat.processes import COMMAND, Running, chat_command, environment, free_port, serving
from tests.chat.visitor import Visitor

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the indexed plans."""
    plans = write_plans(tmp_path_factory.mktemp("plans"))
    data = tmp_path_factory.mktemp("data")
    command = [str(COMMAND), "index", str(plans)]
    done = subprocess.run(
        command, env=environment(data), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return data


@pytest.fixture(scope="session")
def chat(index: Path) -> Iterator[Running]:
    """The chat as its users start it."""
    with serving(chat_command(free_port()), environment(index)) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=_chromium(), args=[*FLAGS])
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desktop(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A desktop browser that keeps what it has loaded."""
    opened = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(10_000)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(desktop: BrowserContext) -> AsyncIterator[Page]:
    """A page which may speak to this machine alone."""
    opened = await desktop.new_page()
    contacted: list[str] = []
    opened.on("request", lambda request: contacted.append(request.url))
    opened.on("websocket", lambda websocket: contacted.append(websocket.url))
    yield opened
    await opened.close()
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    assert [url for url in contacted if not url.startswith(local)] == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(page: Page, chat: Running) -> Visitor:
    """A visitor on the chat's first page."""
    return await Visitor(page, chat.address).arrive()


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing = "Chromium is not installed: `make browser` installs it"
    if os.environ.get("CI"):  # noqa: TID251 - a test run may know that it must be complete
        pytest.fail(missing)
    pytest.skip(missing)
