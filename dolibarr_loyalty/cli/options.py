"""The options that several commands share, each explained once."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead, for scripts.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would happen.")]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Show so many at most. JSON shows all by default."),
]
Member = Annotated[
    str, typer.Argument(metavar="MEMBER", help="Third party id, customer code, email or card number.")
]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The voucher's code; signs between are ignored.")]
Invoice = Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's ref or id.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept and can be read.")]
Key = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="TEXT", help="Given again with the same input, nothing happens twice. Default: new."
    ),
]

Unit = Annotated[
    str,
    typer.Option("--unit", metavar="UNIT", help="Of what: points, or the id of a wallet or stamp card."),
]

ROWS_FOR_PEOPLE = 50


def rows_wanted(limit: int | None, *, as_json: bool) -> int | None:
    """How many rows to show; None for all."""
    return limit if limit is not None or as_json else ROWS_FOR_PEOPLE
