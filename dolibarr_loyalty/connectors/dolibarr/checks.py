"""The doctor's look at Dolibarr: address, key, rights, modules, clocks, extrafields; each fault with a cure.

Every right is tried by a request that cannot succeed (an id nobody has, an empty body), so nothing is
changed and nothing left behind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dolibarr_loyalty.connectors.dolibarr import rights
from dolibarr_loyalty.connectors.dolibarr.capabilities import NOBODY, Capabilities, probe
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.failures import MissingModule
from dolibarr_loyalty.connectors.dolibarr.installer import Action, plan
from dolibarr_loyalty.connectors.dolibarr.menus import words_in
from dolibarr_loyalty.connectors.dolibarr.reading import day_epoch_of, id_of
from dolibarr_loyalty.connectors.dolibarr.rights import Right
from dolibarr_loyalty.errors import ConfigurationFailure, OutsideFailure, TemporaryFailure

MODULES = ("societe", "facture", "api", "categorie", "agenda")
CLOCK_TOLERANCE = timedelta(seconds=60)
FIRST_IDS = 5
HALF_YEAR = timedelta(days=182)
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One finding: `ok` is None where it cannot be told; `remedy` is empty when there is nothing to mend."""

    name: str
    ok: bool | None
    found: str
    remedy: str = ""


def run(
    client: Client,
    *,
    shop_zone: ZoneInfo,
    language: str = "en",
    user_id: int | None = None,
    admin: Client | None = None,
    now: datetime | None = None,
) -> tuple[Check, ...]:
    """All checks; only the first where Dolibarr does not answer at all.

    `admin` is a client with an administrator's key, for modules and extrafields; `user_id` the configured
    owner of agenda events.
    """
    try:
        capabilities = probe(client)
    except OutsideFailure as failure:
        remedy = "Check the address and the API key; in Dolibarr the key stands on the user's card."
        return (Check(name="address and key", ok=False, found=str(failure), remedy=remedy),)
    checks = [
        Check(name="address and key", ok=True, found=f"{client.base} answers and knows the key"),
        encryption_check(client),
        version_check(capabilities),
        *right_checks(client, language, user_id),
        sees_all_check(client, language),
        module_check(admin),
        clock_check(client, now or datetime.now(UTC)),
        zone_check(client, capabilities, shop_zone),
        *extrafield_checks(admin or client, capabilities, language),
    ]
    return tuple(checks)


def encryption_check(client: Client) -> Check:
    """Whether the key travels in clear; on the machine itself it may."""
    parts = urlsplit(client.base)
    if parts.scheme == "https" or parts.hostname in OWN_MACHINE:
        return Check(name="encryption", ok=True, found=parts.scheme)
    remedy = "Use https: on the way the API key can be read by others, and with it all invoices."
    return Check(name="encryption", ok=None, found="http", remedy=remedy)


def version_check(capabilities: Capabilities) -> Check:
    """Whether the version is one that this program was measured against."""
    found = f"Dolibarr {capabilities.version_text}"
    remedy = "This program knows Dolibarr 16.0.3 to 23; with another version try it on a copy first."
    ok = capabilities.is_supported
    return Check(name="version", ok=ok, found=found, remedy="" if ok else remedy)


def right_checks(client: Client, language: str, user_id: int | None) -> Iterator[Check]:
    """Each right by trying it. Only 401 and 403 prove that it is missing; 400 and 404 come after it."""
    for right, attempt in _attempts(client).items():
        yield _tried(right, attempt, language)
    if user_id is None:
        yield _tried(rights.OWN_USER, lambda: client.get("/users/info"), language)


def _attempts(client: Client) -> dict[Right, Callable[[], Any]]:
    one = {"limit": 1}
    return {
        rights.READ_THIRDPARTIES: lambda: client.get_list("/thirdparties", one),
        rights.WRITE_THIRDPARTIES: lambda: client.put(f"/thirdparties/{NOBODY}", {}),
        rights.READ_INVOICES: lambda: client.get_list("/invoices", one),
        rights.WRITE_INVOICES: lambda: client.post("/invoices"),
        rights.DELETE_INVOICES: lambda: client.delete(f"/invoices/{NOBODY}"),
        rights.READ_TAGS: lambda: client.get_list("/categories", one),
        rights.WRITE_TAGS: lambda: client.post("/categories"),
        rights.READ_EVENTS: lambda: client.get_list("/agendaevents", one),
        rights.WRITE_EVENTS: lambda: client.post("/agendaevents"),
        rights.READ_PRODUCTS: lambda: client.get_list("/products", one),
        rights.READ_CONTACTS: lambda: client.get_list("/contacts", one),
    }


def _tried(right: Right, attempt: Callable[[], Any], language: str) -> Check:
    name = f"right {right.id}, {right.name(language)}"
    try:
        attempt()
    except MissingModule as failure:
        return Check(name=name, ok=False, found=str(failure), remedy=_switch_on(language))
    except ConfigurationFailure as failure:
        remedy = (
            f"Give the API user right {right.id} “{right.name(language)}”: it is needed for {right.purpose}."
        )
        ok = False if right.is_needed else None
        return Check(name=name, ok=ok, found=str(failure), remedy=remedy)
    except TemporaryFailure as failure:
        # 16 answers 500, not 400, to an event without owner: it came past the right all the same.
        if failure.unclear:
            return Check(name=name, ok=True, found="given")
        return Check(name=name, ok=None, found=str(failure), remedy="Run the doctor again.")
    except OutsideFailure:
        pass
    return Check(name=name, ok=True, found="given")


