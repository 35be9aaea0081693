"""The web process: it receives Dolibarr's webhooks."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from dolibarr_loyalty.cli.options import DryRun
from dolibarr_loyalty.cli.output import say, tell
from dolibarr_loyalty.cli.setup import setup_of
from dolibarr_loyalty.cli.stopping import stopped_by
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.web.webhooks import web_app


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would end the process by the signal, not with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Default: web.host of the settings.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Default: web.port; 0 takes a free one.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Receive Dolibarr's webhooks: points within seconds.

    \b
    Example:
      dolibarr-loyalty serve --host 127.0.0.1 --port 8765
    """
    setup = setup_of(ctx)
    web = setup.config.web
    address = (host or web.host, web.port if port is None else port)
    receives = "webhooks are received" if web.webhook_token else "without web.webhook_token no webhooks"
    if dry_run:
        say(f"Would listen on {address[0]}:{address[1]}; {receives}.")
        return
    setup.log(logging.INFO)
    token = web.webhook_token.reveal() if web.webhook_token else None
    application = web_app(setup.loyalty, token, body_limit=web.body_limit)
    # No access log: the addresses in it hold the token.
    config = uvicorn.Config(application, access_log=False, log_level="warning", lifespan="off")
    with _listening(*address) as listener:
        server = _Server(config)
        tell(
            f"Listening on {address[0]}:{listener.getsockname()[1]}; {receives}. Stop with Ctrl+C or SIGTERM."
        )
        with stopped_by(lambda: setattr(server, "should_exit", True)):
            server.run(sockets=[listener])
    tell("Stopped.")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {reason}. Choose another with --host and --port, or in [web]."
        ) from error
