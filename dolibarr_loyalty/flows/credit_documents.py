"""A voucher's documents and credits in Dolibarr: found or made, made usable, counted, consumed by a counter invoice.

Everything here may be called again after any crash: documents are found by their `ref_ext`, credits are read
before they are moved, and only ever free ones (facts traps 3, 4b, 5, 6). The caller holds the voucher's lease.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.connectors.protocol import CreditRow, Draft, DraftLine
from dolibarr_loyalty.core.credit_lines import CreditLine, line_of, rate_behind
from dolibarr_loyalty.core.ledger import account_parts
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Sale, State, total
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.errors import PermanentFailure, TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import ledger, voucher_notes, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Note, Role

KeepLease = Callable[[], None]


# counting ------------------------------------------------------------------------------------------
def notes_of(loyalty: Loyalty, voucher: Voucher) -> list[Note]:
    """The documents that were made for a voucher, in the order they were made in Dolibarr."""
    with loyalty.database.reading() as tx:
        return voucher_notes.of_voucher(tx, voucher.id)


def rows_of(loyalty: Loyalty, voucher: Voucher, notes: Sequence[Note] | None = None) -> list[CreditRow]:
    """All credits of a voucher in Dolibarr, free and used: the rows of its notes, one per VAT rate and part."""
    known = notes_of(loyalty, voucher) if notes is None else notes
    credits = {note.note_id for note in known if note.is_credit}
    owners = sorted({note.thirdparty_id for note in known if note.is_credit})
    return [row for owner in owners for row in loyalty.books.credits(owner) if row.credit_note_id in credits]


def free_rows(loyalty: Loyalty, voucher: Voucher) -> list[CreditRow]:
    """The credits of a voucher that nobody used yet, whosever they are."""
    return [row for row in rows_of(loyalty, voucher) if row.used_on is None]


def rate_of(loyalty: Loyalty, row: CreditRow) -> Decimal:
    """The VAT rate of a credit, by the lines of its document."""
    note = loyalty.books.sale(row.credit_note_id) if row.credit_note_id else None
    rates = tuple(line.vat_rate for line in note.lines) if note else ()
    return rate_behind(row.net, row.gross, rates)


# making --------------------------------------------------------------------------------------------
def make_credit(
    loyalty: Loyalty,
    voucher: Voucher,
    *,
    ref_ext: str,
    lines: Sequence[CreditLine],
    gross: Decimal,
    thirdparty_id: int,
    role: Role,
    source_id: int | None = None,
) -> tuple[Sale, Sequence[CreditRow]]:
    """A credit note of a voucher, found or made, validated, turned into a credit, kept, and its credit rows.

    `source_id` is the invoice it reduces, where it is a reduction of one.
    """
    draft = credit_draft(
        loyalty,
        voucher,
        ref_ext=ref_ext,
        lines=lines,
        gross=gross,
        thirdparty_id=thirdparty_id,
        source_id=source_id,
        points=voucher.points if role == "issue" or not voucher.has_amount else 0,
    )
    note = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    note, rows = available(loyalty, voucher, note, gross)
    loyalty.database.decide(lambda tx: keep_note(tx, loyalty, voucher, note, role))
    return note, rows


def credit_draft(
    loyalty: Loyalty,
    voucher: Voucher,
    *,
    ref_ext: str,
    lines: Sequence[CreditLine],
    gross: Decimal,
    thirdparty_id: int,
    source_id: int | None = None,
    points: int = 0,
    label: str = "",
) -> Draft:
    """The credit note of a voucher as it is to be posted; `points` are shown as spent by it, `label` is its lines'
    text where they are not simply the voucher."""
    with loyalty.database.reading() as tx:
        unit = unit_of(tx, voucher)
    words = loyalty.brand.words(loyalty.screens.language).counting(unit)
    code = loyalty.label_of(voucher)
    if voucher.replaces and voucher.source != "printed":
        note = words.gettext("Replaces a lost voucher.")
    elif voucher.points:
        note = words.gettext("Loyalty voucher, issued for %(points)s.", points=words.points(voucher.points))
    elif voucher.source == "sold" or voucher.accounting == "liability":
        note = words.gettext("Gift card.")
    else:
        note = words.gettext("Loyalty voucher, given as a gift.")
    return Draft(
        thirdparty_id=thirdparty_id,
        kind="credit_note",
        issued_on=loyalty.today(),
        ref_ext=ref_ext,
        ref_client=code,
        note=note,
        lines=drafted(loyalty, voucher, lines, label or named(words, voucher, code)),
        gross=-gross,
        options={
            "loyalty_points": -points if unit == loyalty.unit else 0,
            "loyalty_voucher": code,
            "loyalty_valid": voucher.valid_until.isoformat() if voucher.valid_until else None,
            "loyalty_state": voucher_state("active", words),
        },
        source_id=source_id,
    )


def named(words: Words, voucher: Voucher, code: str) -> str:
    """A voucher or a gift card as the lines of its documents name it."""
    if voucher.accounting in ("deposit", "liability"):
        return words.gettext("Gift card %(code)s", code=code)
    return words.gettext("Voucher %(code)s", code=code)


def drafted(
    loyalty: Loyalty, voucher: Voucher, lines: Sequence[CreditLine], label: str
) -> tuple[DraftLine, ...]:
    """Lines as they are posted; those of a liability card carry its product, so that its account is moved."""
    product = _liability_product(loyalty, voucher)
    return tuple(
        DraftLine(label=label, net_price=line.net_price, vat_rate=line.vat_rate, product_id=product)
        for line in lines
    )


def _liability_product(loyalty: Loyalty, voucher: Voucher) -> int | None:
    if voucher.accounting != "liability":
        return None
    card = loyalty.program.gift_card(voucher.reward_id)
    refs = [voucher.product, *(card.refs if card else ())]
    for ref in filter(None, refs):
        product = loyalty.books.product(ref)
        if product is not None:
            return product.id
    raise PermanentFailure(
        f"The product {' or '.join(filter(None, refs)) or 'of the gift card'} is not in Dolibarr, so its use cannot "
        "be booked to the liability. Put it back, then try again."
    )


def find_or_post(loyalty: Loyalty, voucher: Voucher, draft: Draft) -> Sale:
    """The one document of this ref_ext, posted if there is none: looked up before and after (facts trap 6)."""
    found = loyalty.books.find(draft.ref_ext)
    if not found:
        # Without right 262 lists are empty, yet posting works (facts trap 11): asking for the customer tells.
        loyalty.books.member(draft.thirdparty_id)
        note(loyalty, voucher, "post", draft.ref_ext)
        loyalty.books.create(draft)
        found = loyalty.books.find(draft.ref_ext)
    if not found:
        raise TemporaryFailure(
            f"Dolibarr took the document {draft.ref_ext} and does not list it yet; it will be looked for again.",
            unclear=True,
        )
    return _only_one(loyalty, found)


def _only_one(loyalty: Loyalty, found: Sequence[Sale]) -> Sale:
    """Keep the furthest of several documents of one ref_ext and delete the others, which must be drafts."""
    furthest, *others = sorted(found, key=lambda sale: (sale.state is State.DRAFT, sale.id))
    for other in others:
        if other.state is not State.DRAFT:
            raise PermanentFailure(
                f"Documents {furthest.ref} and {other.ref} both stand for {furthest.ref_ext}. Cancel one of them "
                "in Dolibarr, then run `dolibarr-loyalty outbox retry`."
            )
        loyalty.books.delete_draft(other.id)
    return furthest


def checked(loyalty: Loyalty, sale: Sale, gross: Decimal) -> Sale:
    """A document that comes to what it should; one that does not is deleted while it is a draft."""
    if sale.gross != gross:
        if sale.state is State.DRAFT:
            loyalty.books.delete_draft(sale.id)
        raise PermanentFailure(
            f"Dolibarr made {sale.gross} {sale.currency} of document {sale.ref_ext}, which should be {gross}. "
            "It was not used; look at the VAT settings of the program and of Dolibarr."
        )
    return sale


def validated(loyalty: Loyalty, voucher: Voucher, sale: Sale, gross: Decimal) -> Sale:
    """The document with its final number: validated and seen to be (facts trap 5: mark works on drafts)."""
    checked(loyalty, sale, gross)
    if sale.state is State.DRAFT:
        note(loyalty, voucher, "validate", str(sale.id))
        loyalty.books.validate(sale.id)
        sale = read_back(loyalty, sale.id)
    if not sale.is_final or sale.ref.startswith("(PROV"):
        raise TemporaryFailure(f"Document {sale.id} is not validated yet: it reads {sale.state} {sale.ref}.")
    return sale


def available(
    loyalty: Loyalty, voucher: Voucher, sale: Sale, gross: Decimal
) -> tuple[Sale, Sequence[CreditRow]]:
    """The credit note as a credit of its customer, and the credit's rows, which must come to its amount."""
    rows = loyalty.books.credits(sale.thirdparty_id, sale.id)
    if not rows:
        note(loyalty, voucher, "mark", sale.ref)
        loyalty.books.mark_available(sale.id)
        rows = loyalty.books.credits(sale.thirdparty_id, sale.id)
    if total(row.gross for row in rows) != gross:
        raise TemporaryFailure(
            f"The credit of {sale.ref} comes to {total(row.gross for row in rows)}, not {gross}; looking again later."
        )
    return read_back(loyalty, sale.id), rows


