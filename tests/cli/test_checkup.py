"""`doctor` and `install`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dolibarr_loyalty.cli import checkup

from .conftest import Shop, opened


@pytest.fixture
def shop_16(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path / "shop", version="16")


def found(shop: Shop, code: int = 0) -> dict[str, bool | None]:
    answer = shop.run("doctor", "--json", code=code).json
    assert answer["ok"] is (code == 0)
    return {check["name"]: check["ok"] for check in answer["checks"]}


def test_the_doctor_is_content_with_a_well_kept_shop(shop: Shop) -> None:
    shop.run("deliver")
    checks = found(shop)
    assert {name: ok for name, ok in checks.items() if not ok} == {}
    assert {"mail", "webhooks", "database", "outbox", "inbox", "first synchronisation"} <= set(checks)
    assert "✓" in shop.run("doctor").out
    assert shop.writes() > 0


def test_the_doctor_changes_nothing(shop: Shop) -> None:
    before = shop.dump()
    shop.run("doctor")
    assert shop.dump() == before


def test_the_doctor_says_how_to_mend_each_fault(bare_shop: Shop) -> None:
    bare_shop.dolibarr.revoke(12)
    ran = bare_shop.run("doctor", code=1)
    assert "Give the API user right 12" in ran.out
    assert "dolibarr-loyalty install" in ran.out
    assert not bare_shop.database.exists()
    assert found(bare_shop, code=1)["database"] is None


def test_the_doctor_finds_failed_and_old_work(shop: Shop) -> None:
    shop.sql("UPDATE llx_loyalty_outbox SET due_at = '2026-01-01T00:00:00.000000Z'")
    ran = shop.run("doctor", code=1)
    assert "hours" in ran.out
    assert "dolibarr-loyalty run" in ran.out
    shop.sql("UPDATE llx_loyalty_outbox SET status = 'failed'")
    assert "outbox retry" in shop.run("doctor", code=1).out


def test_the_doctor_finds_a_backfill_that_is_not_finished(shop: Shop) -> None:
    shop.sql("DELETE FROM llx_loyalty_cursors WHERE name = 'backfill:sales'")
    shop.run("deliver")
    assert found(shop)["first synchronisation"] is None


def test_the_doctor_finds_tables_that_are_behind(shop: Shop) -> None:
    shop.sql("DELETE FROM _yoyo_migration WHERE migration_id LIKE '0032%'")
    assert found(shop)["database"] is None


def test_the_doctor_cannot_reach_dolibarr(shop: Shop) -> None:
    shop.go_away()
    ran = shop.run("doctor", code=3)
    assert "address and key" in ran.out
    assert "Traceback" not in ran.err


def test_the_doctor_is_refused_by_dolibarr(shop: Shop) -> None:
    secret = shop.folder / "loyalty.toml"
    text = secret.read_text(encoding="utf-8").replace(shop.dolibarr.api_key, "a-wrong-key")
    secret.write_text(text, encoding="utf-8")
    assert found(shop, code=1)["address and key"] is False


def test_the_doctor_cannot_reach_the_database(bare_shop: Shop) -> None:
    change(bare_shop, "sqlite:///loyalty.sqlite3", "postgresql://localhost:1/loyalty")
    assert found(bare_shop, code=3)["database"] is False


def test_the_doctor_looks_at_the_mail_folder_and_the_token(shop: Shop) -> None:
    (shop.folder / "mails").write_text("a file")
    assert "Mend [mail]" in shop.run("doctor", code=1).out
    change(shop, "webhook_token =", "#webhook_token =")
    change(shop, 'kind = "maildir"', 'kind = "none"')
    shop.run("deliver")
    checks = found(shop)
    assert (checks["mail"], checks["webhooks"]) == (None, None)


def change(shop: Shop, old: str, new: str) -> None:
    text = shop.config.read_text(encoding="utf-8")
    assert old in text
    shop.config.write_text(text.replace(old, new), encoding="utf-8")


# install -------------------------------------------------------------------------------------------


def test_a_dry_install_only_plans(bare_shop: Shop) -> None:
    assert "create" in bare_shop.run("install", "--dry-run").out
    planned = bare_shop.run("install", "--dry-run", "--json").json
    assert {step["action"] for step in planned["steps"]} == {"create"}
    assert "extrafield societe.loyalty_points" in planned["missing"]
    assert bare_shop.dolibarr.store.count("extrafield") == 0


def test_install_adds_everything_once(bare_shop: Shop) -> None:
    assert "Everything is in place." in bare_shop.run("install").out
    again = bare_shop.run("install", "--json").json
    assert {step["action"] for step in again["steps"]} == {"keep"}
    assert again["missing"] == []


def test_install_on_16_tells_what_to_do_by_hand(shop_16: Shop) -> None:
    ran = shop_16.run("install", code=1)
    assert "Then run `dolibarr-loyalty install` again" in ran.out
    assert "loyalty_points" in ran.out
    assert shop_16.run("install", "--json", code=1).json["missing"]


def test_install_without_an_administrators_key_says_so(bare_shop: Shop) -> None:
    change(bare_shop, "admin_key =", "#admin_key =")
    ran = bare_shop.run("install")
    assert "this key may not see the definitions" in ran.out
    assert "Attribute code: loyalty_points" in ran.out
    told = bare_shop.run("install", "--json").json
    assert told["missing"] == []
    assert "extrafield societe.loyalty_points" in told["unknown"]


def test_install_cannot_reach_dolibarr(bare_shop: Shop) -> None:
    bare_shop.go_away()
    assert bare_shop.run("install", code=3).out == ""


def test_signs_tell_the_outcome() -> None:
    assert checkup.SIGNS == {True: "✓", False: "✗", None: "?"}
