"""Facts and brands for the tests of what people read; each test names only what matters to it."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from PIL import Image

from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.messages import (
    Brand,
    Goal,
    MailKind,
    MemberFacts,
    PointsExpiringFacts,
    RewardNearFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
    compose,
)

CODE = "7KQ4XM-9PHT3B-WD6YRA"
PAGE = "https://shop.example/loyalty/me?token=abc"
UNSUBSCRIBE = "https://shop.example/loyalty/stop?token=abc"
KINDS: tuple[MailKind, ...] = ("welcome", "voucher", "reward_near", "points_expiring", "voucher_expiring")


def a_brand(**changes: Any) -> Brand:
    defaults: dict[str, Any] = {
        "shop_name": "Café Soleil",
        "legal": ("Café Soleil GmbH, Marktplatz 3, 79098 Freiburg",),
        "website": "https://shop.example",
    }
    return Brand(**(defaults | changes))


def a_logo(width: int = 300, height: int = 100) -> bytes:
    logo = BytesIO()
    Image.new("RGB", (width, height), "#c0392b").save(logo, "PNG")
    return logo.getvalue()


def ten_euros(**changes: Any) -> Worth:
    return Worth(**({"kind": "amount", "value": Decimal(10), "currency": "EUR"} | changes))


def a_member(**changes: Any) -> dict[str, Any]:
    return {
        "member_name": "Zoé Müller",
        "to_address": "zoe@example.org",
        "program": "Soleil Club",
        "balance": 240,
        "page_url": PAGE,
        "unsubscribe_url": UNSUBSCRIBE,
    } | changes


def a_voucher(**changes: Any) -> VoucherFacts:
    return VoucherFacts(**(a_member() | _of_a_voucher() | changes))


def facts_of(
    kind: MailKind, *, reward: str = "Kaffee gratis", points: int = 60, **changes: Any
) -> MemberFacts:
    """Facts of any kind, with every optional part filled."""
    member = a_member(**changes)
    goal = Goal(reward=reward, points=300, missing=points)
    voucher = _of_a_voucher() | {"reward": reward, "terms": "Keine Barauszahlung.", "vat_note": "0 %"}
    if kind == "welcome":
        return WelcomeFacts(**member, bonus=points, goal=goal)
    if kind == "voucher":
        return VoucherFacts(**member, **voucher)
    if kind == "voucher_expiring":
        return VoucherExpiringFacts(**member, **voucher)
    if kind == "reward_near":
        return RewardNearFacts(**member, goal=goal)
    return PointsExpiringFacts(**member, expiring=points, last_day=date(2026, 12, 31), rewards=(goal,))


def a_mail(facts: MemberFacts, locale: str = "en", **brand: Any) -> Mail:
    return compose(facts, a_brand(**brand), locale, message_id="<1@shop.example>")


def _of_a_voucher() -> dict[str, Any]:
    return {
        "reward": "Kaffee gratis",
        "code": CODE,
        "worth": ten_euros(),
        "issued_on": date(2026, 11, 21),
        "valid_until": date(2029, 12, 31),
        "points": 500,
    }
