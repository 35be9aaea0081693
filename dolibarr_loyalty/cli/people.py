"""Whom a text on the command line means: a third party id, customer code, email or card number."""

from dolibarr_loyalty.errors import AmbiguousMember, UnknownMember
from dolibarr_loyalty.flows.membership import load_with_heirs, owner_of
from dolibarr_loyalty.store import members
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known


def the_member(tx: Tx, text: str) -> Known:
    """The one customer meant. A customer who was merged into another means that other.

    Raises UnknownMember and AmbiguousMember, which lists the candidates.
    """
    found = members.find(tx, text)
    if len(found) > 1:
        raise AmbiguousMember(text, [(each.member.thirdparty_id, each.member.name) for each in found])
    if not found:
        found = _heir(tx, text.strip())
    if not found:
        raise UnknownMember(text)
    return found[0]


def _heir(tx: Tx, text: str) -> list[Known]:
    if not text.isdecimal() or len(text) > 18:
        return []
    known = load_with_heirs(tx, [int(text)])
    heir = known.get(owner_of(known, int(text)))
    return [heir] if heir is not None and heir.gone_at is None else []
