"""Wrong files and what is said about them: place, line, problem, and what to write instead."""

# ruff: noqa: E501 - the tables have one case a line

from typing import Any

import pytest

from dolibarr_loyalty.errors import Mistake

from .conftest import RIGHT, Load, Mistakes

EARN = 'id = "base"\npoints = 1\nper = "10.00"\n'
REWARD = 'kind = "amount"\npoints = 50\nvalue = "5.00"\n'

# (what is replaced, by what, place, line, a part of the problem, a part of the remedy)
# fmt: off
WRONG = {
    "unknown section": ("[brand]", "[brnd]", "brnd", 5, "is no setting", 'Did you mean "brand"?'),
    "unknown setting": ('url = "', 'timeout_secs = 3\nurl = "', "dolibarr.timeout_secs", 2, "is no setting", '"timeout_seconds"'),
    "unknown program setting": ("[program.members]", 'program.earn_onn = "paid"\n[program.members]', "brand.program", 8, "no setting", "Known here"),
    "misspelt earn_on": ("[program.members]", '[program]\nearn_onn = "paid"\n[program.members]', "program.earn_onn", 9, "is no setting", 'Did you mean "earn_on"?'),
    "unknown setting of a rule": (EARN, EARN + 'week_days = ["mon"]\n', "program.earn[1].week_days", 15, "is no setting", '"weekdays"'),
    "unknown setting inside a table": ("[secrets]", '[program.exclude]\nlines = [{ tag = ["x"] }]\n[secrets]', "program.exclude.lines[1].tag", 23, "is no setting", '"tags"'),
    "missing setting": ('url = "https://erp.example.com"\n', "", "dolibarr.url", 1, "is missing", "init"),
    "missing section": ('[brand]\nshop_name = "Café"\n', "", "brand.shop_name", None, "is missing", "init"),
    "section that is none": ("[dolibarr]", 'mail = "smtp"\n[dolibarr]', "mail", 1, "is not a table", "its name in brackets"),
    "list that is none": ("[secrets]", "[program.cap]\npoints = 1\n[secrets]", "program.cap", 22, "is not a list", "[[program.cap]]"),
    "not among the choices": (REWARD, REWARD.replace('amount', 'ammount'), "program.reward[1].kind", 18, '"ammount" is not possible', 'Did you mean "amount"?'),
    "text for a number": ("points = 50", 'points = "many"', "program.reward[1].points", 19, "not a whole number", "such as 10"),
    "truth for a whole number": ("points = 50", "points = true", "program.reward[1].points", 19, "not a whole number", ""),
    "truth for an amount": ('value = "5.00"', "value = true", "program.reward[1].value", 20, "not a number", '"0.50"'),
    "number with a comma": ('per = "10.00"', 'per = "10,00"', "program.earn[1].per", 14, "with a comma", '"10.50"'),
    "infinite amount": ('per = "10.00"', "per = inf", "program.earn[1].per", 14, "not a number", ""),
    "nothing for nothing": ('per = "10.00"', "per = 0", "program.earn[1].per", 14, "out of range", "more than 0"),
    "number for a text": ('shop_name = "Café"', "shop_name = 3", "brand.shop_name", 6, "is not text", "quotes"),
    "empty text": ('shop_name = "Café"', 'shop_name = ""', "brand.shop_name", 6, "is empty", ""),
    "neither true nor false": (EARN, EARN + 'combinable = "perhaps"\n', "program.earn[1].combinable", 15, "neither true nor false", ""),
    "no day": (EARN, EARN + 'from_day = "soon"\n', "program.earn[1].from_day", 15, "not a day", "2026-12-24"),
    "no list": (EARN, EARN + 'tags = "x"\n', "program.earn[1].tags", 15, "not a list", "brackets"),
    "no weekday": (EARN, EARN + 'weekdays = ["mon", "someday"]\n', "program.earn[1].weekdays[2]", 15, '"someday" is not a weekday', "mon, tue"),
    "no hours": (EARN, EARN + 'hours = "evening"\n', "program.earn[1].hours", 15, "not a span of hours", '"17:00-19:00"'),
    "no such hour": (EARN, EARN + 'hours = "17:00-25:00"\n', "program.earn[1].hours", 15, '"25:00" is not a time', "24:00"),
    "hours of no length": (EARN, EARN + 'hours = "17:00-17:00"\n', "program.earn[1].hours", 15, "no time at all", "whole day"),
    "no id": ('id = "base"', 'id = "Böse Regel"', "program.earn[1].id", 12, "cannot be an id", '"b-se-regel"'),
    "no address": ("https://erp.example.com", "erp.example.com", "dolibarr.url", 2, "is not a web address", "https://"),
    "address with a password": ("https://erp", "https://a:b@erp", "dolibarr.url", 2, "name or password", ""),
    "unknown currency": ("[program.members]", '[program]\ncurrency = "EURO"\n[program.members]', "program.currency", 9, '"EURO" is not a currency', 'Did you mean "EUR"?'),
    "nothing like a currency": ("[program.members]", '[program]\ncurrency = "#"\n[program.members]', "program.currency", 9, "not a currency", "ISO code"),
    "unknown zone": ("[program.members]", '[program]\nzone = "Europe/Berln"\n[program.members]', "program.zone", 9, "not a time zone", '"Europe/Berlin"'),
    "zone by its city": ("[program.members]", '[program]\nzone = "Zurich"\n[program.members]', "program.zone", 9, "not a time zone", '"Europe/Zurich"'),
    "nothing like a zone": ("[program.members]", '[program]\nzone = "#"\n[program.members]', "program.zone", 9, "not a time zone", "such as"),
    "no colour": ("[program.members]", 'colour = "green"\n[program.members]', "brand.colour", 8, "not a colour", "#1f"),
    "no logo": ("[program.members]", 'logo = "logo.png"\n[program.members]', "brand.logo", 8, "cannot be read", "folder"),
    "logo of another kind": ("[program.members]", 'logo = "loyalty.toml"\n[program.members]', "brand.logo", 8, "neither PNG nor JPEG", ""),
    "unknown language": ("[program.members]", 'language = "es"\n[program.members]', "brand.language", 8, '"es" is not possible', '"de", "en", "fr"'),
    "name in an unknown language": (REWARD, REWARD + 'names = { xx = "y" }\n', "program.reward[1].names.xx", 21, "is no language", "de, en, fr"),
    "point name without plural": ("[program.members]", 'point_names = { de = ["Stern"] }\n[program.members]', "brand.point_names.de[2]", 8, "is missing", ""),
    "page without a key": ("[secrets]", '[screens]\nmember_page_url = "https://x.example.com/m"\n[secrets]', "screens.member_page_url", 23, "must hold {member}", ""),
    "page that is no address": ("[secrets]", '[screens]\nmember_page_url = "x/{member}"\n[secrets]', "screens.member_page_url", 23, "not a web address", ""),
    "mail without a sender": ("[secrets]", '[mail]\nkind = "maildir"\n[secrets]', "mail.sender_address", 22, "need a sender", ""),
    "mail without a host": ("[secrets]", '[mail]\nkind = "smtp"\nsender_address = "a@b.example"\n[secrets]', "mail.host", 22, 'missing for kind = "smtp"', ""),
    "no mail address": ("[secrets]", '[mail]\nsender_address = "Shop <a@b.example>"\n[secrets]', "mail.sender_address", 23, "not a mail address", ""),
    "unknown mail": ("[secrets]", '[mail]\noff = ["wellcome"]\n[secrets]', "mail.off[1]", 23, "not possible", '"welcome"'),
    "unknown database": ("[secrets]", '[database]\nurl = "oracle://x/y"\n[secrets]', "database.url", 23, "no database", "sqlite"),
    "no database address": ("[secrets]", '[database]\nurl = "here"\n[secrets]', "database.url", 23, "not a database address", "sqlite:///"),
    "port out of range": ("[secrets]", "[web]\nport = 70000\n[secrets]", "web.port", 23, "out of range", "at most 65535"),
    "points said twice": (EARN, EARN + "points_per_unit = 1\n", "program.earn[1].points", 13, "says the same", "Keep one"),
    "points not said": ('points = 1\nper = "10.00"\n', "", "program.earn[1].points", 11, "is missing", "points = 1"),
    "per with points_per_unit": ("points = 1\n", "points_per_unit = 1\n", "program.earn[1].per", 14, "does not go with", ""),
    "per for a visit": (EARN, EARN + 'kind = "visit"\n', "program.earn[1].per", 14, "means nothing", "Leave"),
    "units of a visit": ('points = 1\nper = "10.00"\n', 'kind = "visit"\npoints_per_unit = 1\n', "program.earn[1].points_per_unit", 14, "means nothing", ""),
    "window that ends first": (EARN, EARN + "from_day = 2026-12-24\nuntil_day = 2026-12-01\n", "program.earn[1].until_day", 16, "can never apply", "later day"),
    "window before the start": (EARN, EARN + "until_day = 2026-12-01\n[program]\nstarts_on = 2027-01-01\n", "program.earn[1].until_day", 15, "before the program starts", ""),
    "weekdays that do not occur": (EARN, EARN + 'from_day = 2026-11-23\nuntil_day = 2026-11-25\nweekdays = ["sun"]\n', "program.earn[1].weekdays", 17, "do not occur", ""),
    "rule for what is excluded": (EARN, EARN + 'tags = ["Sale"]\n[program.exclude]\ntags = ["sale"]\n', "program.earn[1]", 11, "can never apply", "Take it out"),
    "rule for gift cards": (EARN, EARN + 'products = ["GIFT"]\n[program.exclude]\ngift_cards = ["gift"]\n', "program.earn[1]", 11, "can never apply", ""),
    "no rule": (f'[[program.earn]]\n{EARN}', "", "program.earn", None, "no rule by which", "[[program.earn]]"),
    "only a multiplier": (f'[[program.earn]]\n{EARN}', '[[program.multiply]]\nid = "double"\nfactor = 2\n', "program.multiply[1]", 11, "and there is none", "[[program.earn]]"),
    "same id": ("[secrets]", '[[program.multiply]]\nid = "base"\nfactor = 2\n[secrets]', "program.multiply[1].id", 23, '"base" is the id of another rule', ""),
    "same reward": ("[secrets]", f'[[program.reward]]\nid = "coffee"\n{REWARD}[secrets]', "program.reward[2].id", 23, "another reward", ""),
    "reward for nothing": ("points = 50", "points = 0", "program.reward[1].points", 19, "out of range", "at least 1"),
    "more than everything off": (REWARD, 'kind = "percent"\npoints = 5\nvalue = 120\n', "program.reward[1].value", 20, "takes 120 percent off", "1 to 100"),
    "nothing off": ('value = "5.00"\n', "", "program.reward[1].value", 16, "is missing", "value = 5"),
    "free product without product": (REWARD, 'kind = "product"\npoints = 5\n', "program.reward[1].product", 16, "gives one free", "ref"),
    "reward out of reach": (EARN, EARN + "[program]\nmax_balance = 49\n", "program.reward[1].points", 21, "nobody can ever have", "raise max_balance"),
    "cap of an unknown rule": ("[secrets]", '[[program.cap]]\nperiod = "day"\npoints = 9\nrule = "bases"\n[secrets]', "program.cap[1].rule", 25, "is no rule", 'Did you mean "base"?'),
    "cap of nothing like a rule": ("[secrets]", '[[program.cap]]\nperiod = "day"\npoints = 9\nrule = "zzz"\n[secrets]', "program.cap[1].rule", 25, "is no rule", "Rules: base"),
    "cap below a grant": ("[secrets]", '[[program.earn]]\nid = "visit"\nkind = "visit"\npoints = 5\n[[program.cap]]\nperiod = "day"\npoints = 4\n[secrets]', "program.cap[1].points", 28, "gives 5 at once", "at least 5"),
    "setting of an earlier release": ("[secrets]", '[program.vouchers]\nvat = "rebate"\n[secrets]', "program.vouchers.vat", 23, "is called accounting now", '"credit_note" for what was "rebate"'),
    "payment with a rate": ("[secrets]", "[program.vouchers]\nvat_rate = 19\n[secrets]", "program.vouchers.vat_rate", 23, "has none of its own", '"credit_note"'),
    "discount with a rate": ("[secrets]", '[program.vouchers]\naccounting = "discount"\nvat_rate = 19\n[secrets]', "program.vouchers.vat_rate", 24, "has none of its own", "vat_rate = 0"),
    "unknown way": ("[secrets]", '[program.vouchers]\naccounting = "creditnote"\n[secrets]', "program.vouchers.accounting", 23, "not possible", 'Did you mean "credit_note"?'),
    "reservation of no time": ("[secrets]", "[program.vouchers]\nreserve_minutes = 0\n[secrets]", "program.vouchers.reserve_minutes", 23, "out of range", "at least 1"),
    "unknown country": ("[program.members]", '[program]\ncountry = "Germany"\n[program.members]', "program.country", 9, '"Germany" is not a country', '"DE"'),
    "parts of a percentage": (REWARD, 'kind = "percent"\npoints = 5\nvalue = 10\nuses = "several"\n', "program.reward[1].uses", 21, "has no rest", "Leave it out"),
    "free product excluded": (REWARD, 'kind = "product"\npoints = 5\nproduct = "TEA"\nexcluded = ["tea"]\n', "program.reward[1].excluded", 21, "gives free", "Take it out"),
    "reward that ends first": (REWARD, REWARD + "valid_from = 2027-03-01\nvalid_until = 2027-02-28\n", "program.reward[1].valid_until", 22, "before valid_from", "later day"),
    "reward that never begins": (REWARD, REWARD + "valid_months = 1\nusable_after_days = 32\n", "program.reward[1].usable_after_days", 22, "have ended already", "Write fewer days"),
    "gift card of no product": ("[secrets]", '[[program.gift_card]]\nid = "card"\n[secrets]', "program.gift_card[1].products", 22, "nobody could buy", "GIFT-25"),
    "product of two gift cards": ("[secrets]", '[[program.gift_card]]\nid = "a"\nproducts = ["G"]\n[[program.gift_card]]\nid = "b"\nproducts = ["g"]\n[secrets]', "program.gift_card[2].products", 27, '"g" is a product of "a" too', "in one"),
    "same gift card": ("[secrets]", '[[program.gift_card]]\nid = "a"\nproducts = ["G"]\n[[program.gift_card]]\nid = "a"\nproducts = ["h"]\n[secrets]', "program.gift_card[2].id", 26, "another gift card", ""),
    "gift card for points": (REWARD, 'kind = "product"\npoints = 5\nproduct = "Gift"\n[[program.gift_card]]\nid = "card"\nproducts = ["gift"]\n', "program.reward[1].product", 20, "points cannot buy", "another product"),
    "rule for gift cards only": (EARN, EARN + 'products = ["GIFT"]\n[[program.gift_card]]\nid = "card"\nproducts = ["gift"]\n', "program.earn[1]", 11, "whose sale earns nothing", "Take it out"),
    "members by no tag": ("generic_customers = []", 'enrol = "tag"', "program.members.tag", 8, "is missing", "tag ="),
    "nobody a member": ("generic_customers = []", 'enrol = "tag"\ntag = "A"\nexcluded_tags = ["a"]', "program.members.excluded_tags", 11, "nobody", ""),
    "expiry at once": ("[secrets]", "[program.expiry]\nmonths = 0\n[secrets]", "program.expiry.months", 23, "end at once", '"none"'),
}
# fmt: on


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_with_its_place_line_and_remedy(case: Any, mistakes: Mistakes) -> None:
    old, new, place, line, problem, remedy = case
    assert old in RIGHT
    found = mistakes(RIGHT.replace(old, new, 1))
    told = next((mistake for mistake in found if mistake.place == place), None)
    assert told is not None, found
    assert told.line == line
    assert problem in told.problem
    assert remedy in told.remedy


