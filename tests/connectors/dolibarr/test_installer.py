"""The plan says what would be done, applying it does so once, and the rest is described for doing by hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from responses import matchers

from dolibarr_loyalty.connectors.dolibarr.capabilities import Capabilities
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS
from dolibarr_loyalty.connectors.dolibarr.installer import Action, Step, apply, fields_of, plan
from dolibarr_loyalty.connectors.dolibarr.menus import WORDS, steps_by_hand
from dolibarr_loyalty.errors import PermanentFailure

from .conftest import BASE

Answers = responses.RequestsMock
Build = Callable[..., Capabilities]
FORBIDDEN = {"status": 403, "json": {"error": {"code": 403, "message": "Forbidden: Only an admin user"}}}
NONE_FOUND = {"status": 404, "json": {"error": {"code": 404, "message": "Not Found: No extrafield found"}}}


def defined(answers: Answers, **kinds: str) -> None:
    for element in ("societe", "facture"):
        fields = {name: {"type": kind} for name, kind in kinds.items()} if element == "societe" else {}
        matching = matchers.query_param_matcher({"elementtype": element, "type": element})
        answers.get(f"{BASE}/setup/extrafields", json={element: fields} if fields else [], match=[matching])


def by_action(steps: tuple[Step, ...], action: Action) -> list[str]:
    return [step.what for step in steps if step.action is action]


def test_what_is_there_is_kept_and_what_is_missing_is_created(
    answers: Answers, client: Client, a_dolibarr: Build
) -> None:
    defined(answers, loyalty_points="int", loyalty_card="varchar")
    answers.get(f"{BASE}/categories", json=[{"id": "1", "label": "Gold"}])
    steps = plan(client, a_dolibarr(), language="de_DE", tags=("GOLD", "Silver"))
    kept = ["extrafield societe.loyalty_points", "extrafield societe.loyalty_card", "customer tag GOLD"]
    assert by_action(steps, Action.KEEP) == kept
    assert len(by_action(steps, Action.CREATE)) == len(FIELDS) + 2 - len(kept)
    value = next(step for step in steps if step.what.endswith("loyalty_value"))
    assert value.path == "/setup/extrafields/societe/loyalty_value"
    assert value.body is not None
    assert (value.body["label"], value.body["list"], value.body["type"]) == ("Wert der Punkte", "5", "price")


def test_a_field_of_another_type_is_not_touched(answers: Answers, client: Client, a_dolibarr: Build) -> None:
    defined(answers, loyalty_points="varchar")
    step = plan(client, a_dolibarr())[0]
    assert (step.action, "varchar instead of int" in step.why) == (Action.BY_HAND, True)


def test_a_16_gets_exact_instructions(answers: Answers, client: Client, a_dolibarr: Build) -> None:
    answers.get(f"{BASE}/setup/extrafields", **NONE_FOUND)
    steps = plan(client, a_dolibarr(version_text="16.0.3", creates_extrafields=False), language="fr")
    assert all(step.action is Action.BY_HAND for step in steps)
    assert steps[0].by_hand.startswith(
        "Accueil > Configuration > Modules/Applications > Tiers (⚙) > Attributs supplémentaires (tiers) > "
        "Nouvel attribut. Libellé ou clé de traduction: Points de fidélité; "
        "Code de l'attribut: loyalty_points; Type: Numérique entier; Taille: 10; Position: 900; Visibilité: 5"
    )
    assert not any(outcome.done for outcome in apply(client, steps))


def test_without_an_administrator_s_key_the_fields_objects_show_count(
    answers: Answers, client: Client, a_dolibarr: Build
) -> None:
    answers.get(f"{BASE}/setup/extrafields", **FORBIDDEN)
    shown = {f"options_{field.name}": None for field in FIELDS if field.element == "societe"}
    answers.get(
        f"{BASE}/thirdparties", json=[{"id": "1", "array_options": []}, {"id": "2", "array_options": shown}]
    )
    answers.get(f"{BASE}/invoices", json=[{"id": "1", "array_options": []}])
    steps = plan(client, a_dolibarr())
    assert len(by_action(steps, Action.KEEP)) == len(shown)
    assert len(by_action(steps, Action.CHECK)) == len(FIELDS) - len(shown)


def test_another_refusal_of_the_list_is_raised(answers: Answers, client: Client) -> None:
    answers.get(
        f"{BASE}/setup/extrafields", status=400, json={"error": {"code": 400, "message": "Bad Request"}}
    )
    with pytest.raises(PermanentFailure):
        fields_of(client, "societe")


def test_applying_creates_and_repeating_does_no_harm(
    answers: Answers, client: Client, a_dolibarr: Build
) -> None:
    defined(answers, **{field.name: field.kind for field in FIELDS if field.element == "societe"})
    answers.get(f"{BASE}/categories", json=[])
    conflict = {"status": 409, "json": {"error": {"code": 409, "message": "Conflict: Duplicate extrafield"}}}
    answers.post(f"{BASE}/setup/extrafields/facture/loyalty_points", body="1")
    answers.post(f"{BASE}/setup/extrafields/facture/loyalty_voucher", **conflict)
    answers.post(f"{BASE}/setup/extrafields/facture/loyalty_valid", **FORBIDDEN)
    answers.post(f"{BASE}/setup/extrafields/facture/loyalty_state", status=500, body="")
    answers.post(f"{BASE}/categories", status=500, json={"error": {"code": 500, "message": "already exists"}})
    outcomes = {
        outcome.step.what: outcome for outcome in apply(client, plan(client, a_dolibarr(), tags=("VIP",)))
    }
    done = {what.split(".")[-1]: outcome.done for what, outcome in outcomes.items() if "facture" in what}
    assert done == {
        "loyalty_points": True,
        "loyalty_voucher": True,
        "loyalty_valid": False,
        "loyalty_state": False,
    }
    assert outcomes["extrafield facture.loyalty_voucher"].problem == ""
    assert "403" in outcomes["extrafield facture.loyalty_valid"].problem
    assert not outcomes["customer tag VIP"].done
    sent = json.loads(answers.calls[-1].request.body or "")
    assert sent == {"label": "VIP", "type": "customer"}


def test_every_field_has_words_in_every_language() -> None:
    for field in FIELDS:
        for language in WORDS:
            label, explained = field.words[language]
            assert label
            assert explained
            assert field.name in steps_by_hand(field, language)


def test_a_language_that_is_not_ours_gets_english() -> None:
    assert FIELDS[0].label("pt_BR") == "Loyalty points"
    assert steps_by_hand(FIELDS[0], "pt_BR").startswith("Home > Setup")


def test_a_created_field_is_visible() -> None:
    bodies: list[dict[str, Any]] = [field.body("en") for field in FIELDS]
    assert {body["list"] for body in bodies} == {"3", "5"}
