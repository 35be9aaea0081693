"""Wrong tables of every kind of program: each mistake with its line, and what to write instead."""

# ruff: noqa: E501 - the tables have one case a line

import re
from typing import Any

import pytest

from .conftest import RIGHT, Load, Mistakes

LINES = RIGHT.count("\n")


def promotion(more: str, name: str = "p") -> str:
    return f'[[program.promotion]]\nid = "{name}"\n{more}\n'


def tiers(more: str = "", *thresholds: int, name: str = "g") -> str:
    levels = "".join(
        f'[[program.tiers.tier]]\nid = "{name}{number}"\nthreshold = {threshold}\n'
        for number, threshold in enumerate(thresholds)
    )
    return f'[[program.tiers]]\nid = "{name}"\n{more}\n{levels}'


def card(more: str = 'reward = { product = "X" }', name: str = "c") -> str:
    return f'[[program.card]]\nid = "{name}"\nsize = 10\n{more}\n'


def benefit(more: str) -> str:
    return f'[[program.benefit]]\nid = "b"\n{more}\n'


WHO = "factor = 2\nwho = "
JOINT = 'kind = "joint"\npoints = 5\nfunding = '
PARTNER = '[[program.partner]]\nid = "roastery"\nthirdparty_id = 4\npercent = 5\n'
STARS = '[[program.wallet]]\nid = "stars"\n'

