"""The sum that a member pays, from the plan's figures, and the sentence that says it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from chat_app.costs.asked import CostQuestion
from chat_app.costs.shares import Share


@dataclass(frozen=True, slots=True)
class Figures:
    """What the plan's documents say.

    Attributes:
        share: what the member pays for the service.
        deductible: US dollars a year, None where it was not found or is not needed.
        maximum: US dollars that the member pays in a year at most, None where it was not found.
    """

    share: Share
    deductible: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """A sum with the sentence that says how it comes about.

    Attributes:
        text: the sentence, without markers.
        pays: US dollars that the member pays, None where the bill is not known.
        uses: which figures it rests on: "share", "deductible", "maximum".
    """

    text: str
    pays: Decimal | None
    uses: tuple[str, ...]


def needs_deductible(asked: CostQuestion, share: Share) -> bool:
    """Is the sum not to be had without the deductible of the year?"""
    unmet = asked.met is False or (asked.left is None and asked.paid > 0)
    return unmet and asked.left is None and share.is_covered and share.after_deductible is True


def compute(asked: CostQuestion, figures: Figures) -> Computed | None:
    """What the member pays, or None where the figures do not say it.

    A percentage is of the amount that the plan allows; the bill that the question gives is taken
    for it. What is paid ends at the out-of-pocket maximum of the year, of which nothing is taken as
    paid yet.
    """
    share = figures.share
    if not share.is_covered:
        return _uncovered(asked)
    if asked.met is None and share.after_deductible is not False and asked.billed is None:
        # Copays for several visits hold once the deductible is met, if it applies.
        return _repeated(asked, share) if share.after_deductible is None else None
    if _is_open(asked, share):
        return None
    if share.copay is not None:
        return _by_copay(asked, figures, share.copay)
    if asked.billed is None:
        return _rate(asked, figures)
    return _by_percent(asked, figures, asked.billed)


def _is_open(asked: CostQuestion, share: Share) -> bool:
    """Does it depend on whether the deductible applies, or is met, and is that not known?"""
    if asked.met is True or share.after_deductible is False:
        return False
    return share.after_deductible is None or asked.met is None


def _uncovered(asked: CostQuestion) -> Computed | None:
    if asked.billed is None:
        return None
    pays = asked.billed * asked.times
    text = f"The plan does not cover it, so you pay the whole {_money(pays)}."
    return Computed(text, pays, ("share",))


def _repeated(asked: CostQuestion, share: Share) -> Computed | None:
    """A copay as often as the service is had."""
    if share.copay is None or asked.times == 1 or share.unit in ("admission", "stay"):
        return None
    if share.most is not None and asked.times > share.most:
        return None
    pays = share.copay * asked.times
    each = f" a {share.unit}" if share.unit else " each"
    text = f"{asked.times} times {_money(share.copay)}{each} is {_money(pays)}."
    return Computed(text, pays, ("share",))


def _by_copay(asked: CostQuestion, figures: Figures, copay: Decimal) -> Computed | None:
    share, first = figures.share, _first(asked, figures)
    if first is None or (share.unit in ("day", "night") and asked.times == 1):
        return None
    if asked.times > 1:
        return _repeated(asked, share) if first == 0 else None
    if first:
        return _copay_after(asked, figures, copay, first)
    pays = copay if asked.billed is None else min(copay, asked.billed)
    met = "With the deductible met, you" if share.after_deductible else "You"
    freed = ", and no deductible applies" if share.after_deductible is False else ""
    each = f" a {share.unit}" if share.unit else ""
    said = f"pay a copay of {_money(pays)}{each}" if pays else "pay nothing"
    return Computed(f"{met} {said}{freed}.", pays, ("share",))


def _copay_after(
    asked: CostQuestion, figures: Figures, copay: Decimal, first: Decimal
) -> Computed | None:
    """The deductible, then the copay."""
    if asked.billed is None:
        return None
    first = min(first, asked.billed)
    part = min(copay, asked.billed - first)
    lead = _deductible_said(asked, figures, first, asked.billed)
    uses = ("share",) if asked.left is not None else ("share", "deductible")
    if not part:
        return Computed(f"{lead}.", first, uses)
    text = f"{lead}, then the copay of {_money(part)}: {_money(first + part)} in all."
    return Computed(text, first + part, uses)


def _rate(asked: CostQuestion, figures: Figures) -> Computed | None:
    percent = figures.share.percent
    if percent is None or asked.met is not True:
        return None
    if percent == 0:
        return Computed("With the deductible met, you pay nothing.", Decimal(0), ("share",))
    text = f"With the deductible met, you pay {_percent(percent)} of the amount the plan allows"
    if figures.maximum is None:
        return Computed(f"{text}.", None, ("share",))
    text += (
        f", until you reach the out-of-pocket maximum of {_money(figures.maximum)} for the year."
    )
    return Computed(text, None, ("share", "maximum"))


def _by_percent(asked: CostQuestion, figures: Figures, billed: Decimal) -> Computed | None:
    first, percent = _first(asked, figures), figures.share.percent
    if first is None or percent is None:
        return None
    bill = billed * asked.times
    first = min(first, bill)
    rest = bill - first
    part = (rest * percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    pays = first + part
    uses = ["share"]
    if first and asked.left is None:
        uses.append("deductible")
    text = _sum_said(asked, figures, (first, rest, part), bill)
    if figures.maximum is not None and pays > figures.maximum:
        uses.append("maximum")
        pays = figures.maximum
        text += (
            f" You pay no more than the out-of-pocket maximum of {_money(pays)} for the year, less "
            "what you have paid of it before."
        )
    return Computed(text, pays, tuple(uses))


def _sum_said(
    asked: CostQuestion, figures: Figures, parts: Sequence[Decimal], bill: Decimal
) -> str:
    first, rest, part = parts
    percent = _percent(figures.share.percent or Decimal(0))
    of_bill = (
        f"{asked.times} times {_money(asked.billed or bill)}" if asked.times > 1 else _money(bill)
    )
    if not first:
        met = "With the deductible met, you" if figures.share.after_deductible else "You"
        if not part:
            return f"{met} pay nothing of {of_bill}."
        return f"{met} pay {percent} of {of_bill}, which is {_money(part)}."
    lead = _deductible_said(asked, figures, first, bill)
    if not rest:
        return f"{lead}."
    then = f"then {percent} of the remaining {_money(rest)}, which is {_money(part)}"
    return f"{lead}, {then}: {_money(first + part)} in all."


def _deductible_said(asked: CostQuestion, figures: Figures, first: Decimal, bill: Decimal) -> str:
    whole = _money(figures.deductible or first)
    if first == bill:
        of = (
            "what is left of the deductible"
            if asked.left is not None
            else f"the deductible of {whole}"
        )
        return f"You pay the whole {_money(bill)}, as it falls under {of}"
    if asked.left is not None:
        return f"You first pay {_money(first)} toward the deductible"
    if asked.paid:
        return f"Of the deductible of {whole} you first pay the {_money(first)} that is left"
    return f"You first pay the deductible of {_money(first)}"


def _first(asked: CostQuestion, figures: Figures) -> Decimal | None:
    """US dollars of the deductible that are paid before the plan pays; None where not known."""
    if asked.met is True or figures.share.after_deductible is False:
        return Decimal(0)
    if asked.left is not None:
        return asked.left
    if figures.deductible is None:
        return None
    return max(Decimal(0), figures.deductible - asked.paid)


def _money(amount: Decimal) -> str:
    whole = amount == amount.to_integral_value()
    return f"${amount:,.0f}" if whole else f"${amount:,.2f}"


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}%"
