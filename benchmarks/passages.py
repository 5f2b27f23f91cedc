"""Made-up plan passages, the same in each run."""

import random

SERVICES = (
    "Preventive care", "A specialist visit", "Emergency room care", "Physical therapy",
    "Outpatient surgery", "Generic medication", "A hearing aid", "Maternity care",
    "Urgent care", "An imaging test", "Mental health counselling", "Durable medical equipment",
)  # fmt: skip
RULES = (
    "is covered at {percent}% from network providers after the deductible of ${dollars}",
    "costs a ${copay} copay, which counts towards the out-of-pocket maximum",
    "needs approval before the first visit, or the benefit is reduced by {percent}%",
    "is limited to {count} visits in a plan year, for each covered person",
    "is not covered outside the network, except in an emergency",
    "is paid by the plan in full once the family limit of ${dollars} is reached",
)
LENGTHS = (1, 1, 2, 4, 6, 8, 10, 12, 14)
"""Sentences in a passage: from a table row to a chunk that fills the model's window."""


def make_passages(count: int, seed: int = 2025) -> list[str]:
    """Plan passages of mixed length, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret, a repeatable choice

    def sentence() -> str:
        rule = chance.choice(RULES).format(
            percent=chance.randrange(10, 100, 10),
            dollars=f"{chance.randrange(500, 9000, 250):,}",
            copay=chance.randrange(10, 300, 5),
            count=chance.randrange(10, 60, 5),
        )
        return f"{chance.choice(SERVICES)} {rule}."

    return [" ".join(sentence() for _ in range(chance.choice(LENGTHS))) for _ in range(count)]
