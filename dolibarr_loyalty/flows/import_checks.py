"""Whether the lines of a file to be taken in fit the members and the program; every mistake is collected."""

from collections.abc import Iterable

from dolibarr_loyalty.core.occasions import is_birthday
from dolibarr_loyalty.core.wallets import find_unit
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.moving_files import Line
from dolibarr_loyalty.store.imports import Called


class Checks:
    """Knows everybody by all names and collects mistakes as (line, what to write instead)."""

    def __init__(self, loyalty: Loyalty, directory: Iterable[Called], reason: str) -> None:
        self.loyalty, self.reason = loyalty, reason
        self.mistakes: list[tuple[int, str]] = []
        self._by_id: dict[int, Called] = {}
        self._by_name: dict[str, set[int]] = {}
        self._by_card: dict[str, int] = {}
        for called in directory:
            self._enter(called)

    def _enter(self, called: Called) -> None:
        self._by_id[called.thirdparty_id] = called
        if called.is_gone:
            return
        for name in (called.customer_code, called.email, called.card_number):
            if name:
                self._by_name.setdefault(name.casefold(), set()).add(called.thirdparty_id)
        if called.card_number:
            self._by_card[called.card_number.casefold()] = called.thirdparty_id

    def wrong(self, line: Line, what: str) -> None:
        """Note a mistake of a line."""
        self.mistakes.append((line.number, what))

    def member_of(self, line: Line) -> Called | None:
        """Whom a line means; one who was merged is the one merged into. None after noting the mistake."""
        text = line.member.casefold()
        only_id = text.startswith("id:")
        number = text.removeprefix("id:")
        found = set() if only_id else set(self._by_name.get(text, ()))
        if number.isascii() and number.isdecimal() and len(number) < 19:
            found |= {each for each in [self._heir(int(number))] if each is not None}
        if len(found) == 1:
            return self._by_id[found.pop()]
        if found:
            listed = ", ".join(f"id:{each}" for each in sorted(found))
            self.wrong(line, f"means several members by {line.member!r}. Write one of {listed}.")
        else:
            self.wrong(
                line,
                f"names {line.member!r}, whom nobody knows. Check it, or bring new customers in with "
                "`dolibarr-loyalty sync` first.",
            )
        return None

    def check(self, lines: Iterable[Line]) -> None:
        """Look at every line that is not in yet; one that is in was right when it came."""
        cards: dict[str, Line] = {}
        for line in lines:
            if line.kind == "card":
                first = cards.setdefault(line.card.casefold(), line)
                if first is not line:
                    self.wrong(line, f"gives card {line.card!r} again, which line {first.number} gives.")
            getattr(self, f"_check_{line.kind}")(line)

    def _heir(self, thirdparty_id: int) -> int | None:
        seen: set[int] = set()
        while (called := self._by_id.get(thirdparty_id)) is not None and thirdparty_id not in seen:
            if not called.is_gone:
                return thirdparty_id
            seen.add(thirdparty_id)
            thirdparty_id = called.merged_into or thirdparty_id
        return None

    def _check_lot(self, line: Line) -> None:
        program, now = self.loyalty.program, self.loyalty.now()
        if line.unit not in program.units:
            meant = find_unit(program, line.unit)
            known = f"Write {meant!r}." if meant else f"The program has: {', '.join(program.units)}."
            self.wrong(line, f"has the unit {line.unit!r}, which the program has not. {known}")
        if line.earned_at is not None and line.earned_at > now:
            self.wrong(line, "was earned in the future. Check earned_on.")
        if line.expires_at is not None and line.expires_at <= now:
            self.wrong(line, "has ended already. Take the line out, or write a later expires_at.")
        elif (
            line.expires_at is not None
            and line.available_at is not None
            and line.available_at >= line.expires_at
        ):
            self.wrong(line, "is available only when it is over. Check available_at and expires_at.")

    def _check_card(self, line: Line) -> None:
        owner = self._by_card.get(line.card.casefold())
        called = self.member_of(line)
        if owner is not None and called is not None and owner != called.thirdparty_id:
            self.wrong(line, f"gives card {line.card!r}, which third party {owner} has.")

    def _check_tier(self, line: Line) -> None:
        group = next((each for each in self.loyalty.program.tier_groups if each.id == line.group), None)
        if group is None:
            groups = ", ".join(each.id for each in self.loyalty.program.tier_groups) or "none"
            self.wrong(line, f"has the tier group {line.group!r}. The program has: {groups}.")
        elif group.tier(line.tier) is None:
            tiers = ", ".join(tier.id for tier in group.tiers)
            self.wrong(line, f"has the tier {line.tier!r}. Group {line.group!r} has: {tiers}.")
        if line.until is not None and line.until < self.loyalty.today():
            self.wrong(line, f"ends on {line.until}, which is over. Take it out, or write a later day.")
        called = self.member_of(line)
        if called is not None and not called.is_member:
            self.wrong(line, f"is for {called.name}, who is not a member of the program.")

    def _check_birthday(self, line: Line) -> None:
        if line.born is not None and not is_birthday(line.born, self.loyalty.today()):
            self.wrong(line, f"has the birthday {line.born}, on which nobody of ours was born.")
