"""Installing what Dolibarr must hold for us, extrafields and customer tags: first a plan, then its steps.

Both may be repeated: what is there stays as it is. What REST cannot make is described for doing by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dolibarr_loyalty.connectors.dolibarr.capabilities import Capabilities
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS, Element, Field
from dolibarr_loyalty.connectors.dolibarr.loose import plain
from dolibarr_loyalty.connectors.dolibarr.menus import steps_by_hand
from dolibarr_loyalty.connectors.dolibarr.reading import options_of
from dolibarr_loyalty.connectors.dolibarr.tags import labels
from dolibarr_loyalty.errors import ConfigurationFailure, OutsideFailure, PermanentFailure

SAMPLE = 50


class Action(StrEnum):
    """KEEP what is there, CREATE it by REST, have it made BY_HAND; CHECK where nobody can tell."""

    KEEP = "keep"
    CREATE = "create"
    BY_HAND = "by_hand"
    CHECK = "check"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to be in Dolibarr. `why` says what was found, `by_hand` what to do on its screens."""

    action: Action
    what: str
    why: str
    by_hand: str = ""
    path: str = ""
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a step; `problem` is empty when it is done or was done before."""

    step: Step
    done: bool
    problem: str = ""


def plan(
    client: Client, capabilities: Capabilities, *, language: str = "en", tags: Sequence[str] = ()
) -> tuple[Step, ...]:
    """What is missing and how it comes into being, with the key of `client`; changes nothing.

    Only an administrator's key sees and makes extrafields. With another one the fields that third parties
    show are looked at, and those of invoices stay to be checked.
    """
    seen = {element: fields_of(client, element) for element in ("societe", "facture")}
    fields = [_field_step(field, seen[field.element], capabilities, language) for field in FIELDS]
    there = {label for _, label in labels(client, "customer")} if tags else set()
    return (*fields, *(_tag_step(tag, there) for tag in tags))


def apply(client: Client, steps: Sequence[Step]) -> tuple[Outcome, ...]:
    """Carry out the steps that create something; the others come back as they stand.

    One refusal does not stop the rest. 409 means that the field is there, so repeating is harmless.
    """
    return tuple(_applied(client, step) for step in steps)


def fields_of(client: Client, element: Element) -> dict[str, str] | None:
    """The type by name of the extrafields of an element; the type is "" and the list perhaps not complete
    where the key may not see the definitions, and None where nothing can be told."""
    try:
        # The parameter is called elementtype on 23 and type on 16.
        listed = client.get("/setup/extrafields", {"elementtype": element, "type": element})
    except ConfigurationFailure:
        return _shown(client, element)
    except PermanentFailure as failure:
        if failure.status != 404:
            raise
        return {}
    of_element = listed.get(element, {}) if isinstance(listed, Mapping) else {}
    return {name: plain(field.get("type")) for name, field in of_element.items()}


def _shown(client: Client, element: Element) -> dict[str, str] | None:
    """What objects show: unused fields too, on 23 always and on 16 once an object has any extrafield."""
    path = "/thirdparties" if element == "societe" else "/invoices"
    rows = client.get_list(path, {"sortfield": "t.rowid", "sortorder": "DESC", "limit": SAMPLE})
    names = {name.removeprefix("options_"): "" for row in rows for name in options_of(row)}
    return names or None


def _field_step(field: Field, seen: dict[str, str] | None, capabilities: Capabilities, language: str) -> Step:
    what = f"extrafield {field.element}.{field.name}"
    by_hand = steps_by_hand(field, language)
    if seen is None:
        why = "this key may not see the definitions of extrafields, and no object shows any"
        return Step(action=Action.CHECK, what=what, why=why, by_hand=by_hand)
    if field.name in seen:
        kind = seen[field.name]
        if kind in ("", field.kind):
            return Step(action=Action.KEEP, what=what, why="it is there")
        why = f"it is there with type {kind} instead of {field.kind}; delete it and make it anew"
        return Step(action=Action.BY_HAND, what=what, why=why, by_hand=by_hand)
    if not capabilities.creates_extrafields:
        why = f"Dolibarr {capabilities.version_text} cannot make extrafields by REST"
        return Step(action=Action.BY_HAND, what=what, why=why, by_hand=by_hand)
    path = f"/setup/extrafields/{field.element}/{field.name}"
    body = field.body(language)
    return Step(action=Action.CREATE, what=what, why="it is missing", by_hand=by_hand, path=path, body=body)


def _tag_step(tag: str, there: set[str]) -> Step:
    what = f"customer tag {tag}"
    if plain(tag).lower() in there:
        return Step(action=Action.KEEP, what=what, why="it is there")
    body = {"label": plain(tag), "type": "customer"}
    return Step(action=Action.CREATE, what=what, why="it is missing", path="/categories", body=body)


def _applied(client: Client, step: Step) -> Outcome:
    if step.action is Action.KEEP:
        return Outcome(step=step, done=True)
    if step.action is not Action.CREATE:
        return Outcome(step=step, done=False, problem=step.why)
    try:
        client.post(step.path, step.body)
    except PermanentFailure as failure:
        return Outcome(step=step, done=failure.status == 409, problem=_unless_there(failure))
    except OutsideFailure as failure:
        return Outcome(step=step, done=False, problem=str(failure))
    return Outcome(step=step, done=True)


def _unless_there(failure: PermanentFailure) -> str:
    return "" if failure.status == 409 else str(failure)
