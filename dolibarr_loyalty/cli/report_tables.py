"""The reports as plain data for JSON and CSV, and the English names of their columns."""

from typing import Any

from dolibarr_loyalty.cli.report_sheets import percent
from dolibarr_loyalty.core.accounts import ROLES, Bookkeeping
from dolibarr_loyalty.core.liability import BUCKETS, Roll
from dolibarr_loyalty.reports.deferral import Year
from dolibarr_loyalty.reports.journal import JournalEntry
from dolibarr_loyalty.reports.liability import Liability, Owed
from dolibarr_loyalty.reports.provision import Provision
from dolibarr_loyalty.reports.register import Line

NAMES = {
    "issued": "issued",
    "taken_back": "taken back",
    "used": "used",
    "returned": "returned",
    "expired": "expired",
    "forfeited": "forfeited",
    "corrected": "corrected",
    "replacement": "for lost ones",
    "cancelled": "cancelled",
    "written_off": "written off",
    "replaced": "replaced",
    "over": "over, not booked yet",
    "month": "ends this month",
    "months_3": "in 3 months",
    "months_6": "in 6 months",
    "months_12": "in 12 months",
    "later": "later",
    "never": "without end",
    "provide": "provision",
    "in_books": "in Dolibarr's books",
    "discount": "discount of a later sale",
    "provision": "provision",
    "release": "release of provision",
    "deferred": "deferred for points",
    "recognised": "revenue from points",
}
_WAYS = {
    "payment": "Means of payment",
    "credit_note": "Rebate on past purchases",
    "discount": "Discount at use",
    "deposit": "Sold, deposit",
    "liability": "Sold, liability",
}


def way_name(way: str) -> str:
    """An accounting way in words."""
    return _WAYS.get(way, way)


def line_json(line: Line) -> dict[str, Any]:
    """A line of the register."""
    return {
        "id": line.id,
        "code": line.code,
        "thirdparty_id": line.thirdparty_id,
        "customer": line.customer,
        "kind": line.kind,
        "way": line.way,
        "source": line.source,
        "issued_on": line.issued_on,
        "valid_until": line.valid_until,
        "state": line.state,
        "currency": line.currency,
        "value": line.value,
        "moved": line.moved,
        "left": line.left,
        "documents": list(line.documents),
    }


def liability_json(told: Liability) -> dict[str, Any]:
    """The liability: every strand with its months and its ageing, counts as numbers, money in major units."""
    return {
        "from": told.first,
        "until": told.day,
        "strands": [_strand(each) for each in told.owed],
    }


def _strand(each: Owed) -> dict[str, Any]:
    def plain(amount: int) -> Any:
        return amount if each.strand.counts else each.worth(amount)

    def roll(of: Roll) -> dict[str, Any]:
        moved = {name: plain(amount) for name, amount in of.moved}
        return {"month": of.month, "opening": plain(of.opening), "moved": moved, "closing": plain(of.closing)}

    return {
        "key": each.strand.key,
        "group": each.strand.group,
        "unit": each.strand.unit or None,
        "way": each.strand.way,
        "currency": each.strand.currency,
        "months": [roll(month) for month in each.rolls],
        "whole": roll(each.whole),
        "ends": {name: plain(each.ends[name]) for name in BUCKETS},
        "left": plain(each.left),
        "debt": plain(each.debt),
        "worth": each.worth(each.left),
    }


def provision_json(told: Provision) -> dict[str, Any]:
    """The provision, its items and what it changes by."""
    return {
        "day": told.day,
        "before": told.before_day,
        "items": [
            {
                "key": item.obligation.key,
                "treatment": item.obligation.treatment,
                "count": item.obligation.count,
                "worth": item.obligation.worth,
                "currency": item.obligation.currency,
                "expected_percent": percent(item.obligation.estimate),
                "method": item.obligation.estimate.method,
                "observations": item.obligation.estimate.observations,
                "minimum_observations": item.obligation.estimate.minimum,
                "provision": item.amount,
            }
            for item in told.items
        ],
        "changes": [
            {
                "currency": currency,
                "before": change.before,
                "after": change.after,
                "added": change.added,
                "released": change.released,
            }
            for currency, change in told.changes
        ],
    }


def year_json(year: Year) -> dict[str, Any]:
    """A year of the deferral."""
    return {
        "from": year.first,
        "until": year.last,
        "sales": year.sales,
        "granted": year.granted,
        "used": year.used,
        "expected_percent": percent(year.estimate),
        "method": year.estimate.method,
        "observations": year.estimate.observations,
        "opening": year.rolled.opening,
        "deferred": year.rolled.deferred,
        "revenue": year.rolled.revenue,
        "closing": year.rolled.closing,
    }


def entry_json(entry: JournalEntry, terms: Bookkeeping) -> list[dict[str, Any]]:
    """The lines of a journal entry."""
    return [
        {
            "day": entry.day,
            "document": entry.document,
            "what": entry.what,
            "about": entry.about,
            "account": terms.account(role),
            "account_name": ROLES[role],
            "debit": abs(max(amount, 0 * amount)),
            "credit": abs(max(-amount, 0 * amount)),
            "currency": entry.currency,
        }
        for role, amount in entry.sides
    ]
