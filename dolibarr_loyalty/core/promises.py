"""What a new program changes for whom, and which changes worsen what was promised; nothing changes unnoticed.

Every field is compared. What lots and vouchers carry themselves (their own last day) is theirs already, so
a shorter time holds only for what comes later; the changes say so by `is_kept`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Cap, Exclusions, Membership, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.promise_scales import is_worse, lasts_less
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.terms import POINTS, STAMPS, Expiry, Names
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet

KINDS: dict[type, str] = {
    Program: "program",
    Rule: "rule",
    Cap: "cap",
    Exclusions: "exclusions",
    Reward: "reward",
    VoucherTerms: "vouchers",
    Membership: "members",
    Wallet: "wallet",
    StampCard: "card",
    TierGroup: "tier_group",
    Tier: "tier",
    Benefit: "benefit",
    Club: "club",
    Charity: "charity",
    ActivityKind: "activity",
    Birthday: "birthday",
    Anniversary: "anniversary",
    Referral: "referral",
    Partner: "partner",
    Segment: "segment",
    Pooling: "pooling",
    GiftCard: "gift_card",
}
# Settings that have a sentence of their own; everything else is told by its name.
CODES = {
    ("reward", "points"): "reward_price",
    ("reward", "value"): "reward_value",
    ("tier", "threshold"): "tier_threshold",
    ("tier", "earn_factor"): "tier_rate",
    ("card", "size"): "card_size",
    ("vouchers", "valid_months"): "voucher_validity",
    ("program", "point_value"): "point_value",
    ("program", "welcome_points"): "welcome_points",
    ("program", "holding_days"): "holding_days",
}
_LIFETIME = ("model", "months", "days")
# A gift card no longer sold is a loss for nobody: those sold carry their own terms.
_NO_LOSS_WHEN_GONE = frozenset({"cap", "partner", "segment", "gift_card"})


@dataclass(frozen=True, kw_only=True)
class Whom:
    """Whom a change concerns: 'everyone', 'some' (those who fulfil `id`), or those of a tier, club, card..."""

    kind: str = "everyone"
    id: str = ""
    names: Names = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing a new program changes: a code and its facts, as `messages.promises` puts them into words.

    `facts` always name the `thing` (kind) and its `id`, and the `unit` where it has one; `names` are its own.
    `is_kept`: where a day is set until which the old terms go on, this change takes nothing from anybody
    before it.
    """

    code: str
    facts: Mapping[str, str | int]
    worsens: bool
    whom: Whom = Whom()
    names: Names = ()
    is_kept: bool = False


def compare(old: Program, new: Program, *, today: date | None = None) -> tuple[Change, ...]:
    """Every change from one program to another, those that worsen what was promised first.

    `today` tells promotions that are over from those that run: nobody loses by the end of the former.
    """
    found = list(_Comparison(today).things(old, new, Whom()))
    found += _end_of_earning(old, new)
    return tuple(sorted(found, key=lambda change: not change.worsens))


