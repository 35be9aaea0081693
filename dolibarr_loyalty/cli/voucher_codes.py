"""Codes of vouchers: checked without network, printed in runs, taken over from before, and who tried which."""

import os
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, DryRun, Json, Limit, rows_wanted
from dolibarr_loyalty.cli.output import progress_bar, say, show_facts, show_json, show_table, tell
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.core.signed_codes import Claims, Unreadable, read_signed
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.errors import CodeNotGenuine, InputError
from dolibarr_loyalty.flows import card_activation, exporting_vouchers, legacy_cards, lookups, print_runs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.moving_files import content_of
from dolibarr_loyalty.locales import Words, words
from dolibarr_loyalty.messages import Worth, worth
from dolibarr_loyalty.messages.print_run import PerPage, print_run_pdf
from dolibarr_loyalty.signing import PublicKey, SigningKey
from dolibarr_loyalty.store import lookups as table

_UNKNOWN_REST = (
    "What is left of it, and whether it was used or cancelled, only the shop knows: look it up online."
)


def add_to(group: typer.Typer) -> None:
    """Add the commands to those of vouchers."""
    group.command("check")(check)
    group.command("key")(key)
    group.command("print-run")(print_run)
    group.command("activate")(activate)
    group.command("import")(take_in)
    group.command("export")(export)
    group.command("attempts")(attempts)


# signed codes ----------------------------------------------------------------------------------------


