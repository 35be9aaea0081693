"""Gift cards: which lines sell them, what each unit is worth, what came back, and what vouchers may pay."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.card_sales import (
    Issued,
    Return,
    Standing,
    Unit,
    is_mixed_deposit,
    last_day,
    odd_lines,
    overpaid_by_vouchers,
    plan,
    sells_cards,
    units_returned,
    units_sold,
)
from dolibarr_loyalty.core.gift_cards import GiftCard, card_of, payable_by_voucher
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.rules import earning_lines
from dolibarr_loyalty.core.sale import Credit, Kind, Line, total
from tests.builders import a_line, a_sale

CARD = GiftCard(id="gift", products=("gift",), names=(("en", "Gift card"), ("de", "Gutschein")))
TAGGED = GiftCard(id="tagged", products=("voucher", "tag:gift cards"))
CARDS = (CARD, TAGGED)


def gift(gross: str = "50", quantity: str = "1", **fields: object) -> Line:
    return a_line(gross, quantity=quantity, product="GIFT", vat_rate="0", **fields)  # type: ignore[arg-type]


def a_unit(value: str = "50", number: int = 1, line_id: int = 7) -> Unit:
    return Unit(
        document_id=1,
        line_id=line_id,
        number=number,
        card=CARD,
        product="GIFT",
        product_id=None,
        value=Decimal(value),
        vat_rate=Decimal(0),
    )


def a_card(key: str, standing: Standing = "unused", value: str = "50") -> Issued:
    return Issued(key=key, product="gift", value=Decimal(value), standing=standing)


def a_return(value: str = "50") -> Return:
    return Return(document="AV-1", product="GIFT", value=Decimal(value))


def test_names_and_refs() -> None:
    assert (CARD.name("de"), CARD.name("fr"), TAGGED.name("en")) == ("Gutschein", "Gift card", "tagged")
    assert TAGGED.refs == ("voucher",)


@pytest.mark.parametrize(
    ("line", "card"),
    [
        pytest.param(gift(), CARD, id="by ref in any case"),
        pytest.param(a_line(product="X", tags=("gift cards",)), TAGGED, id="by tag"),
        pytest.param(a_line(product="X", tags=("cards",)), None, id="another tag"),
        pytest.param(a_line(), None, id="no product"),
        pytest.param(gift(credit=Credit.DEPOSIT), None, id="a credit used as a line"),
    ],
)
def test_which_lines_sell_cards(line: Line, card: GiftCard | None) -> None:
    assert card_of(CARDS, line) is card
    assert sells_cards(CARDS, a_sale(lines=[line])) is (card is not None)


def test_each_unit_is_worth_its_share_of_the_line_after_its_discount() -> None:
    sale = a_sale(id=9, lines=[gift("100.00", "3", discount_percent="10"), a_line(), gift("20")])
    units = units_sold(CARDS, sale)
    assert [unit.value for unit in units] == [
        Decimal("33.34"),
        Decimal("33.33"),
        Decimal("33.33"),
        Decimal("20.00"),
    ]
    first = sale.lines[0].id
    assert [unit.key for unit in units][:3] == [f"9:{first}:1", f"9:{first}:2", f"9:{first}:3"]


def test_units_of_less_than_a_cent_are_none() -> None:
    assert [unit.value for unit in units_sold(CARDS, a_sale(lines=[gift("0.02", "3")]))] == [
        Decimal("0.01"),
        Decimal("0.01"),
    ]


@given(cents=st.integers(1, 1_000_000), quantity=st.integers(1, 200))
def test_cards_always_sum_to_what_was_paid(cents: int, quantity: int) -> None:
    gross = Decimal(cents) / 100
    units = units_sold(CARDS, a_sale(lines=[gift(str(gross), str(quantity))]))
    assert total(unit.value for unit in units) == gross
    assert max(unit.value for unit in units) - min(unit.value for unit in units) <= Decimal("0.01")


@pytest.mark.parametrize(
    "line", [gift("50", "1.5"), gift("-50", "-1"), gift("0"), gift("5", "1001"), gift("-5", "1")], ids=str
)
def test_what_no_card_can_be_made_of(line: Line) -> None:
    sale = a_sale(lines=[line, a_line(), gift()])
    assert odd_lines(CARDS, sale) == (line,)
    assert len(units_sold(CARDS, sale)) == 1


def test_a_deposit_for_other_things_too() -> None:
    lines = [gift(), a_line("10")]
    assert odd_lines(CARDS, a_sale(lines=lines, kind=Kind.DEPOSIT)) == (lines[0],)
    assert is_mixed_deposit(CARDS, a_sale(lines=lines, kind=Kind.DEPOSIT))
    assert not is_mixed_deposit(CARDS, a_sale(lines=lines))
    assert not is_mixed_deposit(CARDS, a_sale(lines=[gift(), a_line("0")], kind=Kind.DEPOSIT))


def returned(*lines: Line) -> tuple[tuple[Return, ...], tuple[Return, ...]]:
    note = a_sale(ref="AV-1", kind=Kind.CREDIT_NOTE, lines=lines)
    return units_returned([note], lambda line: card_of(CARDS, line) is not None)


def test_what_came_back_in_units() -> None:
    units, unclear = returned(gift("-100.01", "-2"), a_line("-10", quantity="-1"), gift("0", "-1"))
    assert [(back.document, back.value) for back in units] == [
        ("AV-1", Decimal("50.01")),
        ("AV-1", Decimal("50.00")),
    ]
    assert unclear == ()


@pytest.mark.parametrize("line", [gift("-30", "-0.5"), gift("-30", "1"), gift("30", "1")], ids=str)
def test_what_came_back_and_is_no_unit(line: Line) -> None:
    assert returned(line) == ((), (Return(document="AV-1", product="GIFT", value=Decimal(30)),))


# plan: (units, cards, returns) -> (issued keys, taken back, spent keys, unclear)
PLANS = [
    pytest.param([1, 2], [], 0, (["1:7:1", "1:7:2"], [], [], 0), id="sold"),
    pytest.param([1, 2], [("1:7:1", "unused")], 0, (["1:7:2"], [], [], 0), id="half issued"),
    pytest.param([1, 2], [], 1, (["1:7:1"], [], [], 0), id="back before it was issued"),
    pytest.param([1], [("1:7:1", "unused")], 1, ([], ["1:7:1"], [], 0), id="back unused"),
    pytest.param([1, 2], [("1:7:1", "unused"), ("1:7:2", "unused")], 1, ([], ["1:7:2"], [], 0), id="newest"),
    pytest.param(
        [1, 2], [("1:7:1", "unused"), ("1:7:2", "gone")], 1, ([], [], [], 0), id="taken back before"
    ),
    pytest.param(
        [1, 2], [("1:7:1", "partly_used"), ("1:7:2", "used")], 1, ([], ["1:7:1"], ["1:7:1"], 0), id="in part"
    ),
    pytest.param([1], [("1:7:1", "used")], 1, ([], [], ["1:7:1"], 0), id="used"),
    pytest.param([1], [("1:7:1", "unused")], 2, ([], ["1:7:1"], [], 1), id="more than were sold"),
]


@pytest.mark.parametrize(("units", "cards", "returns", "wanted"), PLANS)
def test_what_is_to_be_done(
    units: list[int],
    cards: list[tuple[str, Standing]],
    returns: int,
    wanted: tuple[list[str], list[str], list[str], int],
) -> None:
    made = plan(
        [a_unit(number=number) for number in units], [a_card(*card) for card in cards], [a_return()] * returns
    )
    found = [unit.key for unit in made.issue], list(made.take_back), [key for key, _ in made.spent]
    assert (*found, len(made.unclear)) == wanted


def test_a_return_of_another_value_takes_no_card() -> None:
    made = plan([], [a_card("1:7:1", value="100")], [a_return("50")])
    assert (made.take_back, made.unclear) == ((), (a_return("50"),))


@given(sold=st.integers(0, 6), issued=st.integers(0, 6), back=st.integers(0, 8))
def test_a_plan_that_was_carried_out_wants_nothing_more(sold: int, issued: int, back: int) -> None:
    units = [a_unit(number=number) for number in range(1, sold + 1)]
    standings: dict[str, Standing] = {unit.key: "unused" for unit in units[:issued]}
    returns = [a_return()] * back
    first = plan(units, [a_card(key, standing) for key, standing in standings.items()], returns)
    standings |= {unit.key: "unused" for unit in first.issue}
    standings |= dict.fromkeys(first.take_back, "gone")
    assert sum(standing == "unused" for standing in standings.values()) == max(0, sold - back)
    again = plan(units, [a_card(key, standing) for key, standing in standings.items()], returns)
    assert (again.issue, again.take_back) == ((), ())


@pytest.mark.parametrize(
    ("card", "wanted"),
    [
        (CARD, "2029-12-31"),
        (GiftCard(id="g", products=("g",), valid_months=12, round_up="none"), "2027-03-02"),
        (GiftCard(id="g", products=("g",), valid_months=0), None),
    ],
    ids=["end of the third year after", "a year", "without end"],
)
def test_the_last_day(card: GiftCard, wanted: str | None) -> None:
    day = last_day(card, date(2026, 3, 2))
    assert (day.isoformat() if day else None) == wanted


@pytest.mark.parametrize(
    ("lines", "used", "remaining", "payable", "over"),
    [
        pytest.param([gift()], "0", "50", "0", "0", id="only a gift card"),
        pytest.param([a_line("20")], "0", "20", "20", "0", id="only goods"),
        pytest.param([gift(), a_line("20")], "0", "70", "20", "0", id="both"),
        pytest.param([gift(), a_line("20")], "20", "50", "0", "0", id="goods paid by voucher"),
        pytest.param([gift(), a_line("20")], "35", "35", "0", "15", id="too much paid by voucher"),
        pytest.param([gift(), a_line("20")], "0", "10", "10", "0", id="money paid most of it"),
        pytest.param(
            [gift(), a_line("20"), a_line("-5", credit=Credit.DISCOUNT)], "0", "65", "15", "0", id="discount"
        ),
        pytest.param(
            [gift(), a_line("20"), a_line("-5", credit=Credit.CREDIT_NOTE)],
            "5",
            "65",
            "15",
            "0",
            id="as line",
        ),
        pytest.param([gift(), a_line("-20")], "0", "30", "0", "0", id="goods taken back"),
    ],
)
def test_vouchers_pay_all_but_gift_cards(
    lines: list[Line], used: str, remaining: str, payable: str, over: str
) -> None:
    sale = a_sale(lines=lines, remaining=remaining)
    assert payable_by_voucher(sale, CARDS, Decimal(used)) == Decimal(payable)
    assert overpaid_by_vouchers(CARDS, sale, Decimal(used)) == Decimal(over)


def test_gift_cards_of_the_program_never_earn() -> None:
    kept, reasons = earning_lines(Program(gift_cards=CARDS), [gift(), a_line("10")])
    assert [line.gross for line in kept] == [10]
    assert reasons[0].facts["why"] == "gift_card"


def test_a_program_without_cards_sells_none() -> None:
    assert units_sold((), a_sale(lines=[gift()])) == ()