def test_the_right_file_has_neither_mistakes_nor_warnings(load_text: Load) -> None:
    assert load_text().warnings == ()


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(mistakes: Mistakes) -> None:
    text = """\
[dolibarr]
url = "nowhere"
api_key = { env = "NOT_SET" }

[brand]
shop_name = ""
colour = "red"

[program]
currency = "EURO"

[[program.earn]]
id = "base"
points = 0

[[program.earn]]
id = "again"
points = 1
until_day = 2026-01-01
from_day = 2026-02-01

[[program.reward]]
id = "a"
kind = "percent"
points = 5
value = 101

[[program.reward]]
id = "a"
kind = "amount"
points = 5
value = 1

[sync]
intervall_seconds = 3

[secrets]
voucher_key = { file = "loyalty.key" }
"""
    found = mistakes(text)
    assert [(mistake.line, mistake.place) for mistake in found] == [
        (2, "dolibarr.url"),
        (3, "dolibarr.api_key"),
        (6, "brand.shop_name"),
        (7, "brand.colour"),
        (10, "program.currency"),
        (14, "program.earn[1].points"),
        (19, "program.earn[2].until_day"),
        (26, "program.reward[1].value"),
        (29, "program.reward[2].id"),
        (35, "sync.intervall_seconds"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("", "", True),
        ("priority = 1", "", False),
        ('products = ["a"]', 'products = ["b"]', False),
        ('products = ["a", "b"]', 'products = ["B"]', True),
        ('tags = ["a"]', 'tags = ["b"]', True),
        ('types = ["goods"]', 'types = ["service"]', False),
        ('weekdays = ["mon"]', 'weekdays = ["tue"]', False),
        ('weekdays = ["mon"]\nhours = "22:00-02:00"', 'weekdays = ["tue"]\nhours = "01:00-03:00"', True),
        ('hours = "08:00-12:00"', 'hours = "12:00-24:00"', False),
        ("until_day = 2026-11-30", "from_day = 2026-12-01", False),
        ("until_day = 2026-12-01", "from_day = 2026-12-01", True),
        ('kind = "visit"', "", False),
        ('kind = "unit"', "", True),
        ("combinable = true", "", False),
    ],
)
def test_two_rules_that_stand_alone_must_not_meet(
    first: str, second: str, meet: bool, load_text: Load, mistakes: Mistakes
) -> None:
    def rule(name: str, more: str) -> str:
        alone = "" if "combinable" in more else "combinable = false\n"
        return f'[[program.earn]]\nid = "{name}"\npoints = 1\n{alone}{more}\n'

    text = RIGHT + rule("one", first) + rule("two", second)
    if not meet:
        assert load_text(text).warnings == ()
        return
    (told,) = mistakes(text)
    assert told.place == "program.earn[3].priority"
    assert told.problem == '"two" and "one" both stand alone, have priority 0 and can meet.'


