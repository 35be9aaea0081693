"""The summary of a demo as people read it: tables and next steps, in German, English or French."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dolibarr_loyalty.core.terms import POINTS, STAMPS, name_in
from dolibarr_loyalty.demo.figures import CardFigures, CauseFigures, ClubFigures, GiftCardFigures, TierFigures
from dolibarr_loyalty.demo.summary import Summary
from dolibarr_loyalty.flows.document_proofs import Deviation
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import referral_state

Rows = Iterable[tuple[str, str]]


def show(summary: Summary, console: Console, words: Words, folder: Path) -> None:
    """Print the summary for people; `folder` is written as they named it."""
    for title, rows in (
        (words.gettext("A year of the program"), _year(summary, words)),
        *_kinds(summary, words),
        *_vouchers(summary, words),
        (words.gettext("Mails sent"), _mails(summary, words)),
        (words.gettext("Is it all right?"), _proof(summary, words)),
    ):
        table = Table(title=title, show_header=False, title_justify="left", title_style="bold", min_width=64)
        table.add_column()
        table.add_column(justify="right")
        for left, right in rows:
            table.add_row(left, right)
        console.print(table)
    _where(console, words, folder)
    _next(summary, console, words, folder)


# what every program has ------------------------------------------------------------------------------------


def _year(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Members"), words.number(summary.status.members)
    yield words.gettext("Invoices and credit notes taken in"), words.number(summary.status.documents)
    if summary.unit == POINTS:
        yield from _points(summary, words)


def _points(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    held, number = summary.status, words.number
    given_away = sum(cause.points for cause in summary.figures.causes)
    yield words.gettext("Points issued"), number(held.issued)
    yield words.gettext("Points taken back for returned goods"), number(held.reversed)
    if given_away:
        yield words.gettext("Points given to good causes"), number(given_away)
    else:
        yield words.gettext("Points redeemed"), number(held.redeemed)
    yield words.gettext("Points expired"), number(held.expired)
    yield words.gettext("Points given as goodwill"), number(held.adjusted)
    yield words.gettext("Points in the hands of members"), number(held.outstanding)
    yield "  " + words.gettext("of these not yet free to spend"), number(held.pending)
    yield words.gettext("Points that members owe"), number(held.debt)


def _wallet(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    held, number = summary.of_unit, words.number
    yield words.gettext("Issued to members"), number(held.issued)
    yield words.gettext("Taken back for returned goods"), number(held.reversed)
    yield words.gettext("Redeemed"), number(held.redeemed)
    yield words.gettext("Expired"), number(held.expired)
    yield words.gettext("Given as goodwill"), number(held.adjusted)
    yield words.gettext("In the hands of members"), number(held.outstanding)
    yield words.gettext("Owed by members"), number(held.debt)


def _vouchers(summary: Summary, words: Words) -> Iterator[tuple[str, Rows]]:
    """Nothing where the program has no rewards."""
    if not summary.issued[0]:
        return
    rows = []
    for label, (count, value) in (
        (words.gettext("Issued"), summary.issued),
        (words.gettext("Used by customers"), summary.used),
        (words.gettext("Still open"), summary.open),
    ):
        worth = words.money(Decimal(value), summary.currency)
        rows.append(
            (label, words.gettext("%(number)s, worth %(worth)s", number=words.number(count), worth=worth))
        )
    yield words.gettext("Vouchers"), rows


def _mails(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    labels = _mail_labels(words)
    for kind, count in summary.mails:
        yield labels[kind], words.number(count)


def _mail_labels(words: Words) -> dict[str, str]:
    return {
        "welcome": words.gettext("Welcome"),
        "reward_near": words.gettext("A reward is within reach"),
        "voucher": words.gettext("Your voucher"),
        "gift_card": words.gettext("Your gift card"),
        "points_expiring": words.gettext("Points are about to expire"),
        "voucher_expiring": words.gettext("A voucher is about to expire"),
        "tier_up": words.gettext("A new tier is reached"),
        "tier_down": words.gettext("A tier has ended"),
        "tier_warning": words.gettext("A tier is about to end"),
        "birthday": words.gettext("Happy birthday"),
        "anniversary": words.gettext("A year of membership"),
        "club_welcome": words.gettext("Welcome to the club"),
        "club_ending": words.gettext("The club is about to end"),
        "donation_statement": words.gettext("What was given to good causes"),
        "referral_rewarded": words.gettext("A friend was recommended"),
    }


def _proof(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Ledger recomputed entry by entry"), _verdict(summary.verified, words)
    yield words.gettext("Compared with Dolibarr"), _verdict(summary.reconciled, words)


def _verdict(deviations: tuple[Deviation, ...], words: Words) -> str:
    number = len(deviations)
    if not number:
        return words.gettext("no deviation")
    return words.ngettext(
        "%(number)s deviation", "%(number)s deviations", number, number=words.number(number)
    )


# what a kind of program is about ---------------------------------------------------------------------------


def _kinds(summary: Summary, words: Words) -> Iterator[tuple[str, Rows]]:
    found, language = summary.figures, words.language
    if summary.unit != POINTS and not summary.unit.startswith(STAMPS):
        name = words.unit_name(summary.unit)
        yield name[:1].upper() + name[1:], _wallet(summary, words)
    for group in found.tiers:
        yield name_in(group.names, language, ""), _tiers(group, words)
    for card in found.cards:
        yield name_in(card.names, language, ""), _card(card, words)
    for club in found.clubs:
        yield name_in(club.names, language, ""), _club(club, words)
    for cause in found.causes:
        yield name_in(cause.names, language, ""), _cause(cause, words)
    if found.benefits:
        yield words.gettext("Benefits"), _benefits(summary, words)
    if found.activities:
        yield words.gettext("Activities"), _activities(summary, words)
    if found.referrals:
        rows = [(referral_state(state, words), words.number(count)) for state, count in found.referrals]
        yield words.gettext("Friends recommended"), rows
    if found.budgets:
        yield words.gettext("Promotions with a budget"), _budgets(summary, words)
    if found.partners:
        yield words.gettext("Partners pay for points"), _partners(summary, words)
    if found.gift_cards:
        yield words.gettext("Gift cards"), _gift_cards(found.gift_cards, summary, words)


def _tiers(group: TierFigures, words: Words) -> Iterator[tuple[str, str]]:
    for names, count in group.tiers:
        told = words.ngettext("%(number)s member", "%(number)s members", count, number=words.number(count))
        yield name_in(names, words.language, ""), told
    yield words.gettext("Climbs to a higher tier"), words.number(group.climbed)
    yield words.gettext("Tiers kept at their end"), words.number(group.kept)
    yield words.gettext("Falls to a lower tier"), words.number(group.fell)


def _card(card: CardFigures, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Stamps on members' cards"), words.number(card.stamps)
    yield words.gettext("Cards filled"), words.number(card.filled)
    yield words.gettext("Rewards taken for full cards"), words.number(card.taken)


def _club(club: ClubFigures, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("In the club now"), words.number(club.inside)
    yield words.gettext("Trials begun"), words.number(club.trials)
    yield words.gettext("Left early"), words.number(club.left)
    yield words.gettext("Fees, less what was paid back"), words.money(club.fees)
    paid, paying = words.number(club.paid_off), words.number(club.paying)
    yield (
        words.gettext("Has paid off for"),
        words.ngettext(
            "%(number)s of %(all)s member",
            "%(number)s of %(all)s members",
            club.paying,
            number=paid,
            all=paying,
        ),
    )


def _cause(cause: CauseFigures, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Members who gave"), words.number(cause.givers)
    yield words.gettext("Points given"), words.number(cause.points)
    yield words.gettext("What they are worth"), words.money(cause.given)
    yield words.gettext("Added by the shop"), words.money(cause.match)
    yield words.gettext("Payments drafted"), words.money(cause.paid)
    yield words.gettext("Still owed to the cause"), words.money(cause.owed)


def _benefits(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for each in summary.figures.benefits:
        name, times = name_in(each.names, words.language, ""), words.number(each.used or each.given)
        if each.given:
            yield (
                name,
                words.ngettext("given %(number)s time", "given %(number)s times", each.given, number=times),
            )
        elif each.worth:
            worth = words.money(each.worth, summary.currency)
            yield (
                name,
                words.ngettext(
                    "used %(number)s time, worth %(worth)s",
                    "used %(number)s times, worth %(worth)s",
                    each.used,
                    number=times,
                    worth=worth,
                ),
            )
        else:
            yield (
                name,
                words.ngettext("used %(number)s time", "used %(number)s times", each.used, number=times),
            )


def _gift_cards(cards: GiftCardFigures, summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    sold = words.money(cards.sold, summary.currency)
    yield (
        words.gettext("Sold"),
        words.gettext("%(number)s, worth %(worth)s", number=words.number(cards.cards), worth=sold),
    )
    yield words.gettext("Paid with them"), words.money(cards.used, summary.currency)
    yield words.gettext("Expired or cancelled"), words.money(cards.ended, summary.currency)
    yield words.gettext("Still to be used"), words.money(cards.left, summary.currency)


def _activities(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for names, count in summary.figures.activities:
        yield name_in(names, words.language, ""), words.number(count)
    yield (
        words.gettext("Refused, such as those without evidence"),
        words.number(summary.figures.refused_activities),
    )


def _budgets(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for names, used, budget in summary.figures.budgets:
        told = {"used": words.number(used), "budget": words.number(budget)}
        yield name_in(names, words.language, ""), words.gettext("%(used)s of %(budget)s points", **told)


def _partners(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    for names, amount in summary.figures.partners:
        yield name_in(names, words.language, ""), words.money(amount, summary.currency)


# what to do now --------------------------------------------------------------------------------------------


def _where(console: Console, words: Words, folder: Path) -> None:
    console.print()
    console.print(words.gettext("Where it all lies"), style="bold", markup=False)
    for name, what in (
        ("loyalty.toml", words.gettext("the settings and the program, explained line by line")),
        ("loyalty.sqlite3", words.gettext("members, points, vouchers")),
        (
            "mails/",
            words.gettext("every mail that was sent, as a Maildir: open it with any mail program"),
        ),
        (
            "sandbox.sqlite3",
            words.gettext("the Dolibarr stand-in; it is started whenever a command needs it"),
        ),
    ):
        console.print(f"  {folder / name}", what, sep="  ", markup=False, highlight=False, soft_wrap=True)


def _next(summary: Summary, console: Console, words: Words, folder: Path) -> None:
    console.print()
    console.print(words.gettext("Try next"), style="bold", markup=False)
    console.print(f"  cd {folder}", markup=False, highlight=False, soft_wrap=True)
    told = _what_commands_show(words)
    for command, what in summary.commands:
        line = f"  dolibarr-loyalty {command}"
        console.print(line, f"# {told[what]}", sep="  ", markup=False, highlight=False, soft_wrap=True)


def _what_commands_show(words: Words) -> dict[str, str]:
    return {
        "status": words.gettext("how the program stands"),
        "member": words.gettext("one member, with points and vouchers"),
        "history": words.gettext("every point of this member, and why"),
        "explain": words.gettext("how an invoice became points"),
        "referrals": words.gettext("who recommended whom, and what came of it"),
        "partner": words.gettext("what the partner owes for last month"),
        "tiers": words.gettext("how many members each tier has"),
        "tier": words.gettext("one member's tier, and what is missing to the next"),
        "cards": words.gettext("all stamp cards"),
        "card": words.gettext("how full one member's cards are"),
        "clubs": words.gettext("who is in the club, and until when"),
        "club": words.gettext("whether the club has paid off for one member"),
        "causes": words.gettext("what each cause was given and is owed"),
        "activities": words.gettext("what one member did"),
        "rewards": words.gettext("the rewards, and what one member can have now"),
        "pool": words.gettext("a household that spends together"),
        "gift cards": words.gettext("the gift cards that were sold"),
        "vouchers": words.gettext("all vouchers"),
        "verify": words.gettext("recompute the whole ledger"),
        "reconcile": words.gettext("compare it with Dolibarr"),
    }
