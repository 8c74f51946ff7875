"""Resources in files: what comes of Bundles, lines, manifests and packed files, and what is refused."""

import gzip
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.words import LANGUAGES, say
from ingest.claims import ClaimsReading, read_claims
from ingest.fhir import files as fhir_files
from ingest.fhir.files import blocks
from ingest.registers import read_registers
from tests.ingest.fhir_material import EXAMPLES, changed, claim, lacking, written

needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not here")


def lines_file(path: Path, *trees: Any) -> Path:
    data = b"".join((tree if isinstance(tree, bytes) else written(tree)) + b"\n" for tree in trees)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(*paths: Path) -> ClaimsReading:
    return read_claims(list(paths), 2, None)


def rows(reading: ClaimsReading) -> tuple[list[Any], list[Any]]:
    return reading.claims.to_pylist(), reading.lines.to_pylist()


def reasons(reading: ClaimsReading) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.field, fault.reason.key) for fault in reading.set_aside]


def bundle(kind: str, *trees: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": tree} for tree in trees]}


def test_one_claim_line_by_line(tmp_path: Path) -> None:
    reading = read(lines_file(tmp_path / "a.ndjson", claim(1, 2)))
    [row], lines = rows(reading)
    assert (row["claim"], row["facility"], row["insuree"]) == ("C00001", "HF1", "000000001")
    assert (str(row["date_from"]), str(row["date_to"]), str(row["date_claimed"])) == (
        "2021-02-03",
        "2021-02-04",
        "2021-02-05",
    )
    assert (row["diagnosis"], row["guarantee"], row["explanation"]) == ("A02", "G-7", "fièvre")
    assert row["administrator"] == "ADM1"
    assert [(line["line"], line["kind"], line["code"]) for line in lines] == [(1, 1, "M1"), (2, 0, "M2")]
    assert [(line["quantity"], line["price_asked"]) for line in lines] == [(200, 1050), (200, 1050)]


@pytest.mark.parametrize("name", ["a.ndjson.gz", "a.jsonl", "a.json.gz", "a.json"])
def test_however_a_claim_is_sent_it_is_the_same(tmp_path: Path, name: str) -> None:
    plain = rows(read(lines_file(tmp_path / "plain.ndjson", claim())))
    assert rows(read(lines_file(tmp_path / name, claim()))) == plain


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset"])
def test_bundles_are_read_entry_by_entry(tmp_path: Path, kind: str) -> None:
    sent = bundle(kind, claim(1), changed(claim(2), ("status",), "foo"), claim(3))
    if kind in ("transaction", "batch"):
        for entry in sent["entry"]:
            entry["request"] = {"method": "POST", "url": "Claim"}
    reading = read(lines_file(tmp_path / "b.json", sent))
    assert [row["claim"] for row in rows(reading)[0]] == ["C00001", "C00003"]
    assert reasons(reading) == [(2, "Claim.status", "fhir_intake.not_in_value_set")]


@pytest.mark.parametrize("kind", ["history", "message", "document", "batch-response", "foo"])
def test_other_bundles_are_set_aside_whole(tmp_path: Path, kind: str) -> None:
    reading = read(lines_file(tmp_path / "b.json", bundle(kind, claim())))
    assert not rows(reading)[0]
    assert len(reading.set_aside) == 1


def test_references_in_a_bundle_lead_within_it_first(tmp_path: Path) -> None:
    """Two senders call different people Patient/1."""
    people = [
        {"resourceType": "Patient", "id": "1", "identifier": [{"value": number}]} for number in ("A-1", "B-1")
    ]
    own = changed(claim(1), ("patient",), {"reference": "Patient/1"})
    other = changed(claim(2), ("patient",), {"reference": "urn:uuid:1"})
    profile = "profile: x\n"
    (tmp_path / "fhir-profile.yaml").write_text(profile)
    lines_file(tmp_path / "a.json", bundle("collection", people[0], own))
    lines_file(tmp_path / "b.json", bundle("collection", other, people[1]))
    lost = changed(claim(3), ("patient",), {"reference": "Patient/1"})
    lines_file(tmp_path / "c.ndjson", lost)
    found = {row["claim"]: row["insuree"] for row in rows(read(tmp_path))[0]}
    assert found["C00001"] == "A-1"
    assert found["C00002"] == "B-1"
    # Whom it means cannot be known, and the profile knows people by their ids where nothing else is said.
    assert found["C00003"] == "1"


def test_what_lies_beside_is_found_in_other_files(tmp_path: Path) -> None:
    sent = changed(claim(), ("patient",), {"reference": "Patient/p9"})
    code = {"type": {"coding": [{"code": "Code"}]}, "value": "INS-9"}
    lines_file(tmp_path / "Claim.ndjson", sent)
    lines_file(tmp_path / "Patient.ndjson.gz", {"resourceType": "Patient", "id": "p9", "identifier": [code]})
    assert rows(read(tmp_path))[0][0]["insuree"] == "INS-9"


def manifest(*names: str, **others: Any) -> dict[str, Any]:
    output = [{"type": "Claim", "url": f"https://example.org/export/{name}"} for name in names]
    return {"transactionTime": "2026-01-01T00:00:00Z", "request": "x", "output": output, **others}


def test_a_manifest_stands_for_its_files(tmp_path: Path) -> None:
    lines_file(tmp_path / "1.ndjson", claim(1))
    lines_file(tmp_path / "2.ndjson.gz", claim(2))
    lines_file(tmp_path / "errors.ndjson", {"resourceType": "OperationOutcome"})
    errors = [{"type": "OperationOutcome", "url": "https://example.org/export/errors.ndjson"}]
    told = lines_file(tmp_path / "manifest.json", manifest("1.ndjson", "2.ndjson.gz", error=errors))
    assert rows(read(told)) == rows(read(tmp_path))
    assert [row["claim"] for row in rows(read(told))[0]] == ["C00001", "C00002"]


@pytest.mark.parametrize("name", ["gone.ndjson", "../outside.ndjson", "%2e%2e/outside.ndjson", "/etc/passwd"])
def test_a_manifest_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    lines_file(tmp_path / "outside.ndjson", claim())
    told = lines_file(inner / "manifest.json", manifest(name))
    with pytest.raises(Refused, match="beside"):
        read(told)


def test_bad_lines_go_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = lines_file(
        tmp_path / "a.ndjson",
        claim(1),
        written(claim(2))[:400],
        b"",
        b"\xff\xfe",
        claim(3),
        b"[" * 5000,
        {"id": "x"},
        changed(claim(4), ("use",), "predetermination"),
        changed(claim(5), ("total",), {"value": 1, "currency": "EUR"}),
        lacking(claim(6), "provider"),
        changed(claim(7), ("item", 0, "productOrService"), {"coding": [{"display": "x"}]}),
        {"resourceType": "Observation"},
    )
    reading = read(path)
    assert [row["claim"] for row in rows(reading)[0]] == ["C00001", "C00003", "C00007"]
    found = reasons(reading)
    assert [row for row, _, _ in found] == [2, 4, 6, 7, 8, 9, 10]
    assert found[0][2] == "fhir_intake.not_json"
    assert found[2][2] == "fhir_intake.too_deep"
    assert found[4:] == [
        (8, "Claim.use", "fhir_intake.not_a_claim"),
        (9, "Claim.total", "fhir_intake.total_differs"),
        (10, "Claim.provider", "fhir_intake.required"),
    ]
    assert any("Observation" in problem.told() for problem in reading.warnings)
    reading.totals.check()


def test_what_is_set_aside_comes_back_as_it_came(tmp_path: Path) -> None:
    bad = changed(claim(2), ("status",), "foo")
    pretty = json.dumps(bundle("collection", changed(claim(4), ("use",), 7), claim(5)), indent=2).encode()
    lines_file(tmp_path / "a.ndjson", claim(1), bad)
    lines_file(tmp_path / "b.json", pretty)
    reading = read(tmp_path)
    told = [say(fault.reason, language) for fault in reading.set_aside for language in LANGUAGES]
    assert len(told) == 4
    aside = tmp_path / "aside"
    names = sorted(path.name for path in reading.set_aside.write(aside))
    assert names == ["outcomes.ndjson", "resources.ndjson", "set_aside.csv"]
    resources = [json.loads(line) for line in (aside / "resources.ndjson").read_text().splitlines()]
    outcomes = [json.loads(line) for line in (aside / "outcomes.ndjson").read_text().splitlines()]
    assert resources == [bad, changed(claim(4), ("use",), 7)]
    assert [one["resourceType"] for one in outcomes] == ["OperationOutcome"] * 2
    assert outcomes[0]["issue"][0]["expression"] == ["Claim.status"]
    # And they can be read again.
    again = read(aside / "resources.ndjson")
    assert len(again.set_aside) == 2


def test_order_of_files_and_lines_does_not_matter(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    lines_file(one / "a.ndjson", claim(1), claim(2), claim(3))
    lines_file(two / "a.ndjson", claim(3), claim(1))
    lines_file(two / "b.ndjson", claim(2))

    def sorted_rows(reading: ClaimsReading) -> list[Any]:
        return sorted(rows(reading)[0], key=lambda row: row["claim"])

    assert sorted_rows(read(one)) == sorted_rows(read(two))


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_files, "FREE", 1 << 20)
    path = tmp_path / "bomb.ndjson.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(64):
            file.write(b" " * (1 << 20))
    with pytest.raises(Refused, match="unpacks"):
        read(path)
    document = tmp_path / "bomb.json.gz"
    document.write_bytes(path.read_bytes())
    with pytest.raises(Refused, match="unpacks"):
        read(document)


def test_truncated_packed_files_are_refused(tmp_path: Path) -> None:
    path = lines_file(tmp_path / "a.ndjson.gz", *(claim(number) for number in range(50)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Refused):
        read(path)
    path.write_bytes(b"no gzip at all")
    with pytest.raises(Refused):
        read(path)


def test_lines_that_are_too_long_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_files, "LONGEST", 1 << 16)
    monkeypatch.setattr(fhir_files, "BLOCK", 1 << 14)
    long = b'{"resourceType":"Claim","id":"' + b"a" * (1 << 20) + b'"}'
    path = lines_file(tmp_path / "a.ndjson", claim(1), long, claim(2), long)
    # What is loaded when the first claim of all is read is not what reading takes.
    read(lines_file(tmp_path / "first.ndjson", claim(1), claim(2)))
    tracemalloc.start()
    reading = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row["claim"] for row in rows(reading)[0]] == ["C00001", "C00002"]
    assert [(row, key) for row, _, key in reasons(reading)] == [
        (2, "fhir_intake.too_large"),
        (4, "fhir_intake.too_large"),
    ]
    assert peak < 20 << 20