def check(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the scanner read from the QR code.")],
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key", metavar="FILE", help="The shop's public key; else the one of loyalty.toml."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a scanned voucher without network and database: is it ours, what is it worth, is it valid today.

    What is left of a voucher can only be known online.

    \b
    Example:
      dolibarr-loyalty voucher check "$(cat scanned.txt)" --public-key shop.pem
    """
    setup = setup_of(ctx)
    claims = _genuine(text, _public_key(setup, public_key))
    # With its own settings the till knows the shop's day; with the key alone, its own.
    zone = None if public_key else ZoneInfo(setup.config.program.zone)
    _refuse_other_days(claims, datetime.now(UTC).astimezone(zone).date())
    spoken = words("en", currency=claims.currency) if public_key else setup.words
    if as_json:
        show_json({"genuine": True, **_claims(claims), "left": None, "note": _UNKNOWN_REST})
        return
    show_facts(
        [
            ("Genuine", "yes: signed by the shop, nothing was changed"),
            ("Code", claims.code),
            ("Issued for", _worth(claims, spoken)),
            ("Valid from", claims.valid_from and spoken.day(claims.valid_from)),
            ("Valid until", spoken.day(claims.valid_until) if claims.valid_until else "without end"),
            ("Good for", "whoever shows it" if claims.bearer else "the customer it was issued to"),
            ("Uses", "several, in parts" if claims.several else "one"),
        ]
    )
    say(_UNKNOWN_REST)


def _public_key(setup: Setup, file: Path | None) -> PublicKey:
    if file is None:
        return SigningKey(setup.config.secrets.key_bytes()).public
    return PublicKey.from_pem(content_of(file))


def _genuine(text: str, public: PublicKey) -> Claims:
    try:
        read = read_signed(text)
    except Unreadable as reason:
        raise CodeNotGenuine(str(reason)) from reason
    if read.claims.key_id != public.key_id:
        raise CodeNotGenuine(
            "The voucher was signed with another key: by another shop, or before the key changed."
        )
    if not public.verifies(read.message, read.signature):
        raise CodeNotGenuine("The signature does not hold: the voucher was changed or forged.")
    return read.claims


def _refuse_other_days(claims: Claims, today: date) -> None:
    if claims.valid_until is not None and today > claims.valid_until:
        raise CodeNotGenuine(f"The voucher is genuine, but it was valid until {claims.valid_until}.")
    if claims.valid_from is not None and today < claims.valid_from:
        raise CodeNotGenuine(f"The voucher is genuine, but it is valid only from {claims.valid_from} on.")


def _claims(claims: Claims) -> dict[str, Any]:
    return {
        "code": claims.code,
        "kind": claims.kind,
        "value": claims.value,
        "currency": claims.currency,
        "valid_from": claims.valid_from,
        "valid_until": claims.valid_until,
        "several": claims.several,
        "bearer": claims.bearer,
    }


def _worth(claims: Claims, spoken: Words) -> str:
    if claims.kind in ("product", "service"):
        return f"a {claims.kind}, named on the voucher"
    return worth(Worth(kind=claims.kind, value=claims.value, currency=claims.currency), spoken)


def key(ctx: typer.Context) -> None:
    """Print the shop's public key, with which tills check vouchers without network.

    It is no secret. Its private half follows from the voucher key (secrets.voucher_key).

    \b
    Example:
      dolibarr-loyalty voucher key > shop.pem
    """
    sys.stdout.write(SigningKey(setup_of(ctx).config.secrets.key_bytes()).public.pem)


# printing --------------------------------------------------------------------------------------------


def print_run(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="Of the run; given again, the same codes are printed."),
    ],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many vouchers.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The PDF to write.")],
    reward: Annotated[
        str | None, typer.Option("--reward", metavar="REWARD", help="Vouchers of a reward.")
    ] = None,
    gift_card: Annotated[
        str | None, typer.Option("--gift-card", metavar="CARD", help="Gift cards, to be activated when sold.")
    ] = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="AMOUNT", help="What a gift card is worth.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", metavar="DAY", help="Last day; else as the reward says.")
    ] = None,
    per_page: Annotated[
        int, typer.Option("--per-page", metavar="1|8", help="One per A6 page, or eight per A4 sheet.")
    ] = 1,
    language: Annotated[
        str | None, typer.Option("--language", metavar="LANGUAGE", help="de, en or fr; else the shop's.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Print many vouchers that belong to whoever shows them, as one PDF.

    Vouchers of a reward are good at once and become a discount when they are used. Gift cards are worth nothing
    until `voucher activate`. Stopped half-way, the same command goes on and prints the same codes.

    \b
    Example:
      dolibarr-loyalty voucher print-run --name spring-fair --reward 5-off --count 500 --per-page 8 --out run.pdf
    """
    if per_page not in (1, 8):
        raise InputError("--per-page is 1 (a page each) or 8 (sheets to cut).")
    if language not in (None, "de", "en", "fr"):
        raise InputError("--language is de, en or fr.")
    setup = setup_of(ctx)
    wanted: dict[str, Any] = {
        "name": name,
        "count": count,
        "reward_id": reward,
        "gift_card_id": gift_card,
        "value": _amount(value),
        "until": _day(valid_until),
    }
    if dry_run:
        with setup.untouched() as loyalty:
            print_runs.plan(loyalty, **wanted)
        say(f"{count} vouchers would be printed as run {name}. Nothing was written.")
        return
    loyalty = setup.loyalty
    run = print_runs.plan(loyalty, **wanted)
    _writable(out)
    locale = language or setup.config.brand.language
    sheets: PerPage = 8 if per_page == 8 else 1
    with progress_bar() as advance:
        new = print_runs.make(loyalty, run, who=who(), progress=lambda done: advance("Making", done))
        content = print_run_pdf(
            print_runs.prints(loyalty, run, locale),
            loyalty.brand,
            locale,
            title=run.name,
            per_page=sheets,
            progress=lambda done: advance("Printing", done),
        )
    _write_private(out, content)
    say(f"Wrote {out}: {count} vouchers of run {run.name}, {new} of them new.")
    tell("The file holds usable codes: only its owner may read it. Delete it when it is printed.")
    if run.card is not None:
        tell("The cards are worth nothing until each is sold: `dolibarr-loyalty voucher activate CODE`.")


def activate(
    ctx: typer.Context,
    code: Code,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="The sale, such as the ticket's number.")
    ],
    sale: Annotated[
        str | None,
        typer.Option(
            "--sale", metavar="INVOICE", help="The paid sale of a card; it issues one less by itself."
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """A printed gift card was sold and paid: from now on it can be used, and is owed.

    Where the product that was sold issues gift cards by itself, name the sale: one card is owed for one payment,
    and a card that the sale has issued already gives way, unless it was used.

    \b
    Example:
      dolibarr-loyalty voucher activate N3MCVR-HMFQPT-SHRC39 --reason "till 1" --sale TC1-2611-0007
    """
    if not reason.strip():
        raise InputError("An activation needs a reason: the sale stands in the card's history.")
    setup = setup_of(ctx)
    if dry_run:
        with setup.untouched() as loyalty:
            found = lookups.silently(loyalty, code)
            card = _activated(loyalty, found.id, reason.strip(), sale)
    else:
        card = _activated(setup.loyalty, look_up(setup, code).id, reason.strip(), sale)
    if as_json:
        told = {"voucher": card.id, "state": str(card.state), "value": card.value, "left": card.remaining}
        show_json({"dry_run": dry_run, **told})
        return
    amount = setup.words.money(card.remaining, card.currency)
    say(f"{masked(card.last_four)} {'would be usable' if dry_run else 'can be used'}: {amount} are on it.")


def _activated(loyalty: Loyalty, voucher_id: str, reason: str, sale: str | None) -> Voucher:
    if sale is None:
        return print_runs.activate(loyalty, voucher_id, why=reason, who=who())
    return card_activation.activate_for_sale(loyalty, voucher_id, sale, why=reason, who=who())


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.replace(",", "."))
    except ArithmeticError:
        raise InputError(f"{text!r} is no amount. Write it such as 10 or 12.50.") from None
    if not amount.is_finite():
        raise InputError(f"{text!r} is no amount. Write it such as 10 or 12.50.")
    return amount


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no day. Write it as 2027-12-31.") from None


def _writable(path: Path) -> None:
    """Before a thousand vouchers are made, see that their file can be written."""
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"{path} cannot be written. Name a file in a folder that is yours.")


