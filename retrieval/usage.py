"""What remote models and services were used for: counted where it happens, priced in one place."""

from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple


class Use(NamedTuple):
    """A thing that is paid for.

    Attributes:
        item: a model id, or the name of a service in ``prices.yaml``.
        unit: what is counted, such as ``input_tokens`` or ``output_tokens``.
    """

    item: str
    unit: str


class Meter:
    """Counts uses. Safe for threads: those that embed in parallel share the meter of one call."""

    def __init__(self) -> None:
        """Begin with nothing used."""
        self._counts: dict[Use, float] = {}
        self._turn = Lock()

    def add(self, item: str, **amounts: float) -> None:
        """Count amounts by unit: ``meter.add("amazon.nova-micro-v1:0", input_tokens=812)``."""
        with self._turn:
            for unit, amount in amounts.items():
                use = Use(item, unit)
                self._counts[use] = self._counts.get(use, 0) + amount

    def counts(self) -> Iterator[tuple[Use, float]]:
        """All that was counted, in the order in which it first came."""
        with self._turn:
            counts = list(self._counts.items())
        yield from counts

    def total(self, unit: str) -> float:
        """How much of a unit was used, over all items."""
        return sum(amount for use, amount in self.counts() if use.unit == unit)
