"""Explanations: every decision can be told in both languages, and its steps make every amount again."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from adjudicator.adjudication import reference
from adjudicator.adjudication.explanation import Explanation, LineExplanation, explain
from adjudicator.adjudication.records import claim_records, world
from adjudicator.adjudication.reference import ClaimDecision
from adjudicator.adjudication.steps import ExplainedStep, replay
from adjudicator.adjudication.telling import Sentence, places_in
from adjudicator.presentation.explanation import as_record, print_explanation
from adjudicator.presentation.explanation import told as told_in
from adjudicator.product.definition import Product
from adjudicator.product.read import read_product
from adjudicator.units import times_quantity
from adjudicator.vocabulary import Cut, Kind, Reason
from adjudicator.words import LANGUAGES, Message, shown
from ingest.openimis import import_records
from tests.adjudication.typed import typed_claims, typed_registers
from tests.adjudication.worlds import RandomWorld, random_world

Row = dict[str, Any]

worlds = st.randoms(use_true_random=False).map(random_world)


def nowhere(version: Product, path: Sequence[str | int]) -> None:
    """Find the place of nothing: these products come from no file."""


def decisions(
    products: Sequence[Product],
    registers: Mapping[str, list[Row]],
    claims: Sequence[Row],
    lines: Sequence[Row],
    decimals: int,
    adult_age: int = 18,
) -> list[ClaimDecision]:
    records = claim_records(*typed_claims(claims, lines, decimals))
    return reference.adjudicate(world(products, typed_registers(registers, decimals), adult_age), records)


def of_world(random: RandomWorld) -> list[ClaimDecision]:
    return decisions(
        random.products,
        random.registers,
        random.claims,
        random.claim_lines,
        random.decimals,
        random.adult_age,
    )


def with_review(explanation: Explanation) -> Iterator[Explanation]:
    """Give an explanation, and that of the decision before the review."""
    yield explanation
    if explanation.before_review is not None:
        yield explanation.before_review


# What holds for every decision.


@settings(max_examples=30)
@given(worlds)
def test_the_steps_of_every_line_make_its_amount(random: RandomWorld) -> None:
    for decision in of_world(random):
        for explanation in with_review(explain(decision, nowhere, random.decimals, "KES")):
            for line in explanation.lines:
                check_steps(line)


def check_steps(line: LineExplanation) -> None:
    assert replay(line.steps) == line.decided.valuated
    if line.decided.reason is not Reason.ACCEPTED:
        assert not line.steps
        return
    gross = line.steps[0]
    assert line.decided.unit_price is not None
    assert gross.after == times_quantity(line.decided.unit_price, line.decided.quantity) == line.decided.gross
    amount = gross.after
    for step in line.steps[1:]:
        assert step.cut is not None
        assert (step.before, step.after) == (amount, step.replay(amount))
        assert step.taken == amount - step.after == line.decided.cuts[step.cut]
        check_balance(step)
        amount = step.after


def check_balance(step: ExplainedStep) -> None:
    """A deductible's balance falls by what is taken off; a ceiling's by what passes."""
    if step.left_before is None:
        assert step.cut in (Cut.LIMIT_EXCESS, Cut.CO_INSURANCE)
        return
    used = step.taken if step.cut is Cut.DEDUCTIBLE else step.after
    assert step.left_after == step.left_before - used >= 0


@settings(max_examples=30)
@given(worlds)
def test_what_was_claimed_is_accounted_for(random: RandomWorld) -> None:
    for decision in of_world(random):
        first, *parts, last = explain(decision, nowhere, random.decimals, "KES").account
        assert (first.amount, last.amount) == (decision.claimed, decision.valuated)
        assert first.amount + sum(part.amount for part in parts) == last.amount


@settings(max_examples=30)
@given(worlds)
def test_every_decision_can_be_told(random: RandomWorld) -> None:
    for decision in of_world(random):
        check_words(explain(decision, nowhere, random.decimals, "KES"))


def check_words(explanation: Explanation) -> None:
    for language in LANGUAGES:
        record = as_record(explanation, language)
        assert json.loads(json.dumps(record)) == record
        for whole in filter(None, (record, record["before_review"])):
            sentences = [
                *whole["sentences"],
                *(told for line in whole["lines"] for told in line["sentences"]),
            ]
            labels = [step["label"] for line in whole["lines"] for step in line["steps"]]
            for text in (*(sentence["text"] for sentence in sentences), *labels):
                assert text
                assert not {"{", "}"} & set(text)
                assert "None" not in text
            assert all(sentence["text"].endswith(".") for sentence in sentences)
            assert all(sentence["text"][0].isupper() for sentence in sentences)


@settings(max_examples=10)
@given(worlds, st.sampled_from(LANGUAGES), st.integers(40, 120))
def test_every_sentence_is_in_the_text(random: RandomWorld, language: str, width: int) -> None:
    for decision in of_world(random):
        explanation = explain(decision, nowhere, random.decimals, "KES")
        text = explanation_text(explanation, language, width)
        assert max(map(len, text.splitlines())) <= width
        words = apart(text)
        if not decision.struck:
            told = [s for line in explanation.lines for s in line.sentences]
            for sentence in (*explanation.sentences, *told):
                assert in_order(apart(told_in(sentence, language)), words)


def explanation_text(explanation: Explanation, language: str, width: int = 100) -> str:
    """Print an explanation as plain text, the same on any machine; ``width`` is in columns."""
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, legacy_windows=False, _environ={})
    print_explanation(console, explanation, language)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().split("\n")[:-1])


def apart(text: str) -> list[str]:
    """Take the words of a text apart; a space that does not break holds its words together."""
    return re.split(r"[ \n]+", text.strip())


def in_order(wanted: list[str], words: list[str]) -> bool:
    """Tell whether words stand together among others."""
    starts = (place for place, word in enumerate(words) if word == wanted[0])
    return any(words[start : start + len(wanted)] == wanted for start in starts)


def test_every_case_of_conformance_can_be_told(pytestconfig: pytest.Config) -> None:
    folder = Path(pytestconfig.getoption("--cases"))
    files = sorted(folder.glob("*.json"))
    if not files:
        pytest.skip(f"no cases in {folder}")
    kinds: dict[Any, Explanation] = {}
    for file in files:
        case = json.loads(file.read_text("utf-8"), parse_float=Decimal)
        imported = import_records(case["input"], 2)
        rows = (imported.registers, imported.claims, imported.claim_lines)
        for decision in decisions(imported.products, *rows, 2, imported.adult_age):
            explanation = explain(decision, nowhere, 2, "NPR")
            for whole in with_review(explanation):
                for line in whole.lines:
                    check_steps(line)
                    kinds.update(dict.fromkeys(map(kind, line.sentences), explanation))
                kinds.update(dict.fromkeys(map(kind, whole.sentences), explanation))
    # Sentences of one kind differ in their amounts, codes and days only: one of each is enough to be told.
    for explanation in {id(explanation): explanation for explanation in kinds.values()}.values():
        check_words(explanation)


def kind(value: Any) -> Any:
    """Give what decides whether something can be told: its key, and the kinds of what fills it."""
    match value:
        case Sentence():
            return kind(value.said)
        case Message():
            return value.key, tuple((name, kind(part)) for name, part in value.values.items())
        case list():
            return frozenset(map(kind, value))
        case _:
            return type(value)


# What a person should see, word for word.

HEALTH = """\
product: HEALTH
valid: {from: 2026-01-01}
enrolment: {members: {threshold: 2}}
deductible: {per: insuree, amount: 500}
ceiling: {per: policy, amount: 1000, extra_member: 100}
claim_categories:
  surgery: {claims: 1, ceiling: 450}
