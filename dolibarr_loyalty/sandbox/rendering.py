"""Rows shown as the JSON objects of Dolibarr's REST API, on the model of the recorded shapes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .amounts import decimal, eight, php_number, shortest
from .shapes import shape
from .storage import Row

if TYPE_CHECKING:
    from .agenda import Agenda
    from .catalogue import Catalogue
    from .documents import Documents
    from .house import House
    from .invoices import Invoices
    from .suppliers import Suppliers
    from .thirdparties import Thirdparties

Shown = dict[str, Any]

_FORMS = {
    "get": "invoice",
    "list": "invoice_list",
    "action": "invoice_action",
    "validate": "invoice_validate",
    "settopaid": "invoice_settopaid",
    "put": "invoice_put",
}
_COUNTRIES = {1: "FR", 2: "BE", 3: "IT", 4: "ES", 5: "DE", 6: "CH", 7: "GB", 11: "US", 17: "NL", 41: "AT"}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _filled(model: Shown, values: Shown) -> Shown:
    """The model with the values it has keys for: both versions share one set of values."""
    return {key: values.get(key, kept) for key, kept in model.items()}


def _user_keys(version: str, row: Row) -> Shown:
    author, editor = _text(row.get("fk_user_creat")), _text(row.get("fk_user_modif"))
    if version == "16":
        return {"user_creation": author, "user_modification": editor or author}
    return {"user_creation_id": author, "user_modification_id": editor or author}


def encoded(shown: Any) -> bytes:
    """JSON as it goes over the line."""
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


# -- third parties and contacts ------------------------------------------------------------------


def third_party(house: Thirdparties, row: Row, form: str = "thirdparty_list") -> Shown:
    """A customer; the sums of credits only where one card is read."""
    rowid = row["rowid"]
    values: Shown = {
        "id": str(rowid),
        "ref": str(rowid) if house.is_16 else row["nom"],
        "name": row["nom"],
        "array_options": house.shown_options("thirdparty", row),
        "status": str(row["status"]),
        "country_id": _text(row["fk_pays"]),
        "country_code": _COUNTRIES.get(row["fk_pays"] or 0, ""),
        "client": str(row["client"]),
        "fournisseur": str(row["fournisseur"]),
        "typent_id": str(row["fk_typent"] or 0),
        "typent_code": "TE_PRIVATE" if row["fk_typent"] == 8 else None,
        "no_email": _text(row["no_email"]) if row["no_email"] is not None else _no_email(row),
        "price_level": row["price_level"],
        "code_client": row["code_client"],
        "address": row["address"] or "",
        "tva_intra": row["tva_intra"] or "",
        "date_creation": house.moments.epoch(row["datec"]),
        "date_modification": _modified(house, row),
        **_user_keys(house.version, row),
    }
    for name in ("name_alias", "email", "phone", "phone_mobile", "fax", "url", "zip", "town", "default_lang"):
        values[name] = row[name]
    for name in ("ref_ext", "barcode", "note_private", "note_public"):
        values[name] = row[name]
    if form in ("thirdparty", "thirdparty_put"):
        values |= _credit_sums(house, rowid)
        values |= {"socid": rowid, "trackid": f"thi{rowid}"}
    return _filled(shape(house.version, form), values)


def _no_email(row: Row) -> str | None:
    return "0" if row["email"] else None


def _modified(house: House, row: Row) -> Any:
    # 23 shows "" until the first change, although t.tms is filled and can be filtered.
    if not house.is_16 and not row.get("modified"):
        return ""
    return house.moments.epoch(row["tms"])


def _credit_sums(house: Thirdparties, rowid: int) -> Shown:
    return {
        "absolute_discount": shortest(house.credit_sum(rowid, 3)),
        "absolute_creditnote": shortest(house.credit_sum(rowid, 2)),
    }


def contact(house: Thirdparties, row: Row, form: str = "contact") -> Shown:
    """A contact of a customer."""
    rowid, socid = row["rowid"], _text(row["fk_soc"])
    owner = house.store.get("thirdparty", row["fk_soc"]) if row["fk_soc"] else None
    values: Shown = {
        "id": str(rowid),
        "ref": str(rowid),
        "statut": str(row["statut"]),
        "socid": socid,
        "fk_soc": socid,
        "socname": owner["nom"] if owner else None,
        "mail": row["email"],
        "birthday": house.moments.epoch_or(row["birthday"], ""),
        "array_options": house.shown_options("contact", row),
        "date_creation": house.moments.epoch(row["datec"]),
        "date_modification": _modified(house, row),
        "phone_pro": row["phone_pro"] or "",
        "phone_mobile": row["phone_mobile"] or "",
        "trackid": f"ctc{rowid}",
    }
    for name in ("lastname", "firstname", "email", "note_private", "ref_ext"):
        values[name] = row[name]
    return _filled(shape(house.version, form), values)


# -- invoices ------------------------------------------------------------------------------------


def invoice(house: Invoices, row: Row, form: str = "get") -> Shown:
    """A document in one of the forms the calls answer with (get, list, put, action, …)."""
    values = _header(house, row)
    values["lines"] = [invoice_line(house, line) for line in row["lines"]]
    if form in ("get", "list", "put"):
        values |= _sums(house, row)
    elif house.is_16:
        values["brouillon"] = 0 if form == "validate" else values["brouillon"]
    return _filled(shape(house.version, _FORMS[form]), values)


def _header(house: Invoices, row: Row) -> Shown:
    rowid, moments = row["rowid"], house.moments
    author, validator = _text(row["fk_user_author"]), _text(row["fk_user_valid"])
    status, modified = str(row["fk_statut"]), moments.epoch(row["tms"])
    values: Shown = {
        "id": str(rowid),
        "array_options": house.shown_options("invoice", row),
        "statut": status,
        "status": status,
        "paye": str(row["paye"]),
        "type": str(row["type"]),
        "socid": str(row["fk_soc"]),
        "fk_facture_source": _text(row["fk_facture_source"]),
        "date": moments.epoch_or(row["datef"]),
        "date_lim_reglement": moments.epoch_or(row["date_lim_reglement"]),
        "date_creation": moments.epoch(row["datec"]),
        "date_validation": moments.epoch_or(row["date_valid"]),
        "date_modification": modified,
        "datem": modified,
        "ref_customer": row["ref_client"],
        "fk_user_author": author,
        "user_author": author,
        "user_creation_id": None if house.is_16 else author,
        "fk_user_valid": validator,
        "user_valid": validator,
        "user_validation_id": None if house.is_16 else validator,
        "user_modification_id": None if house.is_16 else _text(row["fk_user_modif"]),
        "fk_user_modif": None if house.is_16 else _text(row["fk_user_modif"]),
        "multicurrency_code": house.currency,
        "trackid": f"inv{rowid}",
        "brouillon": 1 if row["fk_statut"] == 0 else None,
    }
    for name in ("ref", "ref_ext", "ref_client", "note_private", "note_public", "close_code", "close_note"):
        values[name] = row[name]
    for name in ("total_ht", "total_tva", "total_ttc", "module_source", "pos_source", "last_main_doc"):
        values[name] = row[name]
    for name in ("ht", "tva", "ttc"):
        values[f"multicurrency_total_{name}"] = row[f"total_{name}"]
    return values


def _sums(house: Invoices, row: Row) -> Shown:
    rowid = row["rowid"]
    paid = house.paid(rowid)
    notes, deposits = house.credited(rowid, deposits=False), house.credited(rowid, deposits=True)
    left = decimal(row["total_ttc"]) - paid - notes - deposits
    shown_paid: Any = (eight(paid) if paid else None) if house.is_16 else php_number(paid)
    values: Shown = {
        "totalpaid": shown_paid,
        "sumpayed": shown_paid,
        "totalcreditnotes": eight(notes) if notes else None,
        "sumcreditnote": eight(notes) if notes else None,
        "totaldeposits": eight(deposits) if deposits else None,
        "sumdeposit": eight(deposits) if deposits else None,
        "remaintopay": shortest(left),
        "creditnote_ids": _credit_notes_of(house, rowid),
        "online_payment_url": _payment_page(row),
    }
    if house.is_16:
        values["linkedObjectsFullLoaded"] = {str(rowid): True}
    return values


def _credit_notes_of(house: Invoices, rowid: int) -> list[str]:
    notes = house.store.find("invoice", "fk_facture_source", rowid)
    return [str(note["rowid"]) for note in notes if note["type"] == 2]


def _payment_page(row: Row) -> str:
    return f"http://dolibarr.example.invalid/public/payment/newpayment.php?source=invoice&ref={row['ref']}"


def invoice_line(house: Invoices, line: Row) -> Shown:
    """A line of a document, with its product's card where it has one."""
    rowid = str(line["rowid"])
    product = house.store.get("product", line["fk_product"]) if line["fk_product"] else None
    values: Shown = {
        "id": rowid,
        "rowid": rowid,
        "fk_facture": str(line["fk_facture"]),
        "array_options": house.shown_options("invoice_line", line),
        "product_type": str(line["product_type"]),
        "fk_product": _text(line["fk_product"]),
        "fk_remise_except": _text(line["fk_remise_except"]),
        "info_bits": "2" if line["fk_remise_except"] else "0",
        "rang": str(line["rang"]),
        "ref_ext": line.get("ref_ext") or "",
        "description": line["desc"],
        "multicurrency_subprice": line["subprice"],
        **_product_keys(house, product),
    }
    for name in ("desc", "qty", "remise_percent", "subprice", "tva_tx"):
        values[name] = line[name]
    for name in ("ht", "tva", "ttc"):
        values[f"total_{name}"] = values[f"multicurrency_total_{name}"] = line[f"total_{name}"]
    values["marque_tx"] = "" if not decimal(line["subprice"]) else (100 if house.is_16 else "100")
    return _filled(shape(house.version, "invoice_line"), values)


