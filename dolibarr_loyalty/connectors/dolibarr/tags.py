"""The tags of customers and products: who carries which, and the customer tags to be made."""

from collections.abc import Iterable, Mapping
from typing import Literal

from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.failures import MissingModule
from dolibarr_loyalty.connectors.dolibarr.filters import condition
from dolibarr_loyalty.connectors.dolibarr.reading import id_of, label_of

PAGE = 500

Kind = Literal["customer", "product"]


def tags_of_all(client: Client, kind: Kind) -> Mapping[int, frozenset[str]]:
    """Lower-case labels by the id of whoever carries them; empty when the module Tags is switched off."""
    carried: dict[int, set[str]] = {}
    for tag_id, label in labels(client, kind):
        # Only ids: without onlyids every object comes whole.
        path, params = f"/categories/{tag_id}/objects", {"type": kind, "onlyids": 1}
        for row in client.get_list(path, params):
            carried.setdefault(id_of(row) or 0, set()).add(label)
    return {identifier: frozenset(tags) for identifier, tags in carried.items() if identifier}


def set_customer_tags(
    client: Client, thirdparty_id: int, *, add: Iterable[str], remove: Iterable[str]
) -> None:
    """Link and unlink a customer by the labels of tags; both are idempotent on 16 and 23 (facts section e).

    A label without a tag is passed over: `install` makes those of the settings.
    """
    ids = {label: identifier for identifier, label in reversed(labels(client, "customer"))}
    for label in add:
        if identifier := ids.get(label.casefold()):
            client.post(f"/categories/{identifier}/objects/customer/{thirdparty_id}")
    for label in remove:
        if identifier := ids.get(label.casefold()):
            client.delete(f"/categories/{identifier}/objects/customer/{thirdparty_id}")


def labels(client: Client, kind: Kind) -> list[tuple[int, str]]:
    """Id and lower-case label of every tag of a kind, by id."""
    found: list[tuple[int, str]] = []
    last = 0
    while True:
        params = {"type": kind, "sortfield": "t.rowid", "sortorder": "ASC", "limit": PAGE}
        try:
            rows = client.get_list("/categories", {**params, "sqlfilters": condition("t.rowid", ">", last)})
        except MissingModule:
            return found
        new = [(identifier, label_of(row)) for row in rows if (identifier := id_of(row))]
        found += [(identifier, label) for identifier, label in new if label]
        if len(rows) < PAGE or not new:
            return found
        last = max(identifier for identifier, _ in new)
