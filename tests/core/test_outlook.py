"""What a member hears about a tier: how far it is to the next, what is missing to keep this one."""

from collections.abc import Sequence
from typing import Any

import pytest

from dolibarr_loyalty.core.outlook import Outlook, outlook
from dolibarr_loyalty.core.tiers import ManualTier, Move, TierGroup, timeline
from tests.builders import PARIS, at
from tests.core.test_tiers import JOINED, a_group, by_hand, moves


def seen(
    now: str, made: Sequence[Move], group: TierGroup, *, manual: Sequence[ManualTier] = ()
) -> Outlook | None:
    steps = timeline(group, made, joined_at=at(JOINED), until=at(now), zone=PARIS, manual=manual)
    return outlook(group, steps, made, at(now), joined_at=at(JOINED), zone=PARIS, manual=manual)


def the(now: str, *told: tuple[str, int], **fields: Any) -> Outlook:
    found = seen(now, moves(*told), a_group(**fields))
    assert found is not None
    return found


def test_tiers_and_groups_have_names_and_find_each_other() -> None:
    group = a_group(names=(("en", "Status"), ("fr", "Statut")))
    silver = group.tier("silver")
    assert (group.unit, group.name("fr"), group.tier("nobody")) == ("qualifying:status", "Statut", None)
    assert silver is not None
    assert silver.name("de") == "silver"


def test_who_looks_at_many_members_need_not_foresee() -> None:
    group, made = a_group(), moves(("2026-02-10", 100))
    facts: dict[str, Any] = {"joined_at": at(JOINED), "zone": PARIS}
    steps = timeline(group, made, until=at("2026-03-01"), **facts)
    found = outlook(group, steps, made, at("2026-03-01"), foresees=False, **facts)
    assert found is not None
    assert (found.projected.id, found.to_keep) == ("silver", 100)


def test_before_joining_there_is_nothing_to_see() -> None:
    assert seen("2025-01-01", [], a_group()) is None


def test_the_lowest_tier_is_never_assessed() -> None:
    found = the("2026-03-01", ("2026-02-10", 40))
    assert (found.tier.id, found.until, found.to_keep, found.counts_from) == ("base", None, 0, None)
    assert found.next is not None
    assert (found.next.id, found.to_next, found.progress, found.qualifying) == ("silver", 60, 40, 40)
    assert (found.period_begins, found.period_ends) == (at("2026-01-01"), at("2027-01-01"))


def test_the_highest_tier_has_nothing_above_it() -> None:
    found = the("2026-03-01", ("2026-02-10", 400))
    assert (found.tier.id, found.next, found.to_next, found.progress) == ("gold", None, 0, 100)


def test_returns_beyond_what_was_bought_are_no_progress_below_zero() -> None:
    found = the("2026-03-01", ("2026-02-10", -40))
    assert (found.to_next, found.progress) == (140, 0)


@pytest.mark.parametrize(
    ("now", "told", "fields", "to_keep", "counts_from", "projected"),
    [
        ("2026-03-01", [("2026-02-10", 100)], {}, 100, "2027-01-01", "base"),
        ("2027-01-20", [("2026-02-10", 100), ("2027-01-10", 60)], {}, 40, "2027-01-01", "base"),
        ("2027-01-20", [("2026-02-10", 100), ("2027-01-10", 160)], {}, 0, "2027-01-01", "silver"),
        ("2027-01-20", [("2026-02-10", 300), ("2027-01-10", 160)], {}, 140, "2027-01-01", "silver"),
        (
            "2027-03-01",
            [("2026-02-10", 300), ("2027-01-10", 160)],
            {"extension": "reset", "downgrade": "one_step"},
            140,
            "2027-01-01",
            "silver",
        ),
        (
            "2028-01-10",
            [("2026-02-10", 100), ("2027-05-10", 80), ("2028-01-05", 5)],
            {"extension": "reset", "grace_days": 30},
            15,
            "2027-01-01",
            "base",
        ),
    ],
    ids=[
        "the assessment lies in the next period",
        "some are missing",
        "kept already",
        "a lower tier is certain",
        "one step down",
        "in the days of grace",
    ],
)
def test_what_is_missing_to_keep_the_tier(
    now: str,
    told: list[tuple[str, int]],
    fields: dict[str, Any],
    to_keep: int,
    counts_from: str,
    projected: str,
) -> None:
    found = the(now, *told, **fields)
    assert (found.to_keep, found.counts_from, found.projected.id) == (to_keep, at(counts_from), projected)


def test_days_of_grace_have_their_own_end() -> None:
    found = the("2028-01-10", ("2026-02-10", 100), extension="reset", grace_days=30)
    assert (found.in_grace, found.until) == (True, at("2028-01-31"))


def test_a_tier_begins_when_it_was_reached_however_often_it_was_confirmed() -> None:
    found = the("2028-03-01", ("2026-02-10", 100), ("2027-01-10", 100), ("2028-01-10", 100))
    assert (found.since, found.why, found.until) == (at("2026-02-10"), "kept", at("2029-02-10"))
    assert (found.qualifying, found.before_reset) == (100, 100)


def test_a_tier_set_by_hand_shows_what_comes_after_it() -> None:
    given = [by_hand("2026-05-01", "gold", "2026-09-01")]
    found = seen("2026-06-01", moves(("2026-02-10", 120)), a_group(), manual=given)
    assert found is not None
    assert (found.tier.id, found.by_hand, found.until) == ("gold", True, at("2026-09-01"))
    assert (found.projected.id, found.to_keep) == ("silver", 180)
