"""A synchronous generator, read from the event loop without blocking it."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextvars import copy_context
from typing import TypeVar

from chat_app.stopping import stop_when

Item = TypeVar("Item")


class _End:
    """Marks the end of the queue."""


async def in_thread(start: Callable[[], Iterator[Item]]) -> AsyncGenerator[Item, None]:
    """Run an iterator in a worker thread and yield its items as they come.

    Closing this generator, or cancelling the task that reads it, stops the iterator before its
    next item is handed over; within the iterator, ``stop_requested`` says so at once.

    Args:
        start: makes the iterator; called in the thread.

    Raises:
        Exception: whatever the iterator raised, after the items it gave before.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Item | _End] = asyncio.Queue()
    stopped = threading.Event()

    def work() -> None:
        stop_when(stopped.is_set)
        try:
            for item in start():
                if stopped.is_set():
                    return
                loop.call_soon_threadsafe(queue.put_nowait, item)
        finally:
            loop.call_soon_threadsafe(queue.put_nowait, _End())

    worker = loop.run_in_executor(None, copy_context().run, work)
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        await worker
    finally:
        stopped.set()
        # What goes wrong after the reader has left concerns nobody.
        worker.add_done_callback(lambda done: done.cancelled() or done.exception())
