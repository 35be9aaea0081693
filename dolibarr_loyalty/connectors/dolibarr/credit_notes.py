"""The body of a document to be posted: everything is set here, as nothing may be PUT later (facts trap 1)."""

from typing import Any

from dolibarr_loyalty.connectors.dolibarr.loose import sendable
from dolibarr_loyalty.connectors.protocol import Draft

LONGEST_NOTE = 5000
LONGEST_REF = 255
SERVICE = 1
_TYPES = {"standard": 0, "credit_note": 2}


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
        "lines": [
            {
                "desc": sendable(line.label, LONGEST_NOTE),
                "qty": 1,
                "subprice": line.net_price,
                "tva_tx": line.vat_rate,
                "product_type": SERVICE,
            }
            for line in draft.lines
        ],
    }


def prefixed(options: Any) -> dict[str, str | int | None]:
    """Extrafields with the prefix that Dolibarr keeps them under, their texts made storable."""
    return {
        f"options_{name}": sendable(value, LONGEST_NOTE) if isinstance(value, str) else value
        for name, value in options.items()
    }
