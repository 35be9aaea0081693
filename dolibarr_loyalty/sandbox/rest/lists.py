"""What all lists share: filter, order, page, `properties` and `pagination_data`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..filters import Filter, Grammar
from ..invoices import PhpDied
from ..refusals import Refusal
from ..storage import INDEXED, Row
from .calls import Call, RawJson

Shown = dict[str, Any]


def named(text: str) -> frozenset[str]:
    """Column names written as one text."""
    return frozenset(text.split())


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One kind of list: its columns, its words when SQL fails or nothing is found, how a row is shown."""

    kind: str
    columns: Collection[str]
    complaint: str
    nothing_16: str | None = None
    nothing_23: str | None = None
    extrafields: bool = False
    customer_column: str | None = None
    sort: str = "t.rowid"

    def grammar(self, call: Call) -> Grammar:
        """The filter grammar of this list in this version."""
        house = call.dolibarr
        tables: dict[str, Collection[str]] = {"t": self.columns}
        if self.extrafields and not house.is_16:
            tables["ef"] = {row["name"] for row in house.extrafields_of(self.kind)}
        if self.customer_column and not house.is_16:
            tables["s"] = ("nom", "name_alias", "email", "code_client", "rowid")
        return Grammar(version=house.version, columns=tables, complaint=self.complaint, now=house.now_local())

    def answer(
        self,
        call: Call,
        show: Callable[[Row], Shown],
        *,
        encode: Callable[[Row], bytes] | None = None,
        keep: Callable[[Row], bool] | None = None,
        nothing: str | None = None,
    ) -> Any:
        """The page a call asks for."""
        page = _Page.of(call)
        rows, total = self._rows(call, page, keep)
        if call.flag("pagination_data") and not call.dolibarr.is_16:
            if page.limit <= 0:
                raise PhpDied  # division by zero (trap 14)
            return {"data": [_chosen(call, show(row)) for row in rows], "pagination": page.facts(total)}
        if not rows:
            return self._nothing(call, nothing)
        if encode is not None and (call.dolibarr.is_16 or "properties" not in call.query):
            return RawJson(b"[" + b",".join(map(encode, rows)) + b"]")
        return [_chosen(call, show(row)) for row in rows]

    def _nothing(self, call: Call, words: str | None) -> list[Any]:
        # "No rows" is 404 or [] depending on version and list (trap 13).
        sentence = words or (self.nothing_16 if call.dolibarr.is_16 else self.nothing_23)
        if sentence:
            raise Refusal(404, sentence)
        return []

    def _rows(self, call: Call, page: _Page, keep: Callable[[Row], bool] | None) -> tuple[list[Row], int]:
        chosen = self._parsed(call)
        orders = self._orders(call)
        rows = self._candidates(call, chosen, orders)
        if chosen is not None:
            rows = filter(chosen.test, self._joined(call, rows))
        if keep is not None:
            rows = filter(keep, rows)
        counting = call.flag("pagination_data") and not call.dolibarr.is_16
        if self._by_rowid(orders) and not counting:
            return list(islice(rows, page.start, page.end)), 0
        found = list(rows)
        for column, descending in reversed(orders):
            found.sort(key=lambda row: _sortable(row.get(column)), reverse=descending)
        return found[page.start : page.end], len(found)

    def _parsed(self, call: Call) -> Filter | None:
        text = call.query.get("sqlfilters", "")
        return self.grammar(call).parse(text) if text.strip() else None

    def _joined(self, call: Call, rows: Iterable[Row]) -> Iterable[Row]:
        if "s." not in call.query["sqlfilters"] or self.customer_column is None:
            return rows
        return (self._with_customer(call, row) for row in rows)

    def _with_customer(self, call: Call, row: Row) -> Row:
        owner = call.dolibarr.store.get("thirdparty", row.get(self.customer_column or "") or 0) or {}
        return {**row, **{f"s.{name}": value for name, value in owner.items()}}

    def _candidates(self, call: Call, chosen: Filter | None, orders: list[tuple[str, bool]]) -> Iterator[Row]:
        store = call.dolibarr.store
        if chosen is not None and (pinned := chosen.equal(INDEXED.get(self.kind, ()))):
            found = store.find(self.kind, *pinned)
            return iter(found[::-1] if self._by_rowid(orders) and orders[0][1] else found)
        after = chosen.above() if chosen is not None else None
        backwards = self._by_rowid(orders) and orders[0][1]
        return store.rows(self.kind, after=after, backwards=backwards)

    @staticmethod
    def _by_rowid(orders: list[tuple[str, bool]]) -> bool:
        return bool(orders) and orders[0][0] == "rowid"

    def _orders(self, call: Call) -> list[tuple[str, bool]]:
        fields = (call.query.get("sortfield") or self.sort).split(",")
        ways = (call.query.get("sortorder") or "ASC").split(",")
        ways += [ways[-1]] * (len(fields) - len(ways))
        return [
            (self._order_column(call, field.strip()), way.strip().upper() == "DESC")
            for field, way in zip(fields, ways, strict=False)
        ]

    def _order_column(self, call: Call, field: str) -> str:
        cleaned = "".join(sign for sign in field if sign.isalnum() or sign in "._")
        if cleaned == "tms" and not call.dolibarr.is_16:
            raise self.grammar(call).sql_error("Column 'tms' in ORDER BY is ambiguous")
        column = cleaned.removeprefix("t.")
        column = "rowid" if column == "id" and self.kind == "event" else column
        if column not in self.columns:
            raise self.grammar(call).sql_error(f"Unknown column '{cleaned}' in 'ORDER BY'")
        return column


@dataclass(frozen=True)
class _Page:
    limit: int
    number: int

    @classmethod
    def of(cls, call: Call) -> _Page:
        return cls(call.integer("limit", 100), max(0, call.integer("page", 0)))

    @property
    def start(self) -> int:
        return self.limit * self.number if self.limit > 0 else 0

    @property
    def end(self) -> int | None:
        # No maximum; zero or less means every row.
        return self.start + self.limit if self.limit > 0 else None

    def facts(self, total: int) -> Shown:
        pages = -(-total // self.limit)
        return {"total": total, "page": self.number, "page_count": pages, "limit": self.limit}


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, "")
    if isinstance(value, str):
        return (1, value.casefold())
    return (1, f"{value:020}") if isinstance(value, int) else (1, str(value))


def _chosen(call: Call, shown: Shown) -> Shown:
    wanted = call.query.get("properties")
    if not wanted or call.dolibarr.is_16:
        return shown  # 16 ignores `properties` and gives everything
    names = {name.strip() for name in wanted.split(",")}
    return {key: value for key, value in shown.items() if key in names}
