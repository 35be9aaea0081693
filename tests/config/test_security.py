"""[security]: how many wrong codes are borne."""

import pytest

from .conftest import RIGHT, Load, Mistakes

NAMES = ("wrong_codes_per_source", "wrong_codes_overall", "wrong_codes_minutes")


def written(name: str, value: object) -> str:
    return f"{RIGHT}\n[security]\n{name} = {value}\n"


def test_without_a_word_guessing_ends_after_ten_wrong_codes_in_ten_minutes(load_text: Load) -> None:
    security = load_text().security
    assert [getattr(security, name) for name in NAMES] == [10, 100, 10]


@pytest.mark.parametrize(("name", "most"), list(zip(NAMES, (1000, 100_000, 1440), strict=True)))
def test_each_limit_has_bounds_and_cannot_be_switched_off(
    load_text: Load, mistakes: Mistakes, name: str, most: int
) -> None:
    for value in (1, most):
        assert getattr(load_text(written(name, value)).security, name) == value
    for wrong in (0, -1, most + 1, '"many"', "true", 1.5):
        (mistake,) = mistakes(written(name, wrong))
        assert mistake.place == f"security.{name}"
