"""Loading a model of transformers without its noise: what matters is an error."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = ("transformers", "torchao", "torch")


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Without the progress bars, warnings and log lines of loading a model."""
    import torch  # noqa: F401 - it sets the levels of its loggers when it is imported
    from transformers.utils import logging as transformers_logging

    had_bars = transformers_logging.is_progress_bar_enabled()
    loud = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loud]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it has no types
    for logger in loud:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loud, levels, strict=True):
            logger.setLevel(level)
        if had_bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # it has no types
