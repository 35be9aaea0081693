"""The journal books what no document books, once; DATEV and FEC are read back by the rules of their formats."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from dolibarr_loyalty.core.accounts import Bookkeeping
from dolibarr_loyalty.core.postings import Part
from dolibarr_loyalty.reports import datev, fec
from dolibarr_loyalty.reports.journal import Journal, JournalEntry, journal, shared
from dolibarr_loyalty.reports.provision import proposal
from dolibarr_loyalty.reports.register import register, totals
from tests.flows.shop import Shop

DAY = date(2026, 3, 31)
GERMAN = Bookkeeping(consultant=29098, client=55003, year_begins=4)
FRENCH = Bookkeeping(chart="pcg", siren="732829320")
ENTRY = JournalEntry(
    day=DAY,
    document="AV2603-0001 é;",
    what="issued",
    about='K7"M',
    currency="EUR",
    sides=(("reduction", Decimal("8.40")), ("vat", Decimal("1.60")), ("vouchers", Decimal("-10.00"))),
)
JOURNAL = Journal(first=date(2026, 3, 1), last=DAY, everything=True, entries=(ENTRY,))


def test_by_default_only_the_provision_is_booked_for_points_and_credit_notes(shop: Shop) -> None:
    claire = shop.rich(120)
    shop.use(shop.redeem(claire), shop.sell(claire, 50, paid=False))
    database, program = shop.loyalty.database, shop.loyalty.program
    told = journal(database, program, GERMAN, date(2026, 3, 1), DAY)
    assert [(entry.what, entry.sides) for entry in told.entries] == [
        ("provision", (("provision_expense", Decimal("0.70")), ("provision", Decimal("-0.70"))))
    ]
    again = journal(database, program, GERMAN, date(2026, 4, 1), date(2026, 4, 30))
    assert again.entries == ()  # nothing has changed since
    everything = journal(database, program, GERMAN, date(2026, 3, 1), DAY, everything=True)
    assert [entry.what for entry in everything.entries] == ["issued", "used", "provision"]
    assert all(sum(amount for _, amount in entry.sides) == 0 for entry in everything.entries)


def test_the_provision_and_the_register_of_a_shop(shop: Shop) -> None:
    claire = shop.rich(120)
    shop.redeem(claire)
    shop.redeem(claire, "free-tee")
    told = proposal(shop.loyalty.database, shop.loyalty.program, GERMAN, shop.loyalty.today())
    assert [(item.obligation.key, item.obligation.treatment, item.amount) for item in told.items] == [
        ("points", "provide", Decimal("0.10")),
        ("free:payment:EUR", "in_books", Decimal(0)),
        ("free:without_amount:EUR", "provide", Decimal("0.60")),
    ]
    assert told.total("EUR") == Decimal("0.70")
    lines = list(register(shop.loyalty.database, shop.loyalty.program))
    assert [(line.value, line.left, len(line.documents)) for line in lines] == [
        (Decimal(5), Decimal(5), 1),
        (Decimal(0), Decimal(0), 0),
    ]
    assert [(each.way, each.count, each.left) for each in totals(lines)] == [("payment", 2, Decimal(5))]
    assert list(register(shop.loyalty.database, shop.loyalty.program, last=date(2026, 1, 1))) == []
    assert len(list(register(shop.loyalty.database, shop.loyalty.program, kind="amount"))) == 1


def test_cents_are_shared_over_vat_rates_without_loss() -> None:
    parts = (
        Part(rate=Decimal(20), net=Decimal(50), vat=Decimal(10)),
        Part(rate=Decimal("5.5"), net=Decimal(20), vat=Decimal("1.10")),
    )
    found = shared(Decimal("9.99"), parts, "EUR")
    assert sum(part.gross for part in found) == Decimal("9.99")
    assert [part.vat for part in found] == [Decimal("1.23"), Decimal("0.14")]


def test_a_datev_batch_is_read_back() -> None:
    now = datetime(2026, 4, 1, 8, 30, 15, 439000, tzinfo=UTC)
    raw = datev.batch(JOURNAL, GERMAN, "EUR", now)
    lines = raw.decode("cp1252").split("\r\n")
    assert lines.pop() == ""
    head, columns, *rows = lines
    assert head == (
        '"EXTF";700;21;"Buchungsstapel";13;20260401083015439;;"RE";"";"";29098;55003;20250401;4;20260301;20260331;'
        '"Kundenbindung 03.2026-03.2026";"";1;0;0;"EUR";;"";;;"03";;;"";""'
    )
    names = columns.split(";")
    assert (len(names), names[0], names[-1]) == (125, "Umsatz (ohne Soll/Haben-Kz)", "Abw. Skontokonto")
    found = []
    for row in csv.reader(io.StringIO("\n".join(rows)), delimiter=";"):
        cells = dict(zip(names, row, strict=True))
        assert re.fullmatch(r"\d{1,10},\d{2}", cells["Umsatz (ohne Soll/Haben-Kz)"])
        assert re.fullmatch(r"[A-Za-z0-9$&%*+\-/]{0,36}", cells["Belegfeld 1"])
        assert len(cells["Buchungstext"]) <= 60
        assert cells["BU-Schlüssel"] == ""
        found.append(
            tuple(
                cells[name]
                for name in (
                    "Umsatz (ohne Soll/Haben-Kz)",
                    "Soll/Haben-Kennzeichen",
                    "Konto",
                    "Gegenkonto (ohne BU-Schlüssel)",
                    "Belegdatum",
                    "Belegfeld 1",
                    "Buchungstext",
                )
            )
        )
    text = 'Gutschein ausgegeben K7"M'
    assert found == [
        ("8,40", "S", "8700", "1605", "3103", "AV2603-0001", text),
        ("1,60", "S", "1770", "1605", "3103", "AV2603-0001", text),
    ]


def test_the_side_with_one_account_is_the_counter_account() -> None:
    mirrored = replace(ENTRY, sides=tuple((role, -amount) for role, amount in ENTRY.sides))
    assert datev.pairs(mirrored) == [
        ("reduction", Decimal("-8.40"), "vouchers"),
        ("vat", Decimal("-1.60"), "vouchers"),
    ]


def test_a_batch_leaves_out_what_is_in_another_currency_and_says_which() -> None:
    francs = replace(JOURNAL, entries=(replace(ENTRY, currency="CHF"),))
    assert len(datev.batch(francs, GERMAN, "EUR", datetime.now(UTC)).splitlines()) == 2
    assert datev.foreign(francs, "EUR") == francs.entries


def test_a_fec_is_read_back() -> None:
    two = replace(JOURNAL, entries=(ENTRY, replace(ENTRY, what="used", about="A\tB")))
    rows = [line.split("\t") for line in fec.fec(two, FRENCH, "EUR").decode().split("\r\n")[:-1]]
    assert tuple(rows[0]) == fec.COLUMNS
    assert len(fec.COLUMNS) == 18
    assert {len(row) for row in rows} == {18}
    assert list(dict.fromkeys(row[2] for row in rows[1:])) == ["1", "2"]
    for number in ("1", "2"):
        sides = [row for row in rows[1:] if row[2] == number]
        debit, credit = (sum(Decimal(row[at].replace(",", ".")) for row in sides) for at in (11, 12))
        assert debit == credit == 10
    assert all(re.fullmatch(r"\d{8}", row[at]) for row in rows[1:] for at in (3, 9, 15))
    assert all(re.match(r"\d{3}", row[4]) for row in rows[1:])
    assert [row[4] for row in rows[1:4]] == ["7097", "4457", "4198"]
    assert fec.file_name(FRENCH, date(2026, 12, 31)) == "732829320FEC20261231.txt"
