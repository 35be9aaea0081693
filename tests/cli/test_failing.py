"""Failures are a sentence and an exit code; secrets are never printed."""

from pathlib import Path

import pytest

from dolibarr_loyalty.cli import standing
from dolibarr_loyalty.config import load
from dolibarr_loyalty.core.vouchers import read_code

from .conftest import Shop


def test_an_unexpected_error_is_one_line_that_says_where_the_details_are(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("customer's private thing")

    monkeypatch.setattr(standing, "look", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = shop.run("status", code=1)
    assert ran.out == ""
    assert "private thing" not in ran.err
    assert "Traceback" not in ran.err
    (log,) = tmp_path.glob("dolibarr-loyalty-*.log")
    assert str(log) in ran.err
    assert log.stat().st_mode & 0o777 == 0o600
    assert "private thing" in log.read_text(encoding="utf-8")
    shown = shop.run("--verbose", "status", code=1)
    assert "Traceback" in shown.err
    assert len(list(tmp_path.glob("*.log"))) == 1


def test_a_reader_that_goes_away_is_no_fault(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(standing, "look", gone)
    assert shop.run("status", code=1).err == ""


def test_secrets_and_codes_are_never_printed(shop: Shop) -> None:
    code = shop.redeemed()
    handed_out = len(shop.printed)
    ref = shop.invoice()
    for arguments in (
        ["sync", "--full"],
        ["deliver"],
        ["daily"],
        ["status"],
        ["doctor"],
        ["config", "check"],
        ["install"],
        ["member", "show", "2"],
        ["member", "history", "2", "--json"],
        ["voucher", "list", "--json"],
        ["voucher", "show", code],
        ["voucher", "use", code, ref],
        ["outbox", "list", "--status", "done", "--json"],
        ["explain", "invoice", "1"],
        ["reconcile"],
        ["verify"],
    ):
        shop.run("--verbose", *arguments)
    shop.go_away()
    shop.run("--verbose", "sync", code=3)
    shop.run("--verbose", "doctor", code=3)
    printed = "\n".join(shop.printed[handed_out:])
    config = load(shop.config, {})
    assert read_code(code) == code
    token = config.web.webhook_token
    assert token is not None
    for secret in (
        code,
        shop.dolibarr.api_key,
        shop.dolibarr.admin_key,
        config.secrets.voucher_key.reveal(),
        token.reveal(),
    ):
        assert secret not in printed
