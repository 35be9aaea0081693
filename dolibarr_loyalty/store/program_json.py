"""A program as the text that is stored with every document seen under it, and back."""

import hashlib
import json
from dataclasses import asdict
from datetime import date, time
from decimal import Decimal

from pydantic import TypeAdapter

from dolibarr_loyalty.core.program import Program

_PROGRAM = TypeAdapter(Program)


def program_to_json(program: Program) -> str:
    """The program as canonical JSON: equal programs give equal text, however their numbers were written.

    Every value is there, defaults too, so that a later default changes no stored program.
    """
    return json.dumps(
        asdict(program), default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )


def program_from_json(text: str) -> Program:
    """The program that `program_to_json` wrote, now or in an earlier release.

    Raises ValueError when the text is no program.
    """
    stored = json.loads(text)
    if isinstance(stored, dict) and "vat" in stored.get("vouchers", {}):
        way = stored["vouchers"].pop("vat")  # until 0.1.0
        stored["vouchers"].setdefault("accounting", "credit_note" if way == "rebate" else "payment")
        text = json.dumps(stored)
    return _PROGRAM.validate_json(text)


def program_hash(program: Program) -> str:
    """The program's fingerprint: SHA-256 of its canonical JSON, as hexadecimal text."""
    return hashlib.sha256(program_to_json(program).encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a program")
