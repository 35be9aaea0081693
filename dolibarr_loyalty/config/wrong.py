"""How a validator of a setting says what is wrong and what to write instead."""

from pydantic_core import PydanticCustomError

KIND = "loyalty"


def wrong(problem: str, remedy: str) -> PydanticCustomError:
    """A mistake to raise in a validator; both sentences reach the owner as they are."""
    return PydanticCustomError(KIND, "{problem} {remedy}", {"problem": problem, "remedy": remedy})