coverage:
  - services: all
    cover: {adult: 80%, child: 100%}
  - services: [BED]
    cover: {up_to: 150}
    price: claimed
  - services: [SCAN]
    covered: false
    referral: {covered: true}
  - services: [OPER]
    cover: 100%
    waiting: {adult: 6 months}
  - items: all
    price: relative
    quantity: {adult: 10}
    outside_ceiling: both
"""

BASIC = """\
product: BASIC
coverage:
  - services: all
    cover: 50%
"""


@dataclass
class Clinic:
    """A small scheme with one family and one facility, and what it bills."""

    products: list[Product]
    places: Any
    registers: dict[str, list[Row]]
    claims: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    def bill(self, number: str, *lines: Row, **changes: Any) -> None:
        """Bill a claim; lines are numbered in order."""
        row = {
            "claim": number,
            "facility": "HC1",
            "insuree": "ANNA",
            "date_from": dt.date(2026, 8, 3),
            "date_claimed": dt.date(2026, 8, 5 + len(self.claims)),
            "diagnosis": "A00",
        }
        self.claims.append(row | changes)
        for place, line in enumerate(lines, start=1):
            self.lines.append({"claim": number, "facility": "HC1", "line": place} | line)

    def explain(self) -> list[Explanation]:
        """Explain what was billed, in the order in which it was adjudicated."""
        decided = decisions(self.products, self.registers, self.claims, self.lines, 2)
        names = {(Kind.SERVICE, "CONS"): "Consultation"}
        return [explain(decision, self.places, 2, "KES", names) for decision in decided]


def service(code: str, price: str, quantity: str = "1", **review: str) -> Row:
    return {"kind": "service", "code": code, "quantity": quantity, "price_asked": price} | review


def item(code: str, price: str, quantity: str = "1", **review: str) -> Row:
    return service(code, price, quantity, **review) | {"kind": "item"}


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    sources = []
    for name, text in (("health.yaml", HEALTH), ("basic.yaml", BASIC)):
        (tmp_path / name).write_text(text)
        sources.append(read_product(tmp_path / name, 2))
    price_list = {"CONS": "250", "BED": "300", "SCAN": "300", "OPER": "300", "PILL": None}
    price_list |= dict.fromkeys(("MATER", "CHECK", "OLD", "STAY"), "300")
    provisions: list[Row] = [
        {"code": "CONS", "category": "consultation"},
        {"code": "BED", "category": "hospitalization"},
        {"code": "SCAN"},
        {"code": "OPER", "category": "surgery"},
        {"code": "MATER", "sex": "female", "age": "adult"},
        {"code": "CHECK", "frequency_days": 30},
        {"code": "OLD", "valid_to": dt.date(2025, 12, 31)},
        {"code": "STAY", "care_type": "in_patient"},
        {"code": "PILL", "kind": "item", "price": "2.50"},
    ]
    provisions = [{"kind": "service", "name": row["code"], "price": "90"} | row for row in provisions]
    lists = [
        {"price_list": "L1", "kind": row["kind"], "code": row["code"], "price": price_list[row["code"]]}
        for row in provisions
    ]
    year = {"effective": dt.date(2026, 1, 1), "expiry": dt.date(2026, 12, 31)}
    members = [
        ("ANNA", "female", dt.date(1990, 5, 1)),
        ("BEN", "male", dt.date(1988, 5, 1)),
        ("CLEO", "female", dt.date(2020, 5, 1)),
    ]
    registers: dict[str, list[Row]] = {
        "provisions": provisions,
        "price_lists": lists,
        "facilities": [
            {
                "code": "HC1",
                "name": "Health centre",
                "level": "health_centre",
                "care_type": "both",
                "service_price_list": "L1",
                "item_price_list": "L1",
            }
        ],
        "diagnoses": [{"code": "A00", "name": "Cholera"}],
        "families": [{"family": "F1"}],
        "insurees": [
            {"insuree": insuree, "family": "F1", "sex": sex, "birth_date": birth}
            for insuree, sex, birth in members
        ],
        "policies": [
            {"policy": "P1", "family": "F1", "product": "HEALTH", **year, "stage": "new", "status": "active"}
        ],
        "covers": [{"policy": "P1", "insuree": insuree, **year} for insuree, *_ in members],
    }
    products = [source.definition for source in sources]
    return Clinic(products, places_in(sources), registers)


def sentences(told: LineExplanation | Explanation, language: str) -> list[str]:
    """Give the sentences, with plain spaces for those that do not break."""
    return [told_in(sentence, language).replace("\u00a0", " ") for sentence in told.sentences]


def on(year: int, month: int, day: int, language: str) -> str:
    return str(shown(dt.date(year, month, day), language))


def line(explanation: Explanation, code: str) -> LineExplanation:
    """Give the line with a provision's code."""
    return next(told for told in explanation.lines if told.decided.line.code == code)


