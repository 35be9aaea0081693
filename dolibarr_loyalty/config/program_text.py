"""A program as the tables of loyalty.toml: only what differs from the usual, as people would write it."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import time
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.config import card_tables, promotion_tables
from dolibarr_loyalty.config.program_tables import ExpiryTable
from dolibarr_loyalty.config.toml_text import weekday_names
from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Cap, Program, Reward, Rule
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import StampCard, Wallet

Table = dict[str, Any]

# What each value has when its table says nothing; a required setting has what no table can say.
_RULE = Rule(id="", points=Decimal(-1), factor=Decimal(1))
_REWARD = Reward(id="", kind="amount", points=-1)
_CARD = StampCard(id="", size=-1, reward="")
_TIER = Tier(id="", threshold=-1)


def tables(program: Program) -> dict[str, list[Table]]:
    """The lists of tables of a program, each by its name below [program]."""
    inner = _InnerCaps(program)
    rules, stamped = _rules_of(program)
    own = _own_rewards(program)
    return {
        "earn": [_rule(rule) for rule in rules if not rule.promotion and rule.kind != "multiply"],
        "multiply": [_rule(rule) for rule in rules if not rule.promotion and rule.kind == "multiply"],
        "promotion": [_promotion(rule) | inner.settings(rule.id) for rule in rules if rule.promotion],
        "cap": [_changed(cap, Cap(period="document", points=-1), keep="period") for cap in inner.others],
        "reward": [_reward(reward) for reward in program.rewards if reward.id not in own],
        "gift_card": [_changed(card, GiftCard(id="", products=())) for card in program.gift_cards],
        "wallet": [_changed(wallet, Wallet(id="")) for wallet in program.wallets],
        "card": [
            _card(card, stamped.get(card.id), own.get(card.id)) | inner.settings(card.id)
            for card in program.cards
        ],
        "tiers": [_tiers(group) for group in program.tier_groups],
        "benefit": [_changed(each, Benefit(id="", kind="event"), keep="kind") for each in program.benefits],
        "club": [_changed(club, Club(id="", products=())) for club in program.clubs],
        "cause": [_changed(charity, Charity(id="")) for charity in program.charities],
        "activity": [_changed(each, ActivityKind(id="", points=-1)) for each in program.activities],
        "partner": [_changed(each, Partner(id="", thirdparty_id=-1)) for each in program.partners],
        "segment": [_changed(segment, Segment(id="")) for segment in program.segments],
    }


def options(program: Program) -> dict[str, Table]:
    """The tables that switch something on by being there."""
    usual = (
        ("birthday", program.birthday, Birthday()),
        ("anniversary", program.anniversary, Anniversary()),
        ("referral", program.referral, Referral(referrer_points=-1)),
    )
    return {name: _changed(value, default) for name, value, default in usual if value is not None}


def exclude(program: Program) -> Table:
    """[program.exclude]: the first match of a single list is written as that list, all others as `lines`."""
    table: Table = {"products": (), "tags": (), "types": (), "lines": []}
    for match in program.exclusions.match:
        written = {name: words for name, words in _match(match).items() if words}
        name = next(iter(written))
        if len(written) == 1 and not table[name] and not table["lines"]:
            table[name] = written[name]
        else:
            table["lines"].append(written)
    return table


def _changed(value: Any, usual: Any, *, keep: str = "id") -> Table:
    """The settings of a value that differ from the usual ones, in the spelling of their table."""
    table: Table = {}
    for field in fields(value):
        one, other = getattr(value, field.name), getattr(usual, field.name)
        if one != other or field.name == keep:
            table |= _spelt(field.name, one)
    return table


def _spelt(name: str, value: Any) -> Table:
    """A setting as its table spells it; what a line is, and when something holds, are settings of their own."""
    match value:
        case Match():
            return _match(value)
        case Window():
            return _window(value)
        case Who():
            return {name: _changed(value, Who())}
        case Expiry():
            return {name: _changed(value, ExpiryTable().expiry()) or {"model": value.model}}
    if name == "names":
        return {name: {language: words[0] if len(words) == 1 else words for language, *words in value}}
    if name == "starts":
        return {name: "{:02}-{:02}".format(*value)}
    if name == "funding":
        return {name: {share.partner: share.percent for share in value}}
    return {name: value}


def _match(match: Match) -> Table:
    return {"products": match.products or None, "tags": match.tags or None, "types": match.types or None}


def _window(window: Window) -> Table:
    start, end = window.from_time, window.until_time
    return {
        "from_day": window.from_day,
        "until_day": window.until_day,
        "weekdays": weekday_names(window.weekdays) or None,
        "hours": f"{_clock(start, '00:00')}-{_clock(end, '24:00')}" if start or end else None,
    }


def _clock(at: time | None, otherwise: str) -> str:
    return at.isoformat("minutes") if at else otherwise


def _rule(rule: Rule) -> Table:
    """A standing rule, or a multiplier."""
    table: Table = {"id": rule.id}
    if rule.kind == "multiply":
        table["factor"] = rule.factor
    else:
        table |= {"kind": rule.kind, "points": rule.points}
        table["per"] = rule.per if rule.kind == "amount" else None
    return table | _conditions(rule)


def _promotion(rule: Rule) -> Table:
    """A promotion: what it gives shows what kind of rule it is."""
    kind = "cumulative" if rule.kind == "cumulative" else "joint" if rule.funding else "standard"
    table: Table = {"id": rule.id, "kind": None if kind == "standard" else kind}
    match rule.kind:
        case "multiply":
            table["factor"] = rule.factor
        case "unit":
            table["points_per_item"] = rule.points
        case _:
            table["points"] = rule.points
            table["per"] = rule.per if rule.kind == "amount" else None
    usual = replace(_RULE, promotion=True, qualifying=False)
    return table | _conditions(rule, usual)


def _conditions(rule: Rule, usual: Rule = _RULE) -> Table:
    """What else a rule says."""
    said = {"id", "kind", "points", "per", "factor", "promotion"}
    return {name: value for name, value in _changed(rule, usual).items() if name not in said}


def _reward(reward: Reward) -> Table:
    first: Table = {"id": reward.id, "kind": reward.kind, "points": reward.points}
    return first | _changed(reward, _REWARD, keep="kind")


def _tiers(group: TierGroup) -> Table:
    table = _changed(group, TierGroup(id="", tiers=()))
    return table | {"tiers": None, "tier": [_changed(tier, _TIER) for tier in group.tiers]}


# stamp cards and inner caps: what stands inside another table when it can -------------------------------


def _card(card: StampCard, rule: Rule | None, reward: Reward | None) -> Table:
    table = _changed(card, _CARD)
    if reward is not None:
        inside = _changed(reward, replace(_REWARD, id=reward.id, kind="product", points=reward.points))
        table["reward"] = {name: value for name, value in inside.items() if name not in ("id", "unit")}
    if rule is None:
        return table | {"per": "rules"}
    return table | {
        "per": None if rule.kind == "unit" else rule.kind,
        "stamps": None if rule.points == 1 else rule.points,
        **_match(rule.match),
        "minimum_amount": rule.minimum_amount,
    }


def _rules_of(program: Program) -> tuple[list[Rule], dict[str, Rule]]:
    """The rules that have a table of their own, and those that stand inside a card, by its id.

    Inside cards stand the last rules of the program, in the order of the cards.
    """
    rules = list(program.rules)
    inside: dict[str, Rule] = {}
    for card in reversed(program.cards):
        if rules and _is_of_card(rules[-1], card):
            inside[card.id] = rules.pop()
    return rules, inside


def _is_of_card(rule: Rule, card: StampCard) -> bool:
    bare = Rule(id=card.id, kind=rule.kind, unit=card.unit, names=card.names, qualifying=False)
    same = replace(bare, points=rule.points, match=rule.match, minimum_amount=rule.minimum_amount)
    whole = rule.points == int(rule.points) and rule.points >= 1
    return rule == same and rule.kind in ("unit", "visit") and whole


def _own_rewards(program: Program) -> dict[str, Reward]:
    """The rewards that stand inside a card, by its id: the last ones of the program, in the order of the cards."""
    rewards = list(program.rewards)
    inside: dict[str, Reward] = {}
    for card in reversed(program.cards):
        if rewards and card.reward == card.id and _is_inside(rewards[-1], card):
            inside[card.id] = rewards.pop()
    return inside


def _is_inside(reward: Reward, card: StampCard) -> bool:
    bare = replace(reward, id=card.id, points=card.size, unit=card.unit, per_member=None, who=Who())
    return reward == bare


class _InnerCaps:
    """The caps that stand inside promotions and cards: only where they come back in the order they have."""

    def __init__(self, program: Program) -> None:
        self._named = {
            **dict.fromkeys((rule.id for rule in program.rules if rule.promotion), promotion_tables.CAPS),
            **dict.fromkeys((card.id for card in program.cards), card_tables.CAPS),
        }
        inner = list(self._inner(program.caps))
        others = [cap for cap in program.caps if cap not in inner]
        is_one_each = len({(cap.rule, cap.period) for cap in inner}) == len(inner)
        fits = is_one_each and [*others, *inner] == list(program.caps)
        self.others, self._inside = (others, inner) if fits else (list(program.caps), [])

    def _inner(self, caps: Iterable[Cap]) -> Iterator[Cap]:
        for name, settings in self._named.items():
            for _, period in settings:
                yield from (cap for cap in caps if (cap.rule, cap.period) == (name, period))

    def settings(self, name: str) -> Table:
        """The caps of one promotion or card, by the names of their settings."""
        known = {period: setting for setting, period in self._named.get(name, ())}
        return {known[cap.period]: cap.points for cap in self._inside if cap.rule == name}
