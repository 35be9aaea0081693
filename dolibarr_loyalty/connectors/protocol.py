"""What the flows ask of the outside, as protocols; the connectors fulfil them, tests may too.

Every method raises TemporaryFailure, PermanentFailure or ConfigurationFailure of `errors` and nothing else;
that word decides the retry. `TemporaryFailure.unclear` means the request may have been carried out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.occasions import Contact
from dolibarr_loyalty.core.sale import Payment, Sale


@dataclass(frozen=True, kw_only=True)
class CreditRow:
    """A credit of a customer: one row per VAT rate of its credit note. Amounts are positive.

    `used_on` is the invoice on which it was used, as payment or as line; None while it is available.
    `thirdparty_id` is whose credit it is.
    """

    id: int
    credit_note_id: int | None
    gross: Decimal
    net: Decimal
    used_on: int | None = None
    used_as_line: bool = False
    thirdparty_id: int = 0


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """A line to be posted; `net_price` per unit, positive also on credit notes (Dolibarr makes it negative).

    `product_id` is a product of Dolibarr, whose accounts the line is then booked to. `ref_ext` is its name in
    our world, by which it is found again.
    """

    label: str
    net_price: Decimal
    vat_rate: Decimal
    quantity: int = 1
    product_id: int | None = None
    ref_ext: str = ""
    is_service: bool = True


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product or service of Dolibarr with its gross price."""

    id: int
    ref: str
    label: str
    price: Decimal
    vat_rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document to be posted once; `ref_ext` is its name in our world, `gross` what it must come to.

    `source_id` is the invoice that a credit note belongs to, if it belongs to one.
    """

    thirdparty_id: int
    kind: Literal["credit_note", "standard", "deposit"]
    issued_on: date
    ref_ext: str
    ref_client: str
    note: str
    lines: tuple[DraftLine, ...]
    gross: Decimal
    options: Mapping[str, str | int | None]
    source_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentDraft:
    """Something to be paid to a third party, for the accountant to approve; `ref_ext` is its name in our world."""

    thirdparty_id: int
    issued_on: date
    ref_ext: str
    label: str
    note: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a walk over changes stands: `since` is text in Dolibarr's own clock, `last_id` breaks ties."""

    since: str = ""
    last_id: int = 0


