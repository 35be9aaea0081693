"""What staff see in Dolibarr: agenda events, the extrafield of the next reward, names of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.facts import Goal, Worth
from dolibarr_loyalty.messages.names import worth as worth_in_words


@dataclass(frozen=True, kw_only=True)
class AgendaEvent:
    """The label and the note of an event in the customer's agenda."""

    label: str
    note: str


def redemption(words: Words, *, reward: str, points: int, balance: int) -> AgendaEvent:
    """Points were redeemed."""
    return AgendaEvent(
        label=words.gettext("Redeemed: %(reward)s", reward=reward),
        note=words.gettext(
            "%(points)s redeemed for “%(reward)s”. New balance: %(balance)s.",
            points=words.points(points),
            reward=reward,
            balance=words.points(balance),
        ),
    )


def voucher_issued(
    words: Words, *, worth: Worth, last_four: str, valid_until: date | None, credit_note: str = ""
) -> AgendaEvent:
    """A voucher was issued; the note names it by the last signs of its code."""
    phrase = worth_in_words(worth, words)
    if valid_until is None:
        note = words.gettext("Voucher …%(last_four)s for %(worth)s.", last_four=last_four, worth=phrase)
    else:
        note = words.gettext(
            "Voucher …%(last_four)s for %(worth)s, valid until %(day)s.",
            last_four=last_four,
            worth=phrase,
            day=words.day(valid_until),
        )
    if credit_note:
        note += "\n" + words.gettext("Credit note: %(ref)s.", ref=credit_note)
    return AgendaEvent(label=words.gettext("Voucher issued: %(worth)s", worth=phrase), note=note)


def voucher_used(
    words: Words, *, worth: Worth, last_four: str, invoice: str, left: Worth | None
) -> AgendaEvent:
    """A voucher was used on an invoice, with `left` remaining of it or (None) wholly."""
    facts = {"worth": worth_in_words(worth, words), "last_four": last_four, "invoice": invoice}
    if left is None:
        note = words.gettext("Voucher …%(last_four)s was used on invoice %(invoice)s: %(worth)s.", **facts)
    else:
        note = words.gettext(
            "Voucher …%(last_four)s was used on invoice %(invoice)s: %(worth)s. Still left: %(left)s.",
            left=worth_in_words(left, words),
            **facts,
        )
    return AgendaEvent(label=words.gettext("Voucher used: %(worth)s", worth=facts["worth"]), note=note)


def voucher_cancelled(words: Words, *, worth: Worth, last_four: str, points: int = 0) -> AgendaEvent:
    """A voucher was cancelled and so many points came back."""
    phrase = worth_in_words(worth, words)
    if points:
        note = words.gettext(
            "Voucher …%(last_four)s for %(worth)s was cancelled. Returned: %(points)s.",
            last_four=last_four,
            worth=phrase,
            points=words.points(points),
        )
    else:
        note = words.gettext(
            "Voucher …%(last_four)s for %(worth)s was cancelled.", last_four=last_four, worth=phrase
        )
    return AgendaEvent(label=words.gettext("Voucher cancelled: %(worth)s", worth=phrase), note=note)


def voucher_replaced(words: Words, *, worth: Worth, last_four: str, lost: str) -> AgendaEvent:
    """A lost voucher was replaced by one with a new code."""
    phrase = worth_in_words(worth, words)
    return AgendaEvent(
        label=words.gettext("Voucher replaced: %(worth)s", worth=phrase),
        note=words.gettext(
            "Voucher …%(lost)s was lost; …%(last_four)s for %(worth)s stands in its place.",
            lost=lost,
            last_four=last_four,
            worth=phrase,
        ),
    )


def voucher_expired(words: Words, *, worth: Worth, last_four: str, points: int = 0) -> AgendaEvent:
    """A voucher reached its end unused; `points` came back where the terms say so."""
    phrase = worth_in_words(worth, words)
    if points:
        note = words.gettext(
            "Voucher …%(last_four)s for %(worth)s has expired unused. Returned: %(points)s.",
            last_four=last_four,
            worth=phrase,
            points=words.points(points),
        )
    else:
        note = words.gettext(
            "Voucher …%(last_four)s for %(worth)s has expired unused.", last_four=last_four, worth=phrase
        )
    return AgendaEvent(label=words.gettext("Voucher expired: %(worth)s", worth=phrase), note=note)


def points_changed(words: Words, *, points: int) -> AgendaEvent:
    """An invoice gave points, or took some back."""
    if points >= 0:
        return AgendaEvent(
            label=words.gettext("Earned: %(points)s", points=words.points(points)),
            note=words.gettext("The points of this invoice were credited."),
        )
    return AgendaEvent(
        label=words.gettext("Taken back: %(points)s", points=words.points(-points)),
        note=words.gettext("The points of this invoice were taken back, because it changed."),
    )


