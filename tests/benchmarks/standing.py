"""A stand-in in a process of its own, filled with invoices, so that it shares no interpreter lock with us."""

import multiprocessing
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Standing:
    """Where the stand-in answers, and its keys."""

    url: str
    api_key: str
    admin_key: str


def _serve(pipe: Connection, invoices: int, customers: int) -> None:
    from dolibarr_loyalty.sandbox import Dolibarr, running

    dolibarr = Dolibarr("23")
    dolibarr.grant(342)
    rng = random.Random(7)
    with dolibarr.batch():
        buyers = [
            dolibarr.create_third_party(
                name=f"Customer {n}", client=1, code_client="auto", email=f"c{n}@example.com"
            )
            for n in range(customers)
        ]
        for n in range(invoices):
            lines = [
                {"desc": "goods", "qty": rng.randint(1, 5), "subprice": rng.randint(1, 80), "tva_tx": 20},
                {"desc": "food", "qty": 1, "subprice": rng.randint(1, 30), "tva_tx": 5.5},
            ]
            dolibarr.sell(buyers[n % customers], lines)
    with running(dolibarr) as url:
        pipe.send((url, dolibarr.api_key, dolibarr.admin_key))
        while (wish := pipe.recv()) is not None:
            verb, number = wish
            if verb == "sell":
                for _ in range(number):
                    dolibarr.sell(rng.choice(buyers), [{"desc": "x", "qty": 1, "subprice": 50, "tva_tx": 20}])
                dolibarr.requests.clear()
                pipe.send(None)
            elif verb == "requests":
                pipe.send([(r.method, r.path, r.query) for r in dolibarr.requests])


@contextmanager
def standing(invoices: int, customers: int = 200) -> Iterator[tuple[Standing, Connection]]:
    """A filled stand-in until the block ends; the pipe takes ('sell', n), ('requests', 0) and None."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, invoices, customers), daemon=True)
    process.start()
    try:
        yield Standing(*ours.recv()), ours
    finally:
        ours.send(None)
        process.join(10)
        process.kill()
