"""What Dolibarr answers instead of a result: JSON errors of its REST layer and texts from below it."""

from __future__ import annotations

REASONS = {
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Refusal(Exception):
    """A JSON error: status, sentence after the reason phrase, and the details under "0", "1", …"""

    def __init__(self, status: int, sentence: str = "", *details: str | None, stage: str = "call") -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence
        self.details = details
        self.stage = stage

    def as_json(self) -> dict[str, object]:
        """The body Dolibarr sends when it is not in production mode."""
        reason = REASONS.get(self.status, "Error")
        error: dict[str, object] = {
            "code": self.status,
            "message": f"{reason}: {self.sentence}" if self.sentence else reason,
        }
        error.update({str(place): detail for place, detail in enumerate(self.details)})
        return {"error": error, "debug": _debug(self.stage)}


class Complaint(Refusal):
    """A refusal whose JSON comes after Dolibarr's text of a failure below its REST layer."""


class NotModified(Exception):
    """A repeated step: 304 with an empty body (trap 30)."""


class PlainText(Exception):
    """An answer that is not JSON: unknown API, script-injection guard, PHP's own failure (trap 14)."""

    def __init__(self, status: int, text: str, content_type: str = "text/html; charset=UTF-8") -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text
        self.content_type = content_type


def _debug(stage: str) -> dict[str, object]:
    success = {
        "setup": [],
        "route": ["get"],
        "negotiate": ["get", "route"],
        "authenticate": ["get", "route", "negotiate"],
        "validate": ["get", "route", "negotiate", "authenticate"],
    }.get(stage, ["get", "route", "negotiate", "authenticate", "validate"])
    failure = {"setup": ["get", "route", "negotiate", "message"], "route": ["route", "negotiate", "message"]}
    return {
        "source": f"restler.php:1 at {stage} stage",
        "stages": {"success": success, "failure": failure.get(stage, [stage, "message"])},
    }
