"""The member: a Dolibarr third party as the program sees it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Member:
    """A customer of the shop. `locale` is a language of ours (de, en, fr); `tags` are lower-case labels.

    `is_customer` is false for suppliers and prospects; `options` are the third party's extrafields
    without the prefix `options_`, as Dolibarr gave them.
    """

    thirdparty_id: int
    name: str
    email: str = ""
    customer_code: str = ""
    card_number: str = ""
    locale: str = "en"
    country: str = ""
    is_company: bool = False
    is_customer: bool = True
    tags: frozenset[str] = frozenset()
    created_at: datetime | None = None
    modified_at: datetime | None = None
