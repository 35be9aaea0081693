"""Every template in every language, form of address and awkward case (features 58 to 61)."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import html

from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.locales import LANGUAGES
from dolibarr_loyalty.messages import Goal, RewardNearFacts, WelcomeFacts, message_id
from dolibarr_loyalty.messages import mail as mail_module
from tests.messages.builders import (
    CODE,
    KINDS,
    PAGE,
    UNSUBSCRIBE,
    a_brand,
    a_logo,
    a_mail,
    a_member,
    a_voucher,
    facts_of,
    ten_euros,
)

NAMES = {
    "none": "",
    "blank": "  ",
    "very long": "Maria-Magdalena von und zu " + "Hohenlohe-Waldenburg-Schillingsfürst " * 8,
    "one endless word": "W" * 300,
    "emoji": "Zoé 🎉👩‍👩‍👧",
    "right to left": "שרה כהן",
    "arabic": "محمد الأمين",
    "quotes": 'O\'Hara "the" <b>Boss</b> & Söhne',
    "script": "<script>alert(1)</script>",
    "header": "Eve\r\nBcc: all@example.org",
    "template": "{{ 7*7 }} %(name)s {name}",
    "percent": "100% Bio",
}


def _pages(mail: Mail) -> html.HtmlElement:
    return html.fromstring(mail.html)


@pytest.fixture
def _quick_pdf(monkeypatch):
    """The page to print takes its time and has its own tests."""
    monkeypatch.setattr(mail_module, "voucher_pdf", lambda *_: b"%PDF-")


@pytest.mark.usefixtures("_quick_pdf")
@pytest.mark.parametrize("address", ["formal", "informal"])
@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
class TestEveryMail:
    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
    def test_survives_every_name(self, kind, locale, address, name):
        mail = a_mail(facts_of(kind, member_name=name, reward=name or "Tee"), locale, address=address)
        assert "\n" not in mail.subject
        assert "\r" not in mail.subject
        assert 0 < len(mail.subject) <= 150
        assert not _pages(mail).xpath("//script | //b")
        assert "Bcc:" not in mail.subject.splitlines()[1:]

    def test_has_words_everywhere_and_no_placeholder_left(self, kind, locale, address):
        mail = a_mail(facts_of(kind), locale, address=address)
        for text in (mail.subject, mail.text, _pages(mail).find(".//body").text_content()):
            assert "%(" not in text
            assert "{" not in text
            assert "None" not in text
            assert len(text.strip()) > 5

    def test_loads_nothing_from_outside(self, kind, locale, address):
        page = _pages(a_mail(facts_of(kind), locale, address=address, logo=a_logo()))
        sources = page.xpath("//@src | //@background | //link/@href | //@poster | //@srcset")
        assert sources
        assert all(source.startswith("cid:") for source in sources)
        assert "url(" not in html.tostring(page, encoding="unicode")
        assert "@import" not in html.tostring(page, encoding="unicode")

    def test_every_picture_it_shows_is_attached_and_has_an_alternative_text(self, kind, locale, address):
        mail = a_mail(facts_of(kind), locale, address=address, logo=a_logo())
        shown = {source.removeprefix("cid:") for source in _pages(mail).xpath("//img/@src")}
        assert shown == {file.inline_id for file in mail.attachments if file.inline_id}
        assert all(picture.get("alt") for picture in _pages(mail).xpath("//img"))

    def test_tells_its_language_to_screen_readers(self, kind, locale, address):
        page = _pages(a_mail(facts_of(kind), locale, address=address))
        assert page.get("lang") == locale
        assert all(table.get("role") == "presentation" for table in page.xpath("//table"))

    def test_links_to_the_account_in_both_parts(self, kind, locale, address):
        mail = a_mail(facts_of(kind), locale, address=address)
        assert PAGE in mail.text
        assert PAGE in _pages(mail).xpath("//a/@href")

    def test_is_the_same_when_made_again(self, kind, locale, address):
        assert a_mail(facts_of(kind), locale, address=address) == a_mail(
            facts_of(kind), locale, address=address
        )

    def test_says_one_point_and_many_points(self, kind, locale, address):
        one = a_mail(facts_of(kind, points=1, balance=1), locale, address=address).text
        word = {"de": "Punkt", "en": "point", "fr": "point"}[locale]
        if kind not in ("voucher_expiring", "gift_card"):
            assert re.search(rf"\b1\s{word}\b", one)
        many = {"de": "1.234\N{NO-BREAK SPACE}Punkte", "en": "1,234\N{NO-BREAK SPACE}points"}
        text = a_mail(facts_of(kind, points=1234, balance=1234), locale, address=address).text
        if kind not in ("voucher_expiring", "gift_card"):
            assert many.get(locale, "1\N{NARROW NO-BREAK SPACE}234\N{NO-BREAK SPACE}points") in text

    def test_unsubscribing_is_offered_unless_it_only_delivers(self, kind, locale, address):
        mail = a_mail(facts_of(kind), locale, address=address)
        is_transactional = facts_of(kind).is_transactional
        assert (mail.unsubscribe_url is None) is is_transactional
        assert (UNSUBSCRIBE in mail.text) is not is_transactional
        assert (UNSUBSCRIBE in mail.html) is not is_transactional


@pytest.mark.parametrize("kind", ["voucher", "gift_card", "voucher_expiring"])
@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_voucher_mail_carries_code_qr_and_pdf(kind, locale):
    mail = a_mail(facts_of(kind), locale)
    assert CODE in mail.text
    assert CODE in mail.html
    qr, pdf = mail.attachments
    assert (qr.inline_id, qr.media_type) == ("qr", "image/png")
    assert pdf.media_type == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert pdf.filename.endswith("6YRA.pdf")
    assert CODE not in pdf.filename


def test_the_text_part_says_what_the_page_says():
    mail = a_mail(replace(a_voucher(), terms="No cash.", vat_note=""), "en")
    assert mail.text == (
        "Café Soleil\n\nYour voucher is here\n\nHello Zoé Müller,\n\n"
        "You have exchanged 500\N{NO-BREAK SPACE}points for “Kaffee gratis”.\n\n"
        "Voucher\n\n€10.00\n\nKaffee gratis\n\n7KQ4XM-9PHT3B-WD6YRA\n\nValid until 31 December 2029\n\n"
        "Show the code when you pay, on your phone or printed: a page to print is\nattached.\n\nNo cash.\n\n"
        f"Your balance: 240\N{NO-BREAK SPACE}points\n\nView my account\n{PAGE}\n\n--\n\n"
        "You receive this mail because you take part in Soleil Club at Café Soleil.\n\n"
        "Café Soleil\nCafé Soleil GmbH, Marktplatz 3, 79098 Freiburg\nhttps://shop.example\n"
    )


@pytest.mark.parametrize(
    ("locale", "shown"),
    [("de", "1.234 ¥"), ("en", "JP¥1,234"), ("fr", "1 234 JPY")],
)
def test_a_currency_without_cents_is_shown_without_cents(locale, shown):
    worth = ten_euros(value=Decimal(1234), currency="JPY")
    assert a_mail(a_voucher(worth=worth), locale).subject.endswith(shown)


@pytest.mark.parametrize(
    ("locale", "shown"), [("de", "31. Dezember 2029"), ("en", "31 December 2029"), ("fr", "31 décembre 2029")]
)
def test_dates_are_written_as_people_write_them(locale, shown):
    assert shown in a_mail(a_voucher(), locale).text
    assert "2029-12-31" not in a_mail(a_voucher(), locale).html


def test_a_voucher_without_end_and_without_points_is_a_gift_without_a_date():
    text = a_mail(a_voucher(valid_until=None, points=0), "de").text
    assert "Unbegrenzt gültig" in text
    assert "Wir schenken Ihnen „Kaffee gratis“." in text


def test_a_reached_reward_is_not_announced_as_near():
    reached = RewardNearFacts(**a_member(), goal=Goal(reward="Tee", points=100))
    mail = a_mail(reached, "en")
    assert mail.subject == "Your reward is ready: Tee"
    assert "Choose my reward" in mail.text


def test_a_welcome_without_bonus_and_goal_mentions_neither():
    text = a_mail(WelcomeFacts(**a_member(balance=0)), "en").text
    assert "credited" not in text
    assert "goal" not in text


def test_points_carry_the_name_they_have_in_the_shop():
    names = {"de": ("Herz", "Herzen")}
    text = " ".join(a_mail(facts_of("welcome"), "de", point_names=names).text.split())
    assert "sammeln Sie Herzen" in text
    assert "Punkt" not in text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "", "ftp://x", 'https://x/" onclick="x', "https://x/\n"]
)
def test_only_web_addresses_become_links(url):
    mail = a_mail(facts_of("reward_near", page_url=url, unsubscribe_url=url), website=url)
    assert mail.unsubscribe_url is None
    assert not html.fromstring(mail.html).xpath("//a")


def test_what_dolibarr_holds_is_escaped_in_the_page_and_plain_in_the_subject():
    mail = a_mail(facts_of("reward_near", reward="Fish & <Chips>"), "en")
    assert "Fish &amp; &lt;Chips&gt;" in mail.html
    assert "Fish & <Chips>" in mail.subject
    assert "Fish & <Chips>" in mail.text


def test_other_languages_get_english_and_regions_their_language():
    assert a_mail(a_voucher(), "es").subject == "Your voucher: €10.00"
    assert a_mail(a_voucher(), "de_AT").subject.startswith("Ihr Gutschein")
    assert a_mail(a_voucher(), "fr-CH").subject.startswith("Votre bon d’achat")


def test_writing_on_the_brand_colour_stays_legible():
    assert a_brand(colour="#1f5a6b").ink == "#ffffff"
    assert a_brand(colour="#ffe066").ink == "#1c1c1e"


def test_the_message_id_is_the_same_for_the_same_key_and_does_not_show_it():
    one = message_id("voucher:123", "Café <hello@shop.example>")
    assert one == message_id("voucher:123", "hello@shop.example")
    assert one != message_id("voucher:124", "hello@shop.example")
    assert one.endswith("@shop.example>")
    assert "123" not in one.partition("@")[0] or "voucher" not in one
