"""A demo's folder: never overwritten unasked, and its Dolibarr is found again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests

from dolibarr_loyalty.config import load
from dolibarr_loyalty.demo import on_demand
from dolibarr_loyalty.demo.folder import Folder, free_port, made
from dolibarr_loyalty.demo.standin import answers, kept_in
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.sandbox import Dolibarr, running


def _invoices(url: str, key: str) -> int:
    """How many invoices a Dolibarr has."""
    asked = f"{url}/api/index.php/invoices?limit=5000"
    return len(requests.get(asked, headers={"DOLAPIKEY": key}, timeout=30).json())


def test_a_folder_with_a_demo_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="--force"):
        Folder(folder).claim(force=False)


def test_force_deletes_the_demo_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "notes.txt").write_text("mine", encoding="utf-8")
    Folder(copy).claim(force=True)
    assert [file.name for file in copy.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("force", [False, True])
def test_settings_that_no_demo_wrote_are_never_touched(tmp_path: Path, force: bool) -> None:
    real = tmp_path / "loyalty.toml"
    real.write_text("[dolibarr]", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no demo has written"):
        Folder(tmp_path).claim(force=force)
    assert real.read_text(encoding="utf-8") == "[dolibarr]"


def test_the_sandbox_answers_again_where_the_settings_look_for_it(folder: Path) -> None:
    config = load(folder / "loyalty.toml", {})
    key = config.dolibarr.api_key.reveal()
    with kept_in(folder, version=None, port=None) as server:
        assert server.url == config.dolibarr.url
        with server:
            documents = _invoices(server.url, key)
    assert documents > 50


def test_a_new_sandbox_keeps_its_port_and_its_version(tmp_path: Path) -> None:
    with kept_in(tmp_path, version="16", port=None) as server:
        first = (server.url, server.dolibarr.api_key)
    with kept_in(tmp_path, version=None, port=None) as server:
        assert (server.url, server.dolibarr.api_key) == first
        assert server.dolibarr.version == "16"
    with kept_in(tmp_path, version=None, port=free_port()) as server:
        assert server.url != first[0]
    with (
        pytest.raises(ConfigurationError, match="cannot become 23"),
        kept_in(tmp_path, version="23", port=None),
    ):
        pass


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with running(Dolibarr()) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=str(port)), kept_in(tmp_path, version=None, port=port):
            pass


def test_the_standin_answers_for_the_length_of_a_command(folder: Path) -> None:
    config = load(folder / "loyalty.toml", {})
    port = int(config.dolibarr.url.rpartition(":")[2])
    assert not answers(port)
    with on_demand(config):
        assert _invoices(config.dolibarr.url, config.dolibarr.api_key.reveal()) > 50
        with on_demand(config):  # it is running: a second command uses it too
            assert answers(port)
        assert answers(port)
    assert not answers(port)


def test_what_a_command_changes_is_there_for_the_next_one(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = load(copy / "loyalty.toml", {})
    admin = config.dolibarr.admin_key
    assert admin is not None
    address = f"{config.dolibarr.url}/api/index.php/thirdparties"
    headers = {"DOLAPIKEY": admin.reveal()}
    with on_demand(config):
        body = {"name": "Newcomer", "client": 1}
        made = requests.post(address, json=body, headers=headers, timeout=30).json()
    with on_demand(config):
        found = requests.get(f"{address}/{made}", headers=headers, timeout=30).json()
    assert found["name"] == "Newcomer"


def test_other_folders_start_nothing(folder: Path, tmp_path: Path) -> None:
    for name in ("loyalty.toml", "loyalty.key"):
        shutil.copy(folder / name, tmp_path / name)
    shutil.copytree(folder / "secrets", tmp_path / "secrets")
    config = load(tmp_path / "loyalty.toml", {})
    with on_demand(config):
        assert not answers(int(config.dolibarr.url.rpartition(":")[2]))


def test_an_interrupted_demo_is_marked(tmp_path: Path) -> None:
    from dolibarr_loyalty.demo.playing import played

    def interrupt(what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), played(tmp_path, seed=1, scale=0.02, told=interrupt):
        pass
    kept: dict[str, Any] = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert kept["finished"] is False


def test_a_folder_that_cannot_be_made_is_a_clear_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        made(tmp_path / "file" / "demo")
