"""Whatever is changed behind the program's back is named by `verify`, the first deviation first."""

import pytest

from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.reconcile import reconcile
from dolibarr_loyalty.flows.verify import verify
from tests.flows.shop import Shop

TAMPERED = [
    ("UPDATE llx_loyalty_entries SET points = points + 1 WHERE seq = 1", "balance after"),
    ("UPDATE llx_loyalty_entries SET reasons = '[]' WHERE seq = 2", "hash should be"),
    ("UPDATE llx_loyalty_entries SET previous_hash = 'x' WHERE seq = 2", "hash of the entry before"),
    ("UPDATE llx_loyalty_entries SET seq = 99 WHERE seq = 2", "number of the entry"),
    ("UPDATE llx_loyalty_accounts SET balance = 4711", "balance should be"),
    ("UPDATE llx_loyalty_accounts SET debt = 5", "debt should be"),
    ("UPDATE llx_loyalty_accounts SET head = 'x'", "last hash"),
    ("UPDATE llx_loyalty_lots SET remaining = remaining - 1", "points left"),
    ("UPDATE llx_loyalty_lots SET remaining = -1", "0 or more"),
    ("UPDATE llx_loyalty_lots SET lapsed = 3", "points lapsed"),
    ("UPDATE llx_loyalty_allocations SET points = points + 1", "points left"),
    ("UPDATE llx_loyalty_documents SET granted = 7 WHERE granted > 0", "points held"),
    ("UPDATE llx_loyalty_vouchers SET points = 1", "points spent"),
    ("UPDATE llx_loyalty_vouchers SET state = 'refused' WHERE state = 'active'", "points returned"),
    (
        "UPDATE llx_loyalty_vouchers SET state = 'active' WHERE state = 'cancelled'",
        "left of one that is active",
    ),
    ("UPDATE llx_loyalty_vouchers SET thirdparty_id = 4711", "a known third party"),
]


@pytest.mark.parametrize(
    ("statement", "words"), TAMPERED, ids=[statement[19:60] for statement, _ in TAMPERED]
)
def test_tampering_is_named(shop: Shop, statement: str, words: str) -> None:
    claire = shop.rich(200)
    shop.redeem(claire)
    voiding.cancel(shop.loyalty, shop.redeem(claire).id, reason="x", who="x")
    proof = verify(shop.loyalty)
    assert (proof.deviations, proof.accounts, proof.vouchers) == ((), 1, 2)
    with shop.loyalty.database.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert words in "; ".join(str(deviation) for deviation in verify(shop.loyalty).deviations)


def test_another_voucher_key_than_codes_were_made_with_is_named(shop: Shop) -> None:
    shop.redeem(shop.rich())
    other = shop.as_worker("other", secret=b"another key of thirty-two bytes!!")
    assert [deviation.where for deviation in verify(other).deviations] == ["voucher key"]


def test_a_credit_note_of_a_voucher_nobody_knows_is_named(shop: Shop) -> None:
    claire = shop.rich()
    note = shop.dolibarr.create_invoice(
        socid=claire,
        type=2,
        ref_ext="loyalty:voucher:01a2-lost",
        lines=[{"desc": "Voucher", "qty": 1, "subprice": -5, "tva_tx": 0}],
    )
    shop.dolibarr.validate(note)
    shop.sync()
    found = reconcile(shop.loyalty).deviations
    assert any("older backup" in deviation.found for deviation in found)
