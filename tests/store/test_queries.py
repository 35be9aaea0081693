"""Every named query runs on every engine, and none of them changes what is only ever appended to."""

import re

import pytest

from dolibarr_loyalty.resources import folder
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.queries import SqlAlchemyAdapter

APPEND_ONLY = (
    "entries",
    "allocations",
    "voucher_steps",
    "voucher_moves",
    "reservation_steps",
    "fundings",
    "program_acts",
    "lookups",
    "tier_steps",
    "activity_withdrawals",
    "referral_steps",
)
FILES = sorted((folder("sql") / "queries").glob("*.sql"))
NAMED = re.compile(r"^-- name: (\w+)\(([^)]*)\)([!$^]?)\n-- (.+)\n", re.MULTILINE)
QUERIES = [(match[1], match[2], match[3]) for file in FILES for match in NAMED.finditer(file.read_text())]
LISTS = {
    "line_keys",
    "entry_keys",
    "ids",
    "effect_keys",
    "refs",
    "roots",
    "thirdparty_ids",
    "account_ids",
    "cause_ids",
    "entry_ids",
    "credit_note_ids",
    "source_keys",
    "month_days",
    "referral_ids",
    "voucher_ids",
    "hashes",
}
NUMBERS = {
    "before_minor",
    "given_year",
    "line_count",
    "new_count",
    "known_count",
    "member_count",
    "match_minor",
    "id",
    "limit",
    "last_id",
    "number",
    "document_id",
    "amount_minor",
    "thirdparty_id",
    "root_id",
    "granted",
    "granted_to",
    "generation",
    "gross_minor",
    "old_generation",
    "seq",
    "old_seq",
    "after_seq",
    "before_seq",
    "points",
    "balance",
    "debt",
    "remaining",
    "lapsed",
    "most",
    "is_company",
    "is_customer",
    "value_minor",
    "remaining_minor",
    "limit_minor",
    "credit_note_id",
    "invoice_id",
    "old_version",
    "old_id",
    "gone_id",
    "kept_id",
    "restored_to",
    "owner_id",
    "new_id",
    "balance_after",
    "debt_after",
    "merged_into",
    "origin_id",
    "worth_minor",
    "is_held",
    "is_in",
    "is_trial",
    "referrer_id",
    "friend_id",
    "referrer_points",
    "friend_points",
    "head_id",
    "place",
    "qualifying",
    "before_reset",
    "steps",
    "may_spend",
    "size",
    "several",
    "bearer",
    "minimum_minor",
    "sale_id",
    "note_id",
    "failed",
    "is_staff",
    "vouchers",
    "last_customer",
}
TEXT_IDS = (
    "lookup",
    "alarm",
    "donation",
    "payout",
    "import",
    "club_act",
    "benefit_step",
    "activit",
    "referral",
    "name_friend",
    "pool",
    "voucher",
    "reservation",
    "outbox",
    "effect",
    "entr",
    "lot",
    "account",
    "quiet",
)


def _value(query: str, name: str) -> object:
    if name in LISTS:
        texts = name in (
            "entry_keys",
            "line_keys",
            "source_keys",
            "month_days",
            "referral_ids",
            "effect_keys",
            "refs",
            "account_ids",
            "cause_ids",
            "entry_ids",
            "voucher_ids",
            "hashes",
        )
        texts = texts or query in ("accounts_by_ids", "lots_by_ids")
        return ["none"] if texts else [0]
    is_text = name in ("id", "last_id") and any(part in query for part in TEXT_IDS)
    is_text = is_text and query not in ("balances_page",)
    if name in NUMBERS and not is_text:
        return 0
    return "EUR" if name == "currency" else "none"


@pytest.mark.parametrize(("name", "parameters", "kind"), QUERIES, ids=[query[0] for query in QUERIES])
def test_every_query_runs_on_every_engine(database: Database, name: str, parameters: str, kind: str) -> None:
    values = {each: _value(name, each) for each in parameters.replace(" ", "").split(",") if each}

    class Undone(Exception):
        pass

    def run(tx: Tx) -> None:
        if database.url.get_backend_name() == "sqlite":
            tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        if kind == "!":
            assert tx.run(name, **values) in (0, 1)
        elif kind == "$":
            tx.value(name, **values)
        elif kind == "^":
            tx.row(name, **values)
        else:
            assert len(tx.rows(name, **values)) <= 1
        raise Undone

    allowed = (Undone,) if not name.startswith("insert_") else (Undone, Exception)
    with pytest.raises(allowed) as caught, database.transaction() as tx:
        run(tx)
    if name.startswith("insert_") and not isinstance(caught.value, Undone):
        assert "foreign key" in str(caught.value).lower()


def test_every_query_is_found_and_says_in_a_sentence_what_it_gives() -> None:
    written = sum(file.read_text().count("-- name:") for file in FILES)
    assert len(QUERIES) == written > 60
    assert len({query[0] for query in QUERIES}) == written
    for file in FILES:
        for match in NAMED.finditer(file.read_text()):
            assert match[4][0].isupper(), match[0]


def test_what_is_appended_is_never_changed_or_removed() -> None:
    everything = "\n".join(file.read_text() for file in FILES)
    for table in APPEND_ONLY:
        assert f"INSERT INTO llx_loyalty_{table}" in everything
        forbidden = re.compile(
            rf"(UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+llx_loyalty_{table}\b", re.IGNORECASE
        )
        assert not forbidden.search(everything), table
    # The only rows ever removed are leases.
    assert re.findall(r"DELETE FROM (\w+)", everything) == ["llx_loyalty_leases"]


def test_no_sql_stands_in_the_program() -> None:
    for file in folder("sql").parent.rglob("dolibarr_loyalty/**/*.py"):
        if "sandbox" in file.parts or "demo" in file.parts:
            continue
        assert not re.search(r"\b(INSERT INTO|DELETE FROM) llx_loyalty", file.read_text()), file


def test_cursors_are_not_used() -> None:
    with pytest.raises(NotImplementedError):
        SqlAlchemyAdapter().select_cursor()
