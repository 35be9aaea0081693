"""Secrets: read from the environment or a file of the owner's alone, and never shown again."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo

from dolibarr_loyalty.config.wrong import wrong

OTHERS = 0o077  # the bits of a file's mode that let anybody but its owner in
FILE_MODES_HOLD = os.name == "posix"  # elsewhere the mode says nothing about who may read
KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that neither repr nor str shows; `reveal` gives it where it is needed."""

    _value: str

    def reveal(self) -> str:
        """The value itself; do not log it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__


@dataclass(frozen=True)
class Surroundings:
    """What reading a secret or a path needs to know of the place where loyalty.toml lies."""

    folder: Path
    env: Mapping[str, str]
    is_private: bool


def is_private(file: Path) -> bool:
    """Nobody but the file's owner may read or change it."""
    return not FILE_MODES_HOLD or file.stat().st_mode & OTHERS == 0


def resolve(written: Any, around: Surroundings) -> Secret:
    """The secret that `{ env = "NAME" }`, `{ file = "path" }` or a plain text stands for."""
    match written:
        case Secret():
            return written
        case {"env": str(name), **rest} if not rest:
            return _from_env(name, around)
        case {"file": str(name), **rest} if not rest:
            return _from_file(name, around)
        case str():
            return _plain(written, around)
    raise wrong("is not a secret.", 'Write { env = "NAME" } or { file = "path" }.')


def _from_env(name: str, around: Surroundings) -> Secret:
    value = around.env.get(name, "").strip()
    if not value:
        raise wrong(
            f"takes its value from the environment variable {name}, which is not set.",
            f'Set {name} before you start, or write {{ file = "path" }}.',
        )
    return Secret(value)


def _from_file(name: str, around: Surroundings) -> Secret:
    file = around.folder / name
    try:
        private, value = is_private(file), file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise wrong(f"takes its value from {name}, which cannot be read: {reason}.", "Create it.") from None
    if not private:
        raise wrong(f"takes its value from {name}, which others can read.", f"Run: chmod 600 {file}")
    if not value:
        raise wrong(f"takes its value from {name}, which is empty.", "Write the secret into it.")
    return Secret(value)


def _plain(value: str, around: Surroundings) -> Secret:
    if not value.strip():
        raise wrong("is empty.", 'Write { env = "NAME" } or { file = "path" }, or leave the line out.')
    if not around.is_private:
        raise wrong(
            "stands here in clear, in a file that others can read.",
            'Write { env = "NAME" } or { file = "path" }, or run: chmod 600 loyalty.toml',
        )
    return Secret(value)


def _validate(written: Any, info: ValidationInfo) -> Secret:
    return resolve(written, info.context or Surroundings(Path(), {}, is_private=True))


SecretText = Annotated[Secret, BeforeValidator(_validate), PlainSerializer(str)]


def create_private(file: Path, text: str) -> bool:
    """Write a new file that only its owner can read; False, and nothing touched, when it exists already."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    return True


def new_key() -> str:
    """Thirty-two random bytes as hexadecimal text."""
    return secrets.token_hex(KEY_BYTES)