def test_deductible_fixed_limit_and_ceiling(clinic: Clinic) -> None:
    clinic.bill("A1", service("CONS", "300"), service("BED", "180", "3"), date_to=dt.date(2026, 8, 6))
    (claim,) = clinic.explain()
    english, french = on(2026, 8, 6, "en"), on(2026, 8, 6, "fr")
    assert sentences(claim, "en")[1:] == [
        "Category of the claim: hospitalization, because the patient stayed at least one night.",
        "The claim is accepted. The scheme pays KES 200.00 of the 840.00 claimed.",
        "The ceiling of policy P1 grows with the family: KES 1,000.00, and 100.00 for each member above 2. "
        f"With 3 members covered on {english} it is 1,100.00.",
    ]
    assert sentences(claim, "fr")[1:] == [
        "Catégorie de la prestation : hospitalisation, car le patient est resté au moins une nuit.",
        "La prestation est acceptée. Le régime paie 200,00 KES sur les 840,00 facturés.",
        "Le plafond de la police P1 croît avec la famille : 1 000,00 KES, plus 100,00 par membre au-delà "
        "de 2. "
        f"Avec 3 membres couverts le {french}, il est de 1 100,00.",
    ]
    consultation, bed = claim.lines
    english, french = on(2026, 1, 1, "en"), on(2026, 1, 1, "fr")
    assert sentences(consultation, "en") == [
        "Asked: KES 300.00.",
        f"Policy P1 pays, under product HEALTH in its version valid from {english}.",
        "Price list L1 gives KES 250.00 a unit, less than the 300.00 asked.",
        "Deductible of KES 500.00 per person: 250.00 of this line falls on the patient; "
        "250.00 of the deductible is left afterwards.",
        "The line is accepted, but nothing is left to pay.",
    ]
    assert sentences(consultation, "fr") == [
        "Demandé : 300,00 KES.",
        "La ligne est prise en charge par la police P1, "
        f"selon le produit HEALTH dans sa version valable à partir du {french}.",
        "La liste de prix L1 donne un prix unitaire de 250,00 KES, inférieur aux 300,00 demandés.",
        "Franchise de 500,00 KES par personne : le patient paie 250,00 de cette ligne ; "
        "il reste ensuite 250,00 de franchise.",
        "La ligne est acceptée, mais il ne reste rien à payer.",
    ]
    assert sentences(bed, "en")[2:] == [
        "The product pays the price asked, KES 180.00 a unit.",
        "The product pays up to KES 150.00 a unit, which is 450.00 for 3; the 90.00 above that is not "
        "covered.",
        "Deductible of KES 500.00 per person: 250.00 was left, so 250.00 of this line falls on the patient, "
        "and the deductible is used up.",
        "Ceiling of KES 1,100.00 per policy: 1,100.00 was left, and 900.00 is left after this line.",
        "To be paid: KES 200.00 of the 540.00 asked.",
    ]
    assert sentences(bed, "fr")[2:] == [
        "Le produit retient le prix demandé, 180,00 KES par unité.",
        "Le produit paie jusqu’à 150,00 KES par unité, soit 450,00 pour une quantité de 3 ; "
        "il ne couvre pas les 90,00 au-delà de ce forfait.",
        "Franchise de 500,00 KES par personne : il en restait 250,00, donc le patient paie 250,00 de "
        "cette ligne, "
        "et la franchise est épuisée.",
        "Plafond de 1 100,00 KES par police : il en restait 1 100,00 ; après cette ligne, il en reste "
        "900,00.",
        "À payer : 200,00 KES sur les 540,00 demandés.",
    ]