@pytest.mark.parametrize(
    ("old", "new", "place", "line", "problem"),
    [
        ("[secrets]", "[program.expiry]\nmonths = 12\n[secrets]", "program.expiry.months", 23, "before 36 months"),
        ("[secrets]", '[program.expiry]\nmodel = "activity"\nmonths = 20\n[secrets]', "program.expiry.months", 24, "before 36"),
        ("[secrets]", "[program.vouchers]\nvalid_months = 12\n[secrets]", "program.vouchers.valid_months", 23, "before 36 months"),
        (REWARD, REWARD + "valid_months = 6\n", "program.reward[1].valid_months", 21, "before 36 months"),
        ("[secrets]", '[program.vouchers]\nwrite_off_below = 1\n[secrets]', "program.vouchers.write_off_below", 23, "no voucher is used in parts"),
        ("[secrets]", '[program.exclude]\ngift_cards = ["G"]\n[[program.gift_card]]\nid = "c"\nproducts = ["g"]\n[secrets]', "program.exclude.gift_cards", 23, "does already"),
        ("[secrets]", '[[program.gift_card]]\nid = "c"\nproducts = ["g"]\nway = "deposit"\n[secrets]', "program.gift_card[1].bearer", 22, "its buyer's"),
        ("generic_customers = []", "", "program.members.generic_customers", 8, "the till's own customer"),
        (f'[[program.reward]]\nid = "coffee"\n{REWARD}', "", "program.reward", None, "no reward"),
        ("https://erp", "http://erp", "dolibarr.url", 2, "in clear"),
        ("[secrets]", '[program]\ndebt_limit = 5\non_shortage = "clamp"\n[secrets]', "program.debt_limit", 23, "does nothing"),
        ("[secrets]", '[[program.multiply]]\nid = "once"\nfactor = 1\n[secrets]', "program.multiply[1].factor", 24, "changes nothing"),
        (
            "[secrets]",
            '[mail]\nkind = "smtp"\nsender_address = "a@b.example"\nhost = "h"\ntls = "none"\n'
            'password = { env = "KEY" }\n[secrets]',
            "mail.tls",
            26,
            "in clear",
        ),
    ],
)  # fmt: skip
def test_what_is_possible_but_hardly_meant_is_a_warning(
    old: str, new: str, place: str, line: int | None, problem: str, load_text: Load
) -> None:
    assert old in RIGHT
    (warning,) = load_text(RIGHT.replace(old, new, 1)).warnings
    assert (warning.place, warning.line) == (place, line)
    assert problem in warning.problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[secrets]", "[program.expiry]\nmonths = 0\ndays = 1095\n[secrets]"),
        ("[secrets]", '[program.expiry]\nmodel = "none"\nmonths = 0\n[secrets]'),
        ("[secrets]", "[program.vouchers]\nvalid_months = 0\n[secrets]"),
        ("generic_customers = []", '[program.exclude]\nchannels = ["TakePOS"]'),
        ("https://erp.example.com", "http://localhost:8080/"),
        ("https://erp.example.com", "http://127.0.0.1/dolibarr/api/index.php"),
    ],
)
def test_what_is_meant_is_no_warning(old: str, new: str, load_text: Load) -> None:
    assert load_text(RIGHT.replace(old, new, 1)).warnings == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[dolibarr]\nurl = "x\n', 2),
        ("[dolibarr]\nurl = nowhere\n", 2),
        ("a = 1\na = 2\n", 2),
        ("a = [1,\n", 2),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(text: str, line: int, mistakes: Mistakes) -> None:
    (told,) = mistakes(text)
    assert told.problem.startswith("is not TOML: ")
    assert told.line == line


def test_a_program_that_is_no_table_is_told(mistakes: Mistakes) -> None:
    text = RIGHT[: RIGHT.index("[program.members]")] + RIGHT[RIGHT.index("[secrets]") :]
    told = mistakes("program = 1\n" + text)
    assert (told[0].place, told[0].line, told[0].problem) == ("program", 1, "is not a table.")


def test_a_mistake_reads_as_a_sentence() -> None:
    told = Mistake(place="program.earn[1].per", problem="is missing.", remedy="Write per = 10.", line=3)
    assert str(told) == "line 3, program.earn[1].per: is missing. Write per = 10."
