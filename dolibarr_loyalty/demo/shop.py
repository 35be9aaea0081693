"""The shop's staff at work in Dolibarr's screens: they add customers, write invoices, take money, refund."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from dolibarr_loyalty.demo.cast import Person
from dolibarr_loyalty.demo.catalogue import ARTICLES, BY_REF, Article, stock
from dolibarr_loyalty.sandbox import Dolibarr

CASH, CARD, TRANSFER = 4, 6, 2
DECEMBER = 12


@dataclass(frozen=True)
class Item:
    """A line to be sold: so many of an article, with a discount in percent."""

    article: Article
    quantity: int = 1
    discount: int = 0

    @property
    def gross(self) -> Decimal:
        return self.article.price * self.quantity * (100 - self.discount) / 100


@dataclass
class Shop:
    """Dolibarr as the staff uses it. `ids` are the third parties by the number of the person."""

    dolibarr: Dolibarr
    articles: dict[str, int] = field(default_factory=dict)
    ids: dict[int, int] = field(default_factory=dict)

    def open(self) -> None:
        """Fill the shelves."""
        self.articles = stock(self.dolibarr)

    def customer(self, person: Person) -> int:
        """The person's third party, added when they come for the first time."""
        if person.number not in self.ids:
            self.ids[person.number] = self.dolibarr.create_third_party(**person.fields)  # type: ignore[arg-type]
            if person.born is not None:
                self._note_birthday(person, person.born)
        return self.ids[person.number]

    def _note_birthday(self, person: Person, born: date) -> None:
        """The contact in which Dolibarr keeps a birthday."""
        first, _, last = person.name.partition(" ")
        self.dolibarr.create_contact(
            lastname=last,
            firstname=first,
            socid=self.ids[person.number],
            email=person.email,
            birthday=born.isoformat(),
        )

    def lines(self, basket: Sequence[Item]) -> list[dict[str, Any]]:
        """A basket as lines of an invoice."""
        return [
            {
                "desc": item.article.label,
                "qty": item.quantity,
                "subprice": str(item.article.net_price),
                "tva_tx": str(item.article.vat_rate),
                "remise_percent": item.discount,
                "product_type": int(item.article.is_service),
                "fk_product": self.articles[item.article.ref],
            }
            for item in basket
        ]

    def sell_at_till(self, person: Person | None, basket: Sequence[Item], *, paid: bool = True) -> int:
        """A sale at the till, to the person whose card was scanned or to nobody in particular."""
        socid = None if person is None else self.customer(person)
        return self.dolibarr.sell_at_till(self.lines(basket), socid=socid, paid=paid)

    def invoice(self, person: Person, basket: Sequence[Item], *, paid: bool = True) -> int:
        """An ordinary invoice."""
        return self.dolibarr.sell(self.customer(person), self.lines(basket), paid=paid)

    def pay(self, invoice: int, amount: Decimal | None = None) -> None:
        """Take money: an amount, or what remains, if anything does."""
        if self.dolibarr.remain_to_pay(invoice) > 0:
            self.dolibarr.pay(invoice, amount, method=CARD)

    def take_back(self, invoice: int, items: Sequence[Item], *, money: bool = True) -> int:
        """Goods come back: a credit note of the invoice, paid out or kept for it."""
        return self.dolibarr.refund(invoice, self.lines(items), paid_back=money)


def basket(
    rng: Random, *, month: int, is_firm: bool = False, wares: Mapping[str, int] | None = None
) -> list[Item]:
    """What somebody buys: a few things, more for firms, festive in December, some at a discount.

    `wares` are weights by ref that differ from the catalogue's.
    """
    usual = {a.ref: a.weight for a in ARTICLES} | dict(wares or {})
    weights = [usual[a.ref] * (a.december if month == DECEMBER else 1) for a in ARTICLES]
    if is_firm:
        weights = [
            0 if a.ref in ("CUP", "CARD-50") else weight for a, weight in zip(ARTICLES, weights, strict=True)
        ]
    size = rng.choices((1, 2, 3, 4, 5), (30, 30, 20, 12, 8))[0]
    chosen = {article.ref: article for article in rng.choices(ARTICLES, weights, k=size)}
    return [_item(rng, article, 3 if is_firm else 1) for article in chosen.values()]


def _item(rng: Random, article: Article, times: int) -> Item:
    quantity = rng.choices(range(1, article.most + 1), range(article.most, 0, -1))[0]
    discount = rng.choice((5, 10, 20)) if rng.random() < 0.06 and article.vat_rate else 0
    return Item(article, quantity * times, discount)


def enough_for(items: list[Item], amount: Decimal) -> list[Item]:
    """The basket, filled up with coffee until it comes to more than an amount."""
    house = BY_REF["HOUSE-1000"]
    missing = amount - sum((item.gross for item in items), Decimal(0))
    if missing >= 0:
        more = int(missing // house.price) + 1
        return [
            *(item for item in items if item.article is not house),
            Item(house, more + sum(i.quantity for i in items if i.article is house)),
        ]
    return items