def spend_the_deductible(clinic: Clinic) -> None:
    clinic.bill("A0", service("CONS", "250", "2"))


def test_co_insurance_and_category_ceiling(clinic: Clinic) -> None:
    spend_the_deductible(clinic)
    clinic.bill("A1", service("OPER", "300"), service("CONS", "250"))
    _, claim = clinic.explain()
    assert sentences(line(claim, "OPER"), "en")[3:] == [
        "Deductible of KES 500.00 per person: it is used up already, so nothing is taken off.",
        "The product pays 100% of the KES 300.00: no share is left to the patient.",
        "Ceiling of KES 450.00 per claim of the category “surgery”: 450.00 was left, "
        "and 150.00 is left after this line.",
        "Ceiling of KES 1,100.00 per policy: 1,100.00 was left, and 800.00 is left after this line.",
        "To be paid in full: KES 300.00.",
    ]
    assert sentences(line(claim, "CONS"), "en")[4:6] == [
        "For adults the product pays 80% of the KES 250.00, which is 200.00; the other 50.00 falls on "
        "the patient.",
        "Ceiling of KES 450.00 per claim of the category “surgery”: 150.00 was left, "
        "so 50.00 of this line is not covered, and the ceiling is used up.",
    ]
    assert sentences(line(claim, "CONS"), "fr")[3:] == [
        "Franchise de 500,00 KES par personne : elle est déjà épuisée, rien n’est retenu.",
        "Pour les adultes, le produit paie 80 % des 250,00 KES, soit 200,00 ; "
        "le ticket modérateur de 50,00 reste à la charge du patient.",
        "Plafond de 450,00 KES par prestation de la catégorie « chirurgie » : il en restait 150,00, "
        "donc le produit ne couvre pas 50,00 de cette ligne, et le plafond est épuisé.",
        "Plafond de 1 100,00 KES par police : il en restait 800,00 ; après cette ligne, il en reste 650,00.",
        "À payer : 150,00 KES sur les 250,00 demandés.",
    ]


