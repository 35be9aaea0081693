"""Dolibarr and everything around it: `doctor` looks at all of it, `install` adds what Dolibarr must hold."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import say, show_json, show_table, tell
from dolibarr_loyalty.cli.rehearsal import is_there
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.connectors.dolibarr import checks, installer
from dolibarr_loyalty.connectors.dolibarr.capabilities import probe
from dolibarr_loyalty.connectors.dolibarr.checks import Check
from dolibarr_loyalty.connectors.dolibarr.installer import Action, Outcome, Step
from dolibarr_loyalty.connectors.mail import MaildirMailer, SmtpMailer
from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.errors import OutsideFailure, StoreUnavailable, TemporaryFailure
from dolibarr_loyalty.flows.sync import DONE, SALES
from dolibarr_loyalty.store import bearings
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.migrations import pending

TOO_OLD = timedelta(hours=1)
SIGNS = {True: "✓", False: "✗", None: "?"}
UNREACHABLE = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(doctor)
    app.command()(install)


def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """Check everything, and say how to mend each fault.

    Dolibarr's address, key, rights, modules, clock and fields; the mail server, the database, webhooks
    and the work that waits. Nothing is changed.

    \b
    Example:
      dolibarr-loyalty doctor
    """
    setup = setup_of(ctx)
    found, reached = _look_at_dolibarr(setup)
    ours, answers = _look_at_ourselves(setup)
    found += ours
    if as_json:
        show_json({"ok": all(check.ok is not False for check in found), "checks": _listed(found)})
    else:
        show_table(("", "Checked", "Found"), [(SIGNS[each.ok], each.name, each.found) for each in found])
        for check in found:
            if check.remedy and check.ok is not True:
                say(f"{SIGNS[check.ok]} {check.name}: {check.remedy}")
    if not (reached and answers):
        raise typer.Exit(UNREACHABLE)
    if any(check.ok is False for check in found):
        raise typer.Exit(1)


def _listed(found: Sequence[Check]) -> list[dict[str, Any]]:
    return [{"name": each.name, "ok": each.ok, "found": each.found, "remedy": each.remedy} for each in found]


def _look_at_dolibarr(setup: Setup) -> tuple[list[Check], bool]:
    """What the connector's doctor finds, and whether Dolibarr could be reached at all."""
    config, app = setup.config, setup.app
    found = checks.run(
        app.client,
        shop_zone=ZoneInfo(config.program.zone),
        language=config.brand.language,
        user_id=config.dolibarr.user_id,
        admin=app.admin_client,
    )
    if found[0].ok:
        return list(found), True
    try:
        app.client.get("/status")
    except TemporaryFailure:
        return list(found), False
    except OutsideFailure:
        pass
    return list(found), True


def _look_at_ourselves(setup: Setup) -> tuple[list[Check], bool]:
    """Mail server, webhook token, database and pending work; and whether the database answers."""
    found = [_mail_check(setup), _webhook_check(setup)]
    database = Database(setup.config.database.url.reveal())
    try:
        return [*found, *_database_checks(setup, database)], True
    except StoreUnavailable as failure:
        remedy = "Start the database, or mend the address in [database] of loyalty.toml."
        return [*found, Check(name="database", ok=False, found=str(failure), remedy=remedy)], False
    finally:
        database.close()


def _mail_check(setup: Setup) -> Check:
    mailer = setup.app.mailer
    if not isinstance(mailer, SmtpMailer | MaildirMailer):
        return Check(name="mail", ok=None, found="no mails are sent", remedy="Fill in [mail] to send mails.")
    try:
        mailer.check()
    except OutsideFailure as failure:
        remedy = "Mend [mail] in loyalty.toml, or the mail server."
        return Check(name="mail", ok=False, found=str(failure), remedy=remedy)
    return Check(name="mail", ok=True, found=f"{setup.config.mail.kind} works")


def _webhook_check(setup: Setup) -> Check:
    web = setup.config.web
    if web.webhook_token is None:
        minutes = round(setup.config.sync.interval_seconds / 60)
        found = f"no token, so webhooks are not received; Dolibarr is asked every {minutes} minutes instead"
        return Check(name="webhooks", ok=None, found=found, remedy="Set web.webhook_token to receive them.")
    return Check(name="webhooks", ok=True, found=f"a token is set; `serve` listens on {web.host}:{web.port}")


