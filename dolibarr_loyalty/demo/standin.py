"""The Dolibarr stand-in of a demo's folder: served in the foreground, or for as long as a command runs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dolibarr_loyalty.config import Config
from dolibarr_loyalty.demo.folder import HOST, Folder, free_port, keep_port, made, port_of
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.sandbox import Dolibarr, Server
from dolibarr_loyalty.sandbox.rights import USER_SELF_WRITE


@contextmanager
def on_demand(config: Config) -> Iterator[None]:
    """Have the stand-in answer for the length of a command, where loyalty.toml is that of a demo.

    Everywhere else, and where the stand-in is running already, nothing happens. Its state is only read
    when the first question comes, so that commands which never ask Dolibarr do not wait for it.
    """
    folder, port = Folder(config.folder), _port(config.dolibarr.url)
    if not (folder.holds_demo and folder.state.is_file() and port) or answers(port):
        yield
        return
    opened: list[Dolibarr] = []

    def open_state() -> Dolibarr:
        opened.append(Dolibarr(path=folder.state))
        return opened[0]

    try:
        server = Server(open_state, HOST, port)
    except OSError:  # another command was faster by a moment; its stand-in answers us too
        yield
        return
    with server:
        yield
    for dolibarr in opened:
        dolibarr.close()


def _port(url: str) -> int | None:
    """The port of an address on this machine."""
    parts = urlsplit(url)
    return parts.port if parts.hostname == HOST else None


def answers(port: int) -> bool:
    """Somebody listens on this port of this machine."""
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex((HOST, port)) == 0


@contextmanager
def kept_in(path: Path, *, version: str | None, port: int | None) -> Iterator[Server]:
    """The stand-in of a folder, or a new one, on its own port or the one given; not yet answering.

    Raises ConfigurationError when the state is of another version, or the port is taken.
    """
    folder = Folder(made(path))
    dolibarr = Dolibarr(version or "23", path=folder.state)
    dolibarr.grant(USER_SELF_WRITE)
    try:
        if version and dolibarr.version != version:
            raise ConfigurationError(
                f"{folder.state} is a Dolibarr {dolibarr.version}; it cannot become {version}. "
                "Leave --version out, or choose another folder with --workdir."
            )
        chosen = port or port_of(dolibarr) or free_port()
        try:
            server = Server(dolibarr, HOST, chosen)
        except OSError as error:
            raise ConfigurationError(
                f"Port {chosen} of this machine is taken: {error.strerror}. The stand-in of {path} is perhaps "
                "running already; otherwise name another port with --port."
            ) from error
        try:
            if port_of(dolibarr) is None:
                keep_port(dolibarr, chosen)
            yield server
        finally:
            server.stop()
    finally:
        dolibarr.close()
