"""The fees of paid clubs: what leaving early pays back, and whether a club has paid off for a member (E22)."""

from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import Draft, DraftLine
from dolibarr_loyalty.core.clubs import Club, ClubAct, Fee, Payoff, Refund, is_in, refunds
from dolibarr_loyalty.core.effects import Effect, event, review_member
from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.money import net_of_gross, round_amount
from dolibarr_loyalty.core.sale import ZERO, total
from dolibarr_loyalty.errors import (
    ClubNotAvailable,
    InputError,
    KeyReused,
    PermanentFailure,
    TemporaryFailure,
)
from dolibarr_loyalty.flows.clubs import (
    Story,
    check_key,
    check_member,
    insert_act,
    look_at,
    stories_of,
    the_club,
)
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import holding
from dolibarr_loyalty.store import benefits as benefit_table
from dolibarr_loyalty.store import clubs as table
from dolibarr_loyalty.store import documents, outbox, outcomes
from dolibarr_loyalty.store.clubs import Act
from dolibarr_loyalty.store.database import Tx


def cancel(
    loyalty: Loyalty, thirdparty_id: int, club_id: str, *, reason: str, who: str, request_key: str
) -> Act:
    """End a member's time in a club now; what is to be paid back is in the act's `refunds`.

    A draft of the credit note is put into Dolibarr for each invoice; a person looks at it and validates it.
    The same `request_key` gives the same act. Raises UnknownClub, UnknownMember, ClubNotAvailable, KeyReused.
    """
    club = the_club(loyalty, club_id)
    if not reason.strip():
        raise InputError("Leaving a club needs a reason: the member and the accountant will read it.")
    check_key(request_key)
    return loyalty.database.decide(
        lambda tx: _cancel(tx, loyalty, thirdparty_id, club, reason.strip(), who, request_key)
    )


def _cancel(
    tx: Tx, loyalty: Loyalty, member: int, club: Club, reason: str, who: str, request_key: str
) -> Act:
    key, digest = f"cancel:{request_key}", hash_input(member, club.id, reason)
    before = table.act_of_key(tx, key)
    if before is not None:
        if before.input_hash != digest:
            raise KeyReused(request_key)
        return before
    check_member(tx, club, member)
    back = _refunds_now(tx, loyalty, member, club)
    told = ClubAct(at=loyalty.now(), what="cancel")
    act = insert_act(tx, member, club, told, key=key, digest=digest, who=who, reason=reason, refunds=back)
    effects = [review_member(member)]
    if loyalty.screens.agenda:
        effects.append(event("club_left", member, act.id, act=act.id))
    if back:
        effects.append(
            Effect(
                key=f"club_refund:{act.id}",
                kind="club_refund",
                thirdparty_id=member,
                payload={"act": act.id},
            )
        )
    outbox.put(tx, effects, loyalty.now())
    look_at(tx, loyalty, member)
    return act


def _refunds_now(tx: Tx, loyalty: Loyalty, member: int, club: Club) -> tuple[Refund, ...]:
    story = stories_of(tx, loyalty, member)[club.id]
    if not is_in(story.spans(loyalty), loyalty.now()):
        raise ClubNotAvailable(club.id, "the member is not in it, so there is nothing to leave.")
    found = story.terms(loyalty)
    fees = _fees(tx, story)
    return refunds(club, found, fees, on=loyalty.today(), currency=loyalty.program.currency)


def payoff(tx: Tx, loyalty: Loyalty, thirdparty_id: int, club: Club) -> Payoff:
    """What a club has cost a member and what it brought: extra points of club-only rules, benefits, gifts.

    Points count at the program's value of a point; a benefit counts where its worth was noted when it was used.
    """
    program, currency = loyalty.program, loyalty.program.currency
    story = stories_of(tx, loyalty, thirdparty_id)[club.id]
    own_rules = {rule.id for rule in program.rules if club.id in rule.who.clubs}
    extra = sum(
        points
        for outcome in outcomes.of_members(tx, [thirdparty_id])[thirdparty_id]
        for rule, points in outcome.funded.items()
        if rule in own_rules
    )
    value = benefit_table.value_from(tx, thirdparty_id, f"club:{club.id}")
    back = total(
        each.amount
        for act in table.full_acts_of(tx, thirdparty_id)
        if act.club_id == club.id
        for each in act.refunds
    )
    return Payoff(
        fees=total(fee.price for fee in _kept_fees(tx, story)) - back,
        points=round_amount(extra * program.point_value, currency),
        benefits=value.used,
        gifts=round_amount(value.points * program.point_value, currency) + value.rewards,
    )


