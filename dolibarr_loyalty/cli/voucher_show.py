"""`voucher show`: a voucher with its terms, its money, its documents in Dolibarr and the steps of its life."""

from decimal import Decimal
from typing import Any

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, Json
from dolibarr_loyalty.cli.output import show_facts, show_json, show_table
from dolibarr_loyalty.cli.setup import setup_of
from dolibarr_loyalty.cli.telling import a_voucher, value_of
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import Move
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.flows.credit_documents import unit_of
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import members, voucher_moves, voucher_notes
from dolibarr_loyalty.store import vouchers as table
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Note

_USABLE = frozenset({VoucherState.ACTIVE, VoucherState.RESERVED})
_WAYS = {
    "payment": "a means of payment, 0 % VAT",
    "credit_note": "a rebate on past purchases, with VAT",
    "discount": "a price reduction where it is used",
    "deposit": "sold: the credit of a deposit",
    "liability": "sold: a liability until it is used",
}


def show(ctx: typer.Context, code: Code, as_json: Json = False) -> None:
    """Show a voucher: its terms, its money, its documents, its life.

    \b
    Example:
      dolibarr-loyalty voucher show ABCDEF-GHJKMN-PQRSTV
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    voucher = look_up(setup, code)
    with loyalty.database.reading() as tx:
        steps = table.steps(tx, voucher.id)
        moves = voucher_moves.of_voucher(tx, voucher.id)
        notes = voucher_notes.of_voucher(tx, voucher.id)
        name = _whose(tx, voucher)
        unit = unit_of(tx, voucher)
    if as_json:
        told = [{"step": s.step, "at": s.at, "who": s.who, "note": s.note} for s in steps]
        can_be_used = voucher.state in _USABLE or (
            voucher.several and voucher.state is VoucherState.PARTLY_USED
        )
        usable = (
            can_be_used and not voucher.is_expired(loyalty.today()) and not voucher.is_early(loyalty.today())
        )
        whose = {"customer": name, "usable": usable, "unit": unit}
        money = {"moves": [_move(m) for m in moves], "documents": [_document(n) for n in notes]}
        show_json({**a_voucher(voucher), **_terms(voucher), **whose, **money, "steps": told})
        return
    words = setup.words
    show_facts(
        [
            ("Worth", value_of(words, voucher)),
            ("Left", words.money(voucher.remaining, voucher.currency) if voucher.value else ""),
            ("State", voucher_state(str(voucher.state), words)),
            ("Customer", f"{name} ({voucher.thirdparty_id})" if voucher.thirdparty_id else ""),
            ("Good for", "whoever shows it" if voucher.bearer else "this customer only"),
            ("Uses", "in parts" if voucher.several else "one"),
            ("In the books", _WAYS[voucher.accounting]),
            ("Minimum", words.money(voucher.minimum, voucher.currency) if voucher.minimum else ""),
            ("Not for", ", ".join(voucher.excluded)),
            ("Reward", voucher.reward_id),
            ("Paid with", words.units(voucher.points, unit) if voucher.points else ""),
            ("Issued", words.day(voucher.issued_at)),
            ("Valid from", words.day(voucher.valid_from) if voucher.valid_from else ""),
            ("Valid until", words.day(voucher.valid_until) if voucher.valid_until else "without end"),
            ("Credit note", voucher.credit_note_ref),
            ("Invoice", voucher.invoice_id),
        ],
        title=f"Voucher {masked(voucher.last_four)}",
    )
    if moves:
        show_table(
            ("Day", "Money", ">Amount", ">Left", "Invoice or document", "By"), _rows(words, voucher, moves)
        )
    if notes:
        show_table(
            ("Document", "For", ">Customer", ">Amount"),
            [(n.ref, n.role, n.thirdparty_id, words.money(n.gross, voucher.currency)) for n in notes],
        )
    show_table(
        ("Day", "Step", "By", ""),
        [(words.short_day(s.at), s.step, s.who, _for_people(s.note)) for s in steps],
    )


def _whose(tx: Tx, voucher: Voucher) -> str:
    known = members.load(tx, [voucher.thirdparty_id]).get(voucher.thirdparty_id)
    return known.member.name if known else ""


def _rows(words: Words, voucher: Voucher, moves: list[Move]) -> list[tuple[str, ...]]:
    left = ZERO
    rows: list[tuple[str, ...]] = []
    for move in moves:
        left += move.amount
        where = move.document or (str(move.invoice_id) if move.invoice_id else _for_people(move.note))
        rows.append(
            (
                words.short_day(move.day),
                move.kind.replace("_", " "),
                _signed(words, move.amount, voucher.currency),
                words.money(left, voucher.currency),
                where,
                move.who,
            )
        )
    return rows


def _signed(words: Words, amount: Decimal, currency: str) -> str:
    return f"{'+' if amount > 0 else '−'}{words.money(abs(amount), currency)}"


def _terms(voucher: Voucher) -> dict[str, Any]:
    return {
        "accounting": voucher.accounting,
        "source": voucher.source,
        "several": voucher.several,
        "bearer": voucher.bearer,
        "valid_from": voucher.valid_from,
        "minimum": voucher.minimum,
        "excluded": list(voucher.excluded),
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "kind": str(move.kind),
        "amount": move.amount,
        "day": move.day,
        "invoice_id": move.invoice_id,
        "document": move.document or None,
        "who": move.who,
        "note": move.note,
    }


def _document(note: Note) -> dict[str, Any]:
    return {
        "id": note.note_id,
        "ref": note.ref,
        "for": note.role,
        "thirdparty_id": note.thirdparty_id,
        "amount": note.gross,
    }


def _for_people(note: str) -> str:
    """A note, but for names that only programs use."""
    return "" if note.startswith("loyalty:") else note
