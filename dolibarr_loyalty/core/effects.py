"""Effects a decision wants outside: written to the outbox with it, carried out later, possibly twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Something to be done outside. `key` names it: the same effect wanted twice is one effect.

    An effect that `shows_state` (what a screen displays) is carried out again when wanted again; any other
    (a mail, an agenda event, a credit note) happens once. `payload` holds ids, never codes or addresses:
    the truth is read when it is carried out.
    """

    key: str
    kind: str
    thirdparty_id: int | None = None
    payload: Mapping[str, str | int] = field(default_factory=dict)
    shows_state: bool = False
    due_at: datetime | None = None


def show_member(thirdparty_id: int) -> Effect:
    """Bring the third party's extrafields in Dolibarr up to date."""
    return Effect(key=f"screen:{thirdparty_id}", kind="screen", thirdparty_id=thirdparty_id, shows_state=True)


def set_card(thirdparty_id: int, line_key: str) -> Effect:
    """Write a customer's card number, taken in with the line of this key, to Dolibarr."""
    return Effect(
        key=f"card:{thirdparty_id}",
        kind="card",
        thirdparty_id=thirdparty_id,
        payload={"line": line_key},
        shows_state=True,
    )


def review_member(thirdparty_id: int) -> Effect:
    """Look at what a member's points lead to by now: tiers, benefits, clubs, full cards, referrals."""
    return Effect(key=f"review:{thirdparty_id}", kind="review", thirdparty_id=thirdparty_id, shows_state=True)


def tag_member(thirdparty_id: int, tag: str) -> Effect:
    """Give a customer a tag once, as one who objected to mails under a name that was merged into this one."""
    return Effect(
        key=f"tag:{thirdparty_id}:{tag}", kind="tag", thirdparty_id=thirdparty_id, payload={"tag": tag}
    )


def issue_voucher(thirdparty_id: int, voucher_id: str) -> Effect:
    """Make the credit note of a voucher and hand the voucher out."""
    return Effect(
        key=f"issue:{voucher_id}",
        kind="issue",
        thirdparty_id=thirdparty_id,
        payload={"voucher": voucher_id},
    )


def void_voucher(thirdparty_id: int, voucher_id: str) -> Effect:
    """Consume the credit of a cancelled or expired voucher by a counter invoice; again if it came back to life."""
    return Effect(
        key=f"void:{voucher_id}",
        kind="void",
        thirdparty_id=thirdparty_id,
        payload={"voucher": voucher_id},
        shows_state=True,
    )


def replace_voucher(thirdparty_id: int, voucher_id: str) -> Effect:
    """Move what is left of a lost voucher to the one that replaces it."""
    return Effect(
        key=f"replace:{voucher_id}",
        kind="replace",
        thirdparty_id=thirdparty_id,
        payload={"voucher": voucher_id},
    )


def issue_gift_cards(thirdparty_id: int, sale_id: int) -> Effect:
    """Look at the gift cards a document sold: issue what is missing, take back what came back."""
    return Effect(
        key=f"gift_cards:{sale_id}",
        kind="gift_cards",
        thirdparty_id=thirdparty_id,
        payload={"sale_id": sale_id},
        shows_state=True,
    )


def recall_vouchers(thirdparty_id: int, sale_id: int, key: str) -> Effect:
    """Cancel unused vouchers that were bought with the points of goods that came back; then apply the limit."""
    return Effect(
        key=f"recall:{key}",
        kind="recall",
        thirdparty_id=thirdparty_id,
        payload={"sale_id": sale_id, "key": key},
    )


def mail(kind: str, thirdparty_id: int, about: str, **payload: str | int) -> Effect:
    """Send a mail of this kind once per member and `about` (a voucher, a crossing, a day)."""
    return Effect(
        key=f"mail:{kind}:{thirdparty_id}:{about}",
        kind=f"mail.{kind}",
        thirdparty_id=thirdparty_id,
        payload=payload,
    )


def event(what: str, thirdparty_id: int, about: str, **payload: str | int) -> Effect:
    """Put an event into the customer's agenda once per `about`."""
    return Effect(
        key=f"event:{what}:{about}",
        kind="event",
        thirdparty_id=thirdparty_id,
        payload={"what": what, **payload},
    )


def attach_voucher(thirdparty_id: int, voucher_id: str) -> Effect:
    """Put the voucher's PDF among the linked files of its credit note."""
    return Effect(
        key=f"attach:{voucher_id}",
        kind="attach",
        thirdparty_id=thirdparty_id,
        payload={"voucher": voucher_id},
    )
