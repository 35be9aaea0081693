"""Ids that sort by the time they were made and need no sequence: UUID version 7 (RFC 9562)."""

import secrets
import time
import uuid


def new_id() -> str:
    """A time-ordered UUID: 48 bits of milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64)
    value |= (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))
