"""What the year came to, in the words of a shop owner and for scripts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dolibarr_loyalty.app import App
from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.reconcile import reconcile
from dolibarr_loyalty.flows.verify import Deviation, verify
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import message_id
from dolibarr_loyalty.reports.status import Status, status
from dolibarr_loyalty.store import members, outbox, vouchers

MAILS = {
    "mail.welcome": "Welcome",
    "mail.reward_near": "A reward is within reach",
    "mail.voucher": "Your voucher",
    "mail.points_expiring": "Points are about to expire",
    "mail.voucher_expiring": "A voucher is about to expire",
}


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Names to try the commands with: a member, an invoice of theirs, a voucher's state."""

    member: str
    invoice: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a played demo; `commands` are the next ones to try, as they are typed."""

    seed: int
    version: str
    seconds: float
    folder: Path
    address: str
    status: Status
    currency: str
    issued: tuple[int, str]
    used: tuple[int, str]
    open: tuple[int, str]
    mails: tuple[tuple[str, int], ...]
    verified: tuple[Deviation, ...]
    reconciled: tuple[Deviation, ...]
    examples: Examples

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """Commands to copy, and what each shows; relative to the demo's folder."""
        examples = self.examples
        return (
            ("status", "how the program stands"),
            (f"member show {examples.member}", "one member, with points and vouchers"),
            (f"member history {examples.member}", "every point of this member, and why"),
            (f"explain invoice {examples.invoice}", "how an invoice became points"),
            ("voucher list", "all vouchers"),
            ("verify", "recompute the whole ledger"),
            ("reconcile", "compare it with Dolibarr"),
        )

    def as_json(self) -> dict[str, Any]:
        """The summary for scripts. Apart from `seconds`, `folder` and `address` it depends on the seed and the day."""
        return {
            "seed": self.seed,
            "version": self.version,
            "seconds": round(self.seconds, 1),
            "folder": str(self.folder),
            "address": self.address,
            **self.status.as_json(),
            "voucher_totals": {
                name: {"count": count, "value": value, "currency": self.currency}
                for name, (count, value) in (
                    ("issued", self.issued),
                    ("used", self.used),
                    ("open", self.open),
                )
            },
            "mails": {kind.removeprefix("mail."): count for kind, count in self.mails},
            "verify": {"deviations": [str(each) for each in self.verified]},
            "reconcile": {"deviations": [str(each) for each in self.reconciled]},
            "commands": [f"dolibarr-loyalty {command}" for command, _ in self.commands],
        }


def summarise(app: App, *, seed: int, version: str, seconds: float) -> Summary:
    """Count, recompute and compare everything that the year has left."""
    loyalty = app.loyalty
    standing = status(loyalty.database, loyalty.now())
    with loyalty.database.reading() as tx:
        by_state = {row["state"]: row for row in tx.rows("vouchers_by_state")}
    sent, money = mails_by_kind(loyalty, app.config.mail.folder), loyalty.program.currency

    def sum_of(column: str, *states: str) -> tuple[int, str]:
        rows = [row for state, row in by_state.items() if state in states or not states]
        total = sum(int(row[column]) for row in rows)
        return sum(int(row["vouchers"]) for row in rows), f"{from_minor(total, money)}"

    return Summary(
        seed=seed,
        version=version,
        seconds=seconds,
        folder=app.config.folder,
        address=app.config.dolibarr.url,
        status=standing,
        currency=money,
        issued=sum_of("value_minor"),
        used=sum_of("value_minor", "used"),
        open=sum_of("remaining_minor", "active", "partly_used", "using"),
        mails=tuple((kind, sent[kind]) for kind in MAILS),
        verified=verify(loyalty).deviations,
        reconciled=reconcile(loyalty).deviations,
        examples=_examples(app),
    )