# (what is written after the right file, place, line within it, a part of the problem, a part of the remedy)
# fmt: off
WRONG = {
    "promotion that gives nothing": (promotion(""), "program.promotion[1].points", 1, "gives nothing", "factor = 2"),
    "promotion that gives two things": (promotion("factor = 2\npoints = 5"), "program.promotion[1].points", 4, "does not go with factor", "Keep one"),
    "points and points per item": (promotion("points = 5\npoints_per_item = 2"), "program.promotion[1].points", 3, "does not go with points_per_item", ""),
    "factor and points per item": (promotion("factor = 2\npoints_per_item = 2"), "program.promotion[1].points_per_item", 4, "does not go with factor", ""),
    "per without points": (promotion("factor = 2\nper = 10"), "program.promotion[1].per", 4, "means nothing without points", "per = 10"),
    "threshold of 0": (promotion('kind = "cumulative"\npoints = 5\nthreshold = 0'), "program.promotion[1].threshold", 5, "without buying", "threshold = 100"),
    "no threshold": (promotion('kind = "cumulative"\npoints = 5'), "program.promotion[1].threshold", 1, "is missing", ""),
    "cumulative without points": (promotion('kind = "cumulative"\nthreshold = 5'), "program.promotion[1].points", 1, "given at the threshold", "points = 50"),
    "cumulative with a factor": (promotion('kind = "cumulative"\nthreshold = 5\nfactor = 2'), "program.promotion[1].factor", 5, "does not go with kind", "points = 50"),
    "cumulative per amount": (promotion('kind = "cumulative"\nthreshold = 5\npoints = 2\nper = 2'), "program.promotion[1].per", 6, "does not go with kind", ""),
    "threshold of another kind": (promotion("points = 5\nthreshold = 5"), "program.promotion[1].threshold", 4, 'kind = "standard"', '"cumulative"'),
    "joint without partners": (promotion('kind = "joint"\npoints = 5'), "program.promotion[1].funding", 1, "paid by partners", "funding ="),
    "standard with partners": (PARTNER + promotion("points = 5\nfunding = { roastery = 5 }"), "program.promotion[1].funding", 8, "makes this a joint", '"joint"'),
    "shares over 100": (promotion(JOINT + "{ a = 60, b = 50 }"), "program.promotion[1].funding", 5, "comes to 110 percent", "at most 100"),
    "share out of range": (promotion(JOINT + "{ a = 120 }"), "program.promotion[1].funding.a", 5, "out of range", "at most 100"),
    "unknown partner": (PARTNER + promotion(JOINT + "{ roasterie = 5 }"), "program.promotion[1].funding.roasterie", 9, "is no partner", 'Did you mean "roastery"?'),
    "unknown partner, none there": (promotion(JOINT + "{ zzz = 5 }"), "program.promotion[1].funding.zzz", 5, "is no partner", "[[program.partner]]"),
    "promotion that ends first": (promotion("points = 5\nfrom_day = 2026-12-24\nuntil_day = 2026-12-01"), "program.promotion[1].until_day", 5, "can never apply", ""),
    "promotion over before the start": (promotion("points = 5\nuntil_day = 2026-12-01") + "[program]\nstarts_on = 2027-01-01\n", "program.promotion[1].until_day", 4, "before the program starts", ""),
    "promotion for what is excluded": (promotion('points = 5\ntags = ["sale"]') + '[program.exclude]\ntags = ["sale"]\n', "program.promotion[1]", 1, "can never apply", ""),
    "budget below one grant": (promotion("points = 50\nbudget = 49"), "program.promotion[1].budget", 4, "gives 50 at once", "at least 50"),
    "cap below one grant": (promotion("points = 50\nper_day = 49"), "program.promotion[1].per_day", 4, "gives 50 at once", "at least 50"),
    "exclusive ones that meet": (promotion("points = 5\nexclusive = true", "a") + promotion("factor = 2\nexclusive = true"), "program.promotion[2].priority", 5, "both exclusive, have priority 0", "higher priority"),
    "multiplier of a unit nobody earns": (STARS + promotion('factor = 2\nunit = "stars"'), "program.promotion[1]", 3, 'there is none of unit "stars"', "[[program.earn]]"),
    "promotion with the id of a rule": (promotion("points = 5", "base"), "program.promotion[1].id", 2, '"base" is the id of a rule too', "Give each"),
    "tier with the id of a promotion": (promotion("points = 5", "g1") + tiers("", 0, 5), "program.tiers[1].tier[2].id", 11, "the id of a promotion too", ""),
    "two tiers with one id": (tiers("", 0, name="g") + tiers("", 0, name="g"), "program.tiers[2].tier[1].id", 11, "another tier", ""),
    "two groups with one id": (tiers("", 0, name="g") + tiers("", 0, name="g"), "program.tiers[2].id", 8, "another group of tiers", ""),
    "for nobody by tags": (promotion(WHO + '{ tags = ["vip"], without_tags = ["VIP"] }'), "program.promotion[1].who.without_tags", 4, "leaves nobody", ""),
    "for nobody by first purchase": (promotion(WHO + "{ first_purchase = true, inactive_days = 9 }"), "program.promotion[1].who.inactive_days", 4, "for nobody", "Keep one"),
    "no country": (promotion(WHO + '{ countries = ["Germany"] }'), "program.promotion[1].who.countries[1]", 4, "is not a country", '"DE"'),
    "unknown condition": (promotion(WHO + '{ tiers = [], tag = ["x"] }'), "program.promotion[1].who.tag", 4, "is no setting", '"tags"'),
    "unknown tier": (tiers("", 0, 5, name="gold") + promotion(WHO + '{ tiers = ["gold"] }'), "program.promotion[1].who.tiers", 13, "is no tier", 'Did you mean "gold'),
    "unknown club": (promotion(WHO + '{ clubs = ["plus"] }'), "program.promotion[1].who.clubs", 4, "is no club", "[[program.club]]"),
    "unknown segment": ('[[program.segment]]\nid = "x"\nminimum_spend = 5\n' + promotion(WHO + '{ segments = ["sleepers"] }'), "program.promotion[1].who.segments", 7, "is no segment", "Known: x."),
    "unknown kind of points": ('[[program.earn]]\nid = "s"\npoints = 1\nunit = "star"\n' + STARS, "program.earn[2].unit", 4, "is no kind of points", 'Did you mean "stars"?'),
    "unknown kind of points of an activity": ('[[program.activity]]\nid = "s"\npoints = 1\nunit = "zzz"\n', "program.activity[1].unit", 4, "is no kind of points", "Known: points"),
    "qualifying points by hand": ('[[program.earn]]\nid = "s"\npoints = 1\nunit = "qualifying:g"\n', "program.earn[2].unit", 4, "tiers count by themselves", "[[program.wallet]]"),
    "wallet called points": ('[[program.wallet]]\nid = "points"\n', "program.wallet[1].id", 2, "always there", '"stars"'),
    "wallet called stamps": ('[[program.wallet]]\nid = "stamps"\n', "program.wallet[1].id", 2, "always there", ""),
    "wallet called qualifying": ('[[program.wallet]]\nid = "qualifying"\n', "program.wallet[1].id", 2, "always there", ""),
    "wallet with a colon": ('[[program.wallet]]\nid = "stamps:x"\n', "program.wallet[1].id", 2, "cannot be an id", '"stamps-x"'),
    "wallet that ends at once": (STARS + "expiry = { months = 0 }\n", "program.wallet[1].expiry.months", 3, "end at once", '"none"'),
    "reward nobody earns": (STARS + '[[program.reward]]\nid = "r"\nkind = "amount"\npoints = 5\nvalue = 5\nunit = "stars"\n', "program.reward[2].unit", 8, "nobody can ever have", 'unit = "stars"'),
    "reward for an unknown tier": ('[[program.reward]]\nid = "r"\nkind = "amount"\npoints = 5\nvalue = 5\nwho = { tiers = ["x"] }\n', "program.reward[2].who.tiers", 6, "is no tier", ""),
    "card without reward": ('[[program.card]]\nid = "c"\nsize = 10\n', "program.card[1].reward", 1, "is missing", "init"),
    "card with an unknown reward": (card('reward = "coffe"'), "program.card[1].reward", 4, "is no reward", '"coffee"'),
    "card that gives no product": (card("reward = { limit = 5 }"), "program.card[1].reward.product", 4, "gives one free", "ref"),
    "card whose reward costs points": (card('reward = "coffee"'), "program.reward[1].unit", -7, 'the card "c" becomes', 'unit = "stamps:c"'),
    "card whose reward costs more": (card('reward = "coffee"'), "program.reward[1].points", -4, "full with 10", "points = 10"),
    "card with a strange reward": (card("reward = 3"), "program.card[1].reward", 4, "is not a table", ""),
    "card with a wrong id of a reward": (card('reward = "Ein Kaffee"'), "program.card[1].reward.id", 4, "cannot be an id", '"ein-kaffee"'),
    "card nobody can fill": (card('per = "rules"\nreward = { product = "X" }'), "program.card[1].per", 4, "nobody can fill", 'per = "unit"'),
    "card limited below a stamp": (card('stamps = 2\nmost_per_day = 1\nreward = { product = "X" }'), "program.card[1].most_per_day", 5, "gives 2 at once", ""),
    "limit of a card without a rule": (card('per = "rules"\nmost_per_day = 1\nreward = { product = "X" }') + '[[program.earn]]\nid = "s"\npoints = 1\nunit = "stamps:c"\n', "program.card[1].most_per_day", 5, "is no rule", ""),
    "card for what is excluded": (card('tags = ["sale"]\nreward = { product = "X" }') + '[program.exclude]\ntags = ["sale"]\n', "program.card[1]", 1, "can never apply", ""),
    "card with the id of a rule": (card(name="base"), "program.card[1].id", 2, '"base" is the id of a rule too', ""),
    "card with the id of a reward": (card(name="coffee"), "program.card[1].id", 2, '"coffee" is the id of a reward too', ""),
    "two cards with one id": (card() + card(), "program.card[2].id", 6, "another stamp card", ""),
    "group without tiers": (tiers(), "program.tiers[1].tier", 1, "has no tier", "[[program.tiers.tier]]"),
    "gap at the bottom": (tiers("", 10, 20), "program.tiers[1].tier[1].threshold", 6, "in no tier", "threshold = 0"),
    "two tiers with one threshold": (tiers("", 0, 10, 10), "program.tiers[1].tier[3].threshold", 12, "not more than the 10", "ascending"),
    "tiers that descend": (tiers("", 0, 10, 5), "program.tiers[1].tier[3].threshold", 12, "not more than the 10", ""),
    "unknown setting of a tier": (tiers("", 0) + 'benefit = ["x"]\n', "program.tiers[1].tier[1].benefit", 7, "is no setting", '"benefits"'),
    "unknown benefit of a tier": (tiers("", 0) + 'benefits = ["x"]\n', "program.tiers[1].tier[1].benefits", 7, "is no benefit", "[[program.benefit]]"),
    "no day of the year": (tiers('starts = "02-29"', 0), "program.tiers[1].starts", 3, "not a day of every year", '"01-01"'),
    "nothing like a day": (tiers('starts = "spring"', 0), "program.tiers[1].starts", 3, "not a day of every year", ""),
    "discount of nothing": (benefit('kind = "extra_discount"'), "program.benefit[1].percent", 1, "takes so much off", "percent = 5"),
    "discount on something else": (benefit('kind = "event"\npercent = 5'), "program.benefit[1].percent", 4, "means nothing", ""),
    "return period of no days": (benefit('kind = "longer_returns"'), "program.benefit[1].days", 1, "is missing", "days = 60"),
    "days of something else": (benefit('kind = "event"\ndays = 5'), "program.benefit[1].days", 4, "means nothing", "valid_days"),
    "gift of nothing": (benefit('kind = "welcome"'), "program.benefit[1].points", 1, "gives points or a reward", "points = 100"),
    "gift with something else": (benefit('kind = "event"\npoints = 5'), "program.benefit[1].points", 4, "mean nothing", ""),
    "unknown gift": (benefit('kind = "welcome"\nreward = "cofee"'), "program.benefit[1].reward", 4, "is no reward", '"coffee"'),
    "unknown kind of benefit": (benefit('kind = "free_shiping"'), "program.benefit[1].kind", 3, "is not possible", '"free_shipping"'),
    "event written to Dolibarr": (benefit('kind = "event"\nto_dolibarr = true'), "program.benefit[1].to_dolibarr", 4, "means nothing", '"extra_discount"'),
    "club without product": ('[[program.club]]\nid = "plus"\n', "program.club[1].products", 1, "nobody could join", '"CLUB-YEAR"'),
    "club with an unknown benefit": ('[[program.club]]\nid = "plus"\nproducts = ["A"]\nbenefits = ["x"]\n', "program.club[1].benefits", 4, "is no benefit", ""),
    "segment of everybody": ('[[program.segment]]\nid = "x"\n', "program.segment[1].maximum_quiet_days", 1, "everybody would be", "minimum_purchases"),
    "segment of nobody": ('[[program.segment]]\nid = "x"\nminimum_spend = 50\nmaximum_spend = 5\n', "program.segment[1].maximum_spend", 4, "nobody is in it", "at least 50"),
    "limit of no match": ('[[program.cause]]\nid = "x"\nmatch_limit = 50\n', "program.cause[1].match_limit", 3, "limits nothing", "match_percent"),
    "activity for nothing": ('[[program.activity]]\nid = "x"\npoints = 0\n', "program.activity[1].points", 3, "out of range", "at least 1"),
    "birthday of nothing": ("[program.birthday]\nminimum_days = 3\n", "program.birthday.points", 1, "neither points nor a reward", "points = 50"),
    "birthday with an unknown reward": ('[program.birthday]\nreward = "cofee"\n', "program.birthday.reward", 2, "is no reward", 'Did you mean "coffee"?'),
    "birthday that is none": ("[program]\nbirthday = 3\n", "program.birthday", 2, "is not a table", ""),
    "anniversary with an unknown reward": ('[program.anniversary]\nreward = "zzz"\n', "program.anniversary.reward", 2, "is no reward", "Known: coffee"),
    "referral of nothing": ("[program.referral]\nreferrer_points = 0\n", "program.referral.friend_points", 1, "nobody earns", ""),
    "partner that is nobody": ('[[program.partner]]\nid = "x"\n', "program.partner[1].thirdparty_id", 1, "is missing", ""),
    "pool of one": ("[program.pooling]\nmost_members = 1\n", "program.pooling.most_members", 2, "out of range", "at least 2"),
}
# fmt: on


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_with_its_place_line_and_remedy(case: Any, mistakes: Mistakes) -> None:
    written, place, line, problem, remedy = case
    found = mistakes(RIGHT + written)
    told = next((mistake for mistake in found if mistake.place == place), None)
    assert told is not None, found
    assert told.line == LINES + line
    assert problem in told.problem
    assert remedy in told.remedy


