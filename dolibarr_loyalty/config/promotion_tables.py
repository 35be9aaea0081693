"""[[program.promotion]]: extra points for a time, for some members, from a budget, or paid by partners."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.program_tables import RuleKind, RuleTable
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import Amount, CountFromOne, Id, Percent, Positive
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.partners import Share
from dolibarr_loyalty.core.program import Cap, CapPeriod, Rule

# The caps that stand inside a promotion, in the order in which the program keeps them.
CAPS: tuple[tuple[str, CapPeriod], ...] = (
    ("per_document", "document"),
    ("per_day", "day"),
    ("per_member", "ever"),
)
_GIVES = "Write points = 50 (once per purchase), points and per, points_per_item, or factor = 2."


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PromotionTable(RuleTable):
    """A promotion: 'standard', 'cumulative' (several purchases reach a threshold), or 'joint' (C2 to C4).

    It gives `points` once per purchase, `points` for each `per`, `points_per_item`, or `factor` times the
    points of the other rules; a cumulative one `points` at its threshold.
    """

    kind: Literal["standard", "cumulative", "joint"] = "standard"
    factor: Positive | None = None
    points_per_item: Positive | None = None
    points: Annotated[Positive | None, ALWAYS] = None
    per: Positive | None = None
    threshold: Annotated[Amount, ALWAYS] = Decimal(0)
    threshold_of: Literal["amount", "purchases", "units"] = "amount"
    period: Literal["day", "month", "year", "ever"] = "month"
    repeats: bool = False
    funding: Annotated[dict[Id, Percent] | None, ALWAYS] = None
    exclusive: bool = False
    qualifying: bool = False
    budget: CountFromOne | None = None
    budget_in_part: bool = True
    per_document: CountFromOne | None = None
    per_day: CountFromOne | None = None
    per_member: CountFromOne | None = None

    @field_validator("factor", "points_per_item", "per")
    @classmethod
    def _thresholds_give_points(cls, written: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if written is not None and info.data.get("kind") == "cumulative":
            raise wrong(
                'does not go with kind = "cumulative", which gives points at its threshold.',
                "Leave it out and write points = 50.",
            )
        return written

    @field_validator("points_per_item")
    @classmethod
    def _said_once(cls, points: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if points is not None and info.data.get("factor") is not None:
            raise wrong("does not go with factor.", "Keep one of the two.")
        return points

    @field_validator("points")
    @classmethod
    def _gives_one_thing(cls, points: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if not {"factor", "points_per_item", "kind"} <= info.data.keys():
            return points
        other = next((name for name in ("factor", "points_per_item") if info.data[name] is not None), None)
        if points is not None and other:
            raise wrong(f"does not go with {other}.", "Keep one of the two.")
        if points is None and info.data["kind"] == "cumulative":
            raise wrong("is missing: so many are given at the threshold.", "Write points = 50.")
        if points is None and other is None:
            raise wrong("is missing: this promotion gives nothing.", _GIVES)
        return points

    @field_validator("per")
    @classmethod
    def _is_per_points(cls, per: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if per is not None and "points" in info.data and info.data["points"] is None:
            raise wrong("means nothing without points.", "Write points = 1 and per = 10.")
        return per

    @field_validator("threshold")
    @classmethod
    def _is_reached_by_buying(cls, threshold: Decimal, info: ValidationInfo) -> Decimal:
        kind = info.data.get("kind")
        if kind == "cumulative" and not threshold:
            raise wrong("is missing or 0, so it would be reached without buying.", "Write threshold = 100.")
        if kind in ("standard", "joint") and threshold:
            raise wrong(f'means nothing for kind = "{kind}".', 'Write kind = "cumulative", or leave it out.')
        return threshold

    @field_validator("funding")
    @classmethod
    def _is_shared(
        cls, funding: dict[str, Decimal] | None, info: ValidationInfo
    ) -> dict[str, Decimal] | None:
        kind, whole = info.data.get("kind"), sum((funding or {}).values())
        if kind == "joint" and not funding:
            raise wrong(
                'is missing: kind = "joint" is paid by partners.', 'Write funding = { "partner-id" = 40 }.'
            )
        if kind == "standard" and funding:
            raise wrong("makes this a joint promotion.", 'Write kind = "joint".')
        if whole > 100:
            raise wrong(f"comes to {whole:f} percent.", "Write at most 100 together; the rest is the shop's.")
        return funding

    def as_rule(self) -> Rule:
        return self.rule(
            self._rule_kind(),
            points=self.points_per_item or self.points or Decimal(1),
            per=self.per or Decimal(1),
            factor=self.factor or Decimal(1),
            promotion=True,
            exclusive=self.exclusive,
            threshold=self.threshold,
            threshold_of=self.threshold_of,
            period=self.period,
            repeats=self.repeats,
            funding=tuple(
                Share(partner=partner, percent=percent) for partner, percent in (self.funding or {}).items()
            ),
            budget=self.budget,
            budget_in_part=self.budget_in_part,
        )

    def _rule_kind(self) -> RuleKind:
        if self.kind == "cumulative":
            return "cumulative"
        if self.factor is not None:
            return "multiply"
        if self.points_per_item is not None:
            return "unit"
        return "visit" if self.per is None else "amount"

    def caps(self) -> Iterator[tuple[str, Cap]]:
        """The caps that stand inside the promotion, each with the name of its setting."""
        for name, period in CAPS:
            points = getattr(self, name)
            if points is not None:
                yield name, Cap(period=period, points=points, rule=self.id)