def charge_proposed(words: Words, *, points: int, amount: Decimal) -> AgendaEvent:
    """Goods came back whose points are spent; the program's terms allow to charge them."""
    return AgendaEvent(
        label=words.gettext("Charge proposed: %(amount)s", amount=words.money(amount)),
        note=words.gettext(
            "Goods came back whose points are already spent. Missing: %(points)s, worth %(amount)s.",
            points=words.points(points),
            amount=words.money(amount),
        ),
    )


def club_opened(words: Words, *, club: str, last_day: date) -> AgendaEvent:
    """A paid club was opened, or its trial begun."""
    return AgendaEvent(
        label=words.gettext("Club opened: %(club)s", club=club),
        note=words.gettext("Valid until %(day)s", day=words.day(last_day)),
    )


def club_renewed(words: Words, *, club: str, last_day: date) -> AgendaEvent:
    """A paid club was renewed."""
    return AgendaEvent(
        label=words.gettext("Club renewed: %(club)s", club=club),
        note=words.gettext("Valid until %(day)s", day=words.day(last_day)),
    )


def club_ended(words: Words, *, club: str, last_day: date) -> AgendaEvent:
    """A paid club came to its end, or its fee was given back."""
    return AgendaEvent(
        label=words.gettext("Club ended: %(club)s", club=club),
        note=words.gettext("It was paid until %(day)s.", day=words.day(last_day)),
    )


def club_left(words: Words, *, club: str, reason: str, refunds: Sequence[tuple[str, Decimal]]) -> AgendaEvent:
    """A member left a paid club early; what is proposed to be paid back, per invoice."""
    lines = [
        words.gettext(
            "Proposed credit note on invoice %(invoice)s: %(amount)s. It was put in as a draft: look at it and "
            "validate it.",
            invoice=invoice,
            amount=words.money(amount),
        )
        for invoice, amount in refunds
    ]
    told = words.gettext("Reason: %(reason)s", reason=reason)
    nothing = words.gettext("Nothing is paid back.")
    return AgendaEvent(
        label=words.gettext("Club left: %(club)s", club=club), note="\n".join([told, *(lines or [nothing])])
    )


def relative_discount(words: Words, *, percent: Decimal) -> AgendaEvent:
    """A member's extra discount is another one now, and only a person can enter it in Dolibarr."""
    if not percent:
        return AgendaEvent(
            label=words.gettext("Extra discount ended"),
            note=words.gettext(
                "Please set the customer's relative discount back: Dolibarr takes it from nobody but its own page."
            ),
        )
    return AgendaEvent(
        label=words.gettext("Extra discount: %(percent)s", percent=words.percent(percent)),
        note=words.gettext(
            "Please set the customer's relative discount to %(percent)s: Dolibarr takes it from nobody but its "
            "own page.",
            percent=words.percent(percent),
        ),
    )


def voucher_refused(words: Words, *, worth: Worth, why: str, points: int) -> AgendaEvent:
    """Dolibarr would not take the credit note; the points are back."""
    return AgendaEvent(
        label=words.gettext("Voucher not issued: %(worth)s", worth=worth_in_words(worth, words)),
        note=words.gettext(
            "Dolibarr refused the credit note. Returned: %(points)s. Its answer: %(why)s",
            points=words.points(points),
            why=why,
        ),
    )


def points_expired(words: Words, *, points: int, balance: int) -> AgendaEvent:
    """Points reached the end of their life."""
    return AgendaEvent(
        label=words.gettext("Expired: %(points)s", points=words.points(points)),
        note=words.gettext("New balance: %(balance)s.", balance=words.points(balance)),
    )


def no_email(words: Words) -> AgendaEvent:
    """A voucher could not be mailed, because the customer has no email address."""
    return AgendaEvent(
        label=words.gettext("Voucher not mailed: no email address"),
        note=words.gettext(
            "The customer has no email address. The voucher is among the linked files of its credit note, or of "
            "the customer where it has none: print it from there."
        ),
    )


def mail_refused(words: Words, *, address: str, answer: str) -> AgendaEvent:
    """A mail was refused for good by the mail server."""
    return AgendaEvent(
        label=words.gettext("Mail refused: %(address)s", address=address),
        note=words.gettext("The mail server answered: %(answer)s", answer=answer),
    )


def next_reward(words: Words, goal: Goal | None) -> str:
    """The text of the extrafield: 120 points to “Free coffee”; “Free coffee” can be redeemed; or empty."""
    if goal is None:
        return ""
    if goal.missing <= 0:
        return words.gettext("“%(reward)s” can be redeemed", reward=goal.reward)
    return words.gettext("%(points)s to “%(reward)s”", points=words.points(goal.missing), reward=goal.reward)


def voucher_filename(words: Words, code: str) -> str:
    """The name of the PDF: Voucher-7XMA.pdf, by the last signs of the code only."""
    return words.gettext("Voucher-%(last_four)s.pdf", last_four=_last_four(code))


def _last_four(code: str) -> str:
    return "".join(sign for sign in code if sign.isascii() and sign.isalnum())[-4:]
