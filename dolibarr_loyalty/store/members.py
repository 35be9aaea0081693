"""The table of members: third parties as last seen, with their enrolment."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Known:
    """A third party and what the program knows of it.

    `shown` is what Dolibarr's extrafields were last given (None: never written); `near_rewards` are the
    rewards of whose nearness the member was told.
    """

    member: Member
    enrolment: Enrolment
    gone_at: datetime | None = None
    merged_into: int | None = None
    shown: Mapping[str, str | int | None] | None = None
    near_rewards: frozenset[str] = frozenset()

    @property
    def is_member(self) -> bool:
        return (
            self.enrolment.joined_at is not None and self.enrolment.left_at is None and self.gone_at is None
        )


def load(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, Known]:
    """The known ones among these third parties."""
    rows = tx.rows("members_by_ids", ids=sorted(set(thirdparty_ids)))
    return {row["thirdparty_id"]: _read(row) for row in rows}


def find(tx: Tx, text: str) -> list[Known]:
    """Third parties whose id, customer code, email or card number is this text; id:42 means only the id."""
    wanted = text.strip().casefold()
    only_id = wanted.startswith("id:")
    wanted = wanted.removeprefix("id:")
    if not wanted:
        return []  # members without email, code or card number have an empty text there
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19 else -1
    if only_id:
        return list(load(tx, [number]).values())
    return [_read(row) for row in tx.rows("members_found", text=wanted, number=number)]


def page(tx: Tx, last_id: int, limit: int) -> list[Known]:
    """Members with ids above `last_id`, by id."""
    return [_read(row) for row in tx.rows("members_page", last_id=last_id, limit=limit)]


def save(tx: Tx, member: Member, enrolment: Enrolment, *, is_new: bool) -> None:
    """Store a third party as it is now."""
    values: dict[str, Any] = {
        "thirdparty_id": member.thirdparty_id,
        "name": member.name[:255],
        "email": member.email.strip().casefold()[:255],
        "customer_code": member.customer_code[:64],
        "card_number": member.card_number[:180],
        "locale": member.locale,
        "country": member.country,
        "is_company": int(member.is_company),
        "is_customer": int(member.is_customer),
        "tags": json.dumps(sorted(member.tags), ensure_ascii=False),
        "created_at": _text(member.created_at),
        "modified_at": _text(member.modified_at),
        "joined_at": _text(enrolment.joined_at),
        "left_at": _text(enrolment.left_at),
    }
    tx.run("insert_member" if is_new else "update_member", **values)


def mark_gone(tx: Tx, thirdparty_id: int, now: datetime, merged_into: int | None) -> None:
    """Dolibarr has this third party no more."""
    tx.run("mark_member_gone", thirdparty_id=thirdparty_id, gone_at=iso(now), merged_into=merged_into)


def save_shown(tx: Tx, thirdparty_id: int, shown: Mapping[str, str | int | None]) -> None:
    """Remember what the screens in Dolibarr show."""
    tx.run("save_shown", thirdparty_id=thirdparty_id, shown=json.dumps(dict(shown), sort_keys=True))


def save_near_rewards(tx: Tx, thirdparty_id: int, rewards: Iterable[str]) -> None:
    """Remember which rewards the member was told are near."""
    tx.run("save_near_rewards", thirdparty_id=thirdparty_id, near_rewards=json.dumps(sorted(rewards)))


def _text(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def _instant(text: str | None) -> datetime | None:
    return parse(text) if text else None


def _read(row: Mapping[str, Any]) -> Known:
    member = Member(
        thirdparty_id=row["thirdparty_id"],
        name=row["name"],
        email=row["email"],
        customer_code=row["customer_code"],
        card_number=row["card_number"],
        locale=row["locale"],
        country=row["country"],
        is_company=bool(row["is_company"]),
        is_customer=bool(row["is_customer"]),
        tags=frozenset(json.loads(row["tags"])),
        created_at=_instant(row["created_at"]),
        modified_at=_instant(row["modified_at"]),
    )
    return Known(
        member=member,
        enrolment=Enrolment(joined_at=_instant(row["joined_at"]), left_at=_instant(row["left_at"])),
        gone_at=_instant(row["gone_at"]),
        merged_into=row["merged_into"],
        shown=json.loads(row["shown"]) if row["shown"] else None,
        near_rewards=frozenset(json.loads(row["near_rewards"] or "[]")),
    )
