"""Kinds of alarms and the facts each must tell."""

from typing import get_args

import pytest

from dolibarr_loyalty.core.alarms import AMOUNTS, FACTS, AlarmKind, untold

KINDS: tuple[AlarmKind, ...] = get_args(AlarmKind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tells_of_a_document(kind: AlarmKind) -> None:
    assert FACTS[kind] & {"document", "invoice"}
    assert untold(kind, FACTS[kind]) == frozenset()


def test_what_is_missing_is_named_and_more_than_needed_may_be_told() -> None:
    assert untold("cash_out", ["document", "who"]) == {"amount"}
    assert {"amount", "expected"} == AMOUNTS
