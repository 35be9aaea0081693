"""When members hear of their points: a reward within reach once per crossing, points and vouchers that end."""

from datetime import timedelta

from dolibarr_loyalty.core.effects import Effect, mail
from dolibarr_loyalty.core.ledger import Account, account_parts
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import after, iso
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import ledger, members, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known


def near_reward_effects(
    tx: Tx, loyalty: Loyalty, customer: Known, account: Account, *, quietly: bool = False
) -> list[Effect]:
    """The mail for the dearest reward for points that has just come within reach, once per crossing.

    Falling below and coming back is a new crossing. `quietly` takes note without a mail.
    """
    if not customer.is_member or not loyalty.notices.near_percent or account.unit != loyalty.unit:
        return []
    available = account.available(loyalty.now())
    near = {
        reward.id
        for reward in loyalty.program.rewards
        if reward.unit == account.unit and available * 100 >= reward.points * loyalty.notices.near_percent
    }
    if near == customer.near_rewards:
        return []
    members.save_near_rewards(tx, customer.member.thirdparty_id, near)
    fresh = [r for r in loyalty.program.rewards if r.id in near - customer.near_rewards]
    if not fresh or quietly:
        return []
    dearest = max(fresh, key=lambda reward: reward.points)
    about = f"{dearest.id}:{account.seq}"
    return [mail("reward_near", customer.member.thirdparty_id, about, reward=dearest.id)]


def warn_of_expiry(loyalty: Loyalty) -> int:
    """Want the mails about points and vouchers that end soon, once per end; gives how many are new."""
    notices = loyalty.notices
    points = _warn_of_points(loyalty) if notices.points_days else 0
    return points + (_warn_of_vouchers(loyalty) if notices.voucher_days else 0)


def _warn_of_points(loyalty: Loyalty) -> int:
    now, wanted, last = loyalty.now(), 0, ""
    until = after(loyalty.today() + timedelta(days=loyalty.notices.points_days), loyalty.zone)
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows(
                "lots_ending", from_at=iso(now), until_at=iso(until), last_id=last, limit=loyalty.page_size
            )
        if not rows:
            return wanted
        last = rows[-1]["account_id"]
        ends = {account_parts(row["account_id"]): str(row["first_end"]) for row in rows}
        wanted += loyalty.database.decide(lambda tx, ends=ends: _want_points_mails(tx, loyalty, ends))  # type: ignore[misc]


def _want_points_mails(tx: Tx, loyalty: Loyalty, ends: dict[tuple[int, str], str]) -> int:
    known = members.load(tx, (member for member, _ in ends))
    told = {POINTS, *(wallet.unit for wallet in loyalty.program.wallets if wallet.names)}
    effects = [
        _expiry_mail(member, unit, ends_at)
        for (member, unit), ends_at in sorted(ends.items())
        if unit in told and member in known and known[member].is_member
    ]
    before = outbox.by_keys(tx, (effect.key for effect in effects))
    outbox.put(tx, effects, loyalty.now())
    return len(effects) - len(before)


def _expiry_mail(member: int, unit: str, ends_at: str) -> Effect:
    """Points and each wallet that has a name of its own have mails of their own; stamps and tiers have none."""
    if unit == POINTS:
        return mail("points_expiring", member, ends_at[:10], ends_at=ends_at)
    return mail("points_expiring", member, f"{unit}:{ends_at[:10]}", ends_at=ends_at, unit=unit)


def _warn_of_vouchers(loyalty: Loyalty) -> int:
    today = loyalty.today()

    def decision(tx: Tx) -> int:
        soon = vouchers.ending(tx, today, today + timedelta(days=loyalty.notices.voucher_days))
        soon = [voucher for voucher in soon if (voucher.issued_at.date() - today).days < -1]
        known = members.load(tx, (voucher.thirdparty_id for voucher in soon))
        effects = [
            mail("voucher_expiring", voucher.thirdparty_id, voucher.id, voucher=voucher.id)
            for voucher in soon
            if voucher.thirdparty_id in known and known[voucher.thirdparty_id].is_member
        ]
        before = outbox.by_keys(tx, (effect.key for effect in effects))
        outbox.put(tx, effects, loyalty.now())
        return len(effects) - len(before)

    return loyalty.database.decide(decision)


def notice_matured(loyalty: Loyalty) -> None:
    """Look at every member for rewards that came within reach without a booking: a holding period ended."""
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            page = members.page(tx, last, loyalty.page_size)
        if not page:
            return
        last = page[-1].member.thirdparty_id
        loyalty.database.decide(lambda tx, page=page: _notice_page(tx, loyalty, page))  # type: ignore[misc]


def _notice_page(tx: Tx, loyalty: Loyalty, page: list[Known]) -> None:
    ids = [customer.member.thirdparty_id for customer in page]
    accounts = ledger.load(tx, ids, unit=loyalty.unit)
    effects = [
        effect
        for customer in page
        for effect in near_reward_effects(tx, loyalty, customer, accounts[customer.member.thirdparty_id])
    ]
    outbox.put(tx, effects, loyalty.now())
