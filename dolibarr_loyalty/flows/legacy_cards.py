"""Takes in gift cards and vouchers that were handed out before: a file of their codes and what is left on each.

All mistakes of the file are told at once and nothing is written while there is one. The same file again changes
nothing. The codes were made elsewhere: only their keyed hashes are kept, and the last signs. What is left on a
card is owed from the day of the import on: its opening balance.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.money import exponent, from_minor
from dolibarr_loyalty.core.scanning import foreign_signs
from dolibarr_loyalty.core.vouchers import Accounting, Voucher, VoucherState
from dolibarr_loyalty.errors import FileMistakes, InputError, KeyReused
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.import_checks import Checks
from dolibarr_loyalty.flows.lookups import hash_of, keyed
from dolibarr_loyalty.flows.moving_files import Line, plain_cell, table_of
from dolibarr_loyalty.store import bearings, imports, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.imports import Import

COLUMNS = ("code", "value", "currency", "valid_until", "member", "sold_on", "kind")
KINDS: dict[str, Accounting] = {"gift_card": "liability", "promotion": "discount"}
FEWEST_SIGNS, MOST_SIGNS = 4, 64
EASY_TO_GUESS = 10  # signs; below that a patient stranger finds one, however slowly he may try
REWARD_OF_PROMOTIONS = "imported"
_AMOUNT = re.compile(r"\d{1,9}([.,]\d{1,3})?")
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card of a file. `code` is never written anywhere; `key` is made of its keyed hash."""

    number: int
    code: str = field(repr=False)
    code_hash: str
    value: Decimal
    valid_until: date | None
    sold_on: date | None
    thirdparty_id: int
    kind: str

    @property
    def key(self) -> str:
        return f"import:voucher:{self.code_hash[:48]}"

    @property
    def digest(self) -> str:
        return hash_input(
            self.code_hash,
            str(self.value),
            str(self.valid_until),
            str(self.sold_on),
            self.thirdparty_id,
            self.kind,
        )

    @property
    def last_signs(self) -> str:
        """The last four signs, fewer of a short code: what is shown must not help guessing the rest."""
        signs = foreign_signs(self.code)
        return signs[-min(4, len(signs) // 3) :]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a file would do: its new cards, how many are in already, how many codes are easy to guess."""

    file_name: str
    fingerprint: str
    new: tuple[Card, ...]
    known: int
    easy: int
    gift_card: GiftCard | None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What came of an import, read back from the register."""

    batch: Import
    cards: int
    amount: Decimal

    @property
    def is_whole(self) -> bool:
        return self.batch.finished_at is not None and self.cards == self.batch.new_count


def plan(loyalty: Loyalty, name: str, content: bytes, *, gift_card: str | None = None) -> Plan:
    """Look at every line of a file. Raises FileMistakes with all that is wrong. Reads only."""
    header, rows = table_of(name, content, COLUMNS, needed="code")
    with loyalty.database.reading() as tx:
        checks = Checks(loyalty, imports.directory(tx), "import")
    reading = _Reading(loyalty, checks)
    cards = [
        card
        for number, cells in rows
        if (card := reading.card(number, dict(zip(header, map(plain_cell, cells), strict=False))))
    ]
    fresh = _unknown(loyalty, cards, checks)
    if checks.mistakes:
        raise FileMistakes(name, sorted(checks.mistakes))
    kind = _gift_card(loyalty, gift_card) if any(card.kind == "gift_card" for card in fresh) else None
    return Plan(
        file_name=name,
        # A plain checksum of a short file would give short codes away to who tries them all.
        fingerprint=keyed(loyalty, f"file:{content.hex()}"),
        new=tuple(fresh),
        known=len(cards) - len(fresh),
        easy=sum(len(foreign_signs(card.code)) < EASY_TO_GUESS for card in fresh),
        gift_card=kind,
    )


def take_in(
    loyalty: Loyalty, planned: Plan, *, reason: str, who: str, progress: Progress = lambda done: None
) -> Import | None:
    """Take in what is new; None when nothing is. Stopped half-way, the next call goes on."""
    if not planned.new:
        return None
    batch = Import(
        id=new_id(),
        file_name=planned.file_name,
        sha256=planned.fingerprint,
        reason=reason.strip(),
        who=who,
        line_count=len(planned.new) + planned.known,
        new_count=len(planned.new),
        known_count=planned.known,
        member_count=len({card.thirdparty_id for card in planned.new} - {0}),
        made_at=loyalty.now(),
    )
    loyalty.database.decide(lambda tx: imports.begin(tx, batch))
    for start in range(0, len(planned.new), loyalty.page_size):
        page = planned.new[start : start + loyalty.page_size]
        loyalty.database.decide(lambda tx, page=page: _store(tx, loyalty, planned, page, batch))  # type: ignore[misc]
        progress(start + len(page))
    loyalty.database.decide(lambda tx: imports.finish(tx, batch.id, loyalty.now()))
    with loyalty.database.reading() as tx:
        return imports.by_id(tx, batch.id)


def certificate(tx: Tx, loyalty: Loyalty, import_id: str) -> Certificate:
    """What came of an import of cards. Raises InputError for an unknown one."""
    batch = imports.by_id(tx, import_id)
    if batch is None:
        raise InputError(f"There is no import {import_id!r}. `dolibarr-loyalty imports` lists them.")
    rows = tx.rows("imported_cards", import_id=import_id)
    currency = loyalty.program.currency
    return Certificate(
        batch=batch,
        cards=sum(int(row["cards"]) for row in rows),
        amount=from_minor(sum(int(row["amount_minor"]) for row in rows), currency),
    )


# looking ---------------------------------------------------------------------------------------------


def _gift_card(loyalty: Loyalty, wanted: str | None) -> GiftCard:
    """Which gift card of the program the cards of the file are: it says how a use of one is booked."""
    cards = loyalty.program.gift_cards
    known = ", ".join(each.id for each in cards) or "none"
    if wanted is not None:
        found = loyalty.program.gift_card(wanted)
        if found is None:
            raise InputError(f"There is no gift card {wanted!r}. The program has: {known}.")
        return found
    if len(cards) != 1:
        raise InputError(f"Say with --gift-card which the cards of this file are. The program has: {known}.")
    return cards[0]


def _unknown(loyalty: Loyalty, cards: Sequence[Card], checks: Checks) -> list[Card]:
    """The cards that are not in yet; one that is in with other values, or a code of ours, is a mistake."""
    fresh = []
    with loyalty.database.reading() as tx:
        before = imports.line_hashes(tx, [card.key for card in cards])
        taken = {
            row["code_hash"]
            for row in tx.rows("vouchers_of_hashes", hashes=[card.code_hash for card in cards])
        }
    for card in cards:
        if before.get(card.key) == card.digest:
            continue
        if card.key in before:
            told = "was taken in before with other values. What became of it since stands in `voucher show`."
            checks.wrong(_line(card.number), told)
        elif card.code_hash in taken:
            checks.wrong(_line(card.number), "has the code of a voucher that is known already.")
        else:
            fresh.append(card)
    return fresh


def _line(number: int, member: str = "") -> Line:
    return Line(number=number, kind="card", member=member)


class _Reading:
    """Reads cards line by line; it goes on after a mistake, so that all of a file are told at once."""

    def __init__(self, loyalty: Loyalty, checks: Checks) -> None:
        self.loyalty, self.checks = loyalty, checks
        self.seen: dict[str, int] = {}
        self.number, self.is_right = 0, True

    def card(self, number: int, cells: dict[str, str]) -> Card | None:
        self.number, self.is_right = number, True
        code = self._code(cells.get("code", ""))
        value = self._value(cells.get("value", ""))
        self._currency(cells.get("currency", ""))
        today = self.loyalty.today()
        until, sold_on = self._day(cells, "valid_until"), self._day(cells, "sold_on")
        if until is not None and until < today:
            self._wrong(f"was valid until {until}, which is over. Take the line out.")
        if sold_on is not None and sold_on > today:
            self._wrong(f"was sold on {sold_on}, which is still to come.")
        kind = cells.get("kind", "").casefold() or "gift_card"
        if kind not in KINDS:
            self._wrong(f"has the kind {kind!r}. Write one of {', '.join(KINDS)}.")
        owner = self._owner(cells.get("member", ""))
        if not self.is_right:
            return None
        return Card(
            number=number,
            code=code,
            code_hash=hash_of(self.loyalty, code),
            value=value,
            valid_until=until,
            sold_on=sold_on,
            thirdparty_id=owner,
            kind=kind,
        )

    def _wrong(self, what: str) -> None:
        self.is_right = False
        self.checks.wrong(_line(self.number), what)

    def _code(self, text: str) -> str:
        signs = foreign_signs(text)
        if not FEWEST_SIGNS <= len(signs) <= MOST_SIGNS:
            self._wrong(
                f"has a code of {len(signs)} letters and digits. Codes have {FEWEST_SIGNS} to {MOST_SIGNS}."
            )
            return text
        digest = hash_of(self.loyalty, text)
        first = self.seen.setdefault(digest, self.number)
        if first != self.number:
            self._wrong(f"has the same code as line {first}; signs between letters and digits do not count.")
        return text

    def _value(self, text: str) -> Decimal:
        currency = self.loyalty.program.currency
        if not _AMOUNT.fullmatch(text):
            self._wrong(f"has the value {text!r}. Write what is left on the card, such as 25.00.")
            return Decimal(1)
        value = Decimal(text.replace(",", "."))
        if value != round(value, exponent(currency)):
            self._wrong(
                f"has the value {text!r}, finer than {currency} is. Write it without separators, as 1500.00."
            )
        if not value:
            self._wrong("has nothing left on it. Take the line out.")
        return value

    def _currency(self, text: str) -> None:
        currency = self.loyalty.program.currency
        if text and text.upper() != currency:
            self._wrong(
                f"is in {text}, the program in {currency}. A voucher has the currency of the program."
            )

    def _day(self, cells: dict[str, str], column: str) -> date | None:
        text = cells.get(column, "")
        if not text or text.casefold() == "never":
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._wrong(f"has {text!r} as {column}. Write the day as 2027-12-31.")
            return None

    def _owner(self, text: str) -> int:
        if not text:
            return 0
        called = self.checks.member_of(_line(self.number, text))
        self.is_right = self.is_right and called is not None
        return called.thirdparty_id if called else 0


# writing ---------------------------------------------------------------------------------------------


def _store(tx: Tx, loyalty: Loyalty, planned: Plan, page: Sequence[Card], batch: Import) -> None:
    known = imports.line_hashes(tx, [card.key for card in page])
    program_hash = bearings.keep_program(tx, loyalty.program, loyalty.now())
    for card in page:
        if card.key in known:
            if known[card.key] != card.digest:
                raise KeyReused(card.key)
            continue
        voucher = _voucher(loyalty, planned, card)
        vouchers.insert(
            tx,
            voucher,
            code_hash=card.code_hash,
            program_hash=program_hash,
            request_key=card.key,
            who=batch.who,
            day=loyalty.today(),
        )
        sold = f", sold on {card.sold_on}" if card.sold_on else ""
        told = f"{batch.reason}{sold}"
        vouchers.note_step(tx, voucher.id, "imported", at=loyalty.now(), who=batch.who, note=told)
        tx.run(
            "insert_import_line",
            line_key=card.key,
            import_id=batch.id,
            kind="voucher",
            thirdparty_id=card.thirdparty_id,
            content=json.dumps({"voucher": voucher.id}),
            input_hash=card.digest,
        )
    owners = sorted({card.thirdparty_id for card in page} - {0})
    outbox.put(tx, [show_member(owner) for owner in owners], loyalty.now())


def _voucher(loyalty: Loyalty, planned: Plan, card: Card) -> Voucher:
    gift_card = planned.gift_card if card.kind == "gift_card" else None
    uses = gift_card.uses if gift_card else loyalty.program.vouchers.uses
    return Voucher(
        id=new_id(),
        thirdparty_id=card.thirdparty_id,
        reward_id=gift_card.id if gift_card else REWARD_OF_PROMOTIONS,
        kind="amount",
        state=VoucherState.ACTIVE,
        points=0,
        value=card.value,
        remaining=card.value,
        currency=loyalty.program.currency,
        issued_at=loyalty.now(),
        valid_until=card.valid_until,
        last_four=card.last_signs,
        accounting=KINDS[card.kind],
        source="imported",
        several=uses == "several",
        bearer=not card.thirdparty_id,
    )
