"""The body of a document to be posted: everything is set here, as nothing may be PUT later (facts trap 1)."""

from typing import Any

from dolibarr_loyalty.connectors.dolibarr.loose import sendable
from dolibarr_loyalty.connectors.protocol import Draft, DraftLine

LONGEST_NOTE = 5000
LONGEST_REF = 255
GOODS, SERVICE = 0, 1
_TYPES = {"standard": 0, "credit_note": 2, "deposit": 3}


def body_of(draft: Draft) -> dict[str, Any]:
    """A draft as Dolibarr wants it. Prices are net (gross ones are ignored in a POST) and positive: a credit
    note's lines are made negative by Dolibarr whatever their sign (facts trap 31)."""
    source = {} if draft.source_id is None else {"fk_facture_source": draft.source_id}
    return {
        "socid": draft.thirdparty_id,
        **source,
        "type": _TYPES[draft.kind],
        "date": draft.issued_on.isoformat(),
        "ref_ext": draft.ref_ext,
        "ref_client": sendable(draft.ref_client, LONGEST_REF),
        "note_private": sendable(draft.note, LONGEST_NOTE),
        "array_options": prefixed(draft.options),
        "lines": [line_of(line) for line in draft.lines],
    }


def line_of(line: DraftLine) -> dict[str, Any]:
    """A line as Dolibarr wants it, in a new document or added to a draft."""
    return {
        "desc": sendable(line.label, LONGEST_NOTE),
        "qty": line.quantity,
        "subprice": line.net_price,
        "tva_tx": line.vat_rate,
        "product_type": SERVICE if line.is_service else GOODS,
        **({} if line.product_id is None else {"fk_product": line.product_id}),
        **({"ref_ext": line.ref_ext} if line.ref_ext else {}),
    }


def prefixed(options: Any) -> dict[str, str | int | None]:
    """Extrafields with the prefix that Dolibarr keeps them under, their texts made storable."""
    return {
        f"options_{name}": sendable(value, LONGEST_NOTE) if isinstance(value, str) else value
        for name, value in options.items()
    }
