"""What good causes were given, and what the shop still owes them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.store.database import Database


@dataclass(frozen=True, kw_only=True)
class CauseStanding:
    """One cause in one currency: given + match - paid = owed; `open` of what is paid waits for its draft."""

    charity_id: str
    currency: str
    givers: int = 0
    points: int = 0
    given: Decimal = Decimal(0)
    match: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    open: Decimal = Decimal(0)

    @property
    def owed(self) -> Decimal:
        return self.given + self.match - self.paid

    def as_json(self) -> dict[str, Any]:
        """The standing for scripts."""
        return {
            "cause": self.charity_id,
            "currency": self.currency,
            "givers": self.givers,
            "points": self.points,
            "given": self.given,
            "match": self.match,
            "paid": self.paid,
            "open": self.open,
            "owed": self.owed,
        }


def standing(database: Database) -> list[CauseStanding]:
    """Every cause that was ever given to; a payout counts as paid once its draft stands, or it went by hand."""
    with database.reading() as tx:
        given = tx.rows("donations_by_charity")
        payouts = tx.rows("payouts_by_charity")
    paid: dict[tuple[str, str, bool], Decimal] = {}
    for row in payouts:
        key = row["charity_id"], row["currency"], row["state"] == "open"
        paid[key] = paid.get(key, Decimal(0)) + from_minor(int(row["paid_minor"]), row["currency"])
    return [
        CauseStanding(
            charity_id=row["charity_id"],
            currency=row["currency"],
            givers=int(row["givers"]),
            points=int(row["points"]),
            given=from_minor(int(row["amount_minor"]), row["currency"]),
            match=from_minor(int(row["match_minor"]), row["currency"]),
            paid=paid.get((row["charity_id"], row["currency"], False), Decimal(0)),
            open=paid.get((row["charity_id"], row["currency"], True), Decimal(0)),
        )
        for row in given
    ]
