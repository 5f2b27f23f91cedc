"""From what was used to US dollars, by the price table ``prices.yaml``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from retrieval.usage import Meter, Use

TABLE = Path(__file__).with_name("prices.yaml")

FREE = "local:"
"""Stands before the name of what runs on a machine of one's own, and is not paid for."""

_PROFILE = re.compile(r"^(?:us|us-gov|eu|apac|jp|au|ca|global)\.")


@dataclass(frozen=True, slots=True)
class Prices:
    """A price table.

    Attributes:
        date: when the prices were read.
        region: the AWS region they hold for.
        per_1000: US dollars for 1,000 of a unit.
    """

    date: date
    region: str
    per_1000: Mapping[Use, float]

    def cost_usd(self, meter: Meter) -> float | None:
        """US dollars for all that was counted; None when a price is not in the table."""
        paid = [(use, n) for use, n in meter.counts() if not use.item.startswith(FREE)]
        prices = [(self.per_1000.get(_plain(use)), amount) for use, amount in paid]
        if any(price is None for price, _ in prices):
            return None
        return sum((price or 0.0) * amount / 1000 for price, amount in prices)


@cache
def load_prices(file: Path = TABLE) -> Prices:
    """Read the price table."""
    value = yaml.safe_load(file.read_text(encoding="utf-8"))
    per_1000 = {
        Use(item, unit): float(price)
        for item, units in value["per_1000"].items()
        for unit, price in units.items()
    }
    return Prices(value["date"], value["region"], per_1000)


def usage_json(meter: Meter) -> dict[str, float | None]:
    """Tokens and US dollars as the command line prints them; null for an unknown price."""
    cost = load_prices().cost_usd(meter)
    return {
        "input_tokens": int(meter.total("input_tokens")),
        "output_tokens": int(meter.total("output_tokens")),
        "cost_usd": None if cost is None else round(cost, 8),
    }


def _plain(use: Use) -> Use:
    """The use under its model's plain id: without ARN and region of an inference profile."""
    return use._replace(item=_PROFILE.sub("", use.item.rpartition("/")[2]))