def _fees(tx: Tx, story: Story) -> list[Fee]:
    """What each unit cost, from the documents as they were last seen."""
    known = documents.load(tx, {document for document, _, _ in story.documents})
    found = []
    for document, at, units in story.documents:
        price, vat_rate = _price(story.club, known.get(document))
        fee = Fee(document_id=document, bought_at=at, price=price, vat_rate=vat_rate)
        found += [fee] * max(0, units)
    return found


def _kept_fees(tx: Tx, story: Story) -> list[Fee]:
    """The fees of units that were not given back; as in `core.clubs`, the unit bought last comes back first."""
    fees = {fee.bought_at: fee for fee in _fees(tx, story)}
    kept: list[Fee] = []
    for at, units in sorted(story.bought, key=lambda pair: (pair[0], -pair[1])):
        if units > 0:
            kept += [fees[at]] * units
        else:
            del kept[max(0, len(kept) + units) :]
    return kept


def _price(club: Club, document: documents.Document | None) -> tuple[Decimal, Decimal]:
    """What one unit of the club cost on a document, and its VAT rate."""
    wanted = {product.casefold() for product in club.products}
    lines = [
        line
        for line in (document.sale.lines if document else ())
        if line.product_ref.casefold() in wanted and line.quantity > 0
    ]
    if not lines:
        return ZERO, ZERO
    return total(line.gross for line in lines) / total(line.quantity for line in lines), lines[0].vat_rate


def post_refunds(loyalty: Loyalty, act_id: str) -> None:
    """Put a draft of the credit note into Dolibarr for each invoice a leaving member is paid back of, once.

    It stays a draft: a person looks at it, validates it, and pays it out or leaves it as credit. It names the
    invoice as its source and its `ref_ext` is none of our own documents', so once it is validated the points
    of what was paid back go as with any other credit note. It has no product: the club has ended already.
    """
    with loyalty.database.reading() as tx:
        act = table.act_by_id(tx, act_id)
    if act is None:
        raise PermanentFailure(f"The leaving {act_id} is not in the database.")
    with holding(loyalty, f"invoice:club:{act.id}"):
        for number, refund in enumerate(act.refunds, 1):
            _find_or_post(loyalty, _draft(loyalty, act, refund, number))


def _find_or_post(loyalty: Loyalty, draft: Draft) -> None:
    """The one document of this ref_ext, looked up before and after (facts trap 6); of another amount it goes."""
    if loyalty.books.find(draft.ref_ext):
        return
    # Without right 262 lists are empty, yet posting works (facts trap 11): asking for the customer tells.
    loyalty.books.member(draft.thirdparty_id)
    loyalty.books.create(draft)
    found = loyalty.books.find(draft.ref_ext)
    if not found:
        raise TemporaryFailure(
            f"Dolibarr took the document {draft.ref_ext} and does not list it yet; it will be looked for again.",
            unclear=True,
        )
    if found[0].gross != draft.gross:
        loyalty.books.delete_draft(found[0].id)
        raise PermanentFailure(
            f"Dolibarr made {found[0].gross} of the credit note {draft.ref_ext}, which should be {draft.gross}. It "
            "was deleted again; look at Dolibarr's VAT settings, then run `dolibarr-loyalty outbox retry`."
        )


def refund_ref(act: Act, number: int) -> str:
    """The `ref_ext` of the credit note that pays back so-and-so-many's invoice of a leaving."""
    return f"loyalty-club:{act.id}" + (f":{number}" if number > 1 else "")


def _draft(loyalty: Loyalty, act: Act, refund: Refund, number: int) -> Draft:
    language = loyalty.screens.language
    words = loyalty.brand.words(language)
    name = next(
        (club.name(language) for club in loyalty.program.clubs if club.id == act.club_id), act.club_id
    )
    return Draft(
        thirdparty_id=act.thirdparty_id,
        kind="credit_note",
        issued_on=loyalty.today(),
        ref_ext=refund_ref(act, number),
        ref_client="",
        note=words.gettext("Left “%(club)s”: %(reason)s", club=name, reason=act.reason),
        lines=(
            DraftLine(
                label=words.gettext(
                    "“%(club)s”: %(left)s of %(days)s days not used",
                    club=name,
                    left=refund.days_left,
                    days=refund.days,
                ),
                net_price=net_of_gross(refund.amount, refund.vat_rate),
                vat_rate=refund.vat_rate,
            ),
        ),
        gross=-refund.amount,
        options={},
        source_id=refund.document_id,
    )
