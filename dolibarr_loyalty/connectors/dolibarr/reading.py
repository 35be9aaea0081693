"""Dolibarr's JSON as `Sale`, `Member`, `Payment` and `CreditRow`; nothing else knows its field names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from dolibarr_loyalty.connectors.dolibarr.clock import Zones
from dolibarr_loyalty.connectors.dolibarr.loose import amount, plain, whole
from dolibarr_loyalty.connectors.protocol import CreditRow, Product
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.occasions import Contact
from dolibarr_loyalty.core.sale import Credit, Kind, Line, Payment, Sale, State
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.errors import PermanentFailure

Json = Mapping[str, Any]
Tags = Mapping[int, frozenset[str]]
T = TypeVar("T")

PRIVATE = 8  # the id of TE_PRIVATE among the types of third parties, the same in every Dolibarr
CUSTOMER = (1, 3)

_KINDS = {
    0: Kind.STANDARD,
    1: Kind.REPLACEMENT,
    2: Kind.CREDIT_NOTE,
    3: Kind.DEPOSIT,
    5: Kind.SITUATION,
}
_CREDITS = {
    "(CREDIT_NOTE)": Credit.CREDIT_NOTE,
    "(DEPOSIT)": Credit.DEPOSIT,
    "(EXCESS RECEIVED)": Credit.EXCESS,
}
_SPEAKS = {
    **dict.fromkeys(["DE", "AT", "CH", "LI"], "de"),
    **dict.fromkeys(["FR", "BE", "LU", "MC"], "fr"),
    **dict.fromkeys(["GB", "IE", "US", "AU", "NZ", "CA", "MT"], "en"),
}


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the JSON does not say: zones, the shop's currency and languages (the first is the default),
    the tags of products and members, and the prefix of `ref_ext` that marks our own documents."""

    zones: Zones
    currency: str = "EUR"
    languages: tuple[str, ...] = ("en", "de", "fr")
    prefix: str = "loyalty:"
    product_tags: Tags = field(default_factory=dict)
    member_tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A document or third party that could not be read, and why."""

    id: int | None
    ref: str
    problem: str

    def __str__(self) -> str:
        return f"{self.ref or 'an object without ref'} (id {self.id}): {self.problem}"


class Unreadable(PermanentFailure):
    """One object of Dolibarr makes no sense; `broken` says which and why."""

    def __init__(self, broken: Broken) -> None:
        self.broken = broken
        super().__init__(f"Dolibarr's data cannot be read: {broken}. Correct it in Dolibarr.")


def read_sale(json: Json, context: Context) -> Sale:
    """One invoice, credit note or deposit; raises Unreadable naming it when a field makes no sense."""
    return _read(json, context, _sale)


def read_member(json: Json, context: Context) -> Member:
    """One third party; raises Unreadable naming it when it has no id."""
    return _read(json, context, _member)


def read_contact(json: Json, context: Context) -> Contact | None:
    """One contact with its birthday; None for one without birthday or without third party."""
    return _read(json, context, _contact)


def read_page(
    rows: Sequence[Any], context: Context, read: Callable[[Json, Context], T]
) -> tuple[tuple[T, ...], tuple[Broken, ...]]:
    """The objects of a page that can be read, and those that cannot: a broken one does not stop the rest."""
    good: list[T] = []
    broken: list[Broken] = []
    for row in rows:
        try:
            good.append(read(row, context))
        except Unreadable as failure:
            broken.append(failure.broken)
    return tuple(good), tuple(broken)


def read_payments(rows: list[Any]) -> tuple[Payment, ...]:
    """What was paid on a document; used credits stand among the payments with the credit note's ref."""
    return tuple(_sure(row, _payment) for row in _rows(rows))


def read_credit_rows(rows: list[Any]) -> tuple[CreditRow, ...]:
    """A customer's credits. Of one used as a line Dolibarr tells only the line, so `used_on` is 0 then.

    One that cannot be read stops the rest, as money must not be overlooked.
    """
    return tuple(_sure(row, _credit_row) for row in _rows(rows))


def id_of(json: Any) -> int | None:
    """The id of any object, from a whole object or from a list of bare ids."""
    return whole(json.get("id", json.get("rowid"))) if isinstance(json, Mapping) else whole(json)


def epochs_of(json: Any) -> tuple[int | None, int | None]:
    """Creation and modification as Dolibarr gives them: epochs, the second one shifted."""
    if not isinstance(json, Mapping):
        return None, None
    modified = json.get("date_modification") or json.get("datem")
    return whole(json.get("date_creation")), whole(modified)


