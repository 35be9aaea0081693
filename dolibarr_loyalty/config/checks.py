"""What is wrong with a program that is written rightly: rules that never apply, rewards nobody reaches.

Every check gives (place inside the file, problem, remedy); `mistakes` stop the start, `warnings` do not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import combinations

from dolibarr_loyalty.config.lines import Place
from dolibarr_loyalty.config.settings import DolibarrSettings, MailSettings
from dolibarr_loyalty.config.spellings import closest
from dolibarr_loyalty.core.program import Cap, Exclusions, Program, Reward, Rule
from dolibarr_loyalty.core.terms import Expiry, Match, Window

Finding = tuple[Place, str, str]

LEGAL_MONTHS = 36  # features 4.6 and 4.7: below this German courts have struck clauses down
_GROUPS = {"amount": "lines", "unit": "lines", "visit": "visits", "multiply": "multipliers"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """The parts of [program] that could be read, each with the place where it stands.

    `rule_ids` and `reward_ids` are those of all tables, of the ones that could not be read too.
    """

    rule_ids: Sequence[tuple[Place, str]] = ()
    reward_ids: Sequence[tuple[Place, str]] = ()
    rules: Sequence[tuple[Place, Rule]] = ()
    caps: Sequence[tuple[Place, Cap]] = ()
    rewards: Sequence[tuple[Place, Reward]] = ()
    exclusions: Exclusions = field(default_factory=Exclusions)
    max_balance: int | None = None
    starts_on: date | None = None
    earns: bool = True  # there is a [[program.earn]]


def mistakes(written: Written) -> Iterator[Finding]:
    """What no program may have."""
    yield from _same_ids(written.rule_ids, "rule")
    yield from _same_ids(written.reward_ids, "reward")
    yield from _something_earns(written)
    yield from _caps_name_rules(written)
    yield from _rules_that_never_apply(written)
    yield from _rules_in_conflict(written.rules)
    yield from _caps_below_a_grant(written)
    yield from _rewards_out_of_reach(written)


def warnings(
    program: Program, *, generic_customers_named: bool, dolibarr: DolibarrSettings, mail: MailSettings
) -> Iterator[Finding]:
    """What is possible but probably not meant, or not safe by law."""
    yield from _short_expiry(program.expiry)
    yield from _short_vouchers(program)
    yield from _idle_settings(program)
    if not generic_customers_named and "takepos" not in program.exclusions.channels:
        yield (
            ("program", "members", "generic_customers"),
            "is not set, so sales at the till without a customer would earn for the till's own customer.",
            "Write the id of TakePOS's generic customer, or generic_customers = [] without a till.",
        )
    if not program.rewards:
        yield ("program", "reward"), "There is no reward: points buy nothing.", "Add a [[program.reward]]."
    if dolibarr.url.startswith("http://") and not _is_local(dolibarr.url):
        yield ("dolibarr", "url"), "sends the key over the network in clear.", "Use https."
    if mail.kind == "smtp" and mail.password is not None and mail.tls == "none":
        yield ("mail", "tls"), "sends the password over the network in clear.", 'Write tls = "starttls".'


def _is_local(url: str) -> bool:
    host = url.removeprefix("http://").partition("/")[0]
    return host.startswith(("localhost", "127.", "[::1]"))


def _same_ids(ids: Sequence[tuple[Place, str]], noun: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, name in ids:
        if name in seen:
            yield (*place, "id"), f'"{name}" is the id of another {noun} too.', "Give each its own."
        seen.add(name)


def _something_earns(written: Written) -> Iterator[Finding]:
    if written.earns:
        return
    if not written.rule_ids:
        yield ("program", "earn"), "There is no rule by which points are earned.", "Add a [[program.earn]]."
    for place, name in written.rule_ids:
        yield (
            place,
            f'"{name}" multiplies the points of other rules, and there is none.',
            "Add a [[program.earn]].",
        )


def _caps_name_rules(written: Written) -> Iterator[Finding]:
    known = [name for _, name in written.rule_ids]
    for place, cap in written.caps:
        if cap.rule is not None and cap.rule not in known:
            meant = closest(cap.rule, known)
            hint = f'Did you mean "{meant}"?' if meant else f"Rules: {', '.join(known)}."
            yield (*place, "rule"), f'"{cap.rule}" is no rule of this program.', hint


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
        if _all_excluded(rule.match, written.exclusions):
            yield (
                place,
                f'"{rule.id}" is only for what [program.exclude] excludes, so it can never apply.',
                "Take it out there or here.",
            )


def _has_a_day(window: Window) -> bool:
    """Some day of the window has one of its weekdays."""
    if not (window.weekdays and window.from_day and window.until_day):
        return True
    length = min((window.until_day - window.from_day).days, 6)
    days = (window.from_day + timedelta(days=offset) for offset in range(length + 1))
    return any(day.weekday() in window.weekdays for day in days)


def _all_excluded(match: Match, exclusions: Exclusions) -> bool:
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
    return bool(match.products) and set(match.products) <= set(exclusions.gift_cards)


def _rules_in_conflict(rules: Sequence[tuple[Place, Rule]]) -> Iterator[Finding]:
    alone = [(place, rule) for place, rule in rules if not rule.combinable]
    for (_, one), (place, other) in combinations(alone, 2):
        if (
            _GROUPS[one.kind] == _GROUPS[other.kind]
            and one.priority == other.priority
            and _matches_meet(one.match, other.match)
            and _windows_meet(one.window, other.window)
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


def _windows_meet(one: Window, other: Window) -> bool:
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
            covered = cap.rule in (None, rule.id) and rule.kind != "multiply"
            if covered and cap.points < rule.points:
                yield (
                    (*place, "points"),
                    f'lets at most {cap.points} through, but "{rule.id}" gives {rule.points:f} at once.',
                    f"Write at least {rule.points:f}.",
                )


def _rewards_out_of_reach(written: Written) -> Iterator[Finding]:
    for place, reward in written.rewards:
        if written.max_balance is not None and reward.points > written.max_balance:
            yield (
                (*place, "points"),
                f'are more than max_balance = {written.max_balance}, so nobody can ever have "{reward.id}".',
                "Lower the points or raise max_balance.",
            )


def _short_expiry(expiry: Expiry) -> Iterator[Finding]:
    if expiry.model != "none" and expiry.months + expiry.days / 30 < LEGAL_MONTHS:
        yield (
            ("program", "expiry", "months"),
            f"lets points end before {LEGAL_MONTHS} months.",
            "German courts have struck shorter terms down (BGH X ZR 42/16); ask your adviser.",
        )


def _short_vouchers(program: Program) -> Iterator[Finding]:
    terms: list[tuple[Place, int | None]] = [
        (("program", "vouchers", "valid_months"), program.vouchers.valid_months),
        *(
            (("program", "reward", number, "valid_months"), reward.valid_months)
            for number, reward in enumerate(program.rewards)
        ),
    ]
    for place, months in terms:
        if months and months < LEGAL_MONTHS:
            yield (
                place,
                f"lets vouchers end before {LEGAL_MONTHS} months.",
                "In Germany the usual term is three years from the end of the year (BGB 195, 199); a voucher "
                "given free may be shorter if it says so.",
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
    found = (rule for rule in program.rules if rule.kind == "multiply")
    for number, rule in enumerate(found):
        yield ("program", "multiply", number), rule
