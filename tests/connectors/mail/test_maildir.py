"""Delivery into a Maildir: whole, once, and readable by every mail program."""

import mailbox
import os
import threading
from pathlib import Path

import pytest

from dolibarr_loyalty.connectors.mail import MaildirMailer
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure
from tests.connectors.mail.builders import a_mail


@pytest.fixture
def mailer(tmp_path: Path) -> MaildirMailer:
    return MaildirMailer(path=tmp_path / "Mail", sender="Café Soleil <hallo@soleil.example>")


def _files(mailer: MaildirMailer) -> list[Path]:
    return sorted(path for path in mailer.path.rglob("*") if path.is_file())


def test_a_mail_can_be_read_by_a_mail_program(mailer):
    mailer.send(a_mail())
    (received,) = mailbox.Maildir(mailer.path)
    assert received["Message-ID"] == "<1234@shop.example>"
    assert b"\r\n" not in _files(mailer)[0].read_bytes()


def test_the_same_mail_twice_is_one_file(mailer):
    mailer.send(a_mail())
    before = [(path, path.read_bytes()) for path in _files(mailer)]
    mailer.send(a_mail())
    assert [(path, path.read_bytes()) for path in _files(mailer)] == before
    mailer.send(a_mail(message_id="<5678@shop.example>"))
    assert len(_files(mailer)) == 2


def test_a_mail_that_was_read_meanwhile_does_not_come_again(mailer):
    mailer.send(a_mail())
    (file,) = _files(mailer)
    file.rename(mailer.path / "cur" / f"{file.name}:2,S")
    mailer.send(a_mail())
    assert len(_files(mailer)) == 1


def test_two_at_once_leave_one_file(mailer, monkeypatch):
    monkeypatch.setattr(mailer, "_has", lambda _: False)
    threads = [threading.Thread(target=mailer.send, args=(a_mail(),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_files(mailer)) == 1


def test_an_interrupted_write_leaves_nothing_behind(mailer, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TemporaryFailure, match="No space left"):
        mailer.send(a_mail())
    assert _files(mailer) == []


def test_a_wrong_address_leaves_nothing_behind(mailer):
    with pytest.raises(PermanentFailure):
        mailer.send(a_mail(to_address="nobody"))
    assert _files(mailer) == []


def test_a_folder_that_cannot_be_one_is_a_matter_of_settings(tmp_path):
    (tmp_path / "file").write_text("")
    mailer = MaildirMailer(path=tmp_path / "file" / "Mail", sender="hallo@soleil.example")
    for call in (mailer.check, lambda: mailer.send(a_mail())):
        with pytest.raises(ConfigurationFailure, match=r"mail\.maildir"):
            call()


def test_checking_leaves_nothing_behind(mailer):
    mailer.check()
    assert _files(mailer) == []


def test_a_wrong_sender_is_found_when_checking(tmp_path):
    with pytest.raises(ConfigurationFailure, match=r"mail\.sender"):
        MaildirMailer(path=tmp_path, sender="nobody").check()