def test_quantity_register_price_and_relative_price(clinic: Clinic) -> None:
    spend_the_deductible(clinic)
    clinic.bill("A1", item("PILL", "2.50", "4"))
    clinic.bill("A2", item("PILL", "3", "12"))
    *_, claim = clinic.explain()
    assert sentences(claim, "en")[2:] == [
        "The claim is accepted for KES 15.00; 36.00 was claimed.",
        "At least one of its lines has a relative price, so the amount paid is known only when the "
        "period is closed.",
    ]
    days = {language: (on(2026, 1, 1, language), on(2026, 12, 31, language)) for language in LANGUAGES}
    first, last = days["en"]
    assert sentences(claim.lines[0], "en")[2:5] == [
        "Price list L1 gives no price of its own, so the register’s holds: KES 2.50 a unit, "
        "less than the 3.00 asked.",
        f"The product allows each person 10 of this item from {first} to {last}. Used before this line: "
        f"4 on claim A1 of facility HC1 ({on(2026, 8, 3, 'en')}). So 6 is accepted instead of the 12 asked.",
        "Gross amount: 6 × KES 2.50 = 15.00.",
    ]
    first, last = days["fr"]
    assert sentences(claim.lines[0], "fr")[2:] == [
        "La liste de prix L1 ne fixe pas de prix ; celui de la nomenclature s’applique : "
        "un prix unitaire de 2,50 KES, inférieur aux 3,00 demandés.",
        f"Le produit accorde à chaque personne une quantité de 10 pour cet article du {first} au {last}. "
        "Déjà utilisé avant cette ligne : 4 sur la prestation A1 de l’établissement HC1 "
        f"({on(2026, 8, 3, 'fr')}). "
        "La quantité acceptée est donc de 6 au lieu de 12.",
        "Montant brut : 6 × 2,50 KES = 15,00.",
        "Franchise de 500,00 KES par personne : elle est déjà épuisée, rien n’est retenu.",
        "Le produit ne prévoit pas de ticket modérateur : il paie la totalité des 15,00 KES.",
        "Le produit place cet article hors plafond : le plafond ne le réduit pas, et il n’entame pas le "
        "plafond.",
        "Acceptée pour 15,00 KES. Le prix est relatif : ce qui en sera payé sera connu à la clôture de "
        "la période.",
    ]


