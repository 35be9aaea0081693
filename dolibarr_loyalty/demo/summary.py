"""What the year came to, counted; `demo.showing` puts it into words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from dolibarr_loyalty.app import App
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import total
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.demo.figures import Figures, figures_of, is_gift_card
from dolibarr_loyalty.demo.work import unit_of
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.document_proofs import Deviation
from dolibarr_loyalty.flows.reconcile import reconcile
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.messages import message_id
from dolibarr_loyalty.reports.register import Line, register
from dolibarr_loyalty.reports.status import Status, status
from dolibarr_loyalty.store import clubs, members, outbox, pools, vouchers

USUAL_MAILS = ("welcome", "reward_near", "voucher", "points_expiring", "voucher_expiring")
OTHER_MAILS = (
    "gift_card",
    "tier_up",
    "tier_down",
    "tier_warning",
    "birthday",
    "anniversary",
    "club_welcome",
    "club_ending",
    "donation_statement",
    "referral_rewarded",
)
OPEN = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED, VoucherState.USING, VoucherState.RESERVED})
MAILS = tuple(f"mail.{kind}" for kind in (*USUAL_MAILS, *OTHER_MAILS))


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Names to try the commands with: a member, an invoice of theirs, somebody in a club and in a pool."""

    member: str
    invoice: int
    club_member: str = ""
    pool_member: str = ""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a played demo; `commands` are the next ones to try, as they are typed."""

    preset: str
    seed: int
    version: str
    seconds: float
    folder: Path
    address: str
    status: Status
    unit: str
    of_unit: Status
    figures: Figures
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
        """Commands to copy, and the names of what they show; relative to the demo's folder."""
        examples = self.examples
        own = {
            "points": (
                ("referral list", "referrals"),
                ("partner statement roastery", "partner"),
                ("giftcard list", "gift cards"),
            ),
            "tiers": (("tier list", "tiers"), (f"tier show {examples.member}", "tier")),
            "stamps": (("card list", "cards"), (f"card show {examples.member}", "card")),
            "club": (("club list", "clubs"), (f"club show {examples.club_member}", "club")),
            "cause": (("cause list", "causes"), (f"activity list {examples.member}", "activities")),
            "stars": (("tier list", "tiers"), (f"rewards {examples.member}", "rewards")),
        }[self.preset]
        pool = ((f"pool show {examples.pool_member}", "pool"),) if examples.pool_member else ()
        return (
            ("status", "status"),
            (f"member show {examples.member}", "member"),
            (f"member history {examples.member}", "history"),
            (f"explain invoice {examples.invoice}", "explain"),
            *own,
            *pool,
            ("voucher list", "vouchers"),
            ("verify", "verify"),
            ("reconcile", "reconcile"),
        )

    def as_json(self) -> dict[str, Any]:
        """The summary for scripts. Apart from `seconds`, `folder` and `address` it depends on the seed and the day."""
        return {
            "preset": self.preset,
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
            "unit": self.unit,
            "kinds": self.figures.as_json(),
            "mails": dict(self.mails),
            "verify": {"deviations": [str(each) for each in self.verified]},
            "reconcile": {"deviations": [str(each) for each in self.reconciled]},
            "commands": [f"dolibarr-loyalty {command}" for command, _ in self.commands],
        }


def summarise(app: App, *, preset: str, seed: int, version: str, seconds: float) -> Summary:
    """Count, recompute and compare everything that the year has left."""
    loyalty = app.loyalty
    standing, unit = status(loyalty.database, loyalty.now()), unit_of(loyalty.program)
    sent, money = mails_by_kind(loyalty, app.config.mail.folder), loyalty.program.currency
    lines = list(register(loyalty.database, loyalty.program))
    given = [line for line in lines if not is_gift_card(line)]

    return Summary(
        preset=preset,
        seed=seed,
        version=version,
        seconds=seconds,
        folder=app.config.folder,
        address=app.config.dolibarr.url,
        status=standing,
        unit=unit,
        of_unit=status(loyalty.database, loyalty.now(), unit=unit),
        figures=figures_of(loyalty, lines),
        currency=money,
        issued=_sum(given, "value"),
        used=_sum((line for line in given if line.state == VoucherState.USED), "value"),
        open=_sum((line for line in given if line.state in OPEN), "left"),
        mails=tuple((kind, sent[kind]) for kind in _told_of(loyalty.program, sent)),
        verified=verify(loyalty).deviations,
        reconciled=reconcile(loyalty).deviations,
        examples=_examples(app),
    )


def _sum(lines: Iterable[Line], column: str) -> tuple[int, str]:
    """How many vouchers there are, and what they come to in a column of the register."""
    found = list(lines)
    return len(found), f"{total(getattr(line, column) for line in found)}"


def _told_of(program: Program, sent: Counter[str]) -> list[str]:
    """The kinds of mail to count: the usual ones where there are rewards, the others where there were any."""
    usual = USUAL_MAILS if program.rewards else USUAL_MAILS[:1]
    return [kind for kind in (*USUAL_MAILS, *OTHER_MAILS) if sent[kind] or kind in usual]


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
        found.update(kind.removeprefix("mail.") for kind in kinds if kind in MAILS)


def _message_id(file: Path) -> str:
    with file.open("rb") as content:
        return str(BytesHeaderParser().parse(content)["Message-ID"]).strip()


def _examples(app: App) -> Examples:
    """The member with the most vouchers, else gifts and documents, and of those the lowest id; an invoice of theirs."""
    with app.database.reading() as tx:
        known = [each.member for each in members.page(tx, 0, 100_000) if each.member.email]
        owned = {each.thirdparty_id: len(vouchers.of_member(tx, each.thirdparty_id)) for each in known}
        bought = {
            each.thirdparty_id: tx.rows("roots_of_member", thirdparty_id=each.thirdparty_id) for each in known
        }
        best = max(
            known,
            key=lambda each: (
                owned[each.thirdparty_id],
                0 if owned[each.thirdparty_id] else len(bought[each.thirdparty_id]),
                -each.thirdparty_id,
            ),
        )
        inside = [
            stay.thirdparty_id
            for club in app.config.program.clubs
            for _, stay in clubs.page(tx, club.id, 0, 100_000)
            if stay.is_in
        ]
        pooled = [each.thirdparty_id for each in known if pools.of_member(tx, each.thirdparty_id)]
    rows = bought[best.thirdparty_id]
    email = {each.thirdparty_id: each.email for each in known}
    return Examples(
        member=best.email,
        invoice=int(rows[len(rows) // 2]["id"]),
        club_member=next((email[each] for each in inside if each in email), best.email),
        pool_member=next((email[each] for each in pooled), ""),
    )
