"""One demo from the empty folder to the summary."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import load
from dolibarr_loyalty.config.initial import write_initial
from dolibarr_loyalty.demo.calendar import Clock
from dolibarr_loyalty.demo.folder import HOST, Folder, free_port, keep_port
from dolibarr_loyalty.demo.hands import Alone, second_worker
from dolibarr_loyalty.demo.program import answers
from dolibarr_loyalty.demo.programs import OTHERS, Ground, program_of
from dolibarr_loyalty.demo.summary import Summary, summarise
from dolibarr_loyalty.demo.year import Year
from dolibarr_loyalty.locales import Language
from dolibarr_loyalty.sandbox import Dolibarr, Server
from dolibarr_loyalty.sandbox.rights import SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE

ENOUGH_FOR_TWO = 0.5  # a smaller shop is done before a second worker has started


@dataclass(frozen=True)
class Played:
    """A demo at its end, its stand-in still answering."""

    app: App
    dolibarr: Dolibarr
    summary: Summary


@contextmanager
def played(
    workdir: Path,
    *,
    seed: int,
    preset: str = "points",
    language: Language = "en",
    version: str = "23",
    force: bool = False,
    scale: float = 1.0,
    present: datetime | None = None,
    told: Callable[[str], None] = lambda what: None,
) -> Iterator[Played]:
    """Play the year of a preset in a folder; gives the result while the stand-in still answers.

    The year ends at `present`, which is now unless given; one seed and one day give one year.

    Raises ConfigurationError when the folder is not free.
    """
    started, present = time.monotonic(), present or datetime.now(UTC)
    folder = Folder(workdir.absolute())
    folder.claim(force=force)
    facts = {"preset": preset, "seed": seed, "version": version, "played_on": present.date().isoformat()}
    folder.mark({**facts, "finished": False})
    port, clock = free_port(), Clock(datetime.fromtimestamp(0, UTC))
    dolibarr = Dolibarr(version, path=folder.state, clock=clock)
    keep_port(dolibarr, port)
    with closing(dolibarr), Server(dolibarr, HOST, port) as server:
        app = _app(folder, dolibarr, server.url, clock, preset, language)
        try:
            with second_worker(app.config.file) if scale >= ENOUGH_FOR_TWO else nullcontext(Alone()) as hands:
                Year(app, dolibarr, clock, present, seed, scale, hands, preset=preset).play(told)
            dolibarr.clock = lambda: datetime.now(UTC)
            seconds = time.monotonic() - started
            summary = summarise(app, preset=preset, seed=seed, version=version, seconds=seconds)
            folder.mark({**facts, "finished": True, "summary": summary.as_json()})
            yield Played(app, dolibarr, summary)
        finally:
            app.close()


def _app(folder: Folder, dolibarr: Dolibarr, url: str, clock: Clock, preset: str, language: Language) -> App:
    ground = Ground(
        till_customer=dolibarr.till_customer,
        others={name: dolibarr.create_third_party(name=name, client=0, fournisseur=1) for name in OTHERS},
        language=language,
    )
    for right in (SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE):
        dolibarr.grant(right)
    written = answers(
        url=url,
        api_key=dolibarr.api_key,
        admin_key=dolibarr.admin_key,
        web_port=free_port(),
        language=language,
        program=program_of(preset, ground),
    )
    config = load(write_initial(folder.path, language=language, answers=written), os.environ)
    return App(config, clock=clock, is_durable=False)