def test_which_policy_pays(clinic: Clinic) -> None:
    year = {"effective": dt.date(2026, 2, 1), "expiry": dt.date(2026, 12, 31)}
    clinic.registers["policies"].append(
        {"policy": "P2", "family": "F1", "product": "BASIC", **year, "stage": "renewal", "status": "active"}
    )
    clinic.registers["covers"].append({"policy": "P2", "insuree": "ANNA", **year})
    clinic.bill("A1", service("CONS", "300"), service("OPER", "300"), date_from=dt.date(2026, 3, 2))
    (claim,) = clinic.explain()
    assert sentences(line(claim, "CONS"), "en")[2] == (
        "Policy P2 (product BASIC) could pay too, but it would leave the patient more for one unit at "
        "KES 300.00: "
        "150.00 against 60.00, deductible and ceilings aside."
    )
    assert sentences(line(claim, "OPER"), "en")[1:3] == [
        "Policy P2 pays, under product BASIC.",
        "Policy P1 (product HEALTH) has a waiting period of 6 months for this service, because the "
        "policy is new. "
        f"It began on {on(2026, 1, 1, 'en')}; this service is covered from {on(2026, 7, 1, 'en')} on.",
    ]
    assert sentences(line(claim, "OPER"), "fr")[1:3] == [
        "La ligne est prise en charge par la police P2, selon le produit BASIC.",
        "La police P1 (produit HEALTH) a un délai de carence de 6 mois pour cet acte, car la police est "
        "nouvelle. "
        f"Il a commencé le {on(2026, 1, 1, 'fr')} ; cet acte est couvert à partir du {on(2026, 7, 1, 'fr')}.",
    ]


def test_a_review_is_told_before_and_after(clinic: Clinic) -> None:
    spend_the_deductible(clinic)
    clinic.bill(
        "A1",
        service("CONS", "250", price_approved="120"),
        service("BED", "100", "2", review="rejected"),
        service("CHECK", "300"),
    )
    _, claim = clinic.explain()
    assert sentences(claim, "en")[-1] == (
        "A medical officer reviewed this claim: KES 640.00 was accepted before the review, 336.00 after it."
    )
    assert sentences(line(claim, "CONS"), "en")[2] == (
        "The medical officer approved KES 120.00 a unit, less than the 250.00 asked."
    )
    assert sentences(line(claim, "CONS"), "en")[-2:] == [
        "To be paid: KES 96.00 of the 250.00 asked.",
        "Before the review, KES 200.00 was accepted for this line.",
    ]
    assert sentences(line(claim, "BED"), "fr")[1:] == [
        "Rejetée avec le code -1 : rejet du médecin-conseil.",
        "Le médecin-conseil a rejeté cette ligne. Veuillez en demander les motifs au régime.",
        "Avant le contrôle médical, le montant accepté pour cette ligne était de 200,00 KES.",
    ]
    text = explanation_text(claim, "en")
    after, before = text.split("Before the review\n")
    assert "CHECK" in after
    assert "CHECK" not in before
    record = as_record(claim, "en")
    assert (record["valuated"], record["before_review"]["valuated"]) == ("336.00", "640.00")


