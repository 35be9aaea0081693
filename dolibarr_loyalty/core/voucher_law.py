"""Which accounting way suits which kind of voucher in a shop: a proposal with its reasons and their sources.

Decided from the country, from the VAT rates really sold and from the voucher being free or sold (features 4.1 to
4.3). Where law was not established the way is proposed that never pays too little VAT, and said so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.law_sources import EU_COUNTRIES, LOOKED_AT, RULES, Rule
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.vouchers import Accounting

VoucherKind = Literal["loyalty", "promotional", "sold"]
# 'outside': no voucher in the sense of the directive. 'open': cannot be told, or not by the directive.
Purpose = Literal["outside", "single", "multi", "open"]

KINDS: tuple[VoucherKind, ...] = ("loyalty", "promotional", "sold")
GERMAN_ZONES = frozenset({"Europe/Berlin", "Europe/Busingen"})


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A step of the reasoning: the key of its sentence with facts; `rule` where law says it."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()
    rule: Rule | None = None

    @property
    def is_verified(self) -> bool:
        """Not a statement of law, or one whose source was read."""
        return self.rule is None or self.rule.is_verified


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A VAT rate in percent that was really sold, and its share of all sales in percent, to a tenth."""

    rate: Decimal
    share: Decimal


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is proposed for a kind of voucher: its way and purpose, why, and the other ways that are possible.

    `vat_rate` is the rate of the product a single-purpose card is sold by, in percent; None where none is.
    `is_settled` False: law was not established, so the accountant decides.
    """

    kind: VoucherKind
    way: Accounting
    purpose: Purpose
    reasons: tuple[Reason, ...]
    others: tuple[Accounting, ...] = ()
    vat_rate: Decimal | None = None
    is_settled: bool = True


def law_country(program: Program) -> str:
    """The country whose law is asked: the one named, Germany for a shop in its zone, else ''."""
    return program.country or ("DE" if program.zone in GERMAN_ZONES else "")


def rates_of(weights: Mapping[Decimal, int]) -> tuple[Rate, ...]:
    """VAT rates by their gross minor units as shares of all, the largest first."""
    whole = sum(weights.values())
    found = [
        Rate(rate=rate, share=(Decimal(100 * minor) / whole).quantize(Decimal("0.1")))
        for rate, minor in weights.items()
        if minor > 0
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, each.rate)))


def propose(country: str, rates: Sequence[Rate]) -> tuple[Proposal, ...]:
    """A proposal for each kind of voucher. `country` is '' where nobody said; `rates` are those really sold."""
    return tuple(_proposal(kind, country.upper(), rates) for kind in KINDS)


def _proposal(kind: VoucherKind, country: str, rates: Sequence[Rate]) -> Proposal:
    if kind == "sold":
        return _sold(country, rates)
    if country in EU_COUNTRIES:
        return _free_in_the_union(kind, country)
    return _free_elsewhere(kind, country)


def _free_in_the_union(kind: VoucherKind, country: str) -> Proposal:
    national = {"DE": "de_free", "FR": "fr_free"}.get(country)
    law = [*_rules("eu_scope", "eu_free_outside"), *_rules(*([national] if national else []))]
    if kind == "promotional":
        reasons = [*law, Reason(code="nobody_to_credit")]
    else:
        reasons = [*law, Reason(code="falls_at_use"), Reason(code="others_compared")]
    return Proposal(
        kind=kind,
        way="discount",
        purpose="outside",
        reasons=(*reasons, *_open(country)),
        others=() if kind == "promotional" else ("credit_note", "payment"),
    )


def _free_elsewhere(kind: VoucherKind, country: str) -> Proposal:
    if kind == "promotional":
        reasons = (Reason(code="nobody_to_credit"), *_open(country))
        return Proposal(kind=kind, way="discount", purpose="open", reasons=reasons, is_settled=False)
    reasons = (*_open(country), Reason(code="never_too_little"))
    return Proposal(
        kind=kind,
        way="payment",
        purpose="open",
        reasons=reasons,
        others=("discount", "credit_note"),
        is_settled=False,
    )


def _sold(country: str, rates: Sequence[Rate]) -> Proposal:
    seen = _rates_told(rates)
    if country not in EU_COUNTRIES:
        reasons = (*_open(country), *seen, Reason(code="sold_is_owed"))
        return Proposal(
            kind="sold",
            way="liability",
            purpose="open",
            reasons=reasons,
            others=("deposit",),
            is_settled=False,
        )
    national = {"DE": ("de_sold", "de_cash"), "FR": ("fr_sold",)}.get(country, ())
    law = (*_rules("eu_scope"), *seen)
    if len(rates) == 1:
        (only,) = rates
        reasons = (
            *law,
            *_rules("eu_single", *national),
            Reason(code="single_if_at_home"),
            Reason(code="single_how", facts=(("rate", _percent(only.rate)),)),
            *_open(country),
        )
        return Proposal(kind="sold", way="liability", purpose="single", reasons=reasons, vat_rate=only.rate)
    purpose: Purpose = "multi" if rates else "open"
    reasons = (
        *law,
        *_rules("eu_multi", *national, "eu_multi_base", "eu_multi_unused"),
        Reason(code="multi_how"),
        Reason(code="deposit_compared"),
        *_open(country),
    )
    return Proposal(
        kind="sold",
        way="liability",
        purpose=purpose,
        reasons=reasons,
        others=("deposit",),
        is_settled=bool(rates),
    )


def _rates_told(rates: Sequence[Rate]) -> tuple[Reason, ...]:
    """What the shop sold, as a step of the reasoning."""
    if not rates:
        return (Reason(code="no_sales"),)
    told = ", ".join(f"{_percent(each.rate)}\u00a0% ({_percent(each.share)}\u00a0%)" for each in rates)
    found = [Reason(code="one_rate" if len(rates) == 1 else "several_rates", facts=(("rates", told),))]
    if len(rates) > 1 and any(not each.rate for each in rates):
        found.append(Reason(code="rate_of_nothing"))
    return tuple(found)


def _open(country: str) -> Iterator[Reason]:
    """What was not established for the country."""
    if not country:
        yield from _rules("no_country")
    elif country in ("AT", "BE", "CH"):
        yield from _rules(f"{country.lower()}_open")
    elif country not in LOOKED_AT:
        yield from _rules("eu_open" if country in EU_COUNTRIES else "other_open")


def _rules(*ids: str) -> tuple[Reason, ...]:
    return tuple(Reason(code=each, rule=RULES[each]) for each in ids)


def _percent(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
