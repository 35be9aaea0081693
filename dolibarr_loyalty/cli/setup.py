"""What a command works with: the settings, the wired program, the person who typed it, and dry runs."""

import getpass
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import typer

from dolibarr_loyalty.app import App
from dolibarr_loyalty.cli.output import log_to_stderr, tell
from dolibarr_loyalty.cli.rehearsal import RehearsedApp, Untouched, copied, require_tables
from dolibarr_loyalty.config import Config, load
from dolibarr_loyalty.demo import on_demand
from dolibarr_loyalty.flows import programs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.promises import in_words

ONLY_WHEN_ASKED = ("mend", "draft")  # options without which a command changes nothing
NEVER_DECIDING = ("serve",)  # takes down hints, whatever the program is


class Setup:
    """Made once per command; everything is loaded when first asked for."""

    def __init__(self, config_file: Path | None, *, verbose: bool) -> None:
        self.config_file, self.verbose = config_file, verbose
        self.is_deciding = False
        self._opened = ExitStack()
        self.log(logging.ERROR)

    def log(self, level: int) -> None:
        """Log from this level on, or everything where that was asked for."""
        log_to_stderr(logging.DEBUG if self.verbose else level)

    @cached_property
    def config(self) -> Config:
        """The settings; raises ConfigurationError. A demo's Dolibarr answers from now on, if asked."""
        config = load(self.config_file, os.environ)
        self._opened.enter_context(on_demand(config))
        return config

    @cached_property
    def app(self) -> App:
        """The wired program."""
        return App(self.config)

    @cached_property
    def loyalty(self) -> Loyalty:
        """The program at work; where it may decide something, only one that is in force or may come into force."""
        loyalty = self.app.loyalty
        if self.is_deciding:
            for change in programs.admit(loyalty, who=who()).changes:
                tell(f"New in the program: {in_words(change, self.words)}")
        return loyalty

    @cached_property
    def words(self) -> Words:
        """How the shop's own people are spoken to."""
        return self.app.brand.words(self.config.brand.language)

    def close(self) -> None:
        """Let go of the database, and of a demo's Dolibarr."""
        if "app" in self.__dict__:
            self.app.close()
        self._opened.close()

    @contextmanager
    def untouched(self) -> Iterator[Loyalty]:
        """The program for a dry run of one step: it reads the database, and what it writes is undone."""
        database = Untouched(self.config.database.url.reveal())
        try:
            require_tables(database)
            yield RehearsedApp(self.config, given=database).loyalty
        finally:
            database.close()

    @contextmanager
    def rehearsed(self) -> Iterator[Loyalty]:
        """The program for a dry run of many steps: over a copy of the database that is thrown away."""
        with copied(self.config.database.url.reveal()) as database:
            yield RehearsedApp(self.config, given=database).loyalty


def setup_of(ctx: typer.Context) -> Setup:
    """The setup of a command; closed when the command ends."""
    setup: Setup = ctx.obj
    setup.is_deciding = _is_deciding(ctx)
    ctx.call_on_close(setup.close)
    return setup


def _is_deciding(ctx: typer.Context) -> bool:
    """The command changes something by the rules of the program: it offers a dry run, and this is none."""
    if ctx.params.get("dry_run", True) or ctx.command.name in NEVER_DECIDING:
        return False
    return all(ctx.params[name] for name in ONLY_WHEN_ASKED if name in ctx.params)


def who() -> str:
    """The person at the keyboard, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return f"user {os.getuid()}"
