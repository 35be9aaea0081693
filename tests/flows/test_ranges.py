"""The backfill asks for ranges of ids side by side; none is lost, doubled or out of order."""

import pytest

from dolibarr_loyalty.flows.sync import in_ranges
from tests.flows.shop import Shop


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([], id="none"),
        pytest.param(list(range(1, 101)), id="dense"),
        pytest.param([1, 2, 3, 9000, 9001, 20_000], id="sparse"),
        pytest.param([*range(1, 20), *range(5000, 5400)], id="sparse, then dense"),
    ],
)
@pytest.mark.parametrize("start", [0, 2, 9000])
def test_every_id_comes_once_and_in_order(ids: list[int], start: int) -> None:
    def fetch(after: int, until: int) -> list[int]:
        return [i for i in ids if after < i <= until]

    pages = list(in_ranges(start, max(ids, default=0), 10, fetch))
    assert [i for page in pages for i in page] == [i for i in ids if i > start]
    assert all(pages)


def test_a_wide_gap_takes_few_questions() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(after: int, until: int) -> list[int]:
        asked.append((after, until))
        return []

    assert list(in_ranges(0, 80_000, 500, fetch)) == []
    assert len(asked) < 30


def test_a_failing_question_ends_the_walk() -> None:
    def fetch(after: int, until: int) -> list[int]:
        raise ValueError("away")

    with pytest.raises(ValueError, match="away"):
        list(in_ranges(0, 100, 10, fetch))


def test_ranges_of_a_real_shop_hold_what_pages_hold(any_shop: Shop) -> None:
    customer = any_shop.customer()
    ids = [any_shop.sell(customer) for _ in range(7)]
    any_shop.dolibarr.delete_invoice(any_shop.sell(customer, paid=False))
    books = any_shop.loyalty.books
    assert books.newest_sale_id() >= ids[-1]
    assert [sale.id for sale in books.sales_between(0, ids[-1])] == ids
    assert [sale.id for sale in books.sales_between(ids[1], ids[3])] == ids[2:4]
    assert list(books.sales_between(ids[-1], ids[-1])) == []
