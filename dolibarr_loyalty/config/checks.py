"""What is wrong with a program that is written rightly: rules that never apply, rewards nobody reaches.

Every check gives (place inside the file, problem, remedy); `mistakes` stop the start, `warnings` do not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import combinations
from typing import TypeVar

from dolibarr_loyalty.config.lines import Place
from dolibarr_loyalty.config.settings import DolibarrSettings, MailSettings
from dolibarr_loyalty.config.spellings import closest
from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Cap, Exclusions, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import POINTS, Match, Window
from dolibarr_loyalty.core.tiers import TierGroup
from dolibarr_loyalty.core.wallets import StampCard, Wallet

Value = TypeVar("Value")
Placed = Sequence[tuple[Place, Value]]
Finding = tuple[Place, str, str]

_GROUPS = {
    "amount": "lines",
    "unit": "lines",
    "visit": "visits",
    "multiply": "multipliers",
    "cumulative": "thresholds",
}
# Ids that must differ, by the list of tables they stand in, with what each names.
_NAMESPACES: tuple[dict[str, str], ...] = (
    {"earn": "rule", "multiply": "rule", "promotion": "promotion", "card rule": "stamp card", "tier": "tier"},
    {"reward": "reward", "card reward": "stamp card"},
    {"gift_card": "gift card"},
    {"card": "stamp card"},
    {"wallet": "wallet"},
    {"tiers": "group of tiers"},
    {"benefit": "benefit"},
    {"club": "club"},
    {"cause": "cause"},
    {"activity": "activity"},
    {"partner": "partner"},
    {"segment": "segment"},
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """The parts of [program] that could be read, each with the place where it stands.

    `ids` are those of all tables by the name of their list, of the ones that could not be read too. `gives`:
    some table gives points without others. `is_whole`: every table of the lists could be read.
    """

    ids: Mapping[str, Placed[str]] = field(default_factory=dict)
    rules: Placed[Rule] = ()
    caps: Placed[Cap] = ()
    rewards: Placed[Reward] = ()
    gift_cards: Placed[GiftCard] = ()
    vouchers: VoucherTerms | None = None
    exclusions: Exclusions = field(default_factory=Exclusions)
    max_balance: int | None = None
    starts_on: date | None = None
    welcome_points: int = 0
    birthday: Birthday | None = None
    anniversary: Anniversary | None = None
    referral: Referral | None = None
    wallets: Placed[Wallet] = ()
    cards: Placed[StampCard] = ()
    tier_groups: Placed[TierGroup] = ()
    benefits: Placed[Benefit] = ()
    clubs: Placed[Club] = ()
    activities: Placed[ActivityKind] = ()
    gives: bool = True
    is_whole: bool = True

    def names(self, *lists: str) -> list[str]:
        """The ids of some lists of tables, in the order of the file."""
        return [name for each in lists for _, name in self.ids.get(each, ())]


def mistakes(written: Written) -> Iterator[Finding]:
    """What no program may have."""
    yield from _same_ids(written)
    yield from _something_earns(written)
    yield from _caps_name_rules(written)
    yield from _rules_that_never_apply(written)
    yield from _rules_in_conflict(written.rules)
    yield from _caps_below_a_grant(written)
    yield from _rewards_out_of_reach(written)


def warnings(
    program: Program, *, generic_customers_named: bool, dolibarr: DolibarrSettings, mail: MailSettings
) -> Iterator[Finding]:
    """What is possible but probably not meant, or not safe."""
    yield from _idle_settings(program)
    if not generic_customers_named and "takepos" not in program.exclusions.channels:
        yield (
            ("program", "members", "generic_customers"),
            "is not set, so sales at the till without a customer would earn for the till's own customer.",
            "Write the id of TakePOS's generic customer, or generic_customers = [] without a till.",
        )
    if not (program.rewards or program.charities):
        yield ("program", "reward"), "There is no reward: points buy nothing.", "Add a [[program.reward]]."
    if dolibarr.url.startswith("http://") and not _is_local(dolibarr.url):
        yield ("dolibarr", "url"), "sends the key over the network in clear.", "Use https."
    if mail.kind == "smtp" and mail.password is not None and mail.tls == "none":
        yield ("mail", "tls"), "sends the password over the network in clear.", 'Write tls = "starttls".'


def _is_local(url: str) -> bool:
    host = url.removeprefix("http://").partition("/")[0]
    return host.startswith(("localhost", "127.", "[::1]"))


def _same_ids(written: Written) -> Iterator[Finding]:
    told: set[Place] = set()
    for namespace in _NAMESPACES:
        seen: dict[str, str] = {}
        for table, noun in namespace.items():
            for place, name in written.ids.get(table, ()):
                other = seen.setdefault(name, "")
                if other and place not in told:
                    told.add(place)
                    which = "another" if other == noun else "a"
                    yield (*place, "id"), f'"{name}" is the id of {which} {other} too.', "Give each its own."
                seen[name] = other or noun


def _something_earns(written: Written) -> Iterator[Finding]:
    if not written.gives and not written.names("multiply"):
        yield ("program", "earn"), "There is no rule by which points are earned.", "Add a [[program.earn]]."
    if not written.is_whole:
        return
    filled = {rule.unit for _, rule in written.rules if rule.kind != "multiply"}
    for place, rule in written.rules:
        if rule.kind == "multiply" and rule.unit not in filled:
            of_unit = "" if rule.unit == POINTS else f' of unit "{rule.unit}"'
            yield (
                place,
                f'"{rule.id}" multiplies the points of other rules, and there is none{of_unit}.',
                "Add a [[program.earn]].",
            )


def _caps_name_rules(written: Written) -> Iterator[Finding]:
    known = written.names("earn", "multiply", "promotion", "card rule")
    for place, cap in written.caps:
        if cap.rule is not None and cap.rule not in known:
            meant = closest(cap.rule, known)
            hint = f'Did you mean "{meant}"?' if meant else f"Rules: {', '.join(known)}."
            where = (*place[:-1], "rule") if place[1] == "cap" else place
            yield where, f'"{cap.rule}" is no rule of this program.', hint


def _rules_that_never_apply(written: Written) -> Iterator[Finding]:
    for place, rule in written.rules:
        window = rule.window
        if written.starts_on and window.until_day and window.until_day < written.starts_on:
            yield (
                (*place, "until_day"),
                f'is before the program starts on {written.starts_on}, so "{rule.id}" can never apply.',
                "Write a later day.",
            )
        if not _has_a_day(window):
            yield (
                (*place, "weekdays"),
                f'do not occur from {window.from_day} to {window.until_day}, so "{rule.id}" can never apply.',
                "Write other weekdays or days.",
            )
        sold = {product for _, card in written.gift_cards for product in card.products}
        if _all_excluded(rule.match, written.exclusions, sold):
            yield (
                place,
                f'"{rule.id}" is only for what [program.exclude] excludes, so it can never apply.'
                if not sold.intersection(rule.match.products)
                else f'"{rule.id}" is only for gift cards, whose sale earns nothing.',
                "Take it out there or here.",
            )


def _has_a_day(window: Window) -> bool:
    """Some day of the window has one of its weekdays."""
    if not (window.weekdays and window.from_day and window.until_day):
        return True
    length = min((window.until_day - window.from_day).days, 6)
    days = (window.from_day + timedelta(days=offset) for offset in range(length + 1))
    return any(day.weekday() in window.weekdays for day in days)


def _all_excluded(match: Match, exclusions: Exclusions, gift_cards: set[str]) -> bool:
    """Every line that the match can have is excluded; only what one list decides is looked at."""
    for excluded in exclusions.match:
        lists = [excluded.products, excluded.tags, excluded.types]
        if sum(map(bool, lists)) != 1:
            continue
        if (
            (match.products and set(match.products) <= set(excluded.products))
            or (match.tags and set(match.tags) <= set(excluded.tags))
            or (match.types and set(match.types) <= set(excluded.types))
        ):
            return True
    return bool(match.products) and set(match.products) <= {*exclusions.gift_cards, *gift_cards}


def _rules_in_conflict(rules: Sequence[tuple[Place, Rule]]) -> Iterator[Finding]:
    alone = [(place, rule) for place, rule in rules if not rule.combinable]
    for (_, one), (place, other) in combinations(alone, 2):
        if (
            _GROUPS[one.kind] == _GROUPS[other.kind]
            and (one.unit, one.priority) == (other.unit, other.priority)
            and _matches_meet(one.match, other.match)
            and windows_meet(one.window, other.window)
        ):
            yield (
                (*place, "priority"),
                f'"{other.id}" and "{one.id}" both stand alone, have priority {one.priority} and can meet.',
                "Give one a higher priority.",
            )


def _matches_meet(one: Match, other: Match) -> bool:
    """Some line may match both; a product may have several tags, so tags never part two rules."""
    products = not (one.products and other.products) or set(one.products) & set(other.products)
    types = not (one.types and other.types) or set(one.types) & set(other.types)
    return bool(products and types)


def windows_meet(one: Window, other: Window) -> bool:
    """Some instant may lie in both; a window over midnight reaches into the next weekday."""
    first = max(filter(None, (one.from_day, other.from_day)), default=None)
    last = min(filter(None, (one.until_day, other.until_day)), default=None)
    if first and last and first > last:
        return False
    return bool(_week(one) & _week(other))


def _week(window: Window) -> set[int]:
    """The minutes of the week that a window holds."""
    start, end = _minutes(window.from_time, 0), _minutes(window.until_time, 1440)
    if end <= start:
        end += 1440
    days = window.weekdays or range(7)
    return {(day * 1440 + minute) % 10080 for day in days for minute in range(start, end)}


def _minutes(clock: time | None, otherwise: int) -> int:
    return otherwise if clock is None else clock.hour * 60 + clock.minute


def _caps_below_a_grant(written: Written) -> Iterator[Finding]:
    for place, cap in written.caps:
        for _, rule in written.rules:
            covered = cap.rule == rule.id or (cap.rule is None and rule.unit == POINTS)
            if covered and rule.kind != "multiply" and cap.points < rule.points:
                yield (
                    place,
                    f'lets at most {cap.points} through, but "{rule.id}" gives {rule.points:f} at once.',
                    f"Write at least {rule.points:f}.",
                )


def _rewards_out_of_reach(written: Written) -> Iterator[Finding]:
    for place, reward in written.rewards:
        most = written.max_balance if reward.unit == POINTS else None
        if most is not None and reward.points > most:
            yield (
                (*place, "points"),
                f'are more than max_balance = {most}, so nobody can ever have "{reward.id}".',
                "Lower the points or raise max_balance.",
            )


def _idle_settings(program: Program) -> Iterator[Finding]:
    if program.debt_limit is not None and program.on_shortage != "debt":
        yield (
            ("program", "debt_limit"),
            f'does nothing with on_shortage = "{program.on_shortage}".',
            "Leave it out.",
        )
    for place, rule in _multipliers(program):
        if rule.factor == 1:
            yield (*place, "factor"), f'1 changes nothing: "{rule.id}" has no effect.', "Write factor = 2."


def _multipliers(program: Program) -> Iterator[tuple[Place, Rule]]:
    """Rules that multiply, each with the place where it is written: a multiplier's list, or the promotions'."""
    numbers = {"multiply": 0, "promotion": 0}
    for rule in program.rules:
        table = "promotion" if rule.promotion else "multiply"
        if rule.kind == "multiply":
            yield ("program", table, numbers[table]), rule
        if rule.kind == "multiply" or rule.promotion:
            numbers[table] += 1
