"""What an answer of Dolibarr means: the status table, turned into the three failures that decide a retry.

Nothing here knows HTTP libraries; the client hands over what came back and raises what comes out.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import NamedTuple

from dolibarr_loyalty.errors import (
    ConfigurationFailure,
    OutsideFailure,
    PermanentFailure,
    TemporaryFailure,
)

LONGEST_QUOTE = 200


class MissingRoute(PermanentFailure):
    """This version of Dolibarr has no such function: its router says 404 without naming an object."""


class MissingModule(ConfigurationFailure):
    """The Dolibarr module behind the function is switched off (501)."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: `path` as asked without its query, `text` decoded and without the API key."""

    method: str
    path: str
    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def may_have_written(self) -> bool:
        return self.method != "GET"


class Verdict(Enum):
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    CONFIGURATION = "configuration"
    NO_ROUTE = "no route"
    NO_MODULE = "no module"


class Row(NamedTuple):
    """One row of the status table: the first whose status and words both match decides."""

    statuses: frozenset[int]
    words: str
    verdict: Verdict
    advice: str


def _row(statuses: str, words: str, verdict: Verdict, advice: str) -> Row:
    return Row(frozenset(int(status) for status in statuses.split()), words, verdict, advice)


_GUARD = "^Access refused to"
_DOUBLE = "already ?exist|Alreay paid|Duplicate"
_IMPOSSIBLE = f"{_DOUBLE}|must have lines|foreign key constraint|ErrorActionComm|not implemented"

TABLE = (
    # The script-injection guard answers in plain text: 403 on 23 but 200 on 16 (facts trap 14).
    _row(
        "200 403",
        _GUARD,
        Verdict.PERMANENT,
        "Its guard against injected scripts refused a value; send it without quotes, brackets and SQL words.",
    ),
    _row(
        "200",
        "",
        Verdict.CONFIGURATION,
        "Something else than Dolibarr's REST API answered; check the address of Dolibarr.",
    ),
    _row(
        "301 302 303 307 308",
        "",
        Verdict.CONFIGURATION,
        "The address only redirects, and the key is not sent on; write the final address instead.",
    ),
    _row("304", "", Verdict.PERMANENT, "It changed nothing; read the object back and decide."),
    # 16 answers 401 for every missing right (facts trap 12), so 401 does not prove a wrong key.
    _row(
        "401",
        "",
        Verdict.CONFIGURATION,
        "Check the API key; on Dolibarr 16 this may also be a missing right of its user. "
        "Run `dolibarr-loyalty doctor`.",
    ),
    _row("403", "not erasable", Verdict.PERMANENT, "The document is numbered and must stay."),
    _row(
        "403",
        "",
        Verdict.CONFIGURATION,
        "The key's user lacks a right; `dolibarr-loyalty doctor` names the missing ones.",
    ),
    _row("404", "^Not Found$", Verdict.NO_ROUTE, "This version of Dolibarr has no such function."),
    _row(
        "404",
        "^<|^$",
        Verdict.CONFIGURATION,
        "There is no REST API at this address; check it, and that the module API/REST is switched on.",
    ),
    _row("404", "", Verdict.PERMANENT, "It does not exist, or was deleted."),
    _row("429", "", Verdict.TEMPORARY, "Dolibarr or its proxy asks for fewer requests; it is tried again."),
    _row("500", _IMPOSSIBLE, Verdict.PERMANENT, "Dolibarr cannot do this with these values."),
    _row(
        "501",
        "",
        Verdict.NO_MODULE,
        "Switch on the module in Dolibarr (Home > Setup > Modules/Applications).",
    ),
    _row(
        "503",
        "Unknown column|SQL syntax|Bad syntax",
        Verdict.PERMANENT,
        "This version of Dolibarr does not know the filter.",
    ),
    _row(
        "500 502 503 504",
        "",
        Verdict.TEMPORARY,
        "It is tried again; Dolibarr's log (Home > Admin tools) tells more.",
    ),
)


def failure_of(answer: Answer) -> OutsideFailure:
    """The failure that an answer outside 2xx, or a 2xx that is not JSON, stands for."""
    said = words_of(answer.text)
    for row in TABLE:
        if answer.status in row.statuses and re.search(row.words, said, re.IGNORECASE):
            return _made(answer, row.verdict, f"{_report(answer, said)} {row.advice}")
    verdict = Verdict.TEMPORARY if answer.status >= 500 else Verdict.PERMANENT
    return _made(answer, verdict, _report(answer, said))


def unreadable(answer: Answer) -> OutsideFailure:
    """The failure behind a 2xx whose body is not JSON: cut off, empty, or not Dolibarr's at all."""
    text = answer.text.strip()
    if text and text[0] not in '[{"-0123456789tfn':
        return failure_of(answer)
    what = "an incomplete answer" if text else "an empty answer"
    return TemporaryFailure(
        f"Dolibarr sent {what} to {answer.asked}; it is tried again.", unclear=answer.may_have_written
    )


def words_of(text: str) -> str:
    """What Dolibarr says in an error: message and details of its JSON, else the text itself."""
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return text.strip()
    if not isinstance(error, dict):
        return str(error)
    details = [value for key, value in error.items() if key.isdigit() and isinstance(value, str)]
    return " ".join([str(error.get("message", "")), *details]).strip()


def quoted(said: str) -> str:
    """Words of Dolibarr fit for a message: no tags, no SQL, no names of its tables, not too long."""
    text = re.sub(r"<[^>]*>", " ", said)
    text = re.sub(r"(Dolibarr has detected a technical error).*", r"\1", text, flags=re.DOTALL)
    text = re.sub(r"You have an error in your SQL syntax.*", "SQL error", text, flags=re.DOTALL)
    text = re.sub(r"Cannot (add or update|delete).*", "it refers to something that is not there", text)
    text = re.sub(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*", "…", text, flags=re.DOTALL)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def seconds_to_wait(header: str | None, now: datetime | None = None) -> float | None:
    """The seconds a Retry-After header asks for, given as seconds or as a date; None when it says nothing."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _report(answer: Answer, said: str) -> str:
    quote = quoted(said)
    return f"Dolibarr answered {answer.status} to {answer.asked}" + (f": {quote}." if quote else ".")


def _made(answer: Answer, verdict: Verdict, message: str) -> OutsideFailure:
    match verdict:
        case Verdict.CONFIGURATION:
            return ConfigurationFailure(message)
        case Verdict.NO_MODULE:
            return MissingModule(message)
        case Verdict.NO_ROUTE:
            return MissingRoute(message, status=answer.status)
        case Verdict.PERMANENT:
            return PermanentFailure(message, status=answer.status)
    # After 429 nothing was done; after a 5xx a write may stand, so it counts as unclear (facts trap 6).
    unclear = answer.may_have_written and answer.status != 429
    wait = seconds_to_wait(answer.headers.get("Retry-After"))
    return TemporaryFailure(message, retry_after=wait, unclear=unclear)