def test_tiers_by_points_need_points_that_qualify(load_text: Load, mistakes: Mistakes) -> None:
    text = RIGHT + tiers('qualify_by = "points"', 0, 5)
    assert load_text(text).program.tier_groups
    (told,) = mistakes(text.replace("points = 1\n", "points = 1\nqualifying = false\n", 1))
    assert (told.place, told.line) == ("program.tiers[1].qualify_by", LINES + 4)
    assert "nobody rises" in told.problem
    by_spend = tiers("", 0, 5, name="h")  # rises without points
    assert len(mistakes(text.replace("points = 1\n", "points = 1\nqualifying = false\n", 1) + by_spend)) == 1
    activity = '[[program.activity]]\nid = "x"\npoints = 5\nqualifying = true\n'
    assert load_text(text.replace("points = 1\n", "points = 1\nqualifying = false\n", 1) + activity)


def test_a_program_may_earn_by_cards_alone(load_text: Load) -> None:
    text = re.sub(r"(?s)\[\[program.earn\]\].*?\n\n", "", RIGHT)
    text = re.sub(r"(?s)\[\[program.reward\]\].*?\n\n", "", text)
    program = load_text(text + card('tags = ["drink"]\nreward = { product = "X" }')).program
    assert [rule.id for rule in program.rules] == ["c"]


