"""Products, tags and bank accounts."""

from __future__ import annotations

from typing import Any

from .amounts import decimal, eight, four
from .house import saving
from .refusals import Refusal
from .storage import Row
from .thirdparties import Thirdparties

TAG_TYPES = {
    "product": 0, "supplier": 1, "customer": 2, "member": 3, "contact": 4, "account": 5, "project": 6
}  # fmt: skip
TAGGED = {"customer": "thirdparty", "product": "product", "contact": "contact"}


class Catalogue(Thirdparties):
    """What invoices are made of, and the tags on everything."""

    @saving
    def create_product(self, /, *, ref: str, label: str = "", **fields: Any) -> int:
        """Add a product (type 0) or service (type 1); `price` is net unless price_base_type is TTC."""
        if self.store.find("product", "ref", ref):
            raise Refusal(500, "Error creating product", "ErrorProductAlreadyExists")
        price, rate = decimal(fields.get("price")), decimal(fields.get("tva_tx"))
        gross_base = fields.get("price_base_type") == "TTC"
        net = price / (1 + rate / 100) if gross_base else price
        row = self.add(
            "product",
            {
                "ref": ref,
                "label": label,
                "description": fields.get("description") or "",
                "fk_product_type": int(fields.get("type") or 0),
                "price": eight(net),
                "price_ttc": eight(price if gross_base else price * (1 + rate / 100)),
                "price_base_type": "TTC" if gross_base else "HT",
                "tva_tx": four(rate),
                "tosell": int(fields.get("status") or 0),
                "tobuy": int(fields.get("status_buy") or 0),
                "barcode": fields.get("barcode"),
                "ref_ext": fields.get("ref_ext"),
                "modified": False,
                "options": self.read_options("product", fields.get("array_options")) or None,
            },
        )
        return int(row["rowid"])

    @saving
    def create_category(self, /, *, label: str, type: str | int = "customer", **fields: Any) -> int:
        """Add a tag; an unknown type is accepted, a second label of one type is not."""
        number = TAG_TYPES.get(type, 0) if isinstance(type, str) else int(type)
        for row in self.store.rows("category"):
            if row["type"] == number and row["label"] == label:
                known = (
                    f"Impossible to add the tag/category {label} : This category already exists with this ref"
                )
                raise Refusal(500, "Error when creating category", known)
        columns = {
            "label": label,
            "type": number,
            "color": fields.get("color") or "",
            "description": fields.get("description") or "",
            "ref_ext": fields.get("ref_ext"),
            "fk_parent": int(fields.get("fk_parent") or 0),
        }
        return int(self.add("category", columns)["rowid"])

    @saving
    def change_category(self, rowid: int, /, **fields: Any) -> Row:
        """Save a tag's card."""
        self.row("category", rowid, "category not found")
        names = ("label", "color", "description", "ref_ext")
        return self.change("category", rowid, **{name: fields[name] for name in names if name in fields})

    @saving
    def delete_category(self, rowid: int) -> None:
        """Remove a tag and its links."""
        self.row("category", rowid, "category not found")
        for link in self.store.find("category_link", "fk_categorie", rowid):
            self.store.remove("category_link", link["rowid"])
        self.store.remove("category", rowid)

    @saving
    def tag(self, category: int, object_id: int, kind: str = "customer") -> None:
        """Put a tag on an object; twice is once."""
        self.row("category", category, "category not found")
        self.row(TAGGED.get(kind, kind), object_id, "object not found")
        if not self._links(category, object_id, kind):
            self._fire_tag(category)
            columns = {"fk_categorie": category, "fk_object": object_id, "kind": kind}
            self.store.insert("category_link", columns)

    @saving
    def untag(self, category: int, object_id: int, kind: str = "customer") -> None:
        """Take a tag off; twice is once."""
        self.row("category", category, "category not found")
        self.row(TAGGED.get(kind, kind), object_id, "object not found")
        for link in self._links(category, object_id, kind):
            self._fire_tag(category)
            self.store.remove("category_link", link["rowid"])

    def _links(self, category: int, object_id: int, kind: str) -> list[Row]:
        worn = self.store.find("category_link", "fk_object", object_id)
        return [row for row in worn if row["fk_categorie"] == category and row["kind"] == kind]

    def _fire_tag(self, category: int) -> None:
        row = self.row("category", category, "category not found")
        values = {"id": str(category), "label": row["label"], "color": row["color"], "context": []}
        self.fire("CATEGORY_MODIFY", lambda: values, "Error")

    def tags_of(self, object_id: int, kind: str = "customer") -> list[Row]:
        """The tags an object wears, by label."""
        worn = self.store.find("category_link", "fk_object", object_id)
        rows = [self.store.get("category", link["fk_categorie"]) for link in worn if link["kind"] == kind]
        return sorted((row for row in rows if row), key=lambda row: str(row["label"]))

    def tagged(self, category: int, kind: str = "customer") -> list[int]:
        """The ids of the objects that wear a tag."""
        links = self.store.find("category_link", "fk_categorie", category)
        return sorted(row["fk_object"] for row in links if row["kind"] == kind)

    @saving
    def create_bank_account(self, /, *, ref: str, label: str, **fields: Any) -> int:
        """Add a bank account: type 1 current, 2 cash (takes only LIQ)."""
        if any(row["ref"] == ref for row in self.store.rows("bankaccount")):
            raise Refusal(500, "Error creating bank account", "ErrorBankLabelAlreadyExists")
        kind = int(fields.get("type") or fields.get("courant") or 1)
        columns = {"ref": ref, "label": label, "courant": kind, "clos": 0, "fk_pays": 1, "balance": "0"}
        return int(self.add("bankaccount", columns)["rowid"])
