"""The demo's folder: which files lie in it, whether it may be used, and the stand-in that is kept there."""

import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolibarr_loyalty.config.loading import FILE_NAME
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.sandbox import Dolibarr

HOST = "127.0.0.1"
MARKER, STATE = "demo.json", "sandbox.sqlite3"
_PORT = "port of the stand-in"
_OURS = (FILE_NAME, MARKER, STATE, "loyalty.sqlite3", "loyalty.key", "secrets", "mails")


@dataclass(frozen=True)
class Folder:
    """A folder with a played demo, or one to be."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / FILE_NAME

    @property
    def state(self) -> Path:
        """The file in which the stand-in keeps everything."""
        return self.path / STATE

    @property
    def marker(self) -> Path:
        return self.path / MARKER

    @property
    def database(self) -> Path:
        return self.path / "loyalty.sqlite3"

    @property
    def mails(self) -> Path:
        return self.path / "mails"

    @property
    def holds_demo(self) -> bool:
        """The folder belongs to a demo: only then may its files be deleted, or its stand-in be started."""
        return self.marker.is_file()

    def claim(self, *, force: bool) -> None:
        """Make the folder ready for a new demo; `force` deletes the demo that is there, and nothing else.

        Raises ConfigurationError where something lies that would be lost.
        """
        if self.holds_demo and force:
            self._clear()
        if self.holds_demo:
            raise ConfigurationError(
                f"{self.path} holds a demo already. Add --force to delete it and play a new one, or choose "
                "another folder with --workdir."
            )
        there = [name for name in _OURS if (self.path / name).exists()]
        if there:
            raise ConfigurationError(
                f"{self.path} holds {there[0]}, which no demo has written. Choose another folder with --workdir."
            )
        made(self.path)

    def _clear(self) -> None:
        for name in _OURS:
            for found in [self.path / name, *self.path.glob(f"{name}-*")]:  # SQLite's -wal and -shm too
                if found.is_dir():
                    shutil.rmtree(found)
                else:
                    found.unlink(missing_ok=True)

    def mark(self, facts: dict[str, Any]) -> None:
        """Write down that this folder belongs to a demo, and what is known of it."""
        self.marker.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port: int = listening.getsockname()[1]
        return port


def port_of(dolibarr: Dolibarr) -> int | None:
    """The port on which this stand-in is always served; None when it has none yet."""
    kept = dolibarr.store.find("setting", "name", _PORT)
    return int(kept[0]["value"]) if kept else None


def keep_port(dolibarr: Dolibarr, port: int) -> None:
    """Serve this stand-in on this port from now on."""
    kept = dolibarr.store.find("setting", "name", _PORT)
    with dolibarr.writing():
        if kept:
            dolibarr.store.change("setting", kept[0]["rowid"], {"value": str(port)})
        else:
            dolibarr.store.insert("setting", {"name": _PORT, "value": str(port)})


def made(path: Path) -> Path:
    """The folder, made if it is missing; ConfigurationError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path} cannot be made: {error.strerror}. Choose another one with --workdir."
        ) from error
    return path
