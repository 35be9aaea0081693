"""Every failure this package raises, as one tree; the sentence a person reads lives in the class.

LoyaltyError
 ├─ ConfigurationError        what the owner wrote is wrong or missing          exit code 2
 │   └─ ConfigMistakes        all mistakes of loyalty.toml at once
 ├─ InputError                what was asked for does not exist or is unclear   exit code 2
 │   ├─ UnknownMember, AmbiguousMember, UnknownReward, UnknownVoucher, UnknownInvoice
 │   ├─ UnknownClub, UnknownBenefit, UnknownUse
 │   ├─ UnknownUnit
 │   ├─ UnknownActivity, FileMistakes, CodeMadeElsewhere
 │   ├─ UnknownCharity, UnknownReservation, UnknownTicket
 ├─ Refused                   a rule of the program says no                     exit code 1
 │   ├─ InsufficientPoints, VoucherNotUsable, InvoiceNotPayable, RewardNotAvailable
 │   ├─ ClubNotAvailable, BenefitNotAvailable
 │   ├─ CodeNotAccepted, CodeNotGenuine, TooManyAttempts
 │   ├─ TransferRefused, PoolRefused, ReservationOver, TicketNotPayable
 ├─ Conflict                  another writer was faster: decide again           never leaves a flow
 ├─ KeyReused                 one idempotency key, two different inputs         exit code 1
 ├─ StoreUnavailable          the database does not answer                      exit code 3
 └─ OutsideFailure            a connector failed; its word decides the retry
     ├─ TemporaryFailure      later it may work                                 exit code 3
     │   └─ Unreachable       nobody answers there: stop asking for now         exit code 3
     ├─ PermanentFailure      never, with this input                            exit code 1
     └─ ConfigurationFailure  not before somebody changes a setting             exit code 2
"""

from collections.abc import Sequence
from dataclasses import dataclass


class LoyaltyError(Exception):
    """Anything this package raises on purpose."""

    exit_code = 1


class ConfigurationError(LoyaltyError):
    """A setting is wrong or missing."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake in a file of the owner: where it stands, what is wrong, what to write instead."""

    place: str
    problem: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, {self.place}" if self.line else self.place
        return f"{where}: {self.problem} {self.remedy}".strip()


class ConfigMistakes(ConfigurationError):
    """All mistakes of one file, reported at once."""

    def __init__(self, file: str, mistakes: Sequence[Mistake]) -> None:
        self.file, self.mistakes = file, tuple(mistakes)
        lines = "\n".join(f"  - {mistake}" for mistake in self.mistakes)
        super().__init__(f"{file} has {len(self.mistakes)} mistake(s):\n{lines}")


class InputError(LoyaltyError):
    """What was asked for does not exist, or is not clear."""

    exit_code = 2


class UnknownMember(InputError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"No member matches {wanted!r}. Give a third party id, a customer code, an email address or a "
            "card number; `dolibarr-loyalty sync` brings in customers who are new in Dolibarr."
        )


class AmbiguousMember(InputError):
    """Several members match; `candidates` lists (third party id, name) of each."""

    def __init__(self, wanted: str, candidates: Sequence[tuple[int, str]]) -> None:
        self.candidates = tuple(candidates)
        listed = "\n".join(f"  {identifier}  {name}" for identifier, name in self.candidates)
        super().__init__(
            f"{wanted!r} matches {len(self.candidates)} members. "
            f"Name one by its id, as in id:{self.candidates[0][0]}:\n{listed}"
        )


