"""Which requests are repeated at once, as a policy of urllib3: reads after passing faults, and nothing else."""

from typing import Any

from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

from dolibarr_loyalty.connectors.dolibarr.failures import seconds_to_wait


class ReadRetry(Retry):
    """Repeats GETs after connection failures and 429, 502, 503, 504; leaves every write alone.

    Not repeated: Dolibarr's own 503, which is JSON and means a filter it does not know, and a Retry-After
    that asks for more than `longest_wait` seconds.
    """

    def __init__(self, *args: Any, longest_wait: float = 30, **kwargs: Any) -> None:
        self.longest_wait = longest_wait
        super().__init__(*args, **{"allowed_methods": frozenset({"GET"}), **kwargs})

    def new(self, **kw: Any) -> "ReadRetry":
        return super().new(longest_wait=self.longest_wait, **kw)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> "ReadRetry":
        if method != "GET" or (response is not None and self._is_final(response)):
            raise MaxRetryError(_pool, url or "", error)
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def _is_final(self, response: Any) -> bool:
        if response.status == 503 and "json" in response.headers.get("Content-Type", ""):
            return True
        wait = seconds_to_wait(response.headers.get("Retry-After"))
        return wait is not None and wait > self.longest_wait