@pytest.mark.parametrize(
    "gives",
    [
        "[program]\nwelcome_points = 5\n",
        "[program.birthday]\npoints = 5\n",
        "[program.anniversary]\npoints = 5\n",
        "[program.referral]\nreferrer_points = 5\n",
        benefit('kind = "welcome"\npoints = 5'),
        '[[program.activity]]\nid = "x"\npoints = 5\n',
    ],
)
def test_points_may_come_without_a_purchase(gives: str, load_text: Load, mistakes: Mistakes) -> None:
    stars = RIGHT.replace("points = 1\n", 'points = 1\nunit = "stars"\n', 1) + STARS
    assert [mistake.place for mistake in mistakes(stars)] == ["program.reward[1].unit"]
    assert load_text(stars + gives)


def test_mistakes_of_all_tables_are_told_at_once(mistakes: Mistakes) -> None:
    found = mistakes(
        RIGHT
        + promotion("points = 5\nbudget = 4\nwho = { tiers = ['gold'] }")
        + tiers("", 5)
        + card('reward = "zzz"')
        + benefit('kind = "extra_discount"')
        + "[program.birthday]\nleap_day = 'mar2'\n"
    )
    assert [mistake.place for mistake in found] == [
        "program.promotion[1].budget",
        "program.promotion[1].who.tiers",
        "program.tiers[1].tier[1].threshold",
        "program.card[1].reward",
        "program.benefit[1].percent",
        "program.birthday.points",
        "program.birthday.leap_day",
    ]


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("", "", True),
        ("priority = 1", "", False),
        ("until_day = 2026-11-30", "from_day = 2026-12-01", False),
        ('hours = "08:00-10:00"', 'hours = "10:00-12:00"', False),
        ('products = ["a"]', 'products = ["b"]', True),
        ('who = { countries = ["DE"] }', 'who = { countries = ["FR"] }', False),
        ('who = { countries = ["DE"] }', 'who = { countries = ["DE", "FR"] }', True),
        ('who = { customer_types = ["person"] }', 'who = { customer_types = ["company"] }', False),
        ('who = { countries = ["DE"] }', 'who = { customer_types = ["company"] }', True),
        ('unit = "points"', 'unit = "stars"', False),
        ("exclusive = false", "", False),
    ],
)
def test_two_exclusive_promotions_must_not_meet(
    first: str, second: str, meet: bool, load_text: Load, mistakes: Mistakes
) -> None:
    def written(name: str, more: str) -> str:
        alone = "" if "exclusive" in more else "exclusive = true\n"
        return promotion(f"points = 5\n{alone}{more}", name)

    text = RIGHT + STARS + written("one", first) + written("two", second)
    if meet:
        (told,) = mistakes(text)
        assert told.problem == '"two" and "one" are both exclusive, have priority 0 and can meet.'
    else:
        assert load_text(text).warnings == ()