def text_of(value: object) -> str:
    """A value of a setting as plain text; empty for none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case date() | time():
            return value.isoformat()
        case tuple():
            return ", ".join(text_of(each) for each in value)
    if is_dataclass(value):
        told = ((each.name, text_of(getattr(value, each.name))) for each in fields(value))
        return "; ".join(f"{name}: {text}" for name, text in told if text not in ("", "no"))
    return str(value)


class _Comparison:
    def __init__(self, today: date | None) -> None:
        self.today = today

    def things(self, old: Any, new: Any, whom: Whom) -> Iterator[Change]:
        """All changes within a thing that was there before and is there now."""
        kind = KINDS[type(new)]
        told: set[str] = set()
        if isinstance(new, Rule):
            yield from self._rate(old, new, whom)
            told = {"points", "per", "factor"} if old.kind == new.kind else set()
        for field in fields(new):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if before == after or field.name in told:
                continue
            if isinstance(after, Expiry):
                yield from self._expiry(kind, new, before, after, whom)
            elif _holds_things(before) or _holds_things(after):
                yield from self._lists(before, after)
            elif type(before) in KINDS or type(after) in KINDS:
                yield from self._maybe(field.name, before, after)
            elif field.name == "benefits":
                yield from _benefits(kind, new, before, after, whom)
            else:
                yield self._setting(kind, old, new, field.name, whom)

    def _lists(self, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
        """What came, went, or stayed and changed, in lists whose items are known by their ids."""
        before, after = {_key(each): each for each in old}, {_key(each): each for each in new}
        gone = [each for key, each in before.items() if key not in after]
        come = [each for key, each in after.items() if key not in before]
        for each in gone:
            heir = next((other for other in come if _is_renamed(each, other)), None)
            if heir is not None:
                come.remove(heir)
                yield _change("renamed", each, whom_of(each), worsens=False, to=heir.id)
            else:
                worsens = KINDS[type(each)] not in _NO_LOSS_WHEN_GONE and not self._is_over(each)
                is_kept = isinstance(each, Reward)
                yield _change("removed", each, whom_of(each), worsens=worsens, is_kept=is_kept)
        for each in come:
            yield _change("added", each, whom_of(each), worsens=isinstance(each, Cap))
        for key, each in before.items():
            if key in after and after[key] != each:
                yield from self.things(each, after[key], whom_of(after[key]))

    def _maybe(self, name: str, old: Any, new: Any) -> Iterator[Change]:
        """A thing of which there is one or none."""
        if old is None:
            yield _change("added", new, Whom(), worsens=False)
        elif new is None:
            yield _change("removed", old, Whom(), worsens=True)
        else:
            yield from self.things(old, new, whom_of(new))

    def _setting(self, kind: str, old: Any, new: Any, name: str, whom: Whom) -> Change:
        before, after = getattr(old, name), getattr(new, name)
        code = CODES.get((kind, name), "changed")
        return _change(
            code,
            new,
            whom,
            worsens=is_worse(kind, name, before, after) and not self._is_over(old),
            is_kept=code in ("reward_price", "voucher_validity"),
            setting=name,
            old=text_of(before),
            new=text_of(after),
        )

    def _rate(self, old: Rule, new: Rule, whom: Whom) -> Iterator[Change]:
        """What a rule gives: so much per so much, per unit, per visit, or times so much."""
        if old.kind != new.kind:
            return
        before, after = (old.points, old.per, old.factor), (new.points, new.per, new.factor)
        if before == after:
            return
        by_amount = new.kind == "amount"
        rates = [
            rule.factor if rule.kind == "multiply" else rule.points / (rule.per if by_amount else 1)
            for rule in (old, new)
        ]
        yield _change(
            f"rate_{new.kind}",
            new,
            whom,
            worsens=rates[1] < rates[0] and not self._is_over(old),
            old_points=plain(old.points),
            old_per=plain(old.per),
            old_factor=plain(old.factor),
            new_points=plain(new.points),
            new_per=plain(new.per),
            new_factor=plain(new.factor),
        )

    def _expiry(self, kind: str, owner: Any, old: Expiry, new: Expiry, whom: Whom) -> Iterator[Change]:
        """How long points last; by quiet, it holds for those that are there already, too."""
        if any(getattr(old, name) != getattr(new, name) for name in _LIFETIME):
            spans = {f"old_{name}": getattr(old, name) for name in _LIFETIME}
            spans |= {f"new_{name}": getattr(new, name) for name in _LIFETIME}
            by_quiet = new.model == "activity"
            yield _change(
                "lifetime_by_quiet" if by_quiet else "lifetime",
                owner,
                whom,
                worsens=lasts_less(old, new),
                is_kept=not by_quiet,
                **spans,
            )
        for field in fields(new):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if field.name not in _LIFETIME and before != after:
                yield _change(
                    "changed",
                    owner,
                    whom,
                    worsens=is_worse("expiry", field.name, before, after),
                    is_kept=True,
                    setting=f"expiry.{field.name}",
                    old=text_of(before),
                    new=text_of(after),
                )

    def _is_over(self, thing: Any) -> bool:
        """A promotion whose last day has passed."""
        until = thing.window.until_day if isinstance(thing, Rule | ActivityKind) else None
        return until is not None and self.today is not None and until < self.today


def whom_of(thing: Any) -> Whom:
    """Whom the terms of a thing concern."""
    match thing:
        case Tier() | TierGroup() | Club() | Benefit() | Segment() | Charity() | Partner() | Wallet():
            return Whom(kind=KINDS[type(thing)], id=thing.id, names=_names(thing))
        case StampCard():
            return Whom(kind="card", id=thing.id, names=thing.names)
        case Pooling():
            return Whom(kind="pooling")
        case Rule() | Reward() | ActivityKind():
            return _whom_by_terms(thing.unit, thing.who)
    return Whom()


def _whom_by_terms(unit: str, who: Who) -> Whom:
    if not who.is_everybody:
        for kind, ids in (("tier", who.tiers), ("club", who.clubs), ("segment", who.segments)):
            alone: dict[str, Any] = {f"{kind}s": ()}
            if len(ids) == 1 and replace(who, **alone).is_everybody:
                return Whom(kind=kind, id=ids[0])
        return Whom(kind="some", id=text_of(who))
    if unit.startswith(STAMPS):
        return Whom(kind="card", id=unit.removeprefix(STAMPS))
    return Whom() if unit == POINTS else Whom(kind="wallet", id=unit)


def _benefits(kind: str, thing: Any, old: Sequence[str], new: Sequence[str], whom: Whom) -> Iterator[Change]:
    """Benefits that a tier or a club brings no more, or now."""
    for benefit in old:
        if benefit not in new:
            yield _change("benefit_lost", thing, whom, worsens=True, benefit=benefit)
    for benefit in new:
        if benefit not in old:
            yield _change("benefit_gained", thing, whom, worsens=False, benefit=benefit)
    if set(old) == set(new):
        yield _change(
            "changed", thing, whom, worsens=False, setting="benefits", old=text_of(old), new=text_of(new)
        )


def _end_of_earning(old: Program, new: Program) -> Iterator[Change]:
    """After some day no rule gives redeemable points any more, which was not so before."""
    ends = _last_day(new)
    if ends is not None and (_last_day(old) or date.max) > ends:
        yield _change("earning_ends", new, Whom(), worsens=True, on=ends.isoformat())


def _last_day(program: Program) -> date | None:
    days = [
        rule.window.until_day for rule in program.rules if rule.unit == POINTS and rule.kind != "multiply"
    ]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _change(
    code: str, thing: Any, whom: Whom, *, worsens: bool, is_kept: bool = False, **facts: str | int
) -> Change:
    unit: dict[str, str | int] = {"unit": thing.unit} if hasattr(thing, "unit") else {}
    return Change(
        code=code,
        facts={"thing": KINDS[type(thing)], "id": _id(thing), **unit, **facts},
        worsens=worsens,
        whom=whom,
        names=_names(thing),
        is_kept=is_kept and worsens,
    )


def _holds_things(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and type(value[0]) in KINDS


def _key(thing: Any) -> tuple[str, ...]:
    return (thing.period, thing.rule or "") if isinstance(thing, Cap) else (thing.id,)


def _id(thing: Any) -> str:
    if isinstance(thing, Cap):
        return f"{thing.period} {thing.rule}" if thing.rule else thing.period
    return getattr(thing, "id", "")


def _names(thing: Any) -> Names:
    if isinstance(thing, Wallet):
        return tuple((language, many) for language, _, many in thing.names)
    return getattr(thing, "names", ())


def _is_renamed(old: Any, new: Any) -> bool:
    if isinstance(old, Cap):
        return False
    return bool(type(old) is type(new) and replace(old, id=new.id, names=new.names) == new)
