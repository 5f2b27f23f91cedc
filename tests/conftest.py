"""What is set for the product where the tests run must not reach them."""

import os


def pytest_configure() -> None:
    for name in list(os.environ):  # noqa: TID251 - it is emptied, not read
        if name.startswith("BENEFITS_CHAT_"):
            del os.environ[name]  # noqa: TID251