def sees_all_check(client: Client, language: str) -> Check:
    """Right 262. Without it lists are just shorter or empty, but single objects are refused (trap 11)."""
    name = f"right {rights.SEE_ALL.id}, {rights.SEE_ALL.name(language)}"
    remedy = f"Give the API user right {rights.SEE_ALL.id}: without it customers and invoices stay unseen."
    seen = 0
    for identifier in range(1, FIRST_IDS + 1):
        try:
            seen += id_of(client.get(f"/thirdparties/{identifier}")) == identifier
        except ConfigurationFailure as failure:
            return Check(name=name, ok=False, found=str(failure), remedy=remedy)
        except OutsideFailure:
            continue
    if seen:
        return Check(name=name, ok=True, found="given")
    found = "no customer to try it on"
    return Check(name=name, ok=None, found=found, remedy=f"If there are customers already: {remedy}")


def module_check(admin: Client | None) -> Check:
    """The modules this program works with; only an administrator's key may ask."""
    name = "modules"
    if admin is None:
        found = "no administrator's key is configured, so Dolibarr does not list its modules"
        return Check(name=name, ok=None, found=found)
    try:
        active = {str(module) for module in admin.get_list("/setup/modules")}
    except OutsideFailure as failure:
        return Check(
            name=name, ok=None, found=str(failure), remedy="Use an administrator's key for this check."
        )
    missing = [module for module in MODULES if module not in active]
    if not missing:
        return Check(name=name, ok=True, found=", ".join(MODULES))
    return Check(name=name, ok=False, found=f"off: {', '.join(missing)}", remedy=_switch_on("en"))


def clock_check(client: Client, now: datetime) -> Check:
    """Dolibarr's clock against ours; vouchers expire and points become available by them."""
    try:
        theirs = client.server_time()
    except OutsideFailure as failure:
        return Check(name="clock", ok=None, found=str(failure), remedy="Run the doctor again.")
    if theirs is None:
        return Check(name="clock", ok=None, found="Dolibarr's server tells no time")
    apart = abs(theirs - now)
    seconds = round(apart.total_seconds())
    if apart <= CLOCK_TOLERANCE:
        return Check(name="clock", ok=True, found=f"{seconds} s apart")
    remedy = "Have both machines keep their time by NTP."
    return Check(name="clock", ok=False, found=f"{seconds} s apart", remedy=remedy)


def zone_check(client: Client, capabilities: Capabilities, shop: ZoneInfo) -> Check:
    """PHP's zone against the shop's: Dolibarr writes its days as midnights of PHP's zone."""
    name = "time zone"
    remedy = f"Set date.timezone = {shop.key} in Dolibarr's php.ini, or the shop's zone in loyalty.toml."
    php = capabilities.php_zone
    if php is not None:
        now = datetime.now(UTC)
        same = all(_offset(php, at) == _offset(shop, at) for at in (now, now + HALF_YEAR))
        found = f"PHP runs in {php.key}, the shop in {shop.key}"
        return Check(name=name, ok=same, found=found, remedy="" if same else remedy)
    midnights = [epoch for row in _newest_invoices(client) if (epoch := day_epoch_of(row))]
    if not midnights:
        return Check(name=name, ok=None, found="Dolibarr does not tell, and has no invoice to tell it by")
    times = {datetime.fromtimestamp(epoch, UTC).astimezone(shop).strftime("%H:%M") for epoch in midnights}
    same = times == {"00:00"}
    found = f"invoices are dated {', '.join(sorted(times))} by the shop's clock ({shop.key})"
    return Check(name=name, ok=same, found=found, remedy="" if same else remedy)


def extrafield_checks(client: Client, capabilities: Capabilities, language: str) -> Iterator[Check]:
    """Each extrafield: there, missing, or not to be told with this key."""
    try:
        steps = plan(client, capabilities, language=language)
    except OutsideFailure as failure:
        yield Check(name="extrafields", ok=None, found=str(failure), remedy="Run the doctor again.")
        return
    for step in steps:
        if step.action is Action.KEEP:
            yield Check(name=step.what, ok=True, found=step.why)
            continue
        by_rest = "Run `dolibarr-loyalty install` with an administrator's key, or make it by hand: "
        remedy = (by_rest if capabilities.creates_extrafields else "Make it by hand: ") + step.by_hand
        ok = None if step.action is Action.CHECK else False
        yield Check(name=step.what, ok=ok, found=step.why, remedy=remedy)


def _newest_invoices(client: Client) -> list[Any]:
    try:
        return client.get_list("/invoices", {"sortfield": "t.rowid", "sortorder": "DESC", "limit": 20})
    except OutsideFailure:
        return []


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _switch_on(language: str) -> str:
    return f"Switch the module on: {words_in(language).modules}."
