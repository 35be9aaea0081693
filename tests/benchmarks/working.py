"""A program at work against a stand-in, with a database of its own, for one measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from tests.benchmarks.standing import Standing


@contextmanager
def working(folder: Path, standing: Standing, database: str = "sqlite:///loyalty.sqlite3") -> Iterator[App]:
    """The program until the block ends; nothing is mailed."""
    answers = Answers(
        dolibarr_url=standing.url,
        api_key=SecretFrom(file="secrets/key", value=standing.api_key),
        admin_key=SecretFrom(file="secrets/admin", value=standing.admin_key),
        database_url=database,
    )
    app = App(load(write_initial(folder, language="en", answers=answers), os.environ))
    try:
        yield app
    finally:
        app.close()
