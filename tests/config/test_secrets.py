"""Secrets come from the environment or a private file, and are shown nowhere."""

import os
import pickle
import traceback
from pathlib import Path

import pytest

from dolibarr_loyalty.config import Secret
from dolibarr_loyalty.config.secret import create_private, new_key
from dolibarr_loyalty.errors import ConfigMistakes

from .conftest import ENV, RIGHT, Load, Mistakes

VALUE = "s3cret-of-the-shop-0123456789"
FROM_ENV = 'api_key = { env = "KEY" }'


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(VALUE)
    assert secret.reveal() == VALUE
    assert VALUE not in f"{secret} {secret!r} {[secret]}"
    assert secret == Secret(VALUE)
    assert pickle.loads(pickle.dumps(secret)).reveal() == VALUE


def test_a_secret_from_the_environment(load_text: Load) -> None:
    assert load_text(env={"KEY": f" {VALUE}\n"}).dolibarr.api_key == Secret(VALUE)


def test_a_secret_from_a_file_beside(folder: Path, load_text: Load) -> None:
    create_private(folder / "secrets" / "key", f"{VALUE}\n")
    config = load_text(RIGHT.replace(FROM_ENV, 'api_key = { file = "secrets/key" }'))
    assert config.dolibarr.api_key.reveal() == VALUE


def test_a_secret_in_clear_in_a_private_file(load_text: Load) -> None:
    assert load_text(RIGHT.replace(FROM_ENV, f'api_key = "{VALUE}"')).dolibarr.api_key.reveal() == VALUE


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_in_clear_in_a_file_that_others_can_read_is_refused(mode: int, mistakes: Mistakes) -> None:
    (told,) = mistakes(RIGHT.replace(FROM_ENV, f'api_key = "{VALUE}"'), mode=mode)
    assert told.place == "dolibarr.api_key"
    assert "chmod 600 loyalty.toml" in told.remedy


def test_a_public_file_without_secrets_is_fine(load_text: Load) -> None:
    assert load_text(mode=0o644).dolibarr.api_key.reveal() == ENV["KEY"]


def test_a_secret_file_that_others_can_read_is_refused(folder: Path, mistakes: Mistakes) -> None:
    (folder / "loyalty.key").chmod(0o640)
    (told,) = mistakes(RIGHT)
    assert told.place == "secrets.voucher_key"
    assert told.remedy == f"Run: chmod 600 {folder / 'loyalty.key'}"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('{ env = "OTHER" }', "environment variable OTHER, which is not set"),
        ('{ file = "nowhere" }', "cannot be read: No such file"),
        ('{ file = "empty" }', "is empty"),
        ('{ file = "binary" }', "it is not text"),
        ('{ env = "KEY", file = "empty" }', "is not a secret"),
        ("3", "is not a secret"),
        ('" "', "is empty"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told(
    written: str, problem: str, folder: Path, mistakes: Mistakes
) -> None:
    create_private(folder / "empty", "\n")
    create_private(folder / "binary", "")
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    (told,) = mistakes(RIGHT.replace('{ env = "KEY" }', written))
    assert (told.place, told.line) == ("dolibarr.api_key", 3)
    assert problem in told.problem


def test_no_mistake_and_no_traceback_shows_a_secret(load_text: Load) -> None:
    text = f"""\
[dolibarr]
url = "nowhere"
api_key = "{VALUE}"
admin_keyy = "{VALUE}"
[database]
url = "oracle://me:{VALUE}@host/db"
[mail]
kind = "smtp"
password = "{VALUE}"
[web]
webhook_token = "{VALUE[:9]}"
[secrets]
voucher_key = "{VALUE}"
"""
    with pytest.raises(ConfigMistakes) as caught:
        load_text(text)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.mistakes)
    places = {mistake.place for mistake in caught.value.mistakes}
    assert {"dolibarr.admin_keyy", "database.url", "web.webhook_token", "secrets.voucher_key"} <= places
    assert VALUE[:9] not in shown


def test_no_setting_shows_a_secret(folder: Path, load_text: Load) -> None:
    text = RIGHT.replace(FROM_ENV, f'{FROM_ENV}\nadmin_key = "{VALUE}"')
    text += f'[database]\nurl = "postgresql://me:{VALUE}@host/db"\n'
    text += f'[mail]\npassword = "{VALUE}"\n[web]\nwebhook_token = "{VALUE}"\n'
    config = load_text(text, env={"KEY": VALUE})
    assert VALUE not in repr(config)
    assert (folder / "loyalty.key").read_text() not in repr(config)
    assert config.database.url.reveal() == f"postgresql://me:{VALUE}@host/db"
    assert config.database.shown == "postgresql://me:***@host/db"


def test_a_database_password_must_not_stand_in_a_file_that_others_can_read(
    load_text: Load, mistakes: Mistakes
) -> None:
    (told,) = mistakes(f'{RIGHT}[database]\nurl = "mariadb://me:{VALUE}@host/db"\n', mode=0o644)
    assert "in clear" in told.problem
    text = f'{RIGHT}[database]\nurl = {{ env = "DB" }}\n'
    config = load_text(text, env={**ENV, "DB": f"mariadb://me:{VALUE}@host/db"}, mode=0o644)
    assert config.database.url.reveal().endswith("host/db")


@pytest.mark.parametrize("key", ["ab" * 31, "not hexadecimal"])
def test_a_voucher_key_must_be_one(key: str, folder: Path, mistakes: Mistakes) -> None:
    (folder / "loyalty.key").write_text(key)
    (told,) = mistakes(RIGHT)
    assert "is not 32 bytes" in told.problem


def test_the_voucher_key_as_bytes(load_text: Load) -> None:
    assert load_text().secrets.key_bytes() == b"\xab" * 32


def test_a_private_file_is_private_whatever_the_umask_and_never_overwritten(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert create_private(tmp_path / "new" / "key", "one")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert not create_private(tmp_path / "new" / "key", "two")
    assert (tmp_path / "new" / "key").read_text() == "one"


def test_keys_are_random() -> None:
    assert len({new_key() for _ in range(10)}) == 10
    assert len(bytes.fromhex(new_key())) == 32