def _write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


# cards of before, and the register -------------------------------------------------------------------


def take_in(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A CSV file with code, value, currency, valid_until, member, sold_on, kind."
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Where the cards come from; it is kept.")
    ] = "import",
    gift_card: Annotated[
        str | None,
        typer.Option("--gift-card", metavar="CARD", help="Which gift card of the program they are."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take in gift cards and vouchers that were handed out before, with what is left on each.

    All mistakes of the file are told at once, and nothing is written while there is one. The same file again
    changes nothing. Only the keyed hashes of the codes are kept.

    \b
    Example:
      dolibarr-loyalty voucher import cards.csv --gift-card card --reason "cards of the old till" --dry-run
    """
    setup = setup_of(ctx)
    content = content_of(file)
    if dry_run:
        with setup.untouched() as loyalty:
            planned = legacy_cards.plan(loyalty, file.name, content, gift_card=gift_card)
        _tell_plan(setup, planned, as_json=as_json)
        return
    loyalty = setup.loyalty
    planned = legacy_cards.plan(loyalty, file.name, content, gift_card=gift_card)
    with progress_bar() as advance:
        batch = legacy_cards.take_in(
            loyalty, planned, reason=reason, who=who(), progress=lambda done: advance("Taking in", done)
        )
    if batch is None:
        if as_json:
            show_json({"dry_run": False, "new": 0, "known": planned.known, "import": None})
        else:
            say(f"Nothing is new in {file.name}: all {planned.known} cards are in already.")
        return
    with loyalty.database.reading() as tx:
        done = legacy_cards.certificate(tx, loyalty, batch.id)
    if as_json:
        show_json(
            {
                "dry_run": False,
                "new": done.cards,
                "known": planned.known,
                "amount": done.amount,
                "import": done.batch.id,
                "is_whole": done.is_whole,
            }
        )
        return
    _tell_easy(planned)
    amount = setup.words.money(done.amount, loyalty.program.currency)
    say(f"{done.cards} cards over {amount} are in the register, {planned.known} were already.")
    say(f"The certificate: dolibarr-loyalty imports {done.batch.id}")


def _tell_plan(setup: Setup, planned: legacy_cards.Plan, *, as_json: bool) -> None:
    amount = sum((card.value for card in planned.new), Decimal(0))
    if as_json:
        show_json({"dry_run": True, "new": len(planned.new), "known": planned.known, "amount": amount})
        return
    _tell_easy(planned)
    told = setup.words.money(amount, setup.config.program.currency)
    say(f"{len(planned.new)} cards over {told} are new, {planned.known} are in already. Nothing was written.")


def _tell_easy(planned: legacy_cards.Plan) -> None:
    if planned.easy:
        fewest = legacy_cards.EASY_TO_GUESS
        tell(
            f"{planned.easy} codes have fewer than {fewest} signs and can be guessed. Replace them when they are shown."
        )


def export(
    ctx: typer.Context,
    output: Annotated[str, typer.Argument(metavar="FILE", help="Where to write; - is the screen.")],
) -> None:
    """Write the register of vouchers into a CSV file: terms, state, and the sums of each one's movements.

    \b
    Example:
      dolibarr-loyalty voucher export vouchers.csv
    """
    loyalty = setup_of(ctx).loyalty
    if output == "-":
        for text in exporting_vouchers.exported(loyalty):
            sys.stdout.write(text)
        return
    path = Path(output)
    try:
        # With Excel's mark, so that names keep their accents there.
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        for text in exporting_vouchers.exported(loyalty):
            file.write(text)
    say(f"Wrote {path}.")


# attempts --------------------------------------------------------------------------------------------


def attempts(
    ctx: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were in vain.")] = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List who looked codes up, and what came of it; what was typed is kept as a keyed hash only.

    \b
    Example:
      dolibarr-loyalty voucher attempts --failed
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        found = table.latest(tx, 2**31 - 1 if wanted is None else wanted, failed=True if failed else None)
    if as_json:
        show_json(
            [
                {
                    "at": each.at,
                    "source": each.source,
                    "is_staff": each.is_staff,
                    "outcome": each.outcome,
                    "failed": each.failed,
                    "voucher": each.voucher_id,
                    "code": masked(each.last_four) if each.last_four else None,
                }
                for each in found
            ]
        )
        return
    show_table(
        ("When", "Source", "Outcome", "Voucher"),
        [
            (
                each.at.astimezone(setup.loyalty.zone).strftime("%Y-%m-%d %H:%M:%S"),
                each.source,
                each.outcome,
                masked(each.last_four) if each.last_four else "",
            )
            for each in found
        ],
    )
    if not found:
        say("There are none.")
