"""A gift card reads as one, on its page and in its mail, and names nobody when it is a bearer's."""

from dataclasses import replace

import pytest

from dolibarr_loyalty.messages import voucher_pdf
from dolibarr_loyalty.messages.pdf import texts_of
from tests.messages.builders import a_brand, a_mail, a_voucher, facts_of

NAMES = {"en": "Gift card", "de": "Geschenkgutschein", "fr": "Carte cadeau"}


@pytest.mark.parametrize("locale", NAMES)
def test_the_page_says_gift_card(locale: str) -> None:
    card = a_voucher(is_gift_card=True, is_bearer=True)
    texts = texts_of(card, a_brand(), a_brand().words(locale))
    assert (texts.title, texts.holder) == (NAMES[locale], "")
    own = texts_of(replace(card, is_bearer=False), a_brand(), a_brand().words(locale))
    assert "Zoé Müller" in own.holder
    assert voucher_pdf(card, a_brand(), locale) != voucher_pdf(a_voucher(), a_brand(), locale)


@pytest.mark.parametrize("locale", NAMES)
def test_the_mail_says_gift_card_and_why_it_came(locale: str) -> None:
    mail = a_mail(facts_of("gift_card", is_bearer=True), locale)
    assert NAMES[locale].casefold() in mail.subject.casefold()
    assert NAMES[locale] in mail.text
    for sentence in ("Soleil Club", "500"):
        assert sentence not in mail.text


def test_a_card_of_nobody_in_particular_is_to_be_kept_like_cash() -> None:
    assert "like cash" in a_mail(facts_of("gift_card", is_bearer=True), "en").text
    assert "like cash" not in a_mail(facts_of("gift_card"), "en").text
