"""What a member's points lead to: tiers, benefits, clubs, full cards, referrals; looked at after every booking.

Each part finds out what should be now and does what is missing, so it may be called any number of times.
"""

from collections.abc import Callable

from dolibarr_loyalty.flows.context import Loyalty

# In this order: a tier brings benefits, so benefits come after tiers and clubs.
REVIEWS: tuple[Callable[[Loyalty, int], object], ...] = ()


def review(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Bring everything up to date that follows from a member's points and purchases."""
    for part in REVIEWS:
        part(loyalty, thirdparty_id)
