"""The catalogues of `lang/` hold every message of code and templates, in every language and address."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from dolibarr_loyalty.resources import folder

LANG = folder("lang")
ROOT = Path(__file__).parents[2]
COMPLETE = ("de", "en", "fr")
OVERLAYS = ("de@informal", "fr@informal")
PLACEHOLDER = re.compile(r"%\((\w+)\)(.)")

ADDRESSES = {  # words that address the reader
    "de": re.compile(r"\b(Sie|Ihnen|Ihr(e[mnrs]?)?)\b"),
    "de@informal": re.compile(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein(e[mnrs]?)?)\b|\bHallo\b|^Zeig\b"),
    "fr": re.compile(r"\b([Vv]ous|[Vv]otre|[Vv]os)\b|\b(?![Cc]hez)\w+ez\b"),
    "fr@informal": re.compile(r"\b([Tt]u|[Tt]e|[Tt]on|[Tt]a|[Tt]es|[Tt]oi)\b|\b[Tt]’|^(Pense|Présente)\b"),
}


@cache
def catalogue(name: str) -> Catalog:
    with (LANG / f"{name}.po").open("rb") as file:
        return read_po(file)


def messages(name: str) -> list[Message]:
    return [message for message in catalogue(name) if message.id]


def key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id[0] if isinstance(message.id, tuple) else message.id


def texts(entry: str | tuple[str, ...]) -> tuple[str, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


@cache
def used() -> frozenset[tuple[str | None, str]]:
    """What `pybabel extract -F lang/babel.cfg .` finds."""
    with (LANG / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for _, _, message, _, context in extract_from_dir(ROOT, methods, options):
        if message:
            found.add((context, texts(message)[0]))
    return frozenset(found)


@pytest.mark.parametrize("name", COMPLETE)
def test_every_message_used_is_translated_and_none_is_left_over(name):
    known = {key(message) for message in messages(name)}
    assert used() - known == set()
    assert known - used() == set()


def test_the_template_for_new_languages_is_up_to_date():
    with (LANG / "messages.pot").open("rb") as file:
        assert {key(message) for message in read_po(file) if message.id} == used()


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_informal_catalogue_changes_only_messages_that_exist(name):
    assert {key(message) for message in messages(name)} <= used()


@pytest.mark.parametrize("name", COMPLETE + OVERLAYS)
def test_nothing_is_empty_fuzzy_or_forgotten(name):
    for message in messages(name):
        assert not message.fuzzy, message.id
        assert all(text.strip() for text in texts(message.string)), message.id
    assert not catalogue(name).obsolete


@pytest.mark.parametrize("name", COMPLETE + OVERLAYS)
def test_placeholders_are_named_and_the_same_in_every_language(name):
    for message in messages(name):
        wanted = set(PLACEHOLDER.findall(texts(message.id)[-1]))
        assert all(kind == "s" for _, kind in wanted)
        for text in texts(message.string):
            assert set(PLACEHOLDER.findall(text)) == wanted, message.id
            assert "%" not in PLACEHOLDER.sub("", text).replace("%%", ""), message.id


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_message_that_addresses_the_reader_has_both_forms(language):
    informal = {key(message): texts(message.string) for message in messages(f"{language}@informal")}
    for message in messages(language):
        if any(ADDRESSES[language].search(text) for text in texts(message.string)):
            assert key(message) in informal, message.string
    for strings in informal.values():
        assert not any(ADDRESSES[language].search(text) for text in strings), strings
        assert any(ADDRESSES[f"{language}@informal"].search(text) for text in strings), strings


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_formal_catalogue_is_never_familiar(language):
    familiar = ADDRESSES[f"{language}@informal"]
    assert [m.string for m in messages(language) if any(familiar.search(t) for t in texts(m.string))] == []


def test_german_quotes_and_apostrophes_are_german():
    for message in messages("de") + messages("de@informal"):
        for text in texts(message.string):
            assert not set("\"'”«»") & set(text), text
            assert text.count("„") == text.count("“"), text


def test_french_spaces_are_those_of_french_typography():
    for message in messages("fr") + messages("fr@informal"):
        for text in texts(message.string):
            assert not set("\"'“”") & set(text), text
            assert text.count("«\N{NARROW NO-BREAK SPACE}") == text.count("«"), text
            assert text.count("\N{NARROW NO-BREAK SPACE}»") == text.count("»"), text
            assert not re.search(r"(?<!\N{NARROW NO-BREAK SPACE})[;!?]", text), text
            assert not re.search(r"(?<!\N{NO-BREAK SPACE}):", text), text


def test_english_says_what_the_code_says():
    for message in messages("en"):
        assert tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in texts(message.string)) == texts(
            message.id
        )