# consuming -----------------------------------------------------------------------------------------
def counter(
    loyalty: Loyalty,
    voucher: Voucher,
    rows: Sequence[CreditRow],
    *,
    ref_ext: str,
    label: str,
    keep_lease: KeepLease,
    remark: str = "",
) -> Sale:
    """The counter invoice that consumes exactly these free credits of one customer, found or made, and closed.

    A line per credit with its VAT rate, so that net and VAT are undone as they were made (facts section d).
    """
    draft = counter_draft(loyalty, voucher, rows, ref_ext=ref_ext, label=label, remark=remark)
    sale = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    return consumed(loyalty, voucher, sale, rows, keep_lease)


def counter_draft(
    loyalty: Loyalty,
    voucher: Voucher,
    rows: Sequence[CreditRow],
    *,
    ref_ext: str,
    label: str,
    remark: str = "",
) -> Draft:
    """The counter invoice of credits as it is to be posted."""
    words = loyalty.brand.words(loyalty.screens.language)
    code = loyalty.label_of(voucher)
    lines = [line_of(row.gross, rate_of(loyalty, row), voucher.currency, net=row.net) for row in rows]
    return Draft(
        thirdparty_id=rows[0].thirdparty_id or voucher.thirdparty_id,
        kind="standard",
        issued_on=loyalty.today(),
        ref_ext=ref_ext,
        ref_client=code,
        note=remark,
        lines=drafted(loyalty, voucher, lines, label),
        gross=total(row.gross for row in rows),
        options={"loyalty_voucher": code, "loyalty_state": voucher_state("cancelled", words)},
    )