def _database_checks(setup: Setup, database: Database) -> Iterator[Check]:
    shown = setup.config.database.shown
    if not is_there(database):
        remedy = "Run `dolibarr-loyalty sync`; it makes the tables."
        yield Check(name="database", ok=None, found=f"{shown} is empty", remedy=remedy)
        return
    behind = pending(database)
    if behind:
        remedy = "Any command that works with the database, such as `sync`, brings them up to date."
        yield Check(name="database", ok=None, found=f"{shown} is {behind} step(s) behind", remedy=remedy)
        return
    yield Check(name="database", ok=True, found=f"{shown} answers, its tables are up to date")
    with database.reading() as tx:
        yield _backfill_check(tx)
        yield from _work_checks(tx, setup)


def _backfill_check(tx: Tx) -> Check:
    if bearings.position(tx, SALES) == DONE:
        return Check(name="first synchronisation", ok=True, found="done")
    remedy = "Run `dolibarr-loyalty sync`; it goes on where it stopped."
    return Check(name="first synchronisation", ok=None, found="not finished", remedy=remedy)


def _work_checks(tx: Tx, setup: Setup) -> Iterator[Check]:
    for name, counted, due in (
        ("outbox", {row["status"]: row["effects"] for row in tx.rows("outbox_by_status")}, "due_effects"),
        ("inbox", {row["status"]: row["hints"] for row in tx.rows("inbox_by_status")}, "due_hints"),
    ):
        failed, waiting = counted.get("failed", 0), counted.get("pending", 0) + counted.get("working", 0)
        now = setup.app.clock()
        oldest = next(iter(tx.rows(due, now=bearings.stamp(now), limit=1)), None)
        age = now - parse(oldest["due_at"]) if oldest else timedelta()
        late = age > TOO_OLD
        found = f"{waiting} waiting, {failed} failed"
        if late:
            found += f", the oldest due for {round(age.total_seconds() / 3600)} hours"
        remedy = "Look with `dolibarr-loyalty outbox list`, then run `outbox retry`. " if failed else ""
        remedy += "Nobody works on it: keep `dolibarr-loyalty run` running." if late else ""
        yield Check(name=name, ok=not failed and not late, found=found, remedy=remedy.strip())


def install(ctx: typer.Context, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Add the loyalty fields and tags to Dolibarr.

    Shows the plan first and may be repeated. What Dolibarr's REST cannot make is described for doing by
    hand, and checked by the next run.

    \b
    Example:
      dolibarr-loyalty install --dry-run
    """
    setup = setup_of(ctx)
    config = setup.config
    client = setup.app.admin_client or setup.app.client
    capabilities = probe(client)
    tags = [
        tag
        for tag in (
            config.screens.member_tag,
            config.screens.reward_tag,
            config.notify.no_mail_tag,
            *config.program.tags,
        )
        if tag
    ]

    def planned() -> tuple[Step, ...]:
        return installer.plan(client, capabilities, language=config.brand.language, tags=tags)

    steps = planned()
    if not as_json:
        show_table(("To do", "What", "Why"), [(_DO[step.action], step.what, step.why) for step in steps])
    if dry_run:
        if as_json:
            show_json({"steps": [_as_json(step) for step in steps], **_open(steps)})
        return
    outcomes = installer.apply(client, steps)
    after = planned()
    if as_json:
        show_json(
            {
                "steps": [_as_json(each.step, each) for each in outcomes],
                **_open(after),
            }
        )
    else:
        _show_outcome(outcomes, after)
    if _open(after)["missing"]:
        raise typer.Exit(1)


_DO = {
    Action.KEEP: "nothing",
    Action.CREATE: "create",
    Action.BY_HAND: "by hand",
    Action.CHECK: "check",
}


def _open(steps: Sequence[Step]) -> dict[str, list[str]]:
    """What is missing, and what this key cannot tell."""
    return {
        "missing": [step.what for step in steps if step.action in (Action.CREATE, Action.BY_HAND)],
        "unknown": [step.what for step in steps if step.action is Action.CHECK],
    }


def _as_json(step: Step, outcome: Outcome | None = None) -> dict[str, Any]:
    told = {"action": str(step.action), "what": step.what, "why": step.why, "by_hand": step.by_hand}
    return told if outcome is None else {**told, "done": outcome.done, "problem": outcome.problem}


def _show_outcome(outcomes: Sequence[Outcome], after: Sequence[Step]) -> None:
    made = [each for each in outcomes if each.done and each.step.action is Action.CREATE]
    if made:
        say(f"Created: {', '.join(each.step.what for each in made)}.")
    for each in outcomes:
        if each.problem and each.step.action is Action.CREATE:
            tell(f"{each.step.what}: {each.problem}")
    open_steps = [step for step in after if step.action is not Action.KEEP]
    for step in open_steps:
        say(f"\n{step.what}: {step.why}.\n{step.by_hand}")
    if open_steps:
        say("\nThen run `dolibarr-loyalty install` again: it checks what you made.")
    else:
        say("Everything is in place.")
