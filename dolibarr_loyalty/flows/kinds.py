"""What a member is shown to have beside a balance: tiers, wallets, stamp cards, clubs, benefits."""

from collections.abc import Iterable
from dataclasses import dataclass

from dolibarr_loyalty.flows import benefits, cards, clubs, tiers
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import tier_progress
from dolibarr_loyalty.store import ledger
from dolibarr_loyalty.store.database import Tx

LONGEST = 250  # signs a text field of Dolibarr takes, less a little


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Texts for screens, each of one line, empty where the member has nothing of it; `tags` to be carried."""

    tier: str = ""
    cards: str = ""
    club: str = ""
    benefits: str = ""
    wallets: str = ""
    tags: frozenset[str] = frozenset()

    def as_facts(self) -> tuple[tuple[str, str], ...]:
        """(heading, text) of what there is, for a person at the counter."""
        told = (
            ("Tier", self.tier),
            ("Wallets", self.wallets),
            ("Stamp cards", self.cards),
            ("Club", self.club),
            ("Benefits", self.benefits),
        )
        return tuple((heading, text) for heading, text in told if text)


def kinds_of(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> Kinds:
    """What a member has by every kind of program that is set up; what is not set up costs no question."""
    program, language = loyalty.program, loyalty.screens.language
    words = loyalty.brand.words(language)
    in_tiers = tiers.shown(tx, loyalty, thirdparty_id) if program.tier_groups else ()
    in_clubs = clubs.shown(tx, loyalty, thirdparty_id) if program.clubs else []
    entitled = benefits.shown(tx, loyalty, thirdparty_id) if program.benefits else []
    held = cards.shown(tx, loyalty, thirdparty_id) if program.cards else ()
    tags = {each.tag for each in in_tiers} | {each.tag for each in in_clubs}
    tags |= {each.tag for each in entitled}
    return Kinds(
        tier=_line(_tier(each, words, language) for each in in_tiers),
        cards=_line(_card(each, words, language) for each in held if each.stamps or each.full or each.owed),
        club=_line(
            words.gettext(
                "%(club)s until %(day)s",
                club=each.club.name(language),
                day=words.day(loyalty.last_day(each.span.grace_from)),
            )
            for each in in_clubs
        ),
        benefits=_line(each.benefit.name(language) for each in entitled),
        wallets=_line(_wallets(tx, loyalty, thirdparty_id, words)),
        tags=frozenset(tags - {""}),
    )


def _tier(shown: tiers.Shown, words: Words, language: str) -> str:
    ahead = shown.outlook
    return tier_progress(
        words,
        tier=shown.tier,
        to_next=words.units(ahead.to_next, ahead.group.unit),
        following=ahead.next.name(language) if ahead.next else "",
    )


def _card(shown: cards.CardShown, words: Words, language: str) -> str:
    told = f"{shown.name(language)} {shown.stamps}/{shown.card.size}"
    if shown.owed:
        return f"{told} −{shown.owed}"
    return f"{told} +{shown.full}×{shown.card.size}" if shown.full else told


def _wallets(tx: Tx, loyalty: Loyalty, thirdparty_id: int, words: Words) -> Iterable[str]:
    units = [wallet.unit for wallet in loyalty.program.wallets if wallet.unit != loyalty.unit]
    if not units:
        return
    for (_, unit), account in ledger.load_units(tx, [thirdparty_id], units).items():
        if account.balance:
            yield words.units(account.balance, unit)


def _line(texts: Iterable[str]) -> str:
    line = " · ".join(text for text in texts if text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"
