"""What fifty active rules and promotions cost against one: in deciding alone, and with the commit.

Run with `pytest -m benchmark -s`.
"""

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.core.accrual import appraise, entitle
from dolibarr_loyalty.core.eligibility import Standing, Who
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.terms import Match, Window
from dolibarr_loyalty.flows.intake import take_in
from tests.benchmarks.test_ledger import emptied, sales, with_customers
from tests.builders import a_family, a_line, a_program, a_sale, an_amount_rule, enrolled

pytestmark = pytest.mark.benchmark

KINDS = ("amount", "unit", "visit", "multiply", "cumulative")
YEAR = Window(from_day=date(2026, 1, 1), until_day=date(2026, 12, 31))
MEMBER = Standing(tags=frozenset({"vip"}))
INVOICES, PAGE, ROUNDS = 1000, 500, 200


def fifty(*, everywhere: bool) -> Program:
    """Fifty rules that are open: about all lines, or as in a shop each about a product or a tag."""
    rules = [an_amount_rule()]
    for number in range(1, 50):
        some = Match(products=(f"p{number}",)) if number % 2 else Match(tags=(f"t{number % 7}",))
        rules.append(
            Rule(
                id=f"rule-{number}",
                kind=KINDS[number % 5],
                factor=Decimal("1.5"),
                threshold=Decimal(500),
                match=Match() if everywhere else some,
                window=YEAR,
                who=Who(tags=("vip",)) if number % 4 == 0 else Who(),
                minimum_amount=Decimal(5),
                promotion=number % 3 > 0,
                priority=number % 4,
            )
        )
    return a_program(*rules)


def microseconds(program: Program, lines: int) -> float:
    """The best of some rounds of deciding on an invoice of so many lines."""
    goods = [a_line("12.30", product=f"p{i % 40}", tags=[f"t{i % 7}"], quantity="2") for i in range(lines)]
    family, member = a_family(a_sale(lines=goods)), enrolled()
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(ROUNDS):
            entitle([(program, appraise(program, family, member, MEMBER).claim)])
        best = min(best, time.perf_counter() - began)
    return best / ROUNDS * 1e6


@pytest.mark.parametrize("lines", [1, 3, 10, 50])
def test_deciding_with_fifty_rules_is_far_from_fifty_times_slower(lines: int) -> None:
    one, shop, everywhere = (
        microseconds(program, lines)
        for program in (a_program(), fifty(everywhere=False), fifty(everywhere=True))
    )
    print(
        f"\n{lines} lines: one rule {one:.0f} us; fifty about products and tags {shop:.0f} us"
        f" (x{shop / one:.1f}); fifty about everything {everywhere:.0f} us (x{everywhere / one:.1f})"
    )
    assert shop < 10 * one
    assert everywhere < 25 * one


def test_decide_and_commit_with_fifty_rules(tmp_path: Path) -> None:
    seconds = []
    for name, program in (("one", Program()), ("fifty", fifty(everywhere=False))):
        loyalty = replace(with_customers(emptied(f"sqlite:///{tmp_path}/{name}.sqlite3")), program=program)
        all_of_them = sales()[:INVOICES]
        began = time.perf_counter()
        for first in range(0, INVOICES, PAGE):
            take_in(loyalty, all_of_them[first : first + PAGE])
        seconds.append(time.perf_counter() - began)
    one, many = (each / INVOICES * 1000 for each in seconds)
    print(
        f"\nper invoice, decided and committed: one rule {one:.2f} ms, fifty {many:.2f} ms (x{many / one:.1f})"
    )
    assert many < 25 * one
