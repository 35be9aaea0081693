"""Dolibarr as the flows see it: `DolibarrBooks` fulfils the protocol `Books` for 16.0.3 to 23."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dolibarr_loyalty.connectors.dolibarr import screens
from dolibarr_loyalty.connectors.dolibarr.capabilities import Capabilities, probe, zones_of
from dolibarr_loyalty.connectors.dolibarr.changes import changed_page, newest_change
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.credit_notes import body_of, line_of
from dolibarr_loyalty.connectors.dolibarr.filters import both, condition
from dolibarr_loyalty.connectors.dolibarr.reading import (
    Broken,
    Context,
    Json,
    credit_lines_of,
    id_of,
    price_of,
    read_contact,
    read_credit_rows,
    read_member,
    read_page,
    read_payments,
    read_product,
    read_sale,
)
from dolibarr_loyalty.connectors.dolibarr.supplier_drafts import draft_payment
from dolibarr_loyalty.connectors.dolibarr.tags import set_customer_tags, tags_of_all
from dolibarr_loyalty.connectors.protocol import (
    CreditRow,
    Cursor,
    Draft,
    DraftLine,
    PaymentDraft,
    Product,
)
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.occasions import Contact
from dolibarr_loyalty.core.sale import Payment, Sale
from dolibarr_loyalty.errors import PermanentFailure

PAGE = 500  # the best rows per second for the memory it takes (facts section a)
INVOICES, THIRDPARTIES, CONTACTS = "/invoices", "/thirdparties", "/contacts"
NOBODY_BEFORE = "1900-01-01"

T = TypeVar("T")
log = logging.getLogger(__name__)


def report_broken(broken: Broken) -> None:
    """Log an object that cannot be read; the default of `DolibarrBooks`."""
    log.warning("Dolibarr's data cannot be read: %s. Correct it in Dolibarr.", broken)


class DolibarrBooks:
    """The books of one Dolibarr. Lists leave out what cannot be read and tell `on_broken` of it.

    Tags are read once, when first needed, and again whenever `product_tags` or `member_tags` is called;
    `reads_tags=False` does without them (and without right 241). `user_id` owns the events in the agenda.
    """

    def __init__(
        self,
        client: Client,
        context: Context,
        capabilities: Capabilities,
        *,
        user_id: int | None = None,
        on_broken: Callable[[Broken], None] = report_broken,
        reads_tags: bool = True,
    ) -> None:
        self.client = client
        self.capabilities = capabilities
        self._context = context
        self._agenda = screens.Agenda(client, user_id)
        self._on_broken = on_broken
        self._lacks_tags = {"product", "customer"} if reads_tags else set()

    @classmethod
    def connect(
        cls, client: Client, *, shop_zone: ZoneInfo, currency: str, languages: tuple[str, ...], **options: Any
    ) -> "DolibarrBooks":
        """The books behind a client, after asking Dolibarr what it can do and which clocks it keeps."""
        capabilities = probe(client)
        zones = zones_of(client, capabilities, shop_zone)
        context = Context(zones=zones, currency=currency, languages=languages)
        return cls(client, context, capabilities, **options)

    # reading ---------------------------------------------------------------------------------------
    def sales_after(self, last_id: int, limit: int = PAGE) -> Sequence[Sale]:
        return self._after(INVOICES, last_id, limit, self._sales)

    def sales_between(self, after_id: int, until_id: int) -> Sequence[Sale]:
        found: list[Sale] = []
        while after_id < until_id:
            where = both(condition("t.rowid", ">", after_id), condition("t.rowid", "<=", until_id))
            rows = self.client.get_list(INVOICES, _by_id(where, PAGE))
            found += self._sales(rows)
            if len(rows) < PAGE:
                break
            after_id = max(id_of(row) or 0 for row in rows)
        return found

    def newest_sale_id(self) -> int:
        newest: dict[str, str | int] = {
            "sortfield": "t.rowid",
            "sortorder": "DESC",
            "limit": 1,
            "properties": "id",
        }
        return max((id_of(row) or 0 for row in self.client.get_list(INVOICES, newest)), default=0)

    def sales_changed(self, cursor: Cursor, limit: int = PAGE) -> tuple[Sequence[Sale], Cursor]:
        rows, following = changed_page(self.client, INVOICES, cursor, limit, self._context.zones)
        return self._sales(rows), following

    def newest_sale_change(self) -> Cursor:
        return newest_change(self.client, INVOICES, self._context.zones)

    def newest_member_change(self) -> Cursor:
        return newest_change(self.client, THIRDPARTIES, self._context.zones)

    def open_sales(self, last_id: int, limit: int = PAGE) -> Sequence[Sale]:
        return self._after(INVOICES, last_id, limit, self._sales, condition("t.fk_statut", "=", 1))

    def ours_after(self, last_id: int, limit: int = PAGE) -> Sequence[Sale]:
        return self._after(INVOICES, last_id, limit, self._sales, condition("t.ref_ext", "like", "loyalty:%"))

    def draft_sales(self, channel: str) -> Sequence[Sale]:
        where = both(condition("t.module_source", "=", channel), condition("t.fk_statut", "=", 0))
        return self._after(INVOICES, 0, PAGE, self._sales, where)

    def sale(self, sale_id: int) -> Sale | None:
        json = self._one(f"{INVOICES}/{sale_id}")
        return None if json is None else read_sale(json, self._tagged("product"))

    def sales_by_ref(self, ref: str) -> Sequence[Sale]:
        return self._sales(
            self.client.get_list(INVOICES, {"sqlfilters": condition("t.ref", "=", ref), "limit": 5})
        )

    def sale_ids(self) -> Iterator[int]:
        """The ids of all documents, ascending. A missing right looks like no documents at all (trap 11):
        confirm with `sale` before taking an absent id for a deleted document."""
        last = 0
        while ids := self._ids_after(last):
            yield from ids
            last = ids[-1]

    def credits_used(self, sale_id: int) -> tuple[Payment, ...]:
        payments = read_payments(self.client.get_list(f"{INVOICES}/{sale_id}/payments"))
        return tuple(payment for payment in payments if payment.credit is not None)

    def members_after(self, last_id: int, limit: int = PAGE) -> Sequence[Member]:
        return self._after(THIRDPARTIES, last_id, limit, self._members)

    def members_changed(self, cursor: Cursor, limit: int = PAGE) -> tuple[Sequence[Member], Cursor]:
        rows, following = changed_page(self.client, THIRDPARTIES, cursor, limit, self._context.zones)
        return self._members(rows), following

    def member(self, thirdparty_id: int) -> Member | None:
        json = self._one(f"{THIRDPARTIES}/{thirdparty_id}")
        return None if json is None else read_member(json, self._tagged("customer"))

    def contacts_after(self, last_id: int, limit: int = PAGE) -> Sequence[Contact]:
        """Only those with a birthday: most have none, and 16 sends every contact whole."""
        return self._after(
            CONTACTS, last_id, limit, self._contacts, condition("t.birthday", ">", NOBODY_BEFORE)
        )

    def member_tags(self) -> Mapping[int, frozenset[str]]:
        tags = tags_of_all(self.client, "customer")
        self._context = replace(self._context, member_tags=tags)
        self._lacks_tags.discard("customer")
        return tags

    def product_tags(self) -> Mapping[int, frozenset[str]]:
        tags = tags_of_all(self.client, "product")
        self._context = replace(self._context, product_tags=tags)
        self._lacks_tags.discard("product")
        return tags

    # credit notes ----------------------------------------------------------------------------------
    def find(self, ref_ext: str) -> Sequence[Sale]:
        """By a list: /invoices/ref_ext/… always fails on 23 (facts trap 7)."""
        filters = condition("t.ref_ext", "=", ref_ext)
        rows = self.client.get_list(INVOICES, {"sqlfilters": filters, "sortfield": "t.rowid"})
        return self._sales(rows)

    def create(self, draft: Draft) -> int:
        answer = self.client.post(INVOICES, body_of(draft))
        identifier = id_of(answer)
        if identifier is None or identifier < 0:
            raise PermanentFailure("Dolibarr gave no id for a new document; look for it by its ref_ext.")
        return identifier

    def validate(self, sale_id: int) -> None:
        self._repeatable(f"{INVOICES}/{sale_id}/validate")

    def mark_available(self, sale_id: int) -> None:
        """A second call answers 500 "Alreay paid", as it also does for a document paid otherwise: so the
        credit itself is looked for before that counts as done."""
        try:
            self.client.post(f"{INVOICES}/{sale_id}/markAsCreditAvailable")
        except PermanentFailure as failure:
            if failure.status != 500 or self._one(f"{INVOICES}/{sale_id}/discount") is None:
                raise

    def credits(self, thirdparty_id: int, credit_note_id: int | None = None) -> Sequence[CreditRow]:
        path = f"{THIRDPARTIES}/{thirdparty_id}/fixedamountdiscounts"
        found: dict[int, CreditRow] = {}
        for state in ("available", "used"):
            for row in read_credit_rows(self.client.get_list(path, {"filter": state})):
                if credit_note_id in (None, row.credit_note_id):
                    found[row.id] = row
        return tuple(self._located(thirdparty_id, [found[key] for key in sorted(found)]))

    def use_credit(self, sale_id: int, credit_id: int) -> None:
        self.client.post(f"{INVOICES}/{sale_id}/usecreditnote/{credit_id}")

    def use_credit_as_line(self, sale_id: int, credit_id: int) -> None:
        self.client.post(f"{INVOICES}/{sale_id}/usediscount/{credit_id}")

    @property
    def splits_credits(self) -> bool:
        return self.capabilities.splits_credits

    def split_credit(self, thirdparty_id: int, credit_id: int, first: Decimal, second: Decimal) -> None:
        path = f"{THIRDPARTIES}/{thirdparty_id}/splitdiscount/{credit_id}"
        self.client.post(path, {"amount_ttc_1": first, "amount_ttc_2": second})

    def add_line(self, sale_id: int, line: DraftLine) -> int:
        identifier = id_of(self.client.post(f"{INVOICES}/{sale_id}/lines", line_of(line)))
        if identifier is None:
            raise PermanentFailure("Dolibarr gave no id for a new line; look for it by its text.")
        return identifier

    def remove_line(self, sale_id: int, line_id: int) -> None:
        """A line that is gone is no error on 16 and 405 on 23 (measured); 405 is also a refusal on 16: so look."""
        try:
            self.client.delete(f"{INVOICES}/{sale_id}/lines/{line_id}")
        except PermanentFailure as failure:
            sale = self.sale(sale_id) if failure.status in (404, 405) else None
            if failure.status not in (404, 405) or (sale and any(line.id == line_id for line in sale.lines)):
                raise

    def settle(self, sale_id: int) -> None:
        self._repeatable(f"{INVOICES}/{sale_id}/settopaid")

    def delete_draft(self, sale_id: int) -> None:
        try:
            self.client.delete(f"{INVOICES}/{sale_id}")
        except PermanentFailure as failure:
            if failure.status != 404:
                raise

    def product_price(self, ref: str) -> tuple[Decimal, Decimal] | None:
        rows = self.client.get_list("/products", {"sqlfilters": condition("t.ref", "=", ref), "limit": 1})
        return price_of(rows[0]) if rows else None

    def product(self, ref: str) -> Product | None:
        rows = self.client.get_list("/products", {"sqlfilters": condition("t.ref", "=", ref), "limit": 1})
        return read_product(rows[0]) if rows else None

    # paying others ---------------------------------------------------------------------------------
    def draft_payment(self, payment: PaymentDraft) -> int:
        return draft_payment(self.client, payment)

    # screens ---------------------------------------------------------------------------------------
    def set_card(self, thirdparty_id: int, number: str) -> None:
        self.client.put(f"{THIRDPARTIES}/{thirdparty_id}", {"barcode": number})

    def show_member(self, thirdparty_id: int, values: Mapping[str, str | int | None]) -> None:
        wipes = self.capabilities.wipes_other_extrafields
        screens.show_options(self.client, thirdparty_id, values, wipes=wipes)

    def set_tags(self, thirdparty_id: int, *, add: Iterable[str], remove: Iterable[str]) -> None:
        set_customer_tags(self.client, thirdparty_id, add=add, remove=remove)

    def shown_members(self, thirdparty_ids: Sequence[int]) -> Mapping[int, Mapping[str, str | int | None]]:
        return screens.shown_options(self.client, thirdparty_ids)

    def add_event(
        self, thirdparty_id: int, *, key: str, label: str, note: str, at: datetime, sale_id: int | None = None
    ) -> None:
        self._agenda.add(thirdparty_id, key=key, label=label, note=note, at=at, sale_id=sale_id)

    def attach_to_member(self, thirdparty_id: int, filename: str, content: bytes) -> bool:
        return screens.attach_to_member(self.client, thirdparty_id, filename, content)

    def attach(self, sale_ref: str, filename: str, content: bytes) -> bool:
        return screens.attach(self.client, sale_ref, filename, content)

    # -----------------------------------------------------------------------------------------------
    def _after(
        self,
        path: str,
        last_id: int,
        limit: int,
        read: Callable[[Sequence[Any]], Sequence[T]],
        *filters: str,
    ) -> Sequence[T]:
        """A page by id; a page of which nothing could be read is passed over, as empty means the end."""
        while True:
            where = both(condition("t.rowid", ">", last_id), *filters)
            rows = self.client.get_list(path, _by_id(where, limit))
            objects = read(rows)
            ids = [identifier for row in rows if (identifier := id_of(row))]
            if objects or not ids:
                return objects
            last_id = max(ids)

    def _ids_after(self, last_id: int) -> list[int]:
        # 23 sends only the ids; 16 ignores the wish and sends whole documents.
        params = {**_by_id(condition("t.rowid", ">", last_id), PAGE), "properties": "id"}
        rows = self.client.get_list(INVOICES, params)
        return sorted(identifier for row in rows if (identifier := id_of(row)))

    def _one(self, path: str) -> Json | None:
        """An object, or None for 404; 16 also sends an object of nulls for some that do not exist."""
        try:
            json = self.client.get(path)
        except PermanentFailure as failure:
            if failure.status == 404:
                return None
            raise
        return json if isinstance(json, Mapping) and id_of(json) else None

    def _repeatable(self, path: str) -> None:
        """A step that Dolibarr answers with 304 when it was done before (facts trap 30)."""
        try:
            self.client.post(path)
        except PermanentFailure as failure:
            if failure.status != 304:
                raise

    def _sales(self, rows: Sequence[Any]) -> Sequence[Sale]:
        sales, broken = read_page(rows, self._tagged("product") if rows else self._context, read_sale)
        self._tell(broken)
        return sales

    def _members(self, rows: Sequence[Any]) -> Sequence[Member]:
        members, broken = read_page(rows, self._tagged("customer") if rows else self._context, read_member)
        self._tell(broken)
        return members

    def _contacts(self, rows: Sequence[Any]) -> Sequence[Contact]:
        found, broken = read_page(rows, self._context, read_contact)
        self._tell(broken)
        return [contact for contact in found if contact is not None]

    def _tell(self, broken: Sequence[Broken]) -> None:
        for each in broken:
            self._on_broken(each)

    def _tagged(self, kind: str) -> Context:
        if kind in self._lacks_tags:
            self.product_tags() if kind == "product" else self.member_tags()
        return self._context

    def _located(self, thirdparty_id: int, rows: Sequence[CreditRow]) -> Iterator[CreditRow]:
        """The rows with the invoices on which credits were used as lines, which only the invoices tell."""
        lines: dict[int, int] = {}
        if any(row.used_as_line for row in rows):
            where = condition("t.fk_soc", "=", thirdparty_id)
            for json in self.client.get_list(INVOICES, {**_by_id(where, PAGE), "sortorder": "DESC"}):
                lines |= credit_lines_of(json)
        for row in rows:
            used_on = lines.get(row.id, row.used_on) if row.used_as_line else row.used_on
            yield replace(row, used_on=used_on, thirdparty_id=thirdparty_id)


def _by_id(where: str, limit: int) -> dict[str, str | int]:
    return {"sqlfilters": where, "sortfield": "t.rowid", "sortorder": "ASC", "limit": limit}