def consumed(
    loyalty: Loyalty, voucher: Voucher, sale: Sale, rows: Sequence[CreditRow], keep_lease: KeepLease
) -> Sale:
    """A validated counter invoice paid by these credits, closed and kept; those it has already are left alone."""
    for row in rows:
        if row.used_on is None:
            keep_lease()
            loyalty.books.use_credit(sale.id, row.id)
    sale = read_back(loyalty, sale.id)
    if sale.remaining != ZERO:
        raise TemporaryFailure(
            f"Counter invoice {sale.ref} is not paid by the credit it is for: "
            f"{plain(sale.remaining)} {sale.currency} remain. Looking again later."
        )
    if sale.state is State.VALIDATED:
        loyalty.books.settle(sale.id)
        sale = read_back(loyalty, sale.id)
    loyalty.database.decide(lambda tx: keep_note(tx, loyalty, voucher, sale, "counter"))
    return sale


# small things --------------------------------------------------------------------------------------
def read_back(loyalty: Loyalty, sale_id: int) -> Sale:
    """A document that must be there."""
    sale = loyalty.books.sale(sale_id)
    if sale is None:
        raise TemporaryFailure(f"Document {sale_id} cannot be read back.")
    return sale


def taken(
    loyalty: Loyalty, voucher: Voucher, kind: MoveKind, amount: Decimal, *, note: str = "", **about: Any
) -> list[Move]:
    """The move that takes `amount` (positive) off a voucher; none where there is nothing to take."""
    if not amount:
        return []
    key = f"{kind}:{voucher.id}:{voucher.version}"
    who, now = loyalty.worker, loyalty.now()
    move = Move(kind=kind, amount=-amount, day=loyalty.today(), at=now, who=who, key=key, note=note, **about)
    return [move]


def keep_note(tx: Tx, loyalty: Loyalty, voucher: Voucher, sale: Sale, role: Role) -> None:
    """Remember a document that was made for a voucher."""
    kept = Note(
        note_id=sale.id, ref=sale.ref, thirdparty_id=sale.thirdparty_id, role=role, gross=abs(sale.gross)
    )
    voucher_notes.keep(tx, voucher, kept, loyalty.now())


def unit_of(tx: Tx, voucher: Voucher) -> str:
    """What a voucher was paid with: the unit of the entry that spent it; points where it was a gift."""
    spent = ledger.entry_of_key(tx, f"redeem:{vouchers.root_of(tx, voucher).id}")
    return account_parts(spent.account_id)[1] if spent else POINTS


def note(loyalty: Loyalty, voucher: Voucher, step: str, about: str) -> None:
    """Write a step of a voucher's life down before it is tried."""

    def decision(tx: Tx) -> None:
        vouchers.note_step(tx, voucher.id, step, at=loyalty.now(), who=loyalty.worker, note=about)

    loyalty.database.decide(decision)