def test_rejected_lines_say_why_and_what_to_do(clinic: Clinic) -> None:
    clinic.bill("A1", service("CHECK", "90"), service("OPER", "300"), date_from=dt.date(2026, 7, 20))
    clinic.bill(
        "A2",
        service("CHECK", "90"),
        service("OLD", "90"),
        service("STAY", "90"),
        service("SCAN", "90"),
        item("CONS", "90"),
        service("OPER", "300"),
    )
    clinic.bill("A3", service("MATER", "90"), insuree="CLEO")
    clinic.bill("A4", service("MATER", "90"), insuree="BEN")
    _, claim, child, man = clinic.explain()
    told = {told.decided.line.code: sentences(told, "en")[1:] for told in claim.lines}
    told_in_french = {told.decided.line.code: sentences(told, "fr")[1:] for told in claim.lines}
    assert told["CHECK"] == [
        "Rejected with code 5: too soon after the last time.",
        "This service is paid again only after 30 days, and it was accepted for this patient on claim A1 "
        f"of facility HC1 ({on(2026, 7, 20, 'en')}).",
        f"Counted from that claim, it can be claimed again for care from {on(2026, 8, 19, 'en')} on.",
    ]
    assert told_in_french["CHECK"] == [
        "Rejetée avec le code 5 : fréquence dépassée.",
        "Cet acte n’est payé à nouveau qu’après 30 jours, et il a été accepté pour ce patient sur la "
        "prestation A1 "
        f"de l’établissement HC1 ({on(2026, 7, 20, 'fr')}).",
        "Compté à partir de cette prestation, il peut être facturé à nouveau pour des soins "
        f"à partir du {on(2026, 8, 19, 'fr')}.",
    ]
    assert told["OLD"][1:] == [
        f"The code OLD is not valid on {on(2026, 8, 3, 'en')}; it is valid until {on(2025, 12, 31, 'en')}. "
        "Please resubmit with the code valid on that day."
    ]
    assert told["STAY"][1:] == [
        "This service is for in-patients only, but the claim shows no night’s stay. "
        "If the patient stayed, please give both dates and resubmit."
    ]
    assert told["SCAN"][1:] == [
        "Product HEALTH of policy P1 excludes this service.",
        "It covers this service only for another type of visit: referral. "
        "If the patient came that way, please resubmit the claim with that type of visit.",
    ]
    assert told_in_french["SCAN"][1:] == [
        "Le produit HEALTH de la police P1 exclut cet acte.",
        "Il ne couvre cet acte que pour un autre type de visite : référence. "
        "Si le patient est venu ainsi, veuillez renvoyer la prestation avec ce type de visite.",
    ]
    assert told["CONS"][1:] == [
        "The code CONS is that of a service, not of an item. Please resubmit the line as a service."
    ]
    assert told["OPER"] == [
        "Rejected with code 14: number of surgeries reached.",
        "Policy P1 (product HEALTH) pays each person 1 claim of the category “surgery” "
        f"from {on(2026, 1, 1, 'en')} to {on(2026, 12, 31, 'en')}, and this limit is reached: "
        f"claim A1 of facility HC1 ({on(2026, 7, 20, 'en')}).",
    ]
    assert told_in_french["OPER"][1:] == [
        "La police P1 (produit HEALTH) paie à chaque personne 1 prestation de la catégorie « chirurgie » "
        f"du {on(2026, 1, 1, 'fr')} au {on(2026, 12, 31, 'fr')}, et cette limite est atteinte : "
        f"prestation A1 de l’établissement HC1 ({on(2026, 7, 20, 'fr')}).",
    ]
    assert sentences(child.lines[0], "fr")[2:] == [
        f"Cet acte est réservé aux adultes (à partir de 18 ans) ; l’âge du patient au {on(2026, 8, 3, 'fr')} "
        "est de 6 ans.",
        "Si l’enregistrement du patient est inexact, veuillez demander au régime de le corriger.",
    ]
    assert sentences(man.lines[0], "en")[2:] == [
        "This service is for women only, and the patient is registered as a man.",
        "If the register is wrong about the patient, please ask the scheme to correct it.",
    ]


