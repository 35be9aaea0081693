"""A program stored as JSON comes back equal, and equal programs have one text and one hash."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolibarr_loyalty.core.program import Program, Reward, Rule
from dolibarr_loyalty.store.program_json import program_from_json, program_hash, program_to_json

from .test_initial import RICH
from .test_kinds import EVERY_KIND

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
st.register_type_strategy(Decimal, NUMBERS)
PROGRAMS = st.from_type(Program)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])  # hundreds of values to draw
@given(PROGRAMS)
def test_any_program_comes_back_equal(program: Program) -> None:
    assert program_from_json(program_to_json(program)) == program


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])  # hundreds of values to draw
@given(PROGRAMS)
def test_the_text_is_canonical(program: Program) -> None:
    text = program_to_json(program)
    assert program_to_json(program_from_json(text)) == text
    stored: dict[str, Any] = json.loads(text)
    assert list(stored) == sorted(stored)


@pytest.mark.parametrize("written", ["10", "10.0", "10.00", "1E+1"])
def test_the_spelling_of_a_number_changes_nothing(written: str) -> None:
    program = Program(rules=(Rule(id="base", per=Decimal(written)),))
    assert program_hash(program) == program_hash(Program(rules=(Rule(id="base", per=Decimal(10)),)))
    assert '"per":"10"' in program_to_json(program)


def test_minus_zero_is_zero() -> None:
    assert program_to_json(Program(point_value=Decimal("-0.00"))) == program_to_json(
        Program(point_value=Decimal(0))
    )


def test_any_change_changes_the_hash() -> None:
    changed = replace(RICH, rewards=(*RICH.rewards, Reward(id="new", kind="amount", points=1)))
    assert program_hash(changed) != program_hash(RICH)
    assert len(program_hash(RICH)) == 64


def test_every_value_is_stored_so_that_new_defaults_change_no_old_program() -> None:
    assert json.loads(program_to_json(Program()))["expiry"]["months"] == 36


def test_the_text_of_an_earlier_release_is_read_with_the_defaults_of_what_is_new() -> None:
    stored = json.loads(program_to_json(RICH))
    del stored["reinstatement_days"]
    assert program_from_json(json.dumps(stored)) == replace(RICH, reinstatement_days=30)


def test_a_program_that_an_earlier_release_stored_means_what_it_meant() -> None:
    """Stored before there were tiers, promotions and further points."""
    stored = (Path(__file__).parent / "program_0.1.0.json").read_text(encoding="utf-8")
    assert "tier_groups" not in stored
    assert program_from_json(stored) == RICH


def test_a_program_of_every_kind_comes_back_equal() -> None:
    assert program_from_json(program_to_json(EVERY_KIND)) == EVERY_KIND


def test_a_text_that_is_no_program_is_refused() -> None:
    with pytest.raises(ValueError, match="earn_on"):
        program_from_json('{"earn_on": "sometimes"}')


def test_only_plain_values_have_a_place_in_a_program() -> None:
    with pytest.raises(TypeError, match="complex has no place"):
        program_to_json(Program(point_value=1j))  # type: ignore[arg-type]
