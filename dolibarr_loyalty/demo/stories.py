"""The story that each preset adds to the year: customers do what its kind of program is for."""

from collections.abc import Mapping

from dolibarr_loyalty.demo.story_of_cards import CardStory
from dolibarr_loyalty.demo.story_of_causes import CauseStory
from dolibarr_loyalty.demo.story_of_clubs import ClubStory
from dolibarr_loyalty.demo.story_of_friends import FriendStory
from dolibarr_loyalty.demo.story_of_stars import StarStory
from dolibarr_loyalty.demo.story_of_tiers import TierStory
from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.demo.year import Year

STORIES: Mapping[str, type[Story]] = {
    "points": FriendStory,
    "tiers": TierStory,
    "stamps": CardStory,
    "club": ClubStory,
    "cause": CauseStory,
    "stars": StarStory,
}


def story_of(year: Year) -> Story:
    """The story of the preset that is played."""
    return STORIES[year.preset](year, year.preset)