# fmt: off
DOUBTFUL = {
    "tier that earns less": (tiers("", 0, 5, 9).replace("threshold = 5", "threshold = 5\nearn_factor = 2"), "program.tiers[1].tier[3].earn_factor", 11, "is less than the 2"),
    "per without spend": (tiers('qualify_by = "visits"\nper = 5', 0), "program.tiers[1].per", 4, "does nothing"),
    "per with points": (tiers('qualify_by = "points"\nper = 5', 0), "program.tiers[1].per", 4, "does nothing"),
    "lines with points": (tiers('qualify_by = "points"\ntags = ["x"]', 0), "program.tiers[1]", 1, "means nothing"),
    "start without a calendar": (tiers('model = "anniversary"\nstarts = "09-01"', 0), "program.tiers[1].starts", 4, "does nothing"),
    "months beside the following year": (tiers('keep = "following_period"\ntier_months = 6', 0), "program.tiers[1].tier_months", 4, "does nothing"),
    "benefit for nobody": (benefit('kind = "event"'), "program.benefit[1]", 1, "nobody has it"),
    "partner that pays nothing": ('[[program.partner]]\nid = "x"\nthirdparty_id = 4\n', "program.partner[1]", 1, "pays for nothing"),
    "card for everything": (card(), "program.card[1]", 1, "carrier bags"),
    "factor of 1": (promotion("points = 5", "a") + promotion("factor = 1"), "program.promotion[2].factor", 6, "changes nothing"),
    "head of no pool": ('[program.pooling]\nspenders = "head"\n', "program.pooling.spenders", 2, "does nothing"),
    "short stars in Germany": (STARS + 'expiry = { months = 6 }\n[program]\nzone = "Europe/Berlin"\n', "program.wallet[1].expiry", 3, "before 36 months"),
}
# fmt: on


