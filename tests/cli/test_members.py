"""`member show`, `history`, `list`, `explain invoice`, `rewards`, `points adjust`."""

from datetime import datetime

import pytest

from .conftest import TEE, Shop


@pytest.mark.parametrize("text", ["2", "CU-claire", "cu-CLAIRE", "Claire@Example.invalid", "CARD-77"])
def test_a_member_is_found_by_id_code_email_and_card(shop: Shop, text: str) -> None:
    shop.sql("UPDATE llx_loyalty_members SET card_number = 'CARD-77' WHERE thirdparty_id = 2")
    shown = shop.run("member", "show", text, "--json").json
    assert {
        "thirdparty_id": 2,
        "balance": 90,
        "available": 90,
        "pending": 0,
        "debt": 0,
    }.items() <= shown.items()
    assert [lot["remaining"] for lot in shown["lots"]] == [60, 30]
    assert shown["vouchers"] == []
    assert "Claire Martin" in shop.run("member", "show", text).out


@pytest.mark.parametrize(
    "command",
    [
        ["member", "show"],
        ["member", "history"],
        ["rewards"],
        ["voucher", "list", "--member"],
        ["redeem", "--dry-run", "{}", "5-off"],
        ["redeem", "{}", "5-off"],
        ["points", "adjust", "{}", "5", "--reason", "x"],
        ["points", "adjust", "{}", "5", "--reason", "x", "--dry-run"],
    ],
)
def test_an_ambiguous_member_lists_the_candidates(shop: Shop, command: list[str]) -> None:
    before = shop.dump()
    words = [word.format("family@example.invalid") for word in command]
    if words == command:
        words.append("family@example.invalid")
    ran = shop.run(*words, code=2)
    assert ran.out == ""
    assert f"{shop.people['jean']}  Jean Martin" in ran.err
    assert f"{shop.people['anne']}  Anne Martin" in ran.err
    assert shop.dump() == before


@pytest.mark.parametrize("text", ["nobody@example.invalid", "999", "9" * 30, "", " ", "id:"])
def test_an_unknown_member_is_wrong_input(shop: Shop, text: str) -> None:
    assert "No member matches" in shop.run("member", "show", text, code=2).err


def test_a_merged_customer_means_the_one_who_was_kept(shop: Shop) -> None:
    shop.sql("UPDATE llx_loyalty_members SET gone_at = joined_at, merged_into = 2 WHERE thirdparty_id = 3")
    assert shop.run("member", "show", "3", "--json").json["thirdparty_id"] == 2


def test_a_members_vouchers_are_shown_masked(shop: Shop) -> None:
    code = shop.redeemed()
    for ran in (shop.run("member", "show", 2), shop.run("member", "show", 2, "--json")):
        assert code not in ran.out
        assert code[-4:] in ran.out
    assert shop.run("member", "show", 2, "--json").json["vouchers"][0]["state"] == "active"


def test_points_that_wait_and_that_are_owed_are_shown(shop: Shop) -> None:
    shop.run("points", "adjust", 3, "-50", "--reason", "x")
    assert shop.run("member", "show", 3, "--json").json["debt"] == 38
    assert "Owed" in shop.run("member", "show", 3).out
    shop.sql("UPDATE llx_loyalty_lots SET available_at = '2099-01-01T00:00:00.000000Z', expires_at = NULL")
    ran = shop.run("member", "show", 2)
    assert "Pending" in ran.out
    assert "without end" in ran.out


def test_one_who_left_is_shown_as_no_member(shop: Shop) -> None:
    shop.sql("UPDATE llx_loyalty_members SET left_at = joined_at WHERE thirdparty_id = 2")
    assert "not a member" in shop.run("member", "show", 2).out


def test_the_history_has_reasons_in_words(shop: Shop) -> None:
    rows = shop.run("member", "history", "CU-claire", "--json").json
    assert [row["seq"] for row in rows] == [2, 1]
    first = rows[-1]
    assert (first["kind"], first["points"], first["balance_after"]) == ("accrual", 60, 60)
    assert first["cause"].startswith("invoice:")
    assert datetime.fromisoformat(first["occurred_at"]).utcoffset() is not None
    assert first["reasons"][0]["code"] == "basis"
    assert "€600.00" in first["reasons"][0]["in_words"]
    assert len(shop.run("member", "history", 2, "--json", "--limit", 1).json) == 1
    assert "Rule “base”" in shop.run("member", "history", 2).out
    assert "No points have been booked yet." in shop.run("member", "history", "CU-anne").out


def test_reasons_are_told_in_the_shops_language(shop: Shop) -> None:
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(text.replace('language = "en"', 'language = "de"'), encoding="utf-8")
    assert "Regel „base“" in shop.run("member", "history", 2).out


def test_the_list_has_a_row_per_member(shop: Shop) -> None:
    rows = shop.run("member", "list", "--json").json
    claire = next(row for row in rows if row["thirdparty_id"] == 2)
    assert {"balance": 90, "available": 90, "pending": 0, "debt": 0}.items() <= claire.items()
    assert len(rows) == 4
    assert [row["thirdparty_id"] for row in shop.run("member", "list", "--json", "--limit", 2).json] == [1, 2]
    shown = shop.run("member", "list", "--limit", 2).out
    assert "Claire Martin" in shown
    assert "2 shown, 4 members in all." in shown


