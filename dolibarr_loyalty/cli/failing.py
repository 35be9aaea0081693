"""What a command that fails leaves: a sentence on stderr and an exit code, never a traceback unasked."""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from typing import Any

import typer
from typer.core import TyperGroup

from dolibarr_loyalty.cli.output import tell
from dolibarr_loyalty.cli.setup import Setup
from dolibarr_loyalty.errors import LoyaltyError

UNEXPECTED = 1


class CalmGroup(TyperGroup):
    """The commands; failures become messages. Click's own exceptions (usage, exit, abort) pass."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; the exit code stands in the exception's class."""
        try:
            return super().invoke(ctx)
        except LoyaltyError as failure:
            tell(str(failure))
            raise typer.Exit(failure.exit_code) from failure
        except Exception as error:
            if _belongs_to_click(error):
                raise
            _report(error, verbose=isinstance(ctx.obj, Setup) and ctx.obj.verbose)
            raise typer.Exit(UNEXPECTED) from error


def _belongs_to_click(error: Exception) -> bool:
    """Usage errors, exits and aborts, and a reader of our output that went away, are Click's to handle."""
    shows_itself = callable(getattr(error, "show", None))
    return shows_itself or isinstance(error, (typer.Exit, typer.Abort, BrokenPipeError))


def _report(error: Exception, *, verbose: bool) -> None:
    """The whole traceback where it was asked for, else where to find it. Its text may hold what customers
    must not see printed, so it goes into a file that only its owner can read."""
    details = "".join(traceback.format_exception(error))
    if verbose:
        tell(details.rstrip())
        return
    name = f"dolibarr-loyalty-{datetime.now(UTC):%Y%m%dT%H%M%S}-"
    descriptor, path = tempfile.mkstemp(".log", name, text=True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{' '.join(sys.argv[:2])}\n{details}")
    tell(f"Something unexpected happened ({type(error).__name__}). The details are in {path}.")