def mails_by_kind(loyalty: Loyalty, folder: Path) -> Counter[str]:
    """How many mails of each kind lie in the mail folder: one whose member has no address is not among them."""
    there = {_message_id(file) for file in (folder / "new").glob("*")}
    found: Counter[str] = Counter()
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            rows = outbox.page(tx, "done", last, 2000)
        if not rows:
            return found
        last = rows[-1].id
        kinds = (row.effect.kind for row in rows if message_id(row.effect.key, loyalty.sender) in there)
        found.update(kind for kind in kinds if kind in MAILS)


def _message_id(file: Path) -> str:
    with file.open("rb") as content:
        return str(BytesHeaderParser().parse(content)["Message-ID"]).strip()


def _examples(app: App) -> Examples:
    """The member with the most vouchers and, of those, the lowest id; an invoice that earned them points."""
    with app.database.reading() as tx:
        known = [each for each in members.page(tx, 0, 100_000) if each.member.email]
        owned = {
            each.member.thirdparty_id: vouchers.of_member(tx, each.member.thirdparty_id) for each in known
        }
        best = max(
            known, key=lambda each: (len(owned[each.member.thirdparty_id]), -each.member.thirdparty_id)
        )
        rows = tx.rows("roots_of_member", thirdparty_id=best.member.thirdparty_id)
    return Examples(member=best.member.email, invoice=int(rows[len(rows) // 2]["id"]))


def show(summary: Summary, console: Console, words: Words, folder: Path) -> None:
    """Print the summary for people; `folder` is written as they named it."""
    for title, rows in (
        ("A year of the program", _points(summary, words)),
        ("Vouchers", _vouchers(summary, words)),
        ("Mails sent", _mails(summary, words)),
        ("Is it all right?", _proof(summary)),
    ):
        table = Table(title=title, show_header=False, title_justify="left", title_style="bold", min_width=64)
        table.add_column()
        table.add_column(justify="right")
        for left, right in rows:
            table.add_row(left, right)
        console.print(table)
    _where(summary, console, folder)
    _next(summary, console, folder)


def _points(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    held = summary.status
    number = words.number
    yield "Members", number(held.members)
    yield "Invoices and credit notes taken in", number(held.documents)
    yield "Points issued", number(held.issued)
    yield "Points taken back for returned goods", number(held.reversed)
    yield "Points redeemed", number(held.redeemed)
    yield "Points expired", number(held.expired)
    yield "Points given as goodwill", number(held.adjusted)
    yield "Points in the hands of members", number(held.outstanding)
    yield "  of these not yet free to spend", number(held.pending)
    yield "Points that members owe", number(held.debt)


def _vouchers(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for label, (count, value) in (
        ("Issued", summary.issued),
        ("Used by customers", summary.used),
        ("Still open", summary.open),
    ):
        yield label, f"{words.number(count)}, worth {value} {summary.currency}"


def _mails(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for kind, count in summary.mails:
        yield MAILS[kind], words.number(count)


def _proof(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "Ledger recomputed entry by entry", _verdict(summary.verified)
    yield "Compared with Dolibarr", _verdict(summary.reconciled)


def _verdict(deviations: tuple[Deviation, ...]) -> str:
    return f"{len(deviations)} deviations" if deviations else "no deviation"


def _where(summary: Summary, console: Console, folder: Path) -> None:
    console.print("\n[bold]Where it all lies[/bold]")
    for name, what in (
        ("loyalty.toml", "the settings and the program, explained line by line"),
        ("loyalty.sqlite3", "members, points, vouchers"),
        ("mails/", "every mail that was sent, as a Maildir: open it with any mail program"),
        ("sandbox.sqlite3", "the Dolibarr stand-in; it is started whenever a command needs it"),
    ):
        console.print(f"  {folder / name}", what, sep="  ", markup=False, highlight=False, soft_wrap=True)


def _next(summary: Summary, console: Console, folder: Path) -> None:
    console.print("\n[bold]Try next[/bold]")
    console.print(f"  cd {folder}", markup=False, highlight=False, soft_wrap=True)
    for command, what in summary.commands:
        console.print(
            f"  dolibarr-loyalty {command}",
            f"# {what}",
            sep="  ",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
