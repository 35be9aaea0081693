"""Changes of a program in words: whole sentences in every language, for every setting there is."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Cap, Program, Rule
from dolibarr_loyalty.core.promises import KINDS, Change, Whom, compare
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.locales import LANGUAGES, Words, words
from dolibarr_loyalty.messages.promises import SENTENCES, THINGS, WHOM, in_words, whom_in_words
from tests.core.test_promises import FULL, HARMLESS, PLACES, WORSE, only, with_gold, with_reward, with_rule

EVERYTHING = [program for where, program in PLACES if not where.endswith("names")]
EVERYTHING += [program for program, _ in WORSE.values()]
CHANGES: list[Change] = [
    change
    for program in [*EVERYTHING, *HARMLESS.values()]
    for one, other in ((FULL, program), (program, FULL))
    for change in compare(one, other, today=date(2026, 11, 22))
]


def spoken(language: str) -> Words:
    return words(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_is_a_whole_sentence(language: str) -> None:
    said = spoken(language)
    for change in CHANGES:
        sentence = in_words(change, said)
        assert re.fullmatch(r"\S.*\S\.", sentence, re.DOTALL), sentence
        assert not re.search(r"%\(|\bNone\b|  |“”|„“|« »", sentence), sentence
        assert whom_in_words(change.whom, said).strip()


def test_every_code_and_kind_has_its_words() -> None:
    said = {change.code for change in CHANGES}
    assert said - SENTENCES.keys() == set()
    assert SENTENCES.keys() - said == {"earning_ends"}
    assert set(KINDS.values()) == THINGS.keys()
    assert {change.whom.kind for change in CHANGES} <= WHOM.keys()


@pytest.mark.parametrize(
    ("program", "english", "german", "french"),
    [
        pytest.param(
            with_reward(points=60),
            "Reward “5 Euro” costs 60 points, before 50 points.",
            "Prämie „5 Euro“ kostet 60 Punkte, bisher 50 Punkte.",
            "Récompense « 5 Euro » coûte 60 points, auparavant 50 points.",
            id="price",
        ),
        pytest.param(
            replace(FULL, expiry=Expiry(months=12)),
            "Program: points earned from now on last 12 months, before 36 months. Points earned already keep their "
            "own end.",
            "Programm: Gültigkeit ab jetzt gesammelter Punkte: 12 Monate, bisher: 36 Monate. Bereits gesammelte "
            "Punkte behalten ihr eigenes Ende.",
            "Programme : validité des points gagnés à partir de maintenant : 12 mois, auparavant : 36 mois. Les "
            "points déjà gagnés gardent leur propre échéance.",
            id="expiry",
        ),
        pytest.param(
            replace(FULL, expiry=Expiry(model="activity", months=0, days=90)),
            "Program: points last until there was no activity for 90 days, before 36 months. This holds for points "
            "earned already, too.",
            "Programm: Gültigkeit der Punkte: bis 90 Tage lang nichts geschah, bisher: 36 Monate. Das gilt auch für "
            "bereits gesammelte Punkte.",
            "Programme : validité des points : jusqu’à 90 jours sans activité, auparavant : 36 mois. Cela vaut aussi "
            "pour les points déjà gagnés.",
            id="quiet",
        ),
        pytest.param(
            with_gold(threshold=600),
            "Tier “gold” is reached with 600 qualifying points, before with 500 qualifying points.",
            "Stufe „gold“: nötig sind 600 Statuspunkte, bisher 500 Statuspunkte.",
            "Niveau « gold » est atteint avec 600 points de statut, auparavant avec 500 points de statut.",
            id="threshold",
        ),
        pytest.param(
            with_rule(points=Decimal(2), per=Decimal(25)),
            "Rule “base” gives 2 points per €25.00, before 1 point per €10.00.",
            "Regel „base“ bringt 2 Punkte je 25,00 €, bisher 1 Punkt je 10,00 €.",
            "Règle « base » rapporte 2 points par tranche de 25,00 €, auparavant 1 point par tranche de 10,00 €.",
            id="rate",
        ),
        pytest.param(
            replace(FULL, max_balance=None),
            "Program, setting max_balance: now nothing, before 10000.",
            "Programm, Einstellung max_balance: jetzt nichts, bisher 10000.",
            "Programme, réglage max_balance : désormais rien, auparavant 10000.",
            id="any-setting",
        ),
        pytest.param(
            replace(FULL, vouchers_earn=True),
            "Program, setting vouchers_earn: now yes, before no.",
            "Programm, Einstellung vouchers_earn: jetzt ja, bisher nein.",
            "Programme, réglage vouchers_earn : désormais oui, auparavant non.",
            id="yes-or-no",
        ),
        pytest.param(
            replace(FULL, caps=(*FULL.caps, Cap(period="year", points=900))),
            "New: Limit on points (year).",
            "Neu: Höchstgrenze für Punkte (year).",
            "Nouveau : Plafond de points (year).",
            id="added",
        ),
    ],
)
def test_changes_read_well(program: Program, english: str, german: str, french: str) -> None:
    change = only(program)
    for language, wanted in (("en", english), ("de", german), ("fr", french)):
        told = in_words(change, spoken(language))
        assert " ".join(told.split()) == " ".join(wanted.split())


def test_the_end_of_earning_is_told_with_its_day() -> None:
    ending = Program(rules=(Rule(id="base", window=Window(until_day=date(2027, 6, 30))),))
    change = next(each for each in compare(Program(), ending) if each.code == "earning_ends")
    assert in_words(change, spoken("en")) == "After 30 June 2027 purchases earn no points any more."


@pytest.mark.parametrize(
    ("whom", "told"),
    [
        (Whom(), "alle"),
        (Whom(kind="tier", id="gold", names=(("de", "Gold"),)), "Mitglieder der Stufe „Gold“"),
        (Whom(kind="card", id="coffee"), "Mitglieder mit der Stempelkarte „coffee“"),
        (Whom(kind="some", id="tags: vip"), "Mitglieder mit tags: vip"),
    ],
)
def test_whom_it_concerns_is_told(whom: Whom, told: str) -> None:
    assert whom_in_words(whom, spoken("de")) == told


def test_a_partner_is_told_by_its_name() -> None:
    named = Partner(id="r", thirdparty_id=1, names=(("en", "The Roastery"),), match=Match(tags=("x",)))
    change = only(replace(FULL, partners=(*FULL.partners, named)))
    assert in_words(change, spoken("en")) == "New: Partner “The Roastery”."
