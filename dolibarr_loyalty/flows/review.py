"""What a member's points lead to: tiers, benefits, clubs, full cards, referrals; looked at after every booking.

Each part finds out what should be now and does what is missing, so it may be called any number of times.
"""

from collections.abc import Callable

from dolibarr_loyalty.flows.benefits import review_benefits
from dolibarr_loyalty.flows.cards import complete
from dolibarr_loyalty.flows.clubs import review_clubs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.referrals import review_referrals
from dolibarr_loyalty.flows.tiers import review_tiers

# In this order: a tier brings benefits, so benefits come after tiers and clubs.
REVIEWS: tuple[Callable[[Loyalty, int], object], ...] = (
    review_tiers,
    review_clubs,
    review_benefits,
    complete,
    review_referrals,
)


def review(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Bring everything up to date that follows from a member's points and purchases."""
    for part in REVIEWS:
        part(loyalty, thirdparty_id)
