"""What this Dolibarr can do: asked by harmless requests where possible, else told by its version."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dolibarr_loyalty.connectors.dolibarr.client import Client, Params
from dolibarr_loyalty.connectors.dolibarr.clock import Zones, database_zone
from dolibarr_loyalty.connectors.dolibarr.failures import MissingRoute
from dolibarr_loyalty.connectors.dolibarr.loose import plain
from dolibarr_loyalty.connectors.dolibarr.reading import epochs_of
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure

Version = tuple[int, int, int]

OLDEST: Version = (16, 0, 3)
NEWEST_MAJOR = 23
NOBODY = 2147483647  # an id that no object has, yet every Dolibarr can look for


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The differences between versions that this program has to know.

    `php_zone` is None where /status does not tell (16). `wipes_other_extrafields`: a third party's PUT with
    some extrafields empties all others (facts trap 2).
    """

    version: Version
    version_text: str
    php_zone: ZoneInfo | None
    splits_credits: bool
    creates_extrafields: bool
    wipes_other_extrafields: bool
    takes_attachments: bool
    knows_more_filters: bool

    @property
    def is_supported(self) -> bool:
        return self.version >= OLDEST and self.version[0] <= NEWEST_MAJOR


def probe(client: Client) -> Capabilities:
    """Ask Dolibarr; nothing is changed by it. Raises what the client raises when /status does not answer."""
    status = client.get("/status")
    told = status.get("success", {}) if isinstance(status, dict) else {}
    text = plain(told.get("dolibarr_version"))
    version = version_of(text)
    return Capabilities(
        version=version,
        version_text=text,
        php_zone=_zone(plain(told.get("timestamp_php_tz"))),
        splits_credits=_has_route(client, "POST", "/thirdparties/0/splitdiscount/0"),
        creates_extrafields=_has_route(client, "GET", "/setup/extrafields/societe/loyalty_points"),
        wipes_other_extrafields=wipes(version),
        takes_attachments=_takes_attachments(client),
        knows_more_filters=_accepts(client, "/invoices", {"sqlfilters": "(t.rowid:notin:0)", "limit": 1}),
    )


def zones_of(client: Client, capabilities: Capabilities, shop: ZoneInfo) -> Zones:
    """The zones of a Dolibarr; PHP's is taken to be the shop's where Dolibarr does not tell it."""
    php = capabilities.php_zone or shop
    return Zones(shop=shop, php=php, database=_measured(client, php))


def version_of(text: str) -> Version:
    """16.0.3 of "16.0.3", 23.0.0 of "23.0.0-beta"; raises ConfigurationFailure for anything else."""
    parts = text.split("-")[0].split(".")
    if not parts[0].isdigit():
        raise ConfigurationFailure(
            "What answers at this address does not say its Dolibarr version; check the address."
        )
    numbers = [int(part) if part.isdigit() else 0 for part in [*parts, "0", "0"][:3]]
    return numbers[0], numbers[1], numbers[2]


def wipes(version: Version) -> bool:
    """By version, as trying it would do the harm: mended in 18.0.7 and in 20.0.4, says the changelog."""
    return not ((18, 0, 7) <= version < (19, 0, 0) or version >= (20, 0, 4))


def _measured(client: Client, php: tzinfo) -> tzinfo | None:
    newest: Params = {"sortfield": "t.rowid", "sortorder": "DESC", "limit": 20}
    rows = [*client.get_list("/invoices", newest), *client.get_list("/thirdparties", newest)]
    epochs = [epochs_of(row) for row in rows if isinstance(row, dict)]
    pairs = [(created, modified) for created, modified in epochs if created and modified]
    return database_zone(pairs, php)


def _has_route(client: Client, method: str, path: str) -> bool:
    """Whether the router knows a function: an unknown one is 404 without words, any other proves it."""
    try:
        client.post(path) if method == "POST" else client.get(path)
    except MissingRoute:
        return False
    except (PermanentFailure, ConfigurationFailure):
        return True
    return True


def _accepts(client: Client, path: str, params: Params) -> bool:
    try:
        client.get_list(path, params)
    except (PermanentFailure, ConfigurationFailure):
        return False
    return True


def _takes_attachments(client: Client) -> bool:
    """An upload for a document that does not exist: 404 where it would be taken, 401 on 16 without ECM."""
    body: dict[str, Any] = {
        "filename": "probe.txt",
        "modulepart": "invoice",
        "ref": "NO-SUCH-REF",
        "subdir": "",
        "filecontent": "",
        "fileencoding": "base64",
        "overwriteifexists": 0,
    }
    try:
        client.post("/documents/upload", body)
    except PermanentFailure as failure:
        return failure.status == 404
    except (ConfigurationFailure, TemporaryFailure):
        return False
    return True


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
