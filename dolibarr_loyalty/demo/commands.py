"""The commands `demo` and `sandbox`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from dolibarr_loyalty.app import App
from dolibarr_loyalty.demo.calendar import WEEKS
from dolibarr_loyalty.demo.playing import Played, played
from dolibarr_loyalty.demo.programs import PROGRAMS
from dolibarr_loyalty.demo.showing import show
from dolibarr_loyalty.demo.standin import kept_in
from dolibarr_loyalty.locales import LANGUAGES, Language
from dolibarr_loyalty.sandbox import CARRY_ON, Server, WebhookTarget

WORKDIR = Path("loyalty-demo")
WIDE = 200  # where nobody looks, lines are not broken


class Version(StrEnum):
    """The Dolibarr versions that the stand-in can be."""

    OLD = "16"
    NEW = "23"


Preset = StrEnum("Preset", {name.upper(): name for name in PROGRAMS})  # type: ignore[misc]
Spoken = StrEnum("Spoken", {name.upper(): name for name in LANGUAGES})  # type: ignore[misc]
POINTS, ENGLISH = Preset("points"), Spoken("en")
Workdir = Annotated[Path, typer.Option("--workdir", metavar="DIR", help="The folder of the demo.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(demo)
    app.command()(sandbox)


def demo(
    workdir: Workdir = WORKDIR,
    preset: Annotated[Preset, typer.Option("--preset", help="The kind of program.")] = POINTS,
    language: Annotated[
        Spoken, typer.Option("--language", help="Of the summary, the settings and Dolibarr's screens.")
    ] = ENGLISH,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Another number is another year; the same, the same.")
    ] = 1,
    version: Annotated[Version, typer.Option("--version", help="Dolibarr's version.")] = Version.NEW,
    force: Annotated[
        bool, typer.Option("--force", help="Delete the demo that the folder holds, and play it anew.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, for scripts.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave Dolibarr and our web process running until Ctrl-C.")
    ] = False,
) -> None:
    """Play a year of a small shop against a Dolibarr stand-in, and show what came of it.

    Everything lies in one folder afterwards, and every other command works on it.

    \b
    Example:
      dolibarr-loyalty demo --workdir shop --seed 7
      dolibarr-loyalty demo --preset stamps --language fr --workdir cafe
    """
    with (
        _progress() as told,
        played(
            workdir,
            seed=seed,
            preset=str(preset),
            language=cast(Language, str(language)),
            version=str(version),
            force=force,
            told=told,
        ) as result,
    ):
        told("")
        if as_json:
            sys.stdout.write(json.dumps(result.summary.as_json(), indent=2) + "\n")
            sys.stdout.flush()
        else:
            words = result.app.brand.words(result.app.config.brand.language)
            show(result.summary, _console(stderr=False), words, workdir)
        if serve:
            _serve_all(result)


def sandbox(
    workdir: Workdir = WORKDIR,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", min=1, max=65535, help="Default: the folder's own, or a free one."
        ),
    ] = None,
    version: Annotated[
        Version | None, typer.Option("--version", help="Of a new stand-in. Default: 23.")
    ] = None,
) -> None:
    """Serve the Dolibarr stand-in of a folder until Ctrl-C; in a new folder, an empty one.

    \b
    Example:
      dolibarr-loyalty sandbox --workdir loyalty-demo
    """
    with kept_in(workdir, version=str(version) if version else None, port=port) as server:
        _introduce(server, workdir)
        with server:
            _until_interrupted()


def _introduce(server: Server, workdir: Path) -> None:
    dolibarr, screen = server.dolibarr, _console(stderr=False)
    for line in (
        f"Dolibarr {dolibarr.version} answers at {server.url} (the state is kept in {workdir}).",
        "",
        f"  for the program       DOLIBARR_API_KEY={dolibarr.api_key}",
        f"  for install, doctor   DOLIBARR_ADMIN_KEY={dolibarr.admin_key}",
        "",
        f"  curl -H 'DOLAPIKEY: {dolibarr.admin_key}' '{server.url}/api/index.php/invoices?limit=1'",
        "",
        "Press Ctrl-C to stop.",
    ):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _until_interrupted() -> None:
    try:
        Event().wait()
    except KeyboardInterrupt:
        return


def _serve_all(result: Played) -> None:
    """Our web process beside the stand-in, which tells it of every change by webhook."""
    import uvicorn

    from dolibarr_loyalty.web.webhooks import web_app

    config = result.app.config
    token = config.web.webhook_token.reveal() if config.web.webhook_token else None
    address = f"http://{config.web.host}:{config.web.port}"
    result.dolibarr.webhook_targets.append(WebhookTarget(f"{address}/webhook/{token}", type=CARRY_ON))
    screen = _console(stderr=True)
    screen.print(
        f"\nDolibarr answers at {config.dolibarr.url}, our web process at {address}.", highlight=False
    )
    screen.print("Press Ctrl-C to stop.")
    app = App(config)  # with the system's clock: the year is over
    try:
        web = web_app(app.loyalty, token, body_limit=config.web.body_limit)
        uvicorn.run(web, host=config.web.host, port=config.web.port, log_level="warning", access_log=False)
    finally:
        app.close()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A bar over the weeks of the year on a terminal, nothing elsewhere; an empty text ends it."""
    console = _console(stderr=True)
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("opening the shop", total=WEEKS + 1)
        begun = False

        def told(what: str) -> None:
            nonlocal begun
            if not what:
                bar.stop()
                return
            bar.update(task, description=what, advance=1 if begun else 0)
            begun = True

        yield told


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, emoji=False)
    return console if console.is_terminal else Console(stderr=stderr, emoji=False, width=WIDE, no_color=True)