def day_epoch_of(json: Any) -> int | None:
    """The epoch of a document's date, which is midnight in PHP's zone."""
    return whole(json.get("date")) if isinstance(json, Mapping) else None


def options_of(json: Any) -> dict[str, Any]:
    """The extrafields with their prefix `options_`; Dolibarr sends a list where there are none."""
    options = json.get("array_options") if isinstance(json, Mapping) else None
    return dict(options) if isinstance(options, Mapping) else {}


def label_of(tag: Any) -> str:
    """The label of a tag, in lower case; "" for something else."""
    return plain(tag.get("label")).lower() if isinstance(tag, Mapping) else ""


def note_of(event: Any) -> str:
    """The private note of an agenda event."""
    return str(event.get("note_private") or event.get("note") or "") if isinstance(event, Mapping) else ""


def price_of(product: Json) -> tuple[Decimal, Decimal]:
    """Gross price and VAT rate of a product."""
    return _sure(product, lambda json: (amount(json.get("price_ttc")), amount(json.get("tva_tx"))))


def read_product(product: Json) -> Product:
    """A product; raises Unreadable for one without id."""
    return _sure(product, _product)


def credit_lines_of(json: Json) -> dict[int, int]:
    """The invoice's id by the ids of the credits that were used as its lines."""
    identifier = id_of(json) or 0
    used = (whole(line.get("fk_remise_except")) for line in _rows(json.get("lines")))
    return {credit: identifier for credit in used if credit}


def _read(json: Any, context: Context, build: Callable[[Json, Context], T]) -> T:
    return _sure(json, lambda known: build(known, context))


def _sure(json: Any, build: Callable[[Json], T]) -> T:
    if not isinstance(json, Mapping):
        raise Unreadable(Broken(id=None, ref="", problem="it is not an object"))
    try:
        return build(json)
    except ValueError as error:
        ref = plain(json.get("ref")) or plain(json.get("name"))
        raise Unreadable(Broken(id=id_of(json), ref=ref, problem=str(error))) from error


def _sale(json: Json, context: Context) -> Sale:
    issued_on = _issued_on(json, context.zones)
    ref_ext = plain(json.get("ref_ext"))
    sale = Sale(
        id=_needed(json, "id"),
        ref=plain(json.get("ref")),
        kind=_KINDS.get(_code(json.get("type")), Kind.OTHER),
        state=_state(json),
        thirdparty_id=_needed(json, "socid"),
        issued_on=issued_on,
        occurred_at=_occurred_at(json, issued_on, context.zones),
        net=amount(json.get("total_ht")),
        gross=amount(json.get("total_ttc")),
        currency=context.currency,
        lines=tuple(_line(line, context) for line in _rows(json.get("lines"))),
        paid_money=amount(json.get("totalpaid")),
        paid_credits=amount(json.get("totalcreditnotes")),
        paid_deposits=amount(json.get("totaldeposits")),
        remaining=amount(json.get("remaintopay")),
        close_code=plain(json.get("close_code")),
        source_id=whole(json.get("fk_facture_source")),
        ref_ext=ref_ext,
        ref_client=plain(json.get("ref_client")),
        channel=plain(json.get("module_source")),
        is_ours=ref_ext.startswith(context.prefix),
        modified_at=context.zones.modified(epochs_of(json)[1]),
    )
    return _without_code(sale) if sale.is_ours else sale


def _without_code(sale: Sale) -> Sale:
    """A document of ours without its texts, in which the voucher's code stands: sales are stored as they are
    read, and our database keeps no code."""
    return replace(sale, ref_client="", lines=tuple(replace(line, label="") for line in sale.lines))


def _state(json: Json) -> State:
    """Only status 2 with paye 1 is paid; settopaid with a close_code leaves paye 0 (facts trap 26)."""
    status = _code(json.get("status", json.get("statut")))
    if status in (0, 1):
        return State.VALIDATED if status else State.DRAFT
    if status == 2:
        return State.PAID if _code(json.get("paye")) == 1 else State.CLOSED
    if status == 3:
        return State.REPLACED if json.get("close_code") == "replaced" else State.ABANDONED
    raise ValueError(f"its status {json.get('status')!r} is unknown")


def _issued_on(json: Json, zones: Zones) -> date:
    day = zones.day(json.get("date")) or zones.day(json.get("date_validation"))
    if day is not None:
        return day
    created = zones.instant(json.get("date_creation"))
    if created is None:
        raise ValueError("it has no date")
    return day_of(created, zones.shop)


