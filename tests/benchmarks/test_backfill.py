"""How fast and how lean the backfill is; ratios against a baseline of the same run, nothing asserted in seconds.

Run with `pytest -m benchmark -s`.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.flows.sync import sync
from tests.benchmarks.standing import Standing, standing
from tests.benchmarks.working import working

pytestmark = pytest.mark.benchmark

INVOICES = 10_000


def bare_download(standing: Standing) -> float:
    """Seconds for the same pages by requests and json alone, one after the other."""
    began, last = time.perf_counter(), 0
    with requests.Session() as session:
        session.headers.update({"DOLAPIKEY": standing.api_key, "Accept-Encoding": "identity"})
        while True:
            query = {
                "sortfield": "t.rowid",
                "sortorder": "ASC",
                "limit": "500",
                "sqlfilters": f"(t.rowid:>:{last})",
            }
            page = session.get(f"{standing.url}/api/index.php/invoices", params=query, timeout=60).json()
            if not page:
                return time.perf_counter() - began
            last = int(page[-1]["id"])


def test_backfill_against_the_bare_download_of_the_same_pages(tmp_path: Path) -> None:
    ratios = []
    with standing(INVOICES) as (place, _):
        bare_download(place)  # the stand-in encodes each invoice once
        for turn in range(3):
            bare = bare_download(place)
            with working(tmp_path / str(turn), place) as app:
                loyalty = app.loyalty
                began = time.perf_counter()
                done = sync(loyalty)
                ours = time.perf_counter() - began
            assert done.documents == INVOICES
            ratios.append(ours / bare)
            print(
                f"backfill of {INVOICES}: {ours:.2f} s, bare download {bare:.2f} s, ratio {ours / bare:.2f}"
            )
    print(f"median ratio {sorted(ratios)[1]:.2f}")


def test_rest_calls_per_paid_invoice_in_steady_state(tmp_path: Path) -> None:
    with standing(500) as (place, pipe), working(tmp_path, place) as app:
        sync(app.loyalty)
        deliver(app.loyalty)
        pipe.send(("sell", 100))
        pipe.recv()
        sync(app.loyalty)
        deliver(app.loyalty)
        pipe.send(("requests", 0))
        calls = pipe.recv()
    print(f"{len(calls)} REST calls for 100 paid invoices: {len(calls) / 100:.2f} each")


MEASURE = """
import resource, sys
from pathlib import Path
from dolibarr_loyalty.flows.sync import sync
from tests.benchmarks.standing import Standing
from tests.benchmarks.working import working
with working(Path(sys.argv[1]), Standing(*sys.argv[2:5])) as app:
    loyalty = app.loyalty
    sync(loyalty, progress=lambda what, done: print(done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


def test_memory_stays_flat_over_a_hundred_thousand_invoices(tmp_path: Path) -> None:
    with standing(100_000, customers=5000) as (place, _):
        told = subprocess.run(
            [sys.executable, "-c", MEASURE, str(tmp_path / "w"), place.url, place.api_key, place.admin_key],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        ).stdout
    peaks = [tuple(map(int, line.split())) for line in told.splitlines()]
    early = next(peak for done, peak in reversed(peaks) if done <= 10_000)
    print(
        f"peak memory: {early // 1024} MiB by 10,000 invoices, {peaks[-1][1] // 1024} MiB by {peaks[-1][0]}"
    )
    print(f"ratio {peaks[-1][1] / early:.2f}")