@given(
    st.lists(st.one_of(st.integers(0, 9), st.binary(max_size=40), st.just(b"")), max_size=12),
    st.sampled_from([64, 700, 5000, 1 << 20]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_blocks_of_any_size_give_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, parts: list[Any], size: int, ends: bool
) -> None:
    data = b"\n".join(written(claim(part)) if isinstance(part, int) else part for part in parts)
    path = tmp_path_factory.mktemp("lines") / "a.ndjson"
    path.write_bytes(data + (b"\n" if ends else b""))
    expected = {row: line for row, line in enumerate(data.split(b"\n"), 1) if line.strip(bytes(range(33)))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhir_files, "BLOCK", size)
        found = {sent.row: sent.body for block in blocks(path) for sent in block.sent}
    if data.startswith(b"\xef\xbb\xbf"):
        return
    assert found.keys() == expected.keys()
    assert all(body in expected[row] for row, body in found.items())


@needs_examples
def test_synthea_moves_in(tmp_path: Path) -> None:
    folder = EXAMPLES / "synthea-iris" / "data" / "fhir"
    reading = read(folder)
    assert reading.claims.num_rows == 273
    assert not len(reading.set_aside)
    registers = read_registers(folder, 2)
    assert {name: table.num_rows for name, table in registers.tables.items()} == {
        "facilities": 18,
        "families": 6,
        "insurees": 6,
    }
    known = set(registers.tables["insurees"]["insuree"].to_pylist())
    assert set(reading.claims["insuree"].to_pylist()) == known


@needs_examples
def test_the_guide_of_openimis_moves_in() -> None:
    folder = EXAMPLES / "openimis-r4-ig"
    [row], lines = rows(read(folder))
    assert row["claim"] == "Code001"
    assert row["facility"] == "RAHOS001"
    assert [(line["code"], line["kind"], line["price_asked"]) for line in lines] == [
        ("A1", 1, 4000),
        ("0001", 0, 1000),
    ]
    provisions = {row["code"]: row for row in read_registers(folder, 2).tables["provisions"].to_pylist()}
    assert provisions["A1"]["price"] == 4000
    assert provisions["A1"]["name"] == "General Consultation"
    assert provisions["0001"]["kind"] == 0


def test_registers_from_resources(tmp_path: Path) -> None:
    def known(resource_type: str, number: str, code: str, **others: Any) -> dict[str, Any]:
        own = [{"type": {"coding": [{"code": "Code"}]}, "value": code}]
        return {"resourceType": resource_type, "id": number, "identifier": own, **others}

    imis = "https://openimis.github.io/openimis_fhir_r4_ig"
    village = {"coding": [{"code": "V"}]}
    group = {
        "url": f"{imis}/StructureDefinition/patient-group-reference",
        "valueReference": {"reference": "Group/g"},
    }
    lines_file(
        tmp_path / "all.ndjson",
        known("Location", "v", "V-1", name="Village", physicalType=village, status="active"),
        known("Group", "g", "FAM-1", type="person", actual=True),
        known("Patient", "p", "INS-1", gender="female", birthDate="1990-03-24", extension=[group]),
        known("Patient", "q", "INS-2", gender="male", birthDate="1990"),
        known(
            "Coverage",
            "c",
            "POL-1",
            status="active",
            beneficiary={"reference": "Patient/p"},
            payor=[{"reference": "Patient/p"}],
            period={"start": "2021-01-01", "end": "2021-12-31"},
            **{"class": [{"type": {"coding": [{"code": "plan"}]}, "value": "FAMILY"}]},
        ),
        known("Organization", "o", "HF-1", name="Hospital"),
    )
    reading = read_registers(tmp_path, 2)
    tables = {name: table.to_pylist() for name, table in reading.tables.items()}
    assert tables["insurees"][0] | {"insuree": "INS-1", "family": "FAM-1"} == tables["insurees"][0]
    assert tables["policies"][0]["family"] == "FAM-1"
    assert tables["policies"][0]["product"] == "FAMILY"
    assert tables["covers"][0]["insuree"] == "INS-1"
    assert tables["locations"][0]["code"] == "V-1"
    assert tables["facilities"][0]["code"] == "HF-1"
    assert [(fault.row, fault.field) for fault in reading.set_aside] == [(4, "Patient.birthDate")]


def test_amounts_add_up_whatever_the_quantity(tmp_path: Path) -> None:
    """A net that its quantity does not divide is asked for as one."""
    sent = claim(1, 1)
    priced = lacking(
        changed(sent, ("item", 0, "net"), {"value": 10, "currency": "EUR"}), "item", 0, "unitPrice"
    )
    three = changed(changed(priced, ("item", 0, "quantity"), {"value": 3}), ("total", "value"), 10)
    four = changed(changed(three, ("item", 0, "quantity"), {"value": 4}), ("identifier", 0, "value"), "C2")
    reading = read(lines_file(tmp_path / "a.ndjson", three, four))
    amounts = [
        (Decimal(line["quantity"]) / 100, Decimal(line["price_asked"]) / 100) for line in rows(reading)[1]
    ]
    assert amounts == [(Decimal(1), Decimal(10)), (Decimal(4), Decimal("2.5"))]
