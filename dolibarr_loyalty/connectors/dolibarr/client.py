"""The one HTTP client for Dolibarr: the key, time limits, retries of reads, decoding; no meaning of the data.

A write is sent exactly once. The key travels in one header and appears in no text this module produces.
"""

import json
import logging
import os
import threading
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from dolibarr_loyalty.connectors.dolibarr.failures import Answer, failure_of, unreadable
from dolibarr_loyalty.connectors.dolibarr.retrying import ReadRetry
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure, Unreachable

LARGEST_BODY = 64 * 1024 * 1024
API = "/api/index.php"

log = logging.getLogger(__name__)

Params = Mapping[str, str | int]


class Client:
    """Speaks to one Dolibarr with one key; safe to share between threads (each has its own session).

    `url` is Dolibarr's base address, with or without /api/index.php; `timeout` is (connect, read) in seconds.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout: tuple[float, float] = (5, 60),
        session: requests.Session | None = None,
        retries: int = 3,
        backoff: float = 0.5,
        longest_wait: float = 30,
    ) -> None:
        self.base = normalised(url)
        self._key = _checked_key(api_key)
        self._timeout = timeout
        self._given = session
        self._retry = ReadRetry(
            total=retries,
            read=min(retries, 1),
            status_forcelist=(429, 502, 503, 504),
            backoff_factor=backoff,
            raise_on_status=False,
            longest_wait=longest_wait,
        )
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"Client({self.base!r})"

    def get(self, path: str, params: Params | None = None) -> Any:
        """The decoded answer to a read; numbers with a fraction are Decimal."""
        return self._value(self._exchange("GET", path, params))

    def get_list(self, path: str, params: Params | None = None) -> list[Any]:
        """The rows of a list; a 404 is an empty one (most lists of 16, third parties of 23: trap 13)."""
        try:
            rows = self.get(path, params)
        except PermanentFailure as failure:
            if failure.status == 404:
                return []
            raise
        if isinstance(rows, list):
            return rows
        raise PermanentFailure(f"Dolibarr sent no list to GET {path}; this version is not understood.")

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Sent once. A lost answer is TemporaryFailure(unclear=True): look whether it was carried out."""
        return self._value(self._exchange("POST", path, body=body or {}))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Sent once; never used on invoices, which a PUT overwrites without any protection (facts trap 1)."""
        return self._value(self._exchange("PUT", path, body=body))

    def delete(self, path: str) -> Any:
        """Sent once."""
        return self._value(self._exchange("DELETE", path))

    def server_time(self) -> datetime | None:
        """The clock of Dolibarr's web server, by the Date header of /status; None when it sends none."""
        answer = self._exchange("GET", "/status")
        self._value(answer)
        try:
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return None

    def _exchange(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        try:
            response = self._session().request(
                method,
                self.base + path,
                params=params,
                data=None if body is None else _encoded(body),
                headers=_headers(body),
                auth=_Key(self._key),
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = _content(response, path)
        except (requests.RequestException, HTTPError) as error:
            self._unanswered(method, path, error)
        log.debug("%s %s: %s", method, path, response.status_code)
        text = content.decode("utf-8-sig", errors="replace").replace(self._key, "…")
        return Answer(
            method=method, path=path, status=response.status_code, text=text, headers=response.headers
        )

    def _value(self, answer: Answer) -> Any:
        if not 200 <= answer.status < 300:
            raise failure_of(answer)
        try:
            return json.loads(answer.text, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise unreadable(answer) from None

    def _unanswered(self, method: str, path: str, error: Exception) -> NoReturn:
        asked = f"{method} {path}"
        if isinstance(error, requests.exceptions.SSLError):
            raise ConfigurationFailure(
                f"The certificate of {self.base} is not trusted; {asked} was not sent. "
                "Renew it, or have this machine trust its issuer."
            ) from error
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
            raise ConfigurationFailure(f"{self.base} is not a usable address of Dolibarr.") from error
        if _never_sent(error):
            raise Unreachable(
                f"Dolibarr cannot be reached at {self.base} ({asked}). Check that it runs and that the "
                "address is right."
            ) from error
        raise TemporaryFailure(
            f"Dolibarr's answer to {asked} did not arrive. It is tried again.", unclear=method != "GET"
        ) from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = self._given or getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _new_session(self.base)
        for scheme in ("https://", "http://"):
            adapter = session.adapters.get(scheme)
            if not isinstance(adapter, HTTPAdapter) or adapter.max_retries is not self._retry:
                session.mount(scheme, HTTPAdapter(max_retries=self._retry))
        return session


def _new_session(base: str) -> requests.Session:
    """A session with the proxies and certificates that the environment names, looked up once: requests would
    search all variables again at every call, which takes as long as the rest of a small one."""
    session = requests.Session()
    session.proxies.update(get_environ_proxies(base))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    session.trust_env = False
    return session


class _Key(AuthBase):
    """Adds the key last; being an `auth` it also keeps a .netrc from adding another login."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["DOLAPIKEY"] = self._key
        return request


def normalised(url: str) -> str:
    """The address of the REST API for what an owner may write: with or without its path."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationFailure("The address of Dolibarr must look like https://erp.example/.")
    if parts.username or parts.password:
        raise ConfigurationFailure("Write the address of Dolibarr without user and password.")
    path = parts.path.rstrip("/")
    for end in (API, "/api", "/index.php"):
        path = path.removesuffix(end)
    return urlunsplit((parts.scheme, parts.netloc, path.rstrip("/") + API, "", ""))


def _checked_key(key: str) -> str:
    key = key.strip()
    if not key or not all("!" <= sign <= "~" for sign in key):
        raise ConfigurationFailure(
            "The API key of Dolibarr is empty or has signs no key has; copy it again from the user's card."
        )
    return key


def _headers(body: object) -> dict[str, str]:
    # Identity, because Dolibarr labels its error text as gzip without compressing it (facts trap 15).
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    return headers if body is None else {**headers, "Content-Type": "application/json"}


def _encoded(body: Mapping[str, Any]) -> bytes:
    # Decimals become JSON numbers with a point: a text "1,5" would be read as 15 (facts trap 28). The
    # shortest float of a price with up to nine decimals prints as the price itself.
    return json.dumps(body, default=float).encode()


def _content(response: requests.Response, path: str) -> bytes:
    parts, size = [], 0
    for part in response.raw.stream(65536, decode_content=False):
        size += len(part)
        if size > LARGEST_BODY:
            raise PermanentFailure(f"Dolibarr's answer to {path} is larger than {LARGEST_BODY} bytes.")
        parts.append(part)
    return _unpacked(b"".join(parts), response.headers.get("Content-Encoding", ""))


def _unpacked(content: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return content
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY)
    except zlib.error:
        return content


def _never_sent(error: Exception) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
