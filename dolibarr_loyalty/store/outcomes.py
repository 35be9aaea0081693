"""The table of outcomes: what each document led to beside its redeemable points, and what it was judged with."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one document led to for its owner.

    `grants` are whole points per unit other than the redeemable ones; `shares` split the redeemable points
    over the rules that gave them, and `cuts` are what budgets took off again, per rule.
    """

    owner: int
    standing: Standing
    past: Past
    grants: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, int] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)

    @property
    def funded(self) -> dict[str, int]:
        """Points per rule that were granted and not cut by a budget."""
        return {rule: points - self.cuts.get(rule, 0) for rule, points in self.shares.items()}


def load(tx: Tx, document_ids: Iterable[int]) -> dict[int, Outcome]:
    """The outcomes of these documents, as far as they have one."""
    rows = tx.rows("outcomes_by_ids", ids=sorted(set(document_ids)))
    return {row["id"]: _read(row) for row in rows}


def of_members(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, list[Outcome]]:
    """All outcomes of these members in the order of the purchases; a member without any has an empty list."""
    found: dict[int, list[Outcome]] = {member: [] for member in set(thirdparty_ids)}
    for row in tx.rows("outcomes_of_members", thirdparty_ids=sorted(found)):
        found[row["owner_id"]].append(_read(row))
    return found


def pasts_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, list[Past]]:
    """What the documents of these members left behind, in the order of the purchases."""
    return {member: [each.past for each in found] for member, found in of_members(tx, thirdparty_ids).items()}


def insert(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Store outcomes of documents that had none."""
    tx.run_many("insert_outcome", [_write(outcome) for outcome in outcomes])


def update(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Store outcomes again; the document's own generation keeps two writers apart."""
    tx.run_many("update_outcome", [_write(outcome) for outcome in outcomes])


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The outcomes of a member who was merged into another belong to that one."""
    tx.run("reassign_outcomes", old_id=old_id, new_id=new_id)


def page(tx: Tx, last_id: int, limit: int) -> list[Outcome]:
    """Outcomes by document id, for verifying."""
    return [_read(row) for row in tx.rows("outcomes_page", last_id=last_id, limit=limit)]


def _write(outcome: Outcome) -> dict[str, Any]:
    past = outcome.past
    return {
        "id": past.document_id,
        "owner_id": outcome.owner,
        "occurred_at": iso(past.occurred_at),
        "grants": _compact(dict(outcome.grants)),
        "shares": _compact([dict(outcome.shares), dict(outcome.cuts)]),
        "standing": _compact(_write_standing(outcome.standing)),
        "past": _compact(
            [
                format(past.kept, "f"),
                int(past.is_purchase),
                [[group, iso(at), points] for group, at, points in past.qualifying],
                [[club, iso(at), units] for club, at, units in past.clubs],
            ]
        ),
    }


def _read(row: Mapping[str, Any]) -> Outcome:
    kept, is_purchase, qualifying, clubs = json.loads(row["past"])
    shares, cuts = json.loads(row["shares"])
    return Outcome(
        owner=row["owner_id"],
        standing=_read_standing(json.loads(row["standing"])),
        past=Past(
            document_id=row["id"],
            occurred_at=parse(row["occurred_at"]),
            kept=Decimal(kept),
            is_purchase=bool(is_purchase),
            qualifying=tuple((group, parse(at), points) for group, at, points in qualifying),
            clubs=tuple((club, parse(at), units) for club, at, units in clubs),
        ),
        grants=json.loads(row["grants"]),
        shares=shares,
        cuts=cuts,
    )


_SETS = ("tags", "tiers", "clubs", "segments")
_USUAL = Standing()


def _write_standing(standing: Standing) -> dict[str, Any]:
    """Only what differs from a standing nobody knows anything of: most documents need nothing else."""
    told = {each.name: getattr(standing, each.name) for each in fields(Standing)}
    return {
        name: sorted(value) if name in _SETS else value
        for name, value in told.items()
        if value != getattr(_USUAL, name)
    }


def _read_standing(told: Mapping[str, Any]) -> Standing:
    values: dict[str, Any] = {
        name: frozenset(value) if name in _SETS else value for name, value in told.items()
    }
    return Standing(**values)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