def test_rejected_claims_say_why_and_what_to_do(clinic: Clinic) -> None:
    clinic.registers["policies"][0]["status"] = "suspended"
    consultation = service("CONS", "250")
    clinic.bill("A1", consultation)
    clinic.bill("A2", consultation, date_from=dt.date(2025, 3, 4))
    clinic.bill("A3", consultation, insuree="DORA")
    clinic.bill("A4", consultation, diagnosis="Z99")
    clinic.bill("A5", consultation, date_to=dt.date(2026, 8, 1))
    suspended, early, unknown, diagnosis, dates = clinic.explain()
    assert sentences(suspended, "en") == [
        f"Care on {on(2026, 8, 3, 'en')}; claim made on {on(2026, 8, 5, 'en')}.",
        "Category of the claim: consultation, because of service CONS on line 1.",
        "The claim is rejected, with code 21 (no cover on that date): nothing is paid of the KES 250.00 "
        "claimed.",
        f"No policy covers patient ANNA on {on(2026, 8, 3, 'en')}.",
        "Policy P1 (product HEALTH) is suspended.",
        "Please check the date and the patient’s number, or ask the scheme about the patient’s policy.",
    ]
    assert sentences(early, "fr")[2:] == [
        "La prestation est rejetée avec le code 21 (hors période de droits) : rien n’est payé des 250,00 KES "
        "facturés.",
        f"Aucune police ne couvre le patient ANNA le {on(2025, 3, 4, 'fr')}.",
        f"La police P1 (produit HEALTH) ne prend effet que le {on(2026, 1, 1, 'fr')}.",
        "Veuillez vérifier la date et le numéro du patient, ou vous renseigner auprès du régime sur sa "
        "police.",
    ]
    assert sentences(unknown, "en")[3:] == [
        "Nobody with the number DORA is registered. Please check the number on the patient’s card and "
        "resubmit."
    ]
    assert sentences(diagnosis, "fr")[3:] == [
        "Le diagnostic Z99 ne figure pas au registre des diagnostics du régime. "
        "Veuillez vérifier le code et renvoyer la prestation."
    ]
    assert sentences(dates, "en")[3:] == [
        f"The care ends on {on(2026, 8, 1, 'en')}, before it begins on {on(2026, 8, 3, 'en')}. "
        "Please correct the dates and resubmit."
    ]


def test_the_table_of_steps_points_into_the_product_file(clinic: Clinic) -> None:
    clinic.bill("A1", service("CONS", "300", "3"))
    (claim,) = clinic.explain()
    lines = explanation_text(claim, "en").splitlines()
    start = next(place for place, text in enumerate(lines) if "Term of the product" in text)
    assert [text.split("  health")[-1].strip() for text in lines[start + 1 :]] == [
        ".yaml:9 coverage[0], by default",
        ".yaml:4 deductible.amount",
        ".yaml:10 coverage[0].cover.adult",
        ".yaml:5 ceiling.amount",
    ]
    assert [" ".join(text.split("  health")[0].split()) for text in lines[start + 1 :]] == [
        "3 × 250.00 750.00",
        "deductible 750.00 -500.00 250.00 500.00 → 0.00",
        "80% covered 250.00 -50.00 200.00",
        "ceiling 200.00 0.00 200.00 1,100.00 → 900.00",
    ]


def test_the_record_for_programs(clinic: Clinic) -> None:
    clinic.bill("A1", service("CONS", "300", "3"))
    (claim,) = clinic.explain()
    record = as_record(claim, "fr")
    assert record["account"] == {
        "claimed": "900.00",
        "rejected": "0.00",
        "price_and_quantity": "-150.00",
        "limit_excess": "0.00",
        "deductible": "-500.00",
        "co_insurance": "-50.00",
        "category_excess": "0.00",
        "ceiling_excess": "0.00",
        "valuated": "200.00",
    }
    (told,) = record["lines"]
    assert (told["name"], told["status"], told["reason"], told["policy"]) == (
        "Consultation",
        "accepted",
        None,
        "P1",
    )
    deductible = told["steps"][1]
    assert Path(deductible["term"].pop("file")).name == "health.yaml"
    assert HEALTH.splitlines()[3][deductible["term"].pop("column") - 1 :] == "500}"
    assert deductible == {
        "step": "deductible",
        "label": "franchise",
        "before": "750.00",
        "cut": "500.00",
        "after": "250.00",
        "balance_before": "500.00",
        "balance_after": "0.00",
        "quantity": None,
        "unit_amount": None,
        "percentage": None,
        "term": {
            "product": "HEALTH",
            "path": "deductible.amount",
            "by_default": False,
            "line": 4,
        },
    }