def _product_keys(house: Invoices, product: Row | None) -> Shown:
    card = product or {}
    return {
        "ref": card.get("ref"),
        "product_ref": card.get("ref"),
        "product_label": card.get("label"),
        "libelle": card.get("label"),
        "product_desc": card.get("description"),
        "product_barcode": None if house.is_16 else card.get("barcode"),
        "fk_product_type": _text(card.get("fk_product_type")),
    }


def payments(house: Invoices, rowid: int) -> list[Shown]:
    """Payments of a document, then the credits used on it as payment."""
    shown = [_payment(house, part) for part in house.store.find("payment_part", "fk_facture", rowid)]
    return shown + [_credit_payment(house, row) for row in house.store.find("discount", "fk_facture", rowid)]


def _payment(house: Invoices, part: Row) -> Shown:
    payment = house.store.get("payment", part["fk_paiement"])
    assert payment is not None
    newer: Shown = {} if house.is_16 else {"typeline": "payment"}
    bank: Shown = {} if house.is_16 else {"fk_bank_line": _text(payment["fk_bank"])}
    return {
        "amount": part["amount"],
        "type": payment["method"],
        **newer,
        "date": payment["datep"],
        "num": payment["num_payment"],
        "ref": payment["ref"],
        "ref_ext": payment["ref_ext"],
        **bank,
    }


