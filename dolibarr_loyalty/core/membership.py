"""Who is a member, since when and until when."""

from dataclasses import replace
from datetime import datetime

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.program import Membership


def is_eligible(rules: Membership, member: Member) -> bool:
    """The third party takes part: a customer, no till's generic customer, with the tag where one is asked for."""
    if not member.is_customer or member.thirdparty_id in rules.generic_customers:
        return False
    if member.tags.intersection(rules.excluded_tags):
        return False
    return rules.enrol == "everyone" or rules.tag in member.tags


def enrolment(rules: Membership, member: Member, before: Enrolment | None, now: datetime) -> Enrolment:
    """The enrolment after looking at a third party again; who comes back is a member as if never gone.

    Where everyone takes part, membership began with the customer; with a tag, when the tag was first seen.
    """
    eligible = is_eligible(rules, member)
    if before is None or before.joined_at is None:
        began = (member.created_at or now) if rules.enrol == "everyone" else now
        return Enrolment(joined_at=began if eligible else None)
    if eligible:
        return replace(before, left_at=None)
    return before if before.left_at is not None else replace(before, left_at=now)