class Books(Protocol):
    """Dolibarr as the flows see it; `DolibarrBooks` is the real one."""

    # reading ---------------------------------------------------------------------------------------
    def sales_after(self, last_id: int, limit: int) -> Sequence[Sale]:
        """The documents with ids above `last_id`, by id; drafts too. Empty at the end."""
        ...

    def sales_between(self, after_id: int, until_id: int) -> Sequence[Sale]:
        """All documents with ids above `after_id` and up to `until_id`, by id; drafts too."""
        ...

    def newest_sale_id(self) -> int:
        """The highest id a document has now; 0 when there is none."""
        ...

    def sales_changed(self, cursor: Cursor, limit: int) -> tuple[Sequence[Sale], Cursor]:
        """Documents modified at or after the cursor, oldest change first, and the cursor to go on with.

        A page shorter than `limit` is the last one for now; its cursor begins a little earlier, so the next
        walk shows the last documents again and none that was committed late is missed.
        """
        ...

    def newest_sale_change(self) -> Cursor:
        """The cursor from which every document that is modified from now on will be found."""
        ...

    def newest_member_change(self) -> Cursor:
        """The cursor from which every third party that is modified from now on will be found."""
        ...

    def open_sales(self, last_id: int, limit: int) -> Sequence[Sale]:
        """Validated, unpaid documents with ids above `last_id`, by id: what a used credit changes unseen."""
        ...

    def draft_sales(self, channel: str) -> Sequence[Sale]:
        """The drafts of a channel (`takepos`: the open tickets of the tills), by id."""
        ...

    def ours_after(self, last_id: int, limit: int) -> Sequence[Sale]:
        """Documents that bear a name of this program (`ref_ext` loyalty:…) with ids above `last_id`, by id.

        Who made them is another question: the name can be typed by anybody.
        """
        ...

    def sale(self, sale_id: int) -> Sale | None:
        """One document, or None when Dolibarr has it no more."""
        ...

    def sales_by_ref(self, ref: str) -> Sequence[Sale]:
        """The documents with this number."""
        ...

    def sale_ids(self) -> Iterator[int]:
        """The ids of all documents, ascending; to find what was deleted."""
        ...

    def credits_used(self, sale_id: int) -> tuple[Payment, ...]:
        """The credits that were used to pay a document (credit notes, deposits, excess), with their refs."""
        ...

    def members_after(self, last_id: int, limit: int) -> Sequence[Member]:
        """Third parties with ids above `last_id`, by id; suppliers too."""
        ...

    def members_changed(self, cursor: Cursor, limit: int) -> tuple[Sequence[Member], Cursor]:
        """Third parties modified at or after the cursor, oldest change first, and the next cursor."""
        ...

    def member(self, thirdparty_id: int) -> Member | None:
        """One third party, or None when Dolibarr has it no more (deleted, or merged into another)."""
        ...

    def contacts_after(self, last_id: int, limit: int) -> Sequence[Contact]:
        """The contacts with a birthday and with ids above `last_id`, by id. Empty at the end."""
        ...

    def member_tags(self) -> Mapping[int, frozenset[str]]:
        """Lower-case labels of the customer tags of every third party that has any."""
        ...

    def product_tags(self) -> Mapping[int, frozenset[str]]:
        """Lower-case labels of the tags of every product that has any."""
        ...

    # credit notes ----------------------------------------------------------------------------------
    def find(self, ref_ext: str) -> Sequence[Sale]:
        """All documents with this ref_ext, by id; more than one when a retry made a duplicate."""
        ...

    def create(self, draft: Draft) -> int:
        """Post a draft and give its id. Not idempotent: `find` before, and after an unclear answer."""
        ...

    def validate(self, sale_id: int) -> None:
        """Validate a draft; a second call is not an error. Read back to be sure."""
        ...

    def mark_available(self, sale_id: int) -> None:
        """Turn a validated credit note or deposit into a credit of its customer; a second call is not an error.

        A deposit must not be closed yet: afterwards Dolibarr refuses.
        """
        ...

    def credits(self, thirdparty_id: int, credit_note_id: int | None = None) -> Sequence[CreditRow]:
        """The customer's credits, available and used; of one credit note where it is named."""
        ...

    def use_credit(self, sale_id: int, credit_id: int) -> None:
        """Pay a validated document with an available credit. Dolibarr checks nothing (facts trap 3)."""
        ...

    def use_credit_as_line(self, sale_id: int, credit_id: int) -> None:
        """Put an available credit on a draft as a negative line; only on drafts (facts trap 4).

        Dolibarr refuses one that is used already, but neither another customer's nor one above the total.
        """
        ...

    @property
    def splits_credits(self) -> bool:
        """Whether `split_credit` works: only where Dolibarr has it (new in 23)."""
        ...

    def split_credit(self, thirdparty_id: int, credit_id: int, first: Decimal, second: Decimal) -> None:
        """Split an available credit in two, whose gross amounts come to its own; its id dies.

        Never one that is used as a payment: Dolibarr would double the money (facts trap 4b).
        """
        ...

    def add_line(self, sale_id: int, line: DraftLine) -> int:
        """Add a line to a draft and give its id; a negative `net_price` makes it a reduction.

        Refused on a validated document (400, both versions). Not idempotent: the caller looks for its own line by
        `ref_ext` before and after an unclear answer.
        """
        ...

    def remove_line(self, sale_id: int, line_id: int) -> None:
        """Take a line off a draft, which frees a credit behind it; one that is gone is not an error."""
        ...

    def settle(self, sale_id: int) -> None:
        """Close a document of which nothing remains to be paid; a second call is not an error."""
        ...

    def delete_draft(self, sale_id: int) -> None:
        """Delete a draft; the caller has made sure that it is one (facts trap 24)."""
        ...

    def product_price(self, ref: str) -> tuple[Decimal, Decimal] | None:
        """Gross price and VAT rate of a product by its ref, or None when there is none."""
        ...

    def product(self, ref: str) -> Product | None:
        """The product of this ref, or None when there is none."""
        ...

    # paying others ---------------------------------------------------------------------------------
    def draft_payment(self, payment: PaymentDraft) -> int:
        """Make the draft of a payment, found again when called again, and give its id in Dolibarr.

        ConfigurationFailure where the module or the rights for it are missing.
        """
        ...

    # screens ---------------------------------------------------------------------------------------
    def set_card(self, thirdparty_id: int, number: str) -> None:
        """Write the number of a customer's card (the third party's barcode); empty takes it off."""
        ...

    def show_member(self, thirdparty_id: int, values: Mapping[str, str | int | None]) -> None:
        """Write extrafields of a third party (names without `options_`), leaving all others as they are."""
        ...

    def set_tags(self, thirdparty_id: int, *, add: Iterable[str], remove: Iterable[str]) -> None:
        """Give a customer tags by their labels, or take them off; one that does not exist is left alone."""
        ...

    def shown_members(self, thirdparty_ids: Sequence[int]) -> Mapping[int, Mapping[str, str | int | None]]:
        """The extrafields (names without `options_`) that Dolibarr shows of these third parties now."""
        ...

    def add_event(
        self, thirdparty_id: int, *, key: str, label: str, note: str, at: datetime, sale_id: int | None = None
    ) -> None:
        """Put an event into the customer's agenda, once per key."""
        ...

    def attach(self, sale_ref: str, filename: str, content: bytes) -> bool:
        """Put a file among a document's linked files, replacing one of the same name.

        False where this Dolibarr cannot take it (16 without the ECM module); the mail has it anyway.
        """
        ...

    def attach_to_member(self, thirdparty_id: int, filename: str, content: bytes) -> bool:
        """Put a file among a third party's linked files; False as for `attach`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of a mail; `inline_id` makes it a picture the HTML refers to as cid:<inline_id>."""

    filename: str
    media_type: str
    content: bytes
    inline_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A finished mail. `message_id` is deterministic, so that a repeated send is the same mail to the reader."""

    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str | None = None


class Mailer(Protocol):
    """Sends mails; `SmtpMailer` and `MaildirMailer` are the real ones."""

    def send(self, mail: Mail) -> None:
        """Hand the mail over once; may be called again with the same mail after an unclear failure."""
        ...