def _credit_payment(house: Invoices, row: Row) -> Shown:
    newer: Shown = {} if house.is_16 else {"typeline": "discount"}
    source = house.store.get("invoice", row["fk_facture_source"]) if row["fk_facture_source"] else None
    return {
        "amount": row["amount_ttc"],
        "type": row["description"],
        **newer,
        "date": row["datec"],
        "num": "",
        "ref": source["ref"] if source else "",
    }


def discount(house: Invoices, row: Row) -> Shown:
    """A credit as GET /invoices/{id}/discount shows it."""
    source = house.store.get("invoice", row["fk_facture_source"]) if row["fk_facture_source"] else None
    values: Shown = {
        "id": str(row["rowid"]),
        "fk_soc": str(row["fk_soc"]),
        "socid": str(row["fk_soc"]),
        "tva_tx": row["tva_tx"],
        "fk_user": str(row["fk_user"]),
        "description": row["description"],
        "datec": house.moments.epoch(row["datec"]),
        "fk_facture": _text(row["fk_facture"]),
        "fk_facture_line": _text(row["fk_facture_line"]),
        "fk_facture_source": _text(row["fk_facture_source"]),
        "ref_facture_source": source["ref"] if source else None,
        "type_facture_source": _text(row["factype"]),
        "multicurrency_subprice": row["amount_ht"],
    }
    for name in ("ht", "tva", "ttc"):
        for prefix in ("total_", "amount_", "multicurrency_total_", "multicurrency_amount_"):
            values[prefix + name] = row[f"amount_{name}"]
    return _filled(shape(house.version, "discount"), values)


