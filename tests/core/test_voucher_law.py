"""What is proposed where and why, and which terms are doubted; every rule has words, and a source or says so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.law_sources import RULES
from dolibarr_loyalty.core.program import Program, Reward, VoucherTerms
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.times import add_months, end_of_period
from dolibarr_loyalty.core.validity_law import doubts, proposed_term
from dolibarr_loyalty.core.voucher_law import KINDS, Proposal, Rate, law_country, propose, rates_of
from dolibarr_loyalty.core.wallets import Wallet
from dolibarr_loyalty.locales import LANGUAGES, Language, words
from dolibarr_loyalty.messages import voucher_law as texts

D = Decimal
ONE = rates_of({D(19): 100_00})
TWO = rates_of({D(19): 75_00, D(7): 25_00})


def proposals(country: str, rates: tuple[Rate, ...] = TWO) -> dict[str, Proposal]:
    return {each.kind: each for each in propose(country, rates)}


def codes(proposal: Proposal) -> set[str]:
    return {reason.code for reason in proposal.reasons}


def test_rates_are_told_with_their_shares_the_largest_first() -> None:
    assert rates_of({D(7): 1, D(19): 2, D(0): 0}) == (
        Rate(rate=D(19), share=D("66.7")),
        Rate(rate=D(7), share=D("33.3")),
    )
    assert rates_of({}) == ()


@pytest.mark.parametrize("country", ["DE", "FR", "AT", "BE", "de", "IT"])
def test_in_the_union_a_free_voucher_is_a_discount_outside_the_directive(country: str) -> None:
    found = proposals(country)
    for kind in ("loyalty", "promotional"):
        assert (found[kind].way, found[kind].purpose, found[kind].is_settled) == ("discount", "outside", True)
        assert "eu_free_outside" in codes(found[kind])
    assert found["promotional"].others == ()  # nobody to make a credit note for


@pytest.mark.parametrize(
    ("country", "law"), [("DE", "de_free"), ("FR", "fr_free"), ("AT", "at_open"), ("BE", "be_open")]
)
def test_national_law_is_told_or_said_to_be_unread(country: str, law: str) -> None:
    reason = next(each for each in proposals(country)["loyalty"].reasons if each.code == law)
    assert reason.is_verified is bool(RULES[law].sources)


def test_where_law_was_not_established_no_vat_is_paid_too_little() -> None:
    for country, told in (("CH", "ch_open"), ("US", "other_open"), ("", "no_country")):
        found = proposals(country)
        assert found["loyalty"].way == "payment"
        assert found["promotional"].way == "discount"
        assert found["sold"].way == "liability"
        for each in found.values():
            assert each.purpose == "open"
            assert not each.is_settled
            assert told in codes(each)
            assert "eu_scope" not in codes(each)
    assert "eu_open" in codes(proposals("IT")["sold"])


@pytest.mark.parametrize("country", ["DE", "FR", "AT", "BE"])
def test_a_sold_card_is_single_purpose_where_one_rate_is_sold_else_multi_purpose(country: str) -> None:
    single, multi, unknown = (proposals(country, rates)["sold"] for rates in (ONE, TWO, ()))
    assert (single.purpose, single.way, single.vat_rate) == ("single", "liability", D(19))
    assert {"eu_single", "single_if_at_home", "single_how"} <= codes(single)
    assert (multi.purpose, multi.way, multi.vat_rate, multi.others) == (
        "multi",
        "liability",
        None,
        ("deposit",),
    )
    assert {"eu_multi", "multi_how"} <= codes(multi)
    assert multi.is_settled
    assert (unknown.purpose, unknown.is_settled) == ("open", False)
    assert "no_sales" in codes(unknown)


def test_a_rate_of_0_percent_is_a_rate_and_is_pointed_out() -> None:
    sold = proposals("DE", rates_of({D(19): 99, D(0): 1}))["sold"]
    assert sold.purpose == "multi"
    assert "rate_of_nothing" in codes(sold)


def test_the_shares_stand_in_the_reasoning() -> None:
    reason = next(each for each in proposals("DE")["sold"].reasons if each.code == "several_rates")
    assert dict(reason.facts)["rates"] == "19\u00a0% (75\u00a0%), 7\u00a0% (25\u00a0%)"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", ["DE", "FR", "AT", "BE", "CH", "IT", "US", ""])
def test_every_reason_has_words_and_what_is_unread_says_so(country: str, language: Language) -> None:
    spoken = words(language)
    unread = {"de": "Nicht geprüft", "en": "Not verified", "fr": "Non vérifié"}[language]
    for rates in (ONE, TWO, rates_of({D(19): 99, D(0): 1}), ()):
        for proposal in propose(country, rates):
            assert spoken.gettext(texts.WAYS[proposal.way])
            assert spoken.gettext(texts.PURPOSES[proposal.purpose])
            assert spoken.gettext(texts.KINDS[proposal.kind])
            for reason in proposal.reasons:
                told = texts.told(reason, spoken)
                assert "%(" not in told
                assert "%%" not in told
                assert told.startswith(unread) is not reason.is_verified
    for kind in KINDS:
        assert texts.term_told(proposed_term(country, kind), spoken)


def test_what_is_told_as_law_has_a_source_and_words() -> None:
    assert set(texts.RULES) == set(RULES)
    assert all(rule.sources for rule in RULES.values() if rule.is_verified)
    assert all(source.url for rule in RULES.values() for source in rule.sources)


@pytest.mark.parametrize(
    ("country", "kind", "last"),
    [
        (
            "DE",
            "sold",
            date(2029, 12, 31),
        ),  # features 4.7: the end of the third year after the year of the sale
        ("CH", "sold", date(2036, 2, 10)),  # ten years
        ("FR", "sold", date(2029, 12, 31)),
        ("DE", "loyalty", date(2029, 12, 31)),
        ("US", "sold", date(2029, 12, 31)),
    ],
)
def test_the_proposed_validity(country: str, kind: str, last: date) -> None:
    term = proposed_term(country, kind)  # type: ignore[arg-type]
    assert end_of_period(add_months(date(2026, 2, 10), term.months), term.round_up) == last


@pytest.mark.parametrize(
    ("country", "rule"),
    [
        ("DE", "de_sold_time"),
        ("FR", "fr_time"),
        ("AT", "at_time"),
        ("BE", "be_time"),
        ("CH", "ch_time"),
        ("US", "other_time"),
    ],
)
def test_the_rule_behind_the_validity_of_a_sold_card(country: str, rule: str) -> None:
    assert proposed_term(country, "sold").rule.id == rule


SHORT = Program(
    country="DE",
    expiry=Expiry(months=35, days=20),
    wallets=(Wallet(id="stars", expiry=Expiry(model="activity", months=36)), Wallet(id="ever")),
    vouchers=VoucherTerms(valid_months=12),
    rewards=(
        Reward(id="a", kind="amount", points=1, value=D(1), valid_months=6),
        Reward(id="b", kind="amount", points=1, value=D(1)),
    ),
    gift_cards=(
        GiftCard(id="short", products=("a",), valid_months=36, round_up="none"),
        GiftCard(id="right", products=("b",)),
        GiftCard(id="endless", products=("c",), valid_months=0),
    ),
)


def test_terms_that_german_courts_may_strike_down() -> None:
    assert [(doubt.kind, doubt.place[-2:], doubt.months) for doubt in doubts(SHORT)] == [
        ("points", ("expiry", "months"), 35),
        ("quiet", (0, "expiry"), 36),
        ("free", ("vouchers", "valid_months"), 12),
        ("free", (0, "valid_months"), 6),
        ("sold", (0, "valid_months"), 36),
    ]


def test_without_a_country_it_may_be_germany_but_its_zone_tells() -> None:
    kinds = [doubt.kind for doubt in doubts(replace(SHORT, country=""))]
    assert kinds == ["points", "free", "free", "sold"]
    assert law_country(Program(zone="Europe/Berlin")) == "DE"
    assert law_country(Program(zone="Europe/Berlin", country="AT")) == "AT"
    assert law_country(Program()) == ""
    assert list(doubts(replace(SHORT, country="FR"))) == []


def test_terms_that_hold_are_not_doubted() -> None:
    assert list(doubts(Program(country="DE"))) == []
    assert list(doubts(Program(country="DE", expiry=Expiry(model="none", months=0)))) == []
    endless = Program(country="DE", vouchers=VoucherTerms(valid_months=0))
    assert list(doubts(endless)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_doubt_names_the_months_and_the_source(language: Language) -> None:
    doubt = next(iter(doubts(SHORT)))
    problem, remedy = texts.doubt_told(doubt, words(language))
    assert "35" in problem
    assert "BGH, 28.11.2017, X ZR 42/16" in remedy
    assert texts.sources_told([doubt.rule, doubt.rule]) == "BGH, 28.11.2017, X ZR 42/16 (§ 307 BGB)"
