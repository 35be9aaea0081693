"""Terms of a program that courts may strike down, in the owner's language with the source (features 4.6, 4.7)."""

from collections.abc import Iterator

from dolibarr_loyalty.config.checks import Finding
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.validity_law import doubts
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.voucher_law import doubt_told


def warnings(program: Program, words: Words) -> Iterator[Finding]:
    """What is possible but not safe by law."""
    for doubt in doubts(program):
        yield (doubt.place, *doubt_told(doubt, words))
