"""Calls below /agendaevents."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..refusals import Refusal
from .calls import Call
from .lists import Listing, named
from .routes import route

_COLUMNS = named(
    "rowid id label code fk_soc fk_contact fk_action fk_element elementtype datep datep2 percent "
    "note datec tms fk_user_author fk_user_action entity location"
)
_LIST = Listing(
    kind="event",
    columns=_COLUMNS,
    complaint="Error when retrieve Agenda Event list",
    nothing_16="No Agenda Event found",
    sort="t.id",
)


@route("GET", "/agendaevents")
def list_events(call: Call) -> Any:
    """Events; the column is called t.id here."""
    call.need(rights.OWN_EVENTS_READ, "Insufficient rights to read events")
    return _LIST.answer(call, lambda row: rendering.event(call.dolibarr, row, "event_list"))


@route("GET", "/agendaevents/{id:int}")
def get_event(call: Call) -> Any:
    """One event."""
    call.need(rights.OWN_EVENTS_READ, "Insufficient rights to read an event")
    return rendering.event(call.dolibarr, call.dolibarr.row("event", call.id(), "Agenda Events not found"))


@route("POST", "/agendaevents")
def post_event(call: Call) -> Any:
    """Create; an event of another user needs one more right."""
    call.need(rights.OWN_EVENTS_WRITE, "Insufficient rights to create your Agenda Event")
    body = dict(call.body)
    owner = body.pop("userownerid", None)
    if owner is None:
        raise _no_owner(call)
    if int(owner) != call.user["rowid"]:
        words = "Insufficient rights to create an Agenda Event of another user"
        call.need(rights.ALL_EVENTS_WRITE, words)
    body.pop("owner", None)
    return call.dolibarr.create_event(
        owner=int(owner), type_code=str(body.pop("type_code", "")), label=str(body.pop("label", "")), **body
    )


def _no_owner(call: Call) -> Refusal:
    if call.dolibarr.is_16:
        return Refusal(500, "Error creating event", None, "ErrorActionCommPropertyUserowneridNotDefined")
    return Refusal(400, "userownerid field missing")


@route("DELETE", "/agendaevents/{id:int}")
def delete_event(call: Call) -> Any:
    """Remove an event."""
    call.need(rights.OWN_EVENTS_DELETE, "Insufficient rights to delete your Agenda Event")
    call.dolibarr.delete_event(call.id())
    return {"success": {"code": 200, "message": "Agenda Event deleted"}}