def test_a_name_cannot_steer_the_terminal_or_the_layout(shop: Shop) -> None:
    shop.sql(
        "UPDATE llx_loyalty_members SET name = '[bold]x[/red]' || char(27) || '[2J' WHERE thirdparty_id = 2"
    )
    for command in (["member", "list"], ["member", "show", "2"], ["rewards", "2"]):
        out = shop.run(*command).out
        assert "[bold]x[/red]" in out
        assert "\x1b" not in out


# explain -------------------------------------------------------------------------------------------


def test_an_invoice_is_explained_by_ref_and_id(shop: Shop) -> None:
    by_id = shop.run("explain", "invoice", 1, "--json").json
    ref = by_id["invoice"]["ref"]
    assert shop.run("explain", "invoice", ref.lower(), "--json").json == by_id
    assert (by_id["points"], by_id["customer"], by_id["invoice"]["gross"]) == (60, "Claire Martin", 600)
    assert by_id["program_is_current"]
    assert [entry["points"] for entry in by_id["entries"]] == [60]
    assert {reason["code"] for reason in by_id["reasons"]} >= {"basis", "rule_amount"}
    shown = shop.run("explain", "invoice", ref).out
    assert "60 points" in shown
    assert "Rule “base”" in shown


def test_a_credit_note_is_explained_with_its_invoice(shop: Shop) -> None:
    note = shop.dolibarr.refund(1, [{**TEE, "subprice": "100.00"}])
    shop.run("sync")
    told = shop.run("explain", "invoice", note, "--json").json
    assert (told["invoice"]["id"], told["asked_for"]["id"], told["points"]) == (1, note, 48)
    assert [each["id"] for each in told["credit_notes"]] == [note]
    assert "is counted there" in shop.run("explain", "invoice", note).out


def test_an_invoice_that_earned_nothing_is_explained(shop: Shop) -> None:
    ref = shop.invoice()
    shop.run("sync")
    shown = shop.run("explain", "invoice", ref).out
    assert "Nothing was booked" in shown
    assert "once it is paid" in shown


@pytest.mark.parametrize("text", ["FA-NONE", "4711", "9" * 40])
def test_an_unknown_invoice_is_wrong_input(shop: Shop, text: str) -> None:
    assert "is not known here" in shop.run("explain", "invoice", text, code=2).err


# rewards and adjustments ---------------------------------------------------------------------------


def test_rewards_tell_what_is_missing(shop: Shop) -> None:
    told = shop.run("rewards", 2, "--json").json
    assert told["available"] == 90
    assert {row["reward"]: (row["can_have"], row["missing"]) for row in told["rewards"]} == {
        "5-off": (True, 0),
        "10-percent": (True, 0),
        "20-off": (False, 90),
    }
    shown = shop.run("rewards", 2).out
    assert "✓" in shown
    assert "90 are missing" in shown


def test_points_are_given_and_taken_with_a_reason(shop: Shop) -> None:
    given = shop.run("points", "adjust", 2, 10, "--reason", "sorry", "--json").json
    assert (given["entry"]["points"], given["entry"]["balance_after"]) == (10, 100)
    assert "lost 20 points; that makes a balance of 80 points." in (
        shop.run("points", "adjust", 2, "-20", "--reason", "twice").out
    )
    assert "debt of" in shop.run("points", "adjust", 3, "-100", "--reason", "x").out
    assert shop.run("member", "history", 2, "--json").json[0]["reasons"][0]["text"] == "twice"


def test_the_same_key_books_once(shop: Shop) -> None:
    for _ in range(2):
        shop.run("points", "adjust", 2, 10, "--reason", "sorry", "--key", "K1")
    assert shop.run("member", "show", 2, "--json").json["balance"] == 100
    assert (
        "used before" in shop.run("points", "adjust", 2, 11, "--reason", "sorry", "--key", "K1", code=1).err
    )


def test_a_dry_adjustment_books_nothing(shop: Shop) -> None:
    before = shop.dump()
    assert "would get 10 points" in shop.run("points", "adjust", 2, 10, "--reason", "x", "--dry-run").out
    assert "would lose 10 points" in shop.run("points", "adjust", 2, -10, "--reason", "x", "--dry-run").out
    told = shop.run("points", "adjust", 2, 10, "--reason", "x", "--dry-run", "--json").json
    assert (told["dry_run"], told["entry"]["balance_after"]) == (True, 100)
    assert shop.dump() == before


@pytest.mark.parametrize(
    "wrong",
    [["0", "--reason", "x"], ["5", "--reason", " "], ["5"], ["many", "--reason", "x"], ["5", "--raeson"]],
)
def test_a_wrong_adjustment_is_wrong_input(shop: Shop, wrong: list[str]) -> None:
    shop.run("points", "adjust", 2, *wrong, code=2)
