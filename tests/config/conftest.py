"""A folder with a loyalty.toml to change, and the mistakes it then has."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dolibarr_loyalty.config import Config, load
from dolibarr_loyalty.errors import ConfigMistakes, Mistake

ENV = {"KEY": "the-api-key"}

RIGHT = """\
[dolibarr]
url = "https://erp.example.com"
api_key = { env = "KEY" }

[brand]
shop_name = "Café"

[program.members]
generic_customers = []

[[program.earn]]
id = "base"
points = 1
per = "10.00"

[[program.reward]]
id = "coffee"
kind = "amount"
points = 50
value = "5.00"

[secrets]
voucher_key = { file = "loyalty.key" }
"""

Load = Callable[..., Config]
Mistakes = Callable[..., tuple[Mistake, ...]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key = tmp_path / "loyalty.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    return tmp_path


@pytest.fixture
def load_text(folder: Path) -> Load:
    """Load a text as loyalty.toml, readable by its owner only unless `mode` says otherwise."""

    def loaded(text: str = RIGHT, env: Mapping[str, str] = ENV, mode: int = 0o600) -> Config:
        file = folder / "loyalty.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return load(file, env)

    return loaded


@pytest.fixture
def mistakes(load_text: Load) -> Mistakes:
    """The mistakes of a text, which must have some."""

    def found(text: str, env: Mapping[str, str] = ENV, mode: int = 0o600) -> tuple[Mistake, ...]:
        with pytest.raises(ConfigMistakes) as caught:
            load_text(text, env, mode)
        return caught.value.mistakes

    return found
