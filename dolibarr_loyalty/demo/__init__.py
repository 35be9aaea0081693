"""A year of a small shop, played against the Dolibarr stand-in through the very flows of production.

For the command line there are two things here:

    from dolibarr_loyalty.demo import on_demand
    from dolibarr_loyalty.demo.commands import register

    register(app)                 # adds `demo` and `sandbox` to a typer.Typer
    with on_demand(config):       # around a command: a demo's stand-in answers while it runs
        ...

`on_demand` does nothing unless loyalty.toml lies in a demo's folder (beside `demo.json` and
`sandbox.sqlite3`) and nobody answers at its address; the state is read only when Dolibarr is first asked.
`demo.playing.played` plays a demo from Python; its `scale` makes the shop smaller, for tests.
"""

from dolibarr_loyalty.demo.standin import on_demand

__all__ = ["on_demand"]
