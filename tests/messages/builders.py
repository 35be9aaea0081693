"""Facts and brands for the tests of what people read; each test names only what matters to it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from PIL import Image

from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.messages import (
    AnniversaryFacts,
    BirthdayFacts,
    Brand,
    CauseGift,
    ClubEndingFacts,
    ClubWelcomeFacts,
    DonationStatementFacts,
    GiftCardFacts,
    Goal,
    MailKind,
    MemberFacts,
    PointsExpiringFacts,
    ReferralRewardedFacts,
    RewardNearFacts,
    TierDownFacts,
    TierUpFacts,
    TierWarningFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
    compose,
)

CODE = "7KQ4XM-9PHT3B-WD6YRA"
PAGE = "https://shop.example/loyalty/me?token=abc"
UNSUBSCRIBE = "https://shop.example/loyalty/stop?token=abc"
KINDS: tuple[MailKind, ...] = (
    "welcome",
    "voucher",
    "gift_card",
    "reward_near",
    "points_expiring",
    "voucher_expiring",
    "club_welcome",
    "club_ending",
    "donation_statement",
    "birthday",
    "anniversary",
    "referral_rewarded",
    "tier_up",
    "tier_down",
    "tier_warning",
)


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
    if kind == "gift_card":
        return GiftCardFacts(**member, **voucher, is_gift_card=True)
    if kind == "voucher_expiring":
        return VoucherExpiringFacts(**member, **voucher)
    if kind == "club_welcome":
        last_day, benefits = date(2026, 12, 31), (reward, "Free delivery")
        return ClubWelcomeFacts(**member, club="Plus", last_day=last_day, benefits=benefits)
    if kind == "club_ending":
        return ClubEndingFacts(**member, club="Plus", last_day=date(2026, 12, 31), benefits=(reward,))
    if kind == "donation_statement":
        gift = CauseGift(
            cause=reward, points=points, amount=Decimal("0.60"), match=Decimal("0.30"), currency="EUR"
        )
        return DonationStatementFacts(**member, year=2026, gifts=(gift, replace(gift, match=Decimal(0))))
    if kind == "birthday":
        return BirthdayFacts(**member, points=points, reward=reward)
    if kind == "anniversary":
        return AnniversaryFacts(**member, points=points, reward=reward, years=3)
    if kind == "referral_rewarded":
        return ReferralRewardedFacts(**member, points=points)
    if kind == "tier_up":
        return TierUpFacts(**member, **_of_a_tier(reward, points), last_day=date(2027, 12, 31))
    if kind == "tier_down":
        return TierDownFacts(**member, **_of_a_tier(reward, points), lost="Gold", why="downgrade")
    if kind == "tier_warning":
        return TierWarningFacts(
            **member,
            **_of_a_tier(reward, points),
            missing=points,
            last_day=date(2026, 12, 31),
            projected="Basis",
        )
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


def _of_a_tier(name: str, points: int) -> dict[str, Any]:
    return {
        "tier": name,
        "qualifying": "qualifying:status",
        "next_tier": "Gold",
        "to_next": points,
        "progress": 40,
        "benefits": ("Versand gratis", "Früher kaufen"),
    }
