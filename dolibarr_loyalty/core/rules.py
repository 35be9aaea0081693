"""Which lines earn, what they come to, and when a rule holds; what rules then give is in `earning`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.gift_cards import card_of
from dolibarr_loyalty.core.program import Exclusions, Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.sale import ZERO, Credit, Line
from dolibarr_loyalty.core.terms import Match, Window

# Credits used as a line are a way of paying, not a lower price; a discount typed in by hand is one.
MONEY_CREDITS = frozenset({Credit.CREDIT_NOTE, Credit.DEPOSIT, Credit.EXCESS})


def plain(number: Decimal) -> str:
    """A number as plain text without trailing zeros: 2.50 is 2.5 and 1E+3 is 1000."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def matches(match: Match, line: Line) -> bool:
    """Every list of the match that is not empty has the line."""
    if match.products and line.product_ref.casefold() not in match.products:
        return False
    if match.tags and not line.tags.intersection(match.tags):
        return False
    return not match.types or ("service" if line.is_service else "goods") in match.types


def is_open(window: Window, at: datetime, zone: ZoneInfo) -> bool:
    """The window holds at this instant, by the shop's clock."""
    return holds(window, at.astimezone(zone))


def holds(window: Window, local: datetime) -> bool:
    """The window holds at an instant that is given by the shop's clock."""
    day, clock = local.date(), local.time().replace(tzinfo=None)
    start, end = window.from_time, window.until_time
    if start is not None and end is not None and end <= start:  # over midnight: belongs to the day it began
        if clock < end:
            day -= timedelta(days=1)
        elif clock < start:
            return False
    elif (start is not None and clock < start) or (end is not None and clock >= end):
        return False
    if (window.from_day and day < window.from_day) or (window.until_day and day > window.until_day):
        return False
    return not window.weekdays or day.weekday() in window.weekdays


def exclusion(exclusions: Exclusions, line: Line) -> str | None:
    """Why a line never earns: 'gift_card', 'discounted', 'product', 'tag', 'type'; None when it may."""
    if line.product_ref and line.product_ref.casefold() in exclusions.gift_cards:
        return "gift_card"
    if exclusions.discounted_lines and line.discount_percent > 0:
        return "discounted"
    for match in exclusions.match:
        if not match.is_everything and matches(match, line):
            return "product" if match.products else "tag" if match.tags else "type"
    return None


def earning_lines(program: Program, lines: Sequence[Line]) -> tuple[list[Line], list[Reason]]:
    """The lines that may earn, and the reasons for those that may not."""
    kept, reasons = [], []
    for line in lines:
        if line.credit in MONEY_CREDITS:
            continue
        why = "gift_card" if card_of(program.gift_cards, line) else exclusion(program.exclusions, line)
        if why is None:
            kept.append(line)
        else:
            amount = plain(amount_of(program, line))
            reasons.append(because("excluded", label=line.label or line.product_ref, amount=amount, why=why))
    return kept, reasons


def amount_of(program: Program, line: Line) -> Decimal:
    """What a line counts: its net or gross after discounts, as Dolibarr has it."""
    return line.net if program.basis == "net" else line.gross


def units_of(line: Line) -> Decimal:
    """Units bought, negative where goods came back; a price reduction on a line of its own is no unit."""
    is_reduction = line.quantity > 0 and (line.net < 0 or line.gross < 0)
    return ZERO if is_reduction else line.quantity


def mirrored(lines: Sequence[Line]) -> list[Line]:
    """What came back without its invoice, as if it were sold: to be judged as a sale and then taken off."""
    return [replace(line, net=-line.net, gross=-line.gross, quantity=-line.quantity) for line in lines]
