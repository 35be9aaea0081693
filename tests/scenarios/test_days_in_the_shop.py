"""Days in the shop, told as they happen: what staff does, and what the ledger says in the evening.

A line of a day reads `time | what happens | and what is so afterwards`; each day ends with a proof of the books.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Cap
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.daily import daily
from tests.conftest import OpenShop
from tests.flows.shop import PARIS, PROGRAM, Shop

MONDAY = """
2026-03-02
09:05 | Anna buys for 240, paid                    | Anna has 24 points
09:20 | Bert buys for 90, on account               | Bert has 0 points
09:50 | somebody buys for 75 at the till           | nobody earns
10:10 | Anna buys for 300, paid                    | Anna has 54 points
10:30 | Anna takes 5-off as voucher A              | Anna has 4 points
11:00 | Anna buys for 30, on account               | Anna has 4 points
11:05 | voucher A pays on Anna's last invoice      | 25 remain on it
11:10 | Anna pays the rest                         | Anna has 6 points
14:00 | Bert pays 40 of his invoice                | Bert has 0 points
16:00 | Bert pays the rest                         | Bert has 9 points
17:30 | Anna brings back goods for 100 of her first | Anna has -4 points
"""

TUESDAY = """
2026-03-03
09:00 | Anna buys for 60, paid                     | Anna has 2 points
09:30 | Bert buys for 2000, paid                   | Bert has 209 points
10:00 | Bert takes 20-off as voucher B             | Bert has 29 points
10:05 | Bert takes nothing: 5-off is too dear      | Bert has 29 points
10:30 | voucher B is cancelled                     | Bert has 209 points
10:40 | Bert takes 20-off as voucher C             | Bert has 29 points
11:00 | Bert buys for 20, on account               | Bert has 29 points
11:05 | voucher C pays on Bert's last invoice      | 0 remain on it
15:00 | Bert's last invoice is abandoned           | Bert has 29 points
16:00 | Carla buys for 100, paid                   | Carla has 10 points
16:30 | Carla is merged into Anna                  | Anna has 12 points
"""

SPRING_THREE_YEARS_LATER = """
2029-03-05
09:00 | the work of the day is done                | Anna has 0 points
09:10 | Bert buys for 100, paid                    | Bert has 10 points
"""


@dataclass
class Teller:
    """Understands the lines of a day."""

    shop: Shop
    people: dict[str, int] = field(default_factory=dict)
    invoices: dict[str, list[int]] = field(default_factory=dict)
    vouchers: dict[str, Any] = field(default_factory=dict)

    def person(self, name: str) -> int:
        if name not in self.people:
            self.people[name] = self.shop.customer(f"{name} Somebody")
        return self.people[name]

    def tell(self, day: str) -> None:
        first, *lines = day.strip().splitlines()
        for line in lines:
            time, what, so = (part.strip() for part in line.split("|"))
            moment = datetime.fromisoformat(f"{first} {time}").replace(tzinfo=PARIS)
            self.shop.clock.now = max(moment, self.shop.clock.now)
            self.understand(what)
            self.shop.sync()
            self.shop.sweep()
            self.shop.deliver()
            self.check(so, line)
        self.shop.prove()

    def understand(self, what: str) -> None:
        for pattern, does in WORDS:
            found = re.fullmatch(pattern, what)
            if found:
                does(self, *found.groups())
                return
        raise AssertionError(f"nobody understands {what!r}")

    def check(self, so: str, line: str) -> None:
        if found := re.fullmatch(r"(\w+) has (-?\d+) points", so):
            assert self.shop.balance(self.people[found[1]]) == int(found[2]), line
        elif found := re.fullmatch(r"(\d+) remain on it", so):
            assert self.shop.dolibarr.remain_to_pay(self.last) == int(found[1]), line
        else:
            assert so == "nobody earns", line
            assert self.shop.balance(self.shop.dolibarr.till_customer) == 0

    last: int = 0

    def buys(self, name: str, amount: str, how: str) -> None:
        invoice = self.shop.sell(self.person(name), amount, paid=how == "paid")
        self.invoices.setdefault(name, []).append(invoice)

    def takes(self, name: str, reward: str, letter: str) -> None:
        self.vouchers[letter] = self.shop.redeem(self.person(name), reward)

    def takes_nothing(self, name: str, reward: str) -> None:
        try:
            self.shop.redeem(self.person(name), reward)
        except Exception as refusal:
            assert "missing" in str(refusal)  # noqa: PT017
        else:
            raise AssertionError(f"{name} should not have got {reward}")

    def voucher_pays(self, letter: str, name: str) -> None:
        self.last = self.invoices[name][-1]
        self.shop.use(self.vouchers[letter], self.last)

    def pays(self, name: str, amount: str) -> None:
        self.shop.dolibarr.pay(self.invoices[name][-1], amount)

    def pays_rest(self, name: str) -> None:
        self.shop.dolibarr.pay(self.invoices[name][-1])

    def brings_back(self, name: str, amount: str) -> None:
        self.shop.refund(self.invoices[name][0], amount)

    def cancelled(self, letter: str) -> None:
        voiding.cancel(self.shop.loyalty, self.vouchers[letter].id, reason="changed his mind", who="anne")

    def abandoned(self, name: str) -> None:
        self.shop.dolibarr.abandon(self.invoices[name][-1])

    def merged(self, gone: str, kept: str) -> None:
        self.shop.dolibarr.merge_third_parties(keep=self.people[kept], gone=self.people.pop(gone))

    def at_the_till(self, amount: str) -> None:
        self.shop.dolibarr.sell_at_till([{"subprice": amount, "qty": 1, "tva_tx": 0}])

    def work_of_the_day(self) -> None:
        daily(self.shop.loyalty)


WORDS: list[tuple[str, Callable[..., None]]] = [
    (r"(\w+) buys for (\d+), (paid|on account)", Teller.buys),
    (r"somebody buys for (\d+) at the till", Teller.at_the_till),
    (r"(\w+) takes ([\w-]+) as voucher (\w)", Teller.takes),
    (r"(\w+) takes nothing: ([\w-]+) is too dear", Teller.takes_nothing),
    (r"voucher (\w) pays on (\w+)'s last invoice", Teller.voucher_pays),
    (r"(\w+) pays (\d+) of (?:his|her) invoice", Teller.pays),
    (r"(\w+) pays the rest", Teller.pays_rest),
    (r"(\w+) brings back goods for (\d+) of (?:his|her) first", Teller.brings_back),
    (r"voucher (\w) is cancelled", Teller.cancelled),
    (r"(\w+)'s last invoice is abandoned", Teller.abandoned),
    (r"(\w+) is merged into (\w+)", Teller.merged),
    (r"the work of the day is done", Teller.work_of_the_day),
]


@pytest.mark.parametrize("version", ["16", "23"])
def test_two_days_and_a_spring_three_years_later(opened: OpenShop, version: str) -> None:
    with opened(version=version, program=replace(PROGRAM, expiry=Expiry(months=36))) as shop:
        teller = Teller(shop)
        for day in (MONDAY, TUESDAY, SPRING_THREE_YEARS_LATER):
            teller.tell(day)


SATURDAY_WITH_A_CAP = """
2026-03-07
09:00 | Anna buys for 200, paid                    | Anna has 20 points
10:00 | Anna buys for 200, paid                    | Anna has 30 points
11:00 | Anna buys for 200, paid                    | Anna has 30 points
12:00 | Anna brings back goods for 150 of her first | Anna has 30 points
13:00 | Anna brings back goods for 50 of her first | Anna has 30 points
14:00 | Anna's last invoice is abandoned           | Anna has 20 points
"""


def test_a_saturday_with_a_cap_per_day(opened: OpenShop) -> None:
    with opened(program=replace(PROGRAM, caps=(Cap(period="day", points=30),))) as shop:
        Teller(shop).tell(SATURDAY_WITH_A_CAP)
