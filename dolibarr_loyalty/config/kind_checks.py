"""What is wrong between the tables of [program]: ids that name nothing, tiers with gaps, rewards out of reach.

As in `checks`, every check gives (place inside the file, problem, remedy).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from dolibarr_loyalty.config.checks import Finding, Written, windows_meet
from dolibarr_loyalty.config.lines import Place
from dolibarr_loyalty.config.spellings import closest
from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.tiers import TierGroup

# Where an id is used, the id, and what it should name.
_Reference = tuple[Place, str, str]
_TABLES = {
    "tier": "program.tiers.tier",
    "club": "program.club",
    "segment": "program.segment",
    "benefit": "program.benefit",
    "reward": "program.reward",
    "partner": "program.partner",
    "kind of points": "program.wallet",
}


def mistakes(written: Written) -> Iterator[Finding]:
    """What no program may have."""
    yield from _ids_that_name_nothing(written)
    for place, group in written.tier_groups:
        yield from _thresholds_with_gaps(place, group)
    yield from _exclusive_promotions_that_meet(written.rules)
    yield from _budgets_below_a_grant(written.rules)
    yield from _cards_and_their_rewards(written)
    if written.is_whole:
        yield from _rewards_nobody_earns(written)
        yield from _tiers_nobody_reaches(written)


def _ids_that_name_nothing(written: Written) -> Iterator[Finding]:
    known = _known_ids(written)
    for place, name, noun in _references(written):
        if name not in known[noun]:
            meant = closest(name, known[noun])
            hint = f"Known: {', '.join(known[noun])}." if known[noun] else f"Add a [[{_TABLES[noun]}]]."
            yield (
                place,
                f'"{name}" is no {noun} of this program.',
                f'Did you mean "{meant}"?' if meant else hint,
            )


def _known_ids(written: Written) -> dict[str, list[str]]:
    stamps = [f"stamps:{name}" for name in written.names("card")]
    return {
        **{noun: written.names(noun) for noun in ("tier", "club", "segment", "benefit", "partner")},
        "reward": written.names("reward", "card reward"),
        "kind of points": [POINTS, *written.names("wallet"), *stamps],
    }


def _references(written: Written) -> Iterator[_Reference]:
    """Every id that some table uses to name another."""
    for place, rule in written.rules:
        yield from _of_who(place, rule.who)
        yield (*place, "unit"), rule.unit, "kind of points"
        for share in rule.funding:
            yield (*place, "funding", share.partner), share.partner, "partner"
    for place, reward in written.rewards:
        yield from _of_who(place, reward.who)
        yield (*place, "unit"), reward.unit, "kind of points"
    for place, activity in written.activities:
        yield from _of_who(place, activity.who)
        yield (*place, "unit"), activity.unit, "kind of points"
    for place, group in written.tier_groups:
        for number, tier in enumerate(group.tiers):
            yield from (((*place, "tier", number, "benefits"), name, "benefit") for name in tier.benefits)
    for place, club in written.clubs:
        yield from (((*place, "benefits"), name, "benefit") for name in club.benefits)
    for place, card in written.cards:
        if card.id not in written.names("card reward"):
            yield (*place, "reward"), card.reward, "reward"
    yield from (
        ((*place, "reward"), benefit.reward, "reward")
        for place, benefit in written.benefits
        if benefit.reward
    )
    for name, gift in (("birthday", written.birthday), ("anniversary", written.anniversary)):
        if gift and gift.reward:
            yield ("program", name, "reward"), gift.reward, "reward"


def _of_who(place: Place, who: Who) -> Iterator[_Reference]:
    for setting, noun in (("tiers", "tier"), ("clubs", "club"), ("segments", "segment")):
        for name in getattr(who, setting):
            yield (*place, "who", setting), name, noun


def _thresholds_with_gaps(place: Place, group: TierGroup) -> Iterator[Finding]:
    lowest = group.tiers[0]
    if lowest.threshold:
        yield (
            (*place, "tier", 0, "threshold"),
            f'is {lowest.threshold}, so members with less would be in no tier of "{group.id}".',
            "Write threshold = 0 for the lowest tier.",
        )
    for number, (below, tier) in enumerate(pairwise(group.tiers), start=1):
        if tier.threshold <= below.threshold:
            yield (
                (*place, "tier", number, "threshold"),
                f'is {tier.threshold}, not more than the {below.threshold} of "{below.id}" below it.',
                "Write the tiers in ascending order, each with a threshold of its own.",
            )


def _exclusive_promotions_that_meet(rules: Sequence[tuple[Place, Rule]]) -> Iterator[Finding]:
    alone = [(place, rule) for place, rule in rules if rule.exclusive]
    for (_, one), (place, other) in combinations(alone, 2):
        if (
            (one.unit, one.priority) == (other.unit, other.priority)
            and windows_meet(one.window, other.window)
            and _members_meet(one.who, other.who)
        ):
            yield (
                (*place, "priority"),
                f'"{other.id}" and "{one.id}" are both exclusive, have priority {one.priority} and can meet.',
                "Give one a higher priority, or let them not overlap.",
            )


def _members_meet(one: Who, other: Who) -> bool:
    """Some member may meet both; only what one list decides is looked at."""
    countries = not (one.countries and other.countries) or set(one.countries) & set(other.countries)
    types = not (one.customer_types and other.customer_types) or set(one.customer_types) & set(
        other.customer_types
    )
    return bool(countries and types)


def _budgets_below_a_grant(rules: Sequence[tuple[Place, Rule]]) -> Iterator[Finding]:
    for place, rule in rules:
        if rule.budget is not None and rule.kind != "multiply" and rule.budget < rule.points:
            yield (
                (*place, "budget"),
                f'is {rule.budget}, but "{rule.id}" gives {rule.points:f} at once.',
                f"Write at least {rule.points:f}.",
            )


def _cards_and_their_rewards(written: Written) -> Iterator[Finding]:
    """A reward that stands apart must cost what the card holds."""
    rewards = {reward.id: (place, reward) for place, reward in written.rewards}
    for _, card in written.cards:
        place, reward = rewards.get(card.reward, ((), None))
        if reward is None or card.id in written.names("card reward"):
            continue
        if reward.unit != card.unit:
            yield (
                (*place, "unit"),
                f'is "{reward.unit}", but "{reward.id}" is what the card "{card.id}" becomes.',
                f'Write unit = "{card.unit}".',
            )
        if reward.points != card.size:
            yield (
                (*place, "points"),
                f'are {reward.points}, but the card "{card.id}" is full with {card.size}.',
                f"Write points = {card.size}.",
            )


def _rewards_nobody_earns(written: Written) -> Iterator[Finding]:
    earned = {rule.unit for _, rule in written.rules if rule.kind != "multiply"}
    earned |= {activity.unit for _, activity in written.activities}
    gifts = (written.birthday, written.anniversary, *(benefit for _, benefit in written.benefits))
    if written.welcome_points or written.referral or any(gift and gift.points for gift in gifts):
        earned.add(POINTS)
    known = _known_ids(written)["kind of points"]
    for place, reward in written.rewards:
        if reward.unit in earned or reward.unit not in known:
            continue
        if place[1] == "card":
            yield (
                (*place, "per"),
                f'is "rules", and no rule has unit = "{reward.unit}", so nobody can fill "{reward.id}".',
                f'Write per = "unit", or a [[program.earn]] with unit = "{reward.unit}".',
            )
        else:
            yield (
                (*place, "unit"),
                f'is "{reward.unit}", which nothing gives, so nobody can ever have "{reward.id}".',
                f'Write another unit, or a [[program.earn]] with unit = "{reward.unit}".',
            )


def _tiers_nobody_reaches(written: Written) -> Iterator[Finding]:
    qualifying = any(rule.qualifying for _, rule in written.rules if rule.kind != "multiply")
    if qualifying or any(activity.qualifying for _, activity in written.activities):
        return
    for place, group in written.tier_groups:
        if group.qualify_by == "points" and len(group.tiers) > 1:
            yield (
                (*place, "qualify_by"),
                f'counts points that qualify, and nothing gives any, so nobody rises in "{group.id}".',
                'Let an earning rule qualify, or write qualify_by = "spend".',
            )


def warnings(program: Program) -> Iterator[Finding]:
    """What is possible but probably not meant."""
    for number, group in enumerate(program.tier_groups):
        yield from _idle_tier_settings(("program", "tiers", number), group)
        yield from _tiers_that_earn_less(("program", "tiers", number), group)
    yield from _benefits_for_nobody(program)
    yield from _partners_that_pay_nothing(program)
    yield from _cards_for_every_line(program)
    if program.pooling.kind == "off" and program.pooling.spenders == "head":
        yield (
            ("program", "pooling", "spenders"),
            'does nothing with kind = "off".',
            'Write kind = "household".',
        )


def _idle_tier_settings(place: Place, group: TierGroup) -> Iterator[Finding]:
    usual = TierGroup(id="", tiers=())
    idle = {
        'qualify_by = "points"': ("per",) if group.qualify_by == "points" else (),
        'qualify_by = "visits"': ("per",) if group.qualify_by == "visits" else (),
        'model = "anniversary"': ("starts",) if group.model == "anniversary" else (),
        'keep = "following_period"': ("tier_months", "tenure_months", "extension")
        if group.keep == "following_period"
        else (),
    }
    for beside, settings in idle.items():
        for name in settings:
            if getattr(group, name) != getattr(usual, name):
                yield (*place, name), f"does nothing with {beside}.", "Leave it out."
    if group.qualify_by == "points" and not group.match.is_everything:
        yield (
            place,
            'says which lines count, which means nothing with qualify_by = "points".',
            "Leave products, tags and types out: the earning rules say what qualifies.",
        )


def _tiers_that_earn_less(place: Place, group: TierGroup) -> Iterator[Finding]:
    for number, (below, tier) in enumerate(pairwise(group.tiers), start=1):
        if tier.earn_factor < below.earn_factor:
            yield (
                (*place, "tier", number, "earn_factor"),
                f'is less than the {below.earn_factor:f} of "{below.id}" below it.',
                "Rising should never cost a member anything.",
            )


def _benefits_for_nobody(program: Program) -> Iterator[Finding]:
    named = {name for group in program.tier_groups for tier in group.tiers for name in tier.benefits}
    named |= {name for club in program.clubs for name in club.benefits}
    for number, benefit in enumerate(program.benefits):
        if benefit.id not in named:
            yield (
                ("program", "benefit", number),
                f'"{benefit.id}" is named by no tier and no club, so nobody has it.',
                f'Write benefits = ["{benefit.id}"] where it belongs.',
            )


def _partners_that_pay_nothing(program: Program) -> Iterator[Finding]:
    funding = {share.partner for rule in program.rules for share in rule.funding}
    for number, partner in enumerate(program.partners):
        if not partner.percent and partner.id not in funding:
            yield (
                ("program", "partner", number),
                f'"{partner.id}" pays for nothing: percent is 0 and no promotion names it.',
                "Write percent = 100, or funding in a joint promotion.",
            )


def _cards_for_every_line(program: Program) -> Iterator[Finding]:
    rules = {rule.id: rule for rule in program.rules if rule.kind == "unit" and rule.match.is_everything}
    for number, card in enumerate(program.cards):
        rule = rules.get(card.id)
        if rule is not None and rule.unit == card.unit:
            yield (
                ("program", "card", number),
                f'"{card.id}" is stamped for every unit of everything, carrier bags and deliveries too.',
                'Write tags = ["drink"] or products, or per = "visit".',
            )
