"""Reading [program] with all the tables inside it, and checking what they say together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import chain
from typing import Any, TypeVar

from dolibarr_loyalty.config import checks, kind_checks, voucher_checks
from dolibarr_loyalty.config.card_tables import CardTable, PoolingTable, WalletTable
from dolibarr_loyalty.config.checks import Placed, Written
from dolibarr_loyalty.config.gift_card_tables import GiftCardTable
from dolibarr_loyalty.config.lines import Place
from dolibarr_loyalty.config.people_tables import (
    ActivityTable,
    AnniversaryTable,
    BirthdayTable,
    CauseTable,
    PartnerTable,
    ReferralTable,
)
from dolibarr_loyalty.config.program_tables import (
    CapTable,
    EarnTable,
    ExcludeTable,
    ExpiryTable,
    MembersTable,
    MultiplyTable,
    ProgramTable,
    RewardTable,
    VouchersTable,
)
from dolibarr_loyalty.config.promotion_tables import PromotionTable
from dolibarr_loyalty.config.reading import Reader
from dolibarr_loyalty.config.tier_tables import BenefitTable, ClubTable, SegmentTable, TiersTable
from dolibarr_loyalty.core.program import Cap, Program, Reward, Rule

PROGRAM_TABLES: dict[str, type] = {
    "exclude": ExcludeTable,
    "expiry": ExpiryTable,
    "vouchers": VouchersTable,
    "members": MembersTable,
    "pooling": PoolingTable,
}
# Tables that switch something on by being there.
PROGRAM_OPTIONS: dict[str, type] = {
    "birthday": BirthdayTable,
    "anniversary": AnniversaryTable,
    "referral": ReferralTable,
}
PROGRAM_LISTS: dict[str, type] = {
    "earn": EarnTable,
    "multiply": MultiplyTable,
    "promotion": PromotionTable,
    "cap": CapTable,
    "reward": RewardTable,
    "gift_card": GiftCardTable,
    "wallet": WalletTable,
    "card": CardTable,
    "tiers": TiersTable,
    "benefit": BenefitTable,
    "club": ClubTable,
    "cause": CauseTable,
    "activity": ActivityTable,
    "partner": PartnerTable,
    "segment": SegmentTable,
}

Value = TypeVar("Value")


class ProgramReader:
    """Reads [program]; `names_generic_customers` says whether the owner spoke of tills."""

    def __init__(self, reader: Reader, data: Any) -> None:
        self.reader = reader
        self.data: dict[str, Any] = dict(data) if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            reader.mistakes.add(("program",), "is not a table.", "Write [program] on a line of its own.")
        self.names_generic_customers = False

    def read(self) -> Program | None:
        """The program, or None when something was wrong and has been noted."""
        head = self._head()
        lists = {name: self._list(name) for name in PROGRAM_LISTS}
        single = {name: self._single(name) for name in PROGRAM_TABLES}
        options = {name: self._single(name) for name in PROGRAM_OPTIONS if name in self.data}
        exclude, members = single["exclude"], single["members"]
        written = Written(
            ids=self._ids(),
            rules=_rules(lists),
            caps=_caps(lists),
            rewards=_rewards(lists),
            gift_cards=_made(lists["gift_card"], GiftCardTable.gift_card),
            vouchers=single["vouchers"].terms() if single["vouchers"] else None,
            exclusions=(exclude or ExcludeTable()).exclusions(),
            max_balance=head.max_balance if head else None,
            starts_on=head.starts_on if head else None,
            welcome_points=head.welcome_points if head else 0,
            birthday=_option(options, "birthday", BirthdayTable.birthday),
            anniversary=_option(options, "anniversary", AnniversaryTable.anniversary),
            referral=_option(options, "referral", ReferralTable.referral),
            wallets=_made(lists["wallet"], WalletTable.wallet),
            cards=_made(lists["card"], CardTable.card),
            tier_groups=_made(lists["tiers"], TiersTable.group),
            benefits=_made(lists["benefit"], BenefitTable.benefit),
            clubs=_made(lists["club"], ClubTable.club),
            activities=_made(lists["activity"], ActivityTable.activity),
            gives=any(self._written(name) for name in ("earn", "promotion", "card", "activity")),
            is_whole=all(len(found) == len(self._written(name)) for name, found in lists.items()),
        )
        for finding in chain(
            checks.mistakes(written), kind_checks.mistakes(written), voucher_checks.mistakes(written)
        ):
            self.reader.mistakes.add(*finding)
        if head is None or None in single.values() or None in options.values():
            return None
        self.names_generic_customers = members.generic_customers is not None
        return head.program(
            rules=_values(written.rules),
            caps=_values(written.caps),
            exclusions=written.exclusions,
            expiry=single["expiry"].expiry(),
            rewards=_values(written.rewards),
            gift_cards=_values(written.gift_cards),
            vouchers=single["vouchers"].terms(),
            membership=members.membership(),
            wallets=_values(written.wallets),
            cards=_values(written.cards),
            tier_groups=_values(written.tier_groups),
            benefits=_values(written.benefits),
            clubs=_values(written.clubs),
            charities=_values(_made(lists["cause"], CauseTable.charity)),
            activities=_values(written.activities),
            birthday=written.birthday,
            anniversary=written.anniversary,
            referral=written.referral,
            partners=_values(_made(lists["partner"], PartnerTable.partner)),
            segments=_values(_made(lists["segment"], SegmentTable.segment)),
            pooling=single["pooling"].pooling(),
        )

    def _head(self) -> ProgramTable | None:
        """The settings of [program] itself."""
        inner = (*PROGRAM_TABLES, *PROGRAM_OPTIONS, *PROGRAM_LISTS)
        scalars = {name: value for name, value in self.data.items() if name not in inner}
        known = (*(field.name for field in fields(ProgramTable)), *inner)
        self.reader.refuse_unknown(scalars, known, ("program",))
        right = {name: value for name, value in scalars.items() if name in known}
        return self.reader.table(ProgramTable, right, ("program",))

    def _single(self, name: str) -> Any:
        schema = (PROGRAM_TABLES | PROGRAM_OPTIONS)[name]
        return self.reader.table(schema, self.data.get(name, {}), ("program", name))

    def _list(self, name: str) -> list[tuple[Place, Any]]:
        return self.reader.tables(PROGRAM_LISTS[name], self.data.get(name, []), ("program", name))

    def _written(self, name: str) -> list[Any]:
        """The tables of a list as they stand in the file."""
        written = self.data.get(name, [])
        return written if isinstance(written, list) else []

    def _ids(self) -> dict[str, list[tuple[Place, str]]]:
        """The ids that each list of tables gives, whether or not the rest of each table can be read.

        "card rule" and "card reward" are those of cards whose rule or reward stands inside them.
        """
        found = {name: list(_ids_in(self._written(name), ("program", name))) for name in PROGRAM_LISTS}
        found["tier"] = [
            tier
            for number, group in enumerate(self._written("tiers"))
            if isinstance(group, dict) and isinstance(group.get("tier"), list)
            for tier in _ids_in(group["tier"], ("program", "tiers", number, "tier"))
        ]
        cards = [(place, name, self._written("card")[int(place[-1])]) for place, name in found["card"]]
        found["card rule"] = [(place, name) for place, name, card in cards if card.get("per") != "rules"]
        found["card reward"] = [
            (place, name)
            for place, name, card in cards
            if isinstance(card.get("reward"), dict) and "id" not in card["reward"]
        ]
        return found


def _ids_in(tables: Iterable[Any], place: Place) -> Iterator[tuple[Place, str]]:
    for number, table in enumerate(tables):
        if isinstance(table, dict) and isinstance(table.get("id"), str):
            yield (*place, number), table["id"]


def _rules(lists: Mapping[str, Placed[Any]]) -> Placed[Rule]:
    """Standing rules, multipliers, promotions, then the rules of stamp cards."""
    found = [
        (place, table.as_rule()) for name in ("earn", "multiply", "promotion") for place, table in lists[name]
    ]
    return [*found, *_several(lists["card"], CardTable.rules)]


def _caps(lists: Mapping[str, Placed[Any]]) -> Placed[Cap]:
    """The caps that have a table of their own, then those inside promotions and cards."""
    return [
        *(((*place, "points"), table.cap()) for place, table in lists["cap"]),
        *(
            ((*place, name), cap)
            for place, table in (*lists["promotion"], *lists["card"])
            for name, cap in table.caps()
        ),
    ]


def _rewards(lists: Mapping[str, Placed[Any]]) -> Placed[Reward]:
    """Rewards, then those of stamp cards."""
    return [*_made(lists["reward"], RewardTable.reward), *_several(lists["card"], CardTable.rewards)]


def _made(tables: Placed[Any], value: Any) -> Placed[Any]:
    return [(place, value(table)) for place, table in tables]


def _several(tables: Placed[Any], values: Any) -> Placed[Any]:
    return [(place, value) for place, table in tables for value in values(table)]


def _option(options: Mapping[str, Any], name: str, value: Any) -> Any:
    return value(options[name]) if options.get(name) is not None else None


def _values(placed: Placed[Value]) -> tuple[Value, ...]:
    return tuple(value for _, value in placed)
