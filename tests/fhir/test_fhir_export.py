"""Exports of the books and of runs: whole, the same bytes again, and in step with statements and payments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.payments import export
from adjudicator.books.closing.returns import reconcile
from adjudicator.books.fhir.claims import claim_of
from adjudicator.books.fhir.export import Wanted, export_books, export_run
from adjudicator.books.readjudication import readjudicate
from adjudicator.fhir.folder import SHA256, Form
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.run import run_month
from adjudicator.units import unscaled
from adjudicator.vocabulary import ClaimStatus
from cli import main
from tests.books.clinic import BOTH_DECIDED, REGISTERED_ROWS, change, claim, line, receive, write_clinic
from tests.books.folders import write_village
from tests.books.states import BY, DECIDED_AGAIN, Shelf, State, database_url, months
from tests.databases import ENGINES, Embedded, engine_of
from tests.fhir.reading import Resource, amounts, judged, left_over, lines_of

EVERYTHING = ("claim-responses", "eob", "payments")


def _pay(folder: Path) -> None:
    """Close January and pay C1; close February; H1 has another claim, which waits."""
    with open_books(folder) as books:
        close(books, BY, read_month("2026-01"), confirm=True)
        export(books, BY)
        returned = folder / "returned.csv"
        returned.write_text("payment,status,amount,reference\n1,paid,38.75,BANK-77\n", "utf-8")
        reconcile(books, BY, returned)
        close(books, BY, read_month("2026-02"), confirm=True)
    receive(folder, [claim("E", "H1", "2026-03-03")], [line("E", "H1", 1, "S1")])


PAID = State("partly paid", BOTH_DECIDED, _pay)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    kept = Shelf(tmp_path_factory.mktemp("fhir-shelf"))
    yield kept
    kept.close()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("fhir-clinic") / "scheme")


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_village(tmp_path_factory.mktemp("fhir-village") / "scheme")


@pytest.fixture(params=ENGINES)
def folder(request: pytest.FixtureRequest, shelf: Shelf, clinic: Path, tmp_path: Path) -> Iterator[Path]:
    """Books in which one payment was made, one handed over, and one statement is due."""
    engine = engine_of(request.param)
    folder = shelf.books(engine, clinic, PAID, tmp_path / "scheme")
    yield folder
    engine.drop(database_url(engine, folder))


def exported(folder: Path, out: Path, *whats: str, form: Form = Form.NDJSON, language: str = "en") -> Path:
    with open_books(folder) as books:
        export_books(books, Wanted(whats or EVERYTHING, form=form, language=language), out)
    return out


def by_claim(resources: list[Resource]) -> dict[str, Resource]:
    return {one["request"]["identifier"]["value"]: one for one in resources}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_claim_is_told_as_it_stands(folder: Path, tmp_path: Path) -> None:
    found = by_claim(
        [judged(one) for one in lines_of(exported(folder, tmp_path / "out") / "ClaimResponse.ndjson")]
    )
    outcomes = {number: one["outcome"] for number, one in found.items()}
    assert outcomes == {
        "A": "complete",
        "B": "partial",
        "C": "complete",
        "D": "complete",
        "E": "partial",
        # It was adjudicated, and rejected.
        "X": "complete",
    }
    paid = {number: one["payment"]["amount"]["value"] for number, one in found.items() if "payment" in one}
    assert paid == {"D": Decimal("38.75")}
    assert found["D"]["payment"]["identifier"]["value"] == "1"
    for one in found.values():
        for item in one.get("item", []):
            account = amounts(item["adjudication"])
            account.pop("price-paid", None)
            assert left_over(account) == 0


def test_payments_add_up_to_what_statements_and_payments_say(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, tmp_path / "out", "payments")
    made = [judged(one) for one in lines_of(out / "PaymentReconciliation.ndjson")]
    assert [
        (one["requestor"]["identifier"]["value"], one["outcome"], one["paymentAmount"]["value"])
        for one in made
    ] == [
        ("C1", "complete", Decimal("38.75")),
        ("H1", "partial", Decimal("38.75")),
        ("H1", "queued", Decimal("140.00")),
    ]
    notices = [judged(one) for one in lines_of(out / "PaymentNotice.ndjson")]
    assert [one["payment"]["reference"] for one in notices] == [
        f"PaymentReconciliation/{one['id']}" for one in made[:2]
    ]


def test_details_lead_to_the_responses_of_the_same_export(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, tmp_path / "out")
    responses = {f"ClaimResponse/{one['id']}": one for one in lines_of(out / "ClaimResponse.ndjson")}
    details = [detail for one in lines_of(out / "PaymentReconciliation.ndjson") for detail in one["detail"]]
    for detail in details:
        response = responses[detail["response"]["reference"]]
        assert amounts(response["total"])["benefit"] == detail["amount"]["value"]
    for one in lines_of(out / "ExplanationOfBenefit.ndjson"):
        assert judged(one)["claimResponse"]["reference"] in responses


def test_what_is_decided_again_is_taken_back_and_paid_anew(folder: Path, tmp_path: Path) -> None:
    change(folder, "provisions", [{**row, "price": "80.00"} for row in REGISTERED_ROWS["provisions"]])
    with open_books(folder) as books:
        readjudicate(books, BY, ["D"], "new prices")
        between = claim_of(books, "C1", "D")
        assert between is not None
        assert (between[0].status, between[0].version) == (ClaimStatus.PROCESSED, 2)
        close(books, BY, read_month("2026-03"), confirm=True)
        export(books, BY)
        number = 4
        returned = folder / "again.csv"
        returned.write_text(f"payment,status\n2,paid\n3,paid\n{number},paid\n", "utf-8")
        reconcile(books, BY, returned)
        again = claim_of(books, "C1", "D")
    out = exported(folder, tmp_path / "out", "payments", "claim-responses")
    assert again is not None
    decided = again[0]
    made = [one for one in lines_of(out / "PaymentReconciliation.ndjson") if "C1" in str(one["requestor"])]
    parts = [
        (
            detail["type"]["coding"][0]["code"],
            detail["request"]["identifier"]["value"],
            detail["amount"]["value"],
        )
        for one in made
        for detail in one["detail"]
    ]
    assert ("adjustment", "D", Decimal("-38.75")) in parts
    assert sum(amount for _, _, amount in parts) == sum(one["paymentAmount"]["value"] for one in made)
    response = judged(by_claim(lines_of(out / "ClaimResponse.ndjson"))["D"])
    assert response["meta"]["versionId"] == f"2-{decided.status.word}"
    if decided.paid is not None:
        benefit = amounts(response["total"])["benefit"]
        payment = response["payment"]
        assert payment["adjustment"]["value"] == Decimal("-38.75")
        assert payment["amount"]["value"] == benefit - Decimal("38.75")
        assert unscaled(decided.paid.amount, 2) == payment["amount"]["value"]


@pytest.mark.parametrize("form", Form)
def test_the_same_books_give_the_same_bytes(folder: Path, tmp_path: Path, form: Form) -> None:
    first, second = (exported(folder, tmp_path / name, form=form, language="fr") for name in ("a", "b"))
    assert bytes_of(first) == bytes_of(second)
    manifest = json.loads((first / "manifest.json").read_text("utf-8"))
    assert {one["url"] for one in manifest["output"]} == {path.name for path in first.iterdir()} - {
        "manifest.json"
    }
    for one in manifest["output"]:
        content = (first / one["url"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["extension"][SHA256]
        if form is Form.BUNDLE:
            bundle = judged(json.loads(content))
            assert len(bundle["entry"]) == one["count"]
        else:
            assert len(content.splitlines()) == one["count"]


def test_a_choice_of_facility_and_days_is_kept(folder: Path, tmp_path: Path) -> None:
    with open_books(folder) as books:
        days = Wanted.days("2026-01", None, None)
        wanted = Wanted(EVERYTHING, *days, facilities=["C1"], form=Form.NDJSON)
        done = export_books(books, wanted, tmp_path / "out")
        assert set(by_claim(lines_of(tmp_path / "out" / "ClaimResponse.ndjson"))) == {"B", "D", "X"}
        assert done.counts == {
            "ClaimResponse": 3,
            "ExplanationOfBenefit": 3,
            "PaymentReconciliation": 1,
            "PaymentNotice": 1,
        }
        with pytest.raises(Refused) as caught:
            export_books(books, Wanted(EVERYTHING, facilities=["C1", "C9"]), tmp_path / "other")
        assert [problem.what.key for problem in caught.value.problems] == ["fhir.no_facility"]
    assert not (tmp_path / "other").exists()


def test_only_an_earlier_export_is_ever_replaced(folder: Path, tmp_path: Path) -> None:
    out = exported(folder, tmp_path / "out", "payments")
    before = bytes_of(out)

    def keys(do: Callable[[], object]) -> list[str]:
        with pytest.raises(Refused) as caught:
            do()
        return [problem.what.key for problem in caught.value.problems]

    with open_books(folder) as books:
        wanted = Wanted(["eob"], form=Form.NDJSON)
        assert keys(lambda: export_books(books, wanted, out)) == ["fhir.out_exists"]
        assert bytes_of(out) == before
        export_books(books, wanted, out, replacing=True)
        assert set(bytes_of(out)) == {"ExplanationOfBenefit.ndjson", "manifest.json"}
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("…")
        assert keys(lambda: export_books(books, wanted, tmp_path / "mine", replacing=True)) == [
            "fhir.out_is_something_else"
        ]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_run_and_the_books_say_the_same(shelf: Shelf, village: Path, tmp_path: Path, form: str) -> None:
    books_folder = shelf.books(Embedded(), village, DECIDED_AGAIN, tmp_path / "books")
    run_month(village, months(village), tmp_path / "run", form=form)
    done = export_run(tmp_path / "run", Wanted(["claim-responses"], form=Form.NDJSON), tmp_path / "from-run")
    exported(books_folder, tmp_path / "from-books", "claim-responses")
    # What the books hold, a run sets aside.
    both = [
        [one for one in lines_of(tmp_path / name / "ClaimResponse.ndjson") if one["outcome"] != "queued"]
        for name in ("from-run", "from-books")
    ]
    assert done.counts["ClaimResponse"] == len(both[0]) == len(both[1]) > 100
    # Two months in one run are decided in the same order as month by month, where no claim came late.
    same = 0
    for one, other in zip(*both, strict=True):
        for resource in (one, other):
            for name in ("meta", "created"):
                resource.pop(name, None)
        same += one == other
        for item in one.get("item", []):
            account = amounts(item["adjudication"])
            account.pop("price-paid", None)
            assert left_over(account) == 0
    assert same > len(both[0]) * 0.9
    with pytest.raises(Refused):
        export_run(tmp_path / "run", Wanted(["payments"]), tmp_path / "none")


def test_a_run_is_explained_in_full_and_decided_the_same(village: Path, tmp_path: Path) -> None:
    run_month(village, months(village), tmp_path / "run")
    short, full = (
        Wanted(["claim-responses"], form=Form.NDJSON, language="fr", explained=explained)
        for explained in (False, True)
    )
    for name, wanted in (("short", short), ("full", full)):
        export_run(tmp_path / "run", wanted, tmp_path / name)
    both = (lines_of(tmp_path / name / "ClaimResponse.ndjson") for name in ("short", "full"))
    for one, other in zip(*both, strict=True):
        assert len(str(other["processNote"])) > len(str(one.get("processNote", "")))
        for resource in (one, other):
            resource.pop("processNote", None)
            for item in resource.get("item", []):
                item.pop("noteNumber", None)
        assert one == other


def test_the_command_writes_and_says_so(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "march"
    arguments = ["fhir", "export", "--scheme", str(folder), "--out", str(out), "--lang", "fr"]
    done = CliRunner().invoke(main, [*arguments, "--what", "claim-responses", "--what", "payments"])
    assert done.exit_code == 0, done.output
    assert "ClaimResponse : 6" in done.output.replace("\u00a0", " ")
    names = {"claim-responses-C1.json", "claim-responses-H1.json", "payments-C1.json", "payments-H1.json"}
    assert {path.name for path in out.iterdir()} == names | {"manifest.json"}
    again = CliRunner().invoke(main, [*arguments, "--what", "eob"])
    assert again.exit_code == 3
    both = [*arguments, "--what", "eob", "--month", "2026-01", "--from", "2026-01-01"]
    assert CliRunner().invoke(main, both).exit_code == 2