@pytest.mark.parametrize("case", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_what_is_possible_but_hardly_meant_is_a_warning(case: Any, load_text: Load) -> None:
    written, place, line, problem = case
    (warning,) = load_text(RIGHT + written).warnings
    assert (warning.place, warning.line) == (place, LINES + line)
    assert problem in warning.problem


@pytest.mark.parametrize(
    "written",
    [
        STARS + "expiry = { months = 6 }\n",
        STARS + 'expiry = { model = "none" }\n[program]\nzone = "Europe/Berlin"\n',
        card('per = "visit"\nreward = { product = "X" }'),
        card('tags = ["drink"]\nreward = { product = "X" }'),
        '[program.pooling]\nkind = "company"\nspenders = "head"\n',
        promotion(JOINT + "{ x = 40 }") + '[[program.partner]]\nid = "x"\nthirdparty_id = 4\n',
        tiers("", 0, 5) + 'benefits = ["b"]\n' + benefit('kind = "event"'),
        '[[program.club]]\nid = "x"\nproducts = ["X"]\nbenefits = ["b"]\n' + benefit('kind = "event"'),
    ],
)
def test_what_is_meant_is_no_warning(written: str, load_text: Load) -> None:
    assert load_text(RIGHT + written).warnings == ()


def test_points_for_a_cause_need_no_reward(load_text: Load) -> None:
    without = re.sub(r"(?s)\[\[program.reward\]\].*?\n\n", "", RIGHT)
    assert [warning.place for warning in load_text(without).warnings] == ["program.reward"]
    assert load_text(without + '[[program.cause]]\nid = "trees"\n').warnings == ()