class UnknownReward(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no reward {wanted!r}. The program offers: {', '.join(known) or 'none'}.")


class UnknownActivity(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no activity {wanted!r}. The program knows: {', '.join(known) or 'none'}. "
            "`dolibarr-loyalty activity list MEMBER` shows what was recorded."
        )


class FileMistakes(InputError):
    """All mistakes of a file to be taken in, at once; nothing of it was written."""

    def __init__(self, file: str, mistakes: Sequence[tuple[int, str]]) -> None:
        self.file, self.mistakes = file, tuple(mistakes)
        lines = "\n".join(f"  - line {line}: {mistake}" for line, mistake in self.mistakes)
        super().__init__(f"{file} has {len(self.mistakes)} mistake(s), nothing was written:\n{lines}")


class UnknownCharity(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no cause {wanted!r}. The program knows: {', '.join(known) or 'none'}.")


class UnknownClub(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no club {wanted!r}. The program has: {', '.join(known) or 'none'}.")


class UnknownBenefit(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no benefit {wanted!r}. The program has: {', '.join(known) or 'none'}.")


class UnknownUse(InputError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"This member has no use {wanted!r} of a benefit. `dolibarr-loyalty benefit list MEMBER` shows them."
        )


class UnknownVoucher(InputError):
    def __init__(self) -> None:
        super().__init__("No voucher has this code. Check it sign by sign; it is printed on the voucher.")


class CodeMadeElsewhere(InputError):
    def __init__(self, voucher: str) -> None:
        super().__init__(
            f"The code of {voucher} was made elsewhere. Only its keyed hash is kept, so it cannot be shown or "
            "printed again; the card itself bears it."
        )


class UnknownInvoice(InputError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"Invoice {wanted} is not known here. Give the invoice's id or ref; `dolibarr-loyalty sync` "
            "fetches what is new in Dolibarr."
        )


class UnknownReservation(InputError):
    def __init__(self, key: str) -> None:
        super().__init__(
            f"There is no reservation {key!r}. `dolibarr-loyalty reserve list` shows those that hold something."
        )


class UnknownTicket(InputError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"No open ticket matches {wanted!r}. `dolibarr-loyalty till tickets` shows those that are open."
        )


class UnknownUnit(InputError):
    def __init__(self, wanted: str, known: Sequence[str]) -> None:
        super().__init__(
            f"The program has no {wanted!r} to give or take. It has: {', '.join(known)}. Tiers are set by hand "
            "with `dolibarr-loyalty tier set`."
        )


class Refused(LoyaltyError):
    """A rule of the program says no; nothing has changed."""


class InsufficientPoints(Refused):
    def __init__(self, member: str, *, wanted: int, has: int, unit: str = "points") -> None:
        self.wanted, self.has = wanted, has
        super().__init__(
            f"{member} has {has} {unit} to spend, {wanted} are needed: {wanted - has} are missing."
        )


class RewardNotAvailable(Refused):
    def __init__(self, reward: str, reason: str) -> None:
        super().__init__(f"Reward {reward!r} cannot be given: {reason}")


class DonationRefused(Refused):
    def __init__(self, charity: str, reason: str) -> None:
        super().__init__(f"Cause {charity!r}: {reason}")


class ClubNotAvailable(Refused):
    def __init__(self, club: str, reason: str) -> None:
        super().__init__(f"Club {club!r}: {reason}")


class BenefitNotAvailable(Refused):
    def __init__(self, benefit: str, reason: str) -> None:
        super().__init__(f"Benefit {benefit!r} cannot be used: {reason}")


class VoucherNotUsable(Refused):
    def __init__(self, voucher: str, reason: str) -> None:
        super().__init__(f"Voucher {voucher} cannot be used: {reason}")


class CodeNotAccepted(Refused):
    """What strangers hear of a code that is wrong, unknown, somebody else's, used or over: always the same."""

    def __init__(self) -> None:
        super().__init__(
            "This code is not accepted. Check it sign by sign; if it is right, the shop can say why."
        )


class CodeNotGenuine(Refused):
    """A signed text that does not hold, or is not good today; the sentence says why."""


class TooManyAttempts(Refused):
    def __init__(self, again_at: str) -> None:
        super().__init__(f"Too many wrong codes. No code is looked up now; try again at {again_at}.")


class InvoiceNotPayable(Refused):
    def __init__(self, invoice: str, reason: str) -> None:
        super().__init__(f"Invoice {invoice} cannot be paid with a voucher: {reason}")


class ReservationOver(Refused):
    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Reservation {key!r}: {reason}")


class TicketNotPayable(Refused):
    def __init__(self, ticket: str, reason: str) -> None:
        super().__init__(f"Ticket {ticket} cannot take this voucher: {reason}")


class TransferRefused(Refused):
    def __init__(self, giver: str, taker: str, reason: str) -> None:
        super().__init__(f"{giver} cannot give anything to {taker}: {reason}")


class PoolRefused(Refused):
    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"The pool of {member} stays as it is: {reason}")


class Conflict(LoyaltyError):
    """Another writer was faster on the same account or row; read again and decide again."""


class KeyReused(LoyaltyError):
    def __init__(self, key: str) -> None:
        super().__init__(
            f"The idempotency key {key!r} was used before with another input. Nothing was booked; "
            "look at the entry with `dolibarr-loyalty member history` and give the new input a new key."
        )


class StoreUnavailable(LoyaltyError):
    """The loyalty database does not answer or refused to write."""

    exit_code = 3


class OutsideFailure(LoyaltyError):
    """A system outside failed. `retry_after` is in seconds where that system named it."""

    retry_after: float | None = None


class TemporaryFailure(OutsideFailure):
    """It may work later: refused connections, time-outs, 429, 5xx. `unclear`: it may have been carried out."""

    exit_code = 3

    def __init__(self, message: str, *, retry_after: float | None = None, unclear: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.unclear = unclear


class Unreachable(TemporaryFailure):
    """The other side does not answer at all; nothing was carried out, and asking for more now is in vain."""


class PermanentFailure(OutsideFailure):
    """It will never work with this input. `status` is the answer's HTTP or SMTP code where there is one."""

    exit_code = 1

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ConfigurationFailure(OutsideFailure):
    """It will work once somebody changes a setting: a key, a right, a module, an address."""

    exit_code = 2