def _occurred_at(json: Json, issued_on: date, zones: Zones) -> datetime:
    created = zones.instant(json.get("date_creation"))
    if created is not None and day_of(created, zones.shop) == issued_on:
        return created
    return datetime.combine(issued_on, time(12), tzinfo=zones.shop).astimezone(UTC)


def _line(json: Json, context: Context) -> Line:
    product_id = whole(json.get("fk_product"))
    credit_id = whole(json.get("fk_remise_except"))
    words = plain(json.get("desc")) or plain(json.get("description"))
    return Line(
        id=id_of(json) or 0,
        net=amount(json.get("total_ht")),
        gross=amount(json.get("total_ttc")),
        vat_rate=amount(json.get("tva_tx")),
        quantity=amount(json.get("qty")),
        product_id=product_id,
        product_ref=plain(json.get("product_ref")),
        label=plain(json.get("product_label")) or plain(json.get("label")) or words,
        is_service=_code(json.get("product_type")) == 1,
        discount_percent=amount(json.get("remise_percent")),
        credit=_CREDITS.get(words, Credit.DISCOUNT) if credit_id else None,
        credit_id=credit_id,
        tags=context.product_tags.get(product_id or 0, frozenset()),
        ref_ext=plain(json.get("ref_ext")),
    )


def _credit_row(json: Json) -> CreditRow:
    as_line = whole(json.get("fk_facture_line"))
    return CreditRow(
        id=_needed(json, "rowid"),
        credit_note_id=whole(json.get("fk_facture_source")),
        gross=abs(amount(json.get("amount_ttc"))),
        net=abs(amount(json.get("amount_ht"))),
        used_on=whole(json.get("fk_facture")) or (0 if as_line else None),
        used_as_line=as_line is not None,
    )


def _payment(json: Json) -> Payment:
    kind = plain(json.get("type"))
    is_credit = kind.startswith("(") or json.get("typeline") == "discount"
    return Payment(
        amount=amount(json.get("amount")),
        paid_at=plain(json.get("date")),
        ref=plain(json.get("ref")),
        credit=_CREDITS.get(kind, Credit.DISCOUNT) if is_credit else None,
    )


def _member(json: Json, context: Context) -> Member:
    thirdparty_id = _needed(json, "id")
    country = plain(json.get("country_code")).upper()
    created, modified = epochs_of(json)
    return Member(
        thirdparty_id=thirdparty_id,
        name=plain(json.get("name")),
        email=plain(json.get("email")),
        customer_code=plain(json.get("code_client")),
        card_number=plain(json.get("barcode")),
        locale=_locale(plain(json.get("default_lang")), country, context.languages),
        country=country,
        is_company=_is_company(json),
        is_customer=_code(json.get("client")) in CUSTOMER,
        tags=context.member_tags.get(thirdparty_id, frozenset()),
        created_at=context.zones.instant(created),
        modified_at=context.zones.modified(modified),
    )


def _contact(json: Json, context: Context) -> Contact | None:
    owner, born = whole(json.get("socid")), context.zones.birthday(json.get("birthday"))
    if owner is None or born is None:
        return None
    email = plain(json.get("email")) or plain(json.get("mail"))
    return Contact(id=_needed(json, "id"), thirdparty_id=owner, email=email, born=born)


def _product(json: Json) -> Product:
    return Product(
        id=_needed(json, "id"),
        ref=plain(json.get("ref")),
        label=plain(json.get("label")),
        price=amount(json.get("price_ttc")),
        vat_rate=amount(json.get("tva_tx")),
    )


def _locale(language: str, country: str, languages: tuple[str, ...]) -> str:
    for wanted in (language[:2].lower(), _SPEAKS.get(country, "")):
        if wanted in languages:
            return wanted
    return languages[0]


def _is_company(json: Json) -> bool:
    """By the type of third party; without one, by a VAT number or a company number."""
    kind = whole(json.get("typent_id"))
    if kind:
        return kind != PRIVATE
    return bool(plain(json.get("tva_intra")) or plain(json.get("idprof1")))


def _needed(json: Json, name: str) -> int:
    number = whole(json.get(name))
    if number is None:
        raise ValueError(f"it has no {name}")
    return number


def _code(value: Any) -> int:
    """A small code, -1 where there is none; unlike an id, zero means something."""
    text = str(value).strip()
    return int(text) if text.isdigit() else -1


def _rows(value: Any) -> list[Json]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
