"""Every recorded refusal of both versions has its meaning."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dolibarr_loyalty.connectors.dolibarr.failures import (
    Answer,
    MissingModule,
    MissingRoute,
    failure_of,
    quoted,
    seconds_to_wait,
    unreadable,
    words_of,
)
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure

from .conftest import recorded

MEANS: dict[str, type[Exception]] = {
    "configuration": ConfigurationFailure,
    "no module": MissingModule,
    "no route": MissingRoute,
    "permanent": PermanentFailure,
    "temporary": TemporaryFailure,
}


def an_answer(status: int, text: str = "", method: str = "GET", **headers: str) -> Answer:
    return Answer(method=method, path="/invoices/1", status=status, text=text, headers=headers)


@pytest.mark.parametrize(
    "case", recorded("refusals"), ids=lambda case: f"{case['version']} {case['status']} {case['path']}"
)
def test_a_recorded_refusal_means_what_the_status_table_says(case: dict[str, Any]) -> None:
    answer = Answer(method=case["method"], path=case["path"], status=case["status"], text=case["body"])
    failure = failure_of(answer)
    assert type(failure) is MEANS[case["means"]]
    assert f"{case['method']} {case['path']}" in str(failure)
    assert len(str(failure)) < 500
    for word in ("MariaDB", "llx_", "<br", "SELECT", "CONSTRAINT"):
        assert word not in str(failure)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_matter_of_configuration(status: int) -> None:
    assert isinstance(failure_of(an_answer(status)), ConfigurationFailure)


@pytest.mark.parametrize(
    ("status", "kind"), [(418, PermanentFailure), (599, TemporaryFailure), (201, PermanentFailure)]
)
def test_an_unforeseen_status_is_judged_by_its_hundreds(status: int, kind: type[Exception]) -> None:
    assert type(failure_of(an_answer(status, "x"))) is kind


def test_a_404_in_html_means_that_no_api_is_there() -> None:
    assert isinstance(failure_of(an_answer(404, "<html>nginx</html>")), ConfigurationFailure)


def test_a_failed_write_may_have_been_carried_out_but_not_after_429() -> None:
    lost = failure_of(an_answer(502, "<html>", "POST"))
    turned_away = failure_of(an_answer(429, "", "POST", **{"Retry-After": "7"}))
    assert isinstance(lost, TemporaryFailure)
    assert lost.unclear
    assert isinstance(turned_away, TemporaryFailure)
    assert not turned_away.unclear
    assert turned_away.retry_after == 7


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", TemporaryFailure),
        ('[{"id": 1}, {"id"', TemporaryFailure),
        ("Access refused to 192.0.2.1 by SQL or Script injection protection", PermanentFailure),
        ("<html>Please log in</html>", ConfigurationFailure),
    ],
    ids=["empty", "cut off", "the guard of 16", "a login page"],
)
def test_a_200_that_is_not_json_is_a_failure(text: str, kind: type[Exception]) -> None:
    assert type(unreadable(an_answer(200, text))) is kind


def test_a_cut_off_answer_to_a_write_is_unclear() -> None:
    failure = unreadable(an_answer(200, "{", "POST"))
    assert isinstance(failure, TemporaryFailure)
    assert failure.unclear


def test_details_under_numeric_keys_are_read() -> None:
    assert words_of('{"error": {"code": 500, "message": "No", "0": "ErrorX", "1": null}}') == "No ErrorX"
    assert words_of('{"error": "short"}') == "short"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("You have an error in your SQL syntax; check …\nnear 'x'", "SQL error"),
        ("Cannot add or update a child row: (`d`.`llx_facture`)", "it refers to something that is not there"),
        ("Failed: SELECT secret FROM llx_user", "Failed: …"),
        ("Dolibarr has detected a technical error.<br>\nDate: x", "Dolibarr has detected a technical error"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_words_of_dolibarr_are_cleaned_before_they_are_shown(said: str, shown: str) -> None:
    assert quoted(said) == shown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12),
        ("soon", None),
        ("Sat, 21 Nov 2026 20:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 20:00:30 -0000", 30),
        ("Sat, 21 Nov 2026 19:00:00 GMT", 0),
    ],
)
def test_retry_after_may_be_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, datetime(2026, 11, 21, 20, tzinfo=UTC)) == seconds
