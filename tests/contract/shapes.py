"""Comparing two JSON answers: same keys, same types, and same values where the request sets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NAMES = """
        statut status paye type total_ht total_tva total_ttc remaintopay totalpaid totalcreditnotes
        totaldeposits close_code close_note ref_ext ref_client note_private note_public name name_alias
        email phone town barcode default_lang client label color amount amount_ht amount_tva amount_ttc
        tva_tx description factype qty subprice desc remise_percent product_type multicurrency_code num
        typeline code lastname firstname birthday date elementtype percentage typent_id typent_code
        country_code price price_base_type size list required array_options
"""
DETERMINED = frozenset(_NAMES.split())
"""Keys whose value follows from the request and what was recorded before."""

STATE = frozenset(
    {
        "user_modification_id",
        "user_modification",
        "fk_user_modif",
        "last_main_doc",
        "date_modification",
        "linkedObjectsFullLoaded",
        "photo",
        "online_payment_url",
    }
)
"""Keys that may be null or filled depending on who touched the object in the lab's own hands."""

OPTIONAL = frozenset({"actiontypecode", "trackid", "cond_reglement_doc", "oldref"})
"""Keys that appear or vanish in the lab when a PDF was made in the same request."""


def kind(value: Any) -> str:
    """The JSON type of a value; PHP's whole and broken numbers are one."""
    if value is None or isinstance(value, bool | str | dict | list):
        return type(value).__name__
    return "number"


def deviations(recorded: Any, ours: Any, place: str = "$", *, values: bool = True) -> Iterator[str]:
    """What differs, in words; without `values` the rows are others than the lab's, so null fits anything."""
    if not values and place != "$" and (not recorded or not ours):
        return
    if kind(recorded) != kind(ours):
        yield f"{place}: {_short(recorded)} recorded, {_short(ours)} here"
    elif isinstance(recorded, dict):
        yield from _objects(recorded, ours, place, values)
    elif isinstance(recorded, list):
        yield from _lists(recorded, ours, place, values)


def _objects(recorded: dict[str, Any], ours: dict[str, Any], place: str, values: bool) -> Iterator[str]:
    missing, extra = recorded.keys() - ours.keys() - OPTIONAL, ours.keys() - recorded.keys() - OPTIONAL
    if missing or extra:
        yield f"{place}: missing {sorted(missing)}, extra {sorted(extra)}"
    for key in recorded.keys() & ours.keys():
        if key in STATE:
            continue
        yield from deviations(recorded[key], ours[key], f"{place}.{key}", values=values)
        told = values and key in DETERMINED and not isinstance(recorded[key], dict | list)
        if told and kind(recorded[key]) == kind(ours[key]) and recorded[key] != ours[key]:
            yield f"{place}.{key}: {_short(recorded[key])} recorded, {_short(ours[key])} here"


def _lists(recorded: list[Any], ours: list[Any], place: str, values: bool) -> Iterator[str]:
    if bool(recorded) != bool(ours):
        yield f"{place}: {len(recorded)} recorded, {len(ours)} here"
    for number, (theirs, mine) in enumerate(zip(recorded, ours, strict=False)):
        yield from deviations(theirs, mine, f"{place}[{number}]", values=values)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "…"
