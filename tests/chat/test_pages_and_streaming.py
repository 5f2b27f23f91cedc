"""The page without foreign links, its policy, and iterators read from the event loop."""

import asyncio
import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from chat_app.pages import content_security_policy, without_foreign_links
from chat_app.stopping import stop_requested
from chat_app.streaming import in_thread

PAGE = """<head>
    <meta property="og:image" content="https://cdn.example/banner.png">
    <meta name="description" content="Answers">
    <link rel="preconnect" href="https://fonts.example" />
    <link
      href="https://fonts.example/css2?family=Inter"
      rel="stylesheet"
    />
    <link rel="stylesheet" href="/assets/index.css">
    <script>one()</script>
    <script src="/public/x.js" ></script>
    <script>
      two()
    </script>
</head>"""


def test_links_to_other_hosts_are_gone_and_our_own_stay() -> None:
    page = without_foreign_links(PAGE)
    assert "example" not in page
    assert '<link rel="stylesheet" href="/assets/index.css">' in page
    assert '<meta name="description" content="Answers">' in page


def test_each_inline_script_is_admitted_by_its_hash() -> None:
    policy = content_security_policy(PAGE)
    for script in ("one()", "\n      two()\n    "):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("sha256-") == 2


async def test_items_come_in_order_and_off_the_event_loop() -> None:
    def count() -> Iterator[tuple[int, str]]:
        for number in range(3):
            yield number, threading.current_thread().name

    items = [item async for item in in_thread(count)]
    assert [number for number, _ in items] == [0, 1, 2]
    assert threading.current_thread().name not in {name for _, name in items}


async def test_an_error_comes_after_the_items_before_it() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = in_thread(fail)
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="broken"):
        await anext(items)


async def test_an_error_of_the_start_is_raised_too() -> None:
    def start() -> Iterator[int]:
        raise ValueError("no index")

    with pytest.raises(ValueError, match="no index"):
        await anext(in_thread(start))


async def test_closing_stops_the_iterator() -> None:
    go_on, stopped = threading.Event(), threading.Event()

    def endless() -> Iterator[int]:
        try:
            yield 1
            go_on.wait(5)
            yield 2
            yield 3
        finally:
            stopped.set()

    async with aclosing(in_thread(endless)) as items:
        assert await anext(items) == 1
    go_on.set()
    assert await asyncio.to_thread(stopped.wait, 5)


async def test_work_within_the_iterator_learns_that_it_is_stopped() -> None:
    learned = threading.Event()

    def waits() -> Iterator[int]:
        yield 1
        while not stop_requested():
            time.sleep(0.01)
        learned.set()
        yield 2

    async with aclosing(in_thread(waits)) as items:
        assert await anext(items) == 1
        assert not learned.is_set()
    assert await asyncio.to_thread(learned.wait, 5)
    assert not stop_requested()


async def test_an_error_after_the_reader_left_is_not_reported_as_lost() -> None:
    go_on, lost = threading.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))

    def late() -> Iterator[int]:
        yield 1
        go_on.wait(5)
        raise ValueError("too late")

    async with aclosing(in_thread(late)) as items:
        await anext(items)
    go_on.set()
    await asyncio.to_thread(lambda: None)
    await asyncio.sleep(0.1)
    assert lost == []