def discount_entry(house: Invoices, row: Row) -> Shown:
    """A credit in the customer's list."""
    source = house.store.get("invoice", row["fk_facture_source"]) if row["fk_facture_source"] else None
    return {
        "ref": source["ref"] if source else None,
        "factype": _text(row["factype"]),
        "fk_facture_source": _text(row["fk_facture_source"]),
        "rowid": str(row["rowid"]),
        "amount_ht": row["amount_ht"],
        "amount_tva": row["amount_tva"],
        "amount_ttc": row["amount_ttc"],
        "description": row["description"],
        "fk_facture": _text(row["fk_facture"]),
        "fk_facture_line": _text(row["fk_facture_line"]),
    }


# -- what the shop owes --------------------------------------------------------------------------


def supplier_invoice(house: Suppliers, row: Row) -> Shown:
    """A draft of a supplier's invoice."""
    author, moments = _text(row["fk_user_author"]), house.moments
    values: Shown = {
        "id": str(row["rowid"]),
        "socid": str(row["fk_soc"]),
        "fk_soc": str(row["fk_soc"]) if house.is_16 else None,
        "socnom": (house.store.get("thirdparty", row["fk_soc"]) or {}).get("nom"),
        "statut": str(row["fk_statut"]),
        "status": str(row["fk_statut"]),
        "libelle": row["label"],
        "date": moments.epoch_or(row["datef"]),
        "datep": moments.epoch_or(row["datef"]),
        "datec": moments.epoch(row["datec"]),
        "tms": moments.epoch(row["tms"]),
        "date_creation": None if house.is_16 else moments.epoch(row["datec"]),
        "date_modification": None if house.is_16 else moments.epoch(row["tms"]),
        "fk_user_author": author if house.is_16 else None,
        "user_creation_id": None if house.is_16 else author,
        "lines": [_supplier_line(house, row, line) for line in row["lines"]],
    }
    for name in ("ref", "ref_ext", "ref_supplier", "label", "note_private"):
        values[name] = row[name]
    for name in ("ht", "tva", "ttc"):
        whole = eight(sum(decimal(line[f"total_{name}"]) for line in row["lines"]))
        values[f"total_{name}"] = values[f"multicurrency_total_{name}"] = whole
    return _filled(shape(house.version, "supplier_invoice"), values)


def _supplier_line(house: Suppliers, row: Row, line: Row) -> Shown:
    values: Shown = {
        "id": str(line["rowid"]),
        "fk_facture_fourn": str(row["rowid"]),
        "desc": None if house.is_16 else line["description"],
        "pu_ht": line["subprice"],
        "pu_ttc": line["subprice"],
    }
    for name in ("description", "qty", "tva_tx", "product_type", "subprice"):
        values[name] = line[name]
    for name in ("ht", "tva", "ttc"):
        values[f"total_{name}"] = values[f"multicurrency_total_{name}"] = line[f"total_{name}"]
    return _filled(shape(house.version, "supplier_invoice_line"), values)


# -- catalogue and agenda ------------------------------------------------------------------------


def product(house: Catalogue, row: Row) -> Shown:
    """A product or service."""
    values: Shown = {
        "id": str(row["rowid"]),
        "type": str(row["fk_product_type"]),
        "status": str(row["tosell"]),
        "status_buy": str(row["tobuy"]),
        "array_options": house.shown_options("product", row),
        "date_creation": house.moments.epoch(row["datec"]) if not house.is_16 else row["datec"],
        "date_modification": _modified(house, row) if not house.is_16 else row["tms"],
    }
    for name in ("ref", "label", "description", "price", "price_ttc", "price_base_type", "tva_tx", "barcode"):
        values[name] = row[name]
    values["ref_ext"] = row["ref_ext"]
    return _filled(shape(house.version, "product"), values)


def category(house: Catalogue, row: Row, form: str = "category") -> Shown:
    """A tag."""
    values: Shown = {
        "id": str(row["rowid"]),
        "type": row["type"] if house.is_16 else str(row["type"]),
        "fk_parent": row["fk_parent"],
        "date_creation": house.moments.epoch(row["datec"]),
        "date_modification": house.moments.epoch(row["tms"]),
    }
    for name in ("label", "description", "color", "ref_ext"):
        values[name] = row[name]
    return _filled(shape(house.version, form), values)


def bank_account(house: Catalogue, row: Row) -> Shown:
    """A bank account."""
    kind = str(row["courant"])
    stamp = house.moments.epoch(row["tms"])
    values: Shown = {
        "id": str(row["rowid"]),
        "ref": row["ref"],
        "label": row["label"],
        "courant": kind,
        "type": kind,
        "balance": php_number(Decimal(row["balance"])),
        "date_creation": stamp,
        "date_modification": stamp,
    }
    return _filled(shape(house.version, "bankaccount"), values)


def event(house: Agenda, row: Row, form: str = "event") -> Shown:
    """An agenda event."""
    rowid, owner = row["rowid"], str(row["fk_user_action"])
    values: Shown = {
        "id": str(rowid),
        "ref": str(rowid),
        "array_options": house.shown_options("event", row),
        "note_private": row["note"],
        "type_id": str(row["fk_action"]),
        "code": row["code"],
        "type_code": row["code"] if row["code"] in house.event_types() else "AC_OTH_AUTO",
        "label": row["label"],
        "datec": house.moments.epoch(row["datec"]),
        "datem": house.moments.epoch(row["tms"]),
        "authorid": str(row["fk_user_author"]),
        "datep": house.moments.epoch(row["datep"]),
        "datef": house.moments.epoch_or(row["datep2"], ""),
        "percentage": str(row["percent"]),
        "userownerid": owner,
        "userassigned": {owner: _assigned(owner)},
        "socid": _text(row["fk_soc"]),
        "elementid": _text(row["fk_element"]),
        "fk_element": _text(row["fk_element"]),
        "elementtype": row["elementtype"],
    }
    if house.is_16 and form == "event":
        values["linkedObjectsFullLoaded"] = {str(rowid): True}
    return _filled(shape(house.version, form), values)


def _assigned(owner: str) -> Shown:
    return {"id": owner, "mandatory": "0", "answer_status": "0", "transparency": "0"}


# -- setup ---------------------------------------------------------------------------------------


def extrafield(house: House, row: Row) -> Shown:
    """A definition in /setup/extrafields."""
    sample = shape(house.version, "extrafields_sample")["societe"]
    values: Shown = {key: row[key] for key in ("type", "label", "size", "elementtype", "list")}
    values |= {"id": str(row["rowid"]), "pos": str(row["pos"]), "param": row["param"] or ""}
    values |= {key: str(int(row[key] or 0)) for key in ("unique", "required", "alwayseditable")}
    values |= {key: str(int(row[key] or 0)) for key in ("printable", "totalizable")}
    values |= {
        "help": row["help"] or None,
        "computed": row["computed"] or None,
        "default": row["default"] or None,
    }
    values |= {"datec": row["datec"], "tms": row["tms"]}
    return _filled(next(iter(sample.values())), values)


def user(house: House, row: Row) -> Shown:
    """A user's own card."""
    values = {"id": str(row["rowid"]), "ref": str(row["rowid"]), "login": row["login"]}
    values["admin"] = "1" if row["admin"] else "0"
    return _filled(shape(house.version, "user"), values)


def document(house: Documents, row: Row) -> Shown:
    """A file in GET /documents, with the absolute path of the server's disk."""
    folder, _, name = row["path"].rpartition("/")
    return {
        "name": name,
        "path": f"/var/lib/dolibarr/{folder}",
        "level1name": folder.rpartition("/")[2],
        "relativename": name,
        "fullname": f"/var/lib/dolibarr/{row['path']}",
        "date": house.moments.epoch(row["datec"]),
        "size": row["size"],
        "type": "file",
    }
