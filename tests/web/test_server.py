"""The FHIR server as facilities meet it: what it answers, to whom, and what it refuses."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from adjudicator.books.books import open_books
from adjudicator.books.submission.audit import accesses
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.jobs import EXPORT, add_job, new_name
from adjudicator.books.submission.tokens import add_token, revoke_token, tokens
from adjudicator.problems import Refused
from adjudicator.web.fhir import bulk_files, callers, service
from adjudicator.web.fhir.app import OPERATIONS, make_app
from adjudicator.web.fhir.callers import Rates
from adjudicator.web.fhir.desk import Desk
from adjudicator.web.fhir.replies import asked_language
from adjudicator.web.fhir.settings import Settings
from adjudicator.words import entries
from tests.books.crashes import AT_THE_MOST
from tests.books.dump import dump
from tests.books.states import BY
from tests.web.claims_sent import Village, resource_of, taken
from tests.web.conftest import NewFolder
from tests.web.fhir_claims import body, ndjson, question

JSON = {"Content-Type": "application/fhir+json"}
LINES = {"Content-Type": "application/fhir+ndjson"}

QUICK = Settings(
    rate=10_000,
    burst=10_000,
    gathering=0.001,
    guesses=10_000,
    language="en",
    patience=600.0,
    slow_body=600.0,
)
"""Bounds that no test meets by chance, however slow the machine is."""


@dataclass
class Server:
    """A server that is asked in this process, and two facilities that ask."""

    client: TestClient
    counter: Counter
    facility: str
    claims: list[dict[str, Any]]
    token: str
    other: str
    """The token of another facility."""

    def send(self, path: str, content: bytes, token: str | None = None, **headers: str) -> Any:
        """Send a body."""
        given = {**JSON, **self.bearer(token), **headers}
        return self.client.post(path, content=content, headers=given)

    def submit(self, resource: Any, **headers: str) -> Any:
        """Submit a claim."""
        return self.send("/fhir/Claim/$submit", body(resource), **headers)

    def get(self, path: str, token: str | None = None, **headers: str) -> Any:
        """Ask for something."""
        return self.client.get(path, headers={**self.bearer(token), **headers})

    def bearer(self, token: str | None = None) -> dict[str, str]:
        """Say who asks."""
        return {"Authorization": f"Bearer {token or self.token}"}


def served(counter: Counter, village: Village, limits: Settings = QUICK) -> Iterator[Server]:
    """Serve the books of a counter."""
    found = taken(counter, village.claims)
    by_facility: dict[str, list[Any]] = {}
    for one in found:
        if one.sent.claim["date_from"] and one.sent.lines:
            by_facility.setdefault(one.name[0], []).append(resource_of(one.sent))
    facility = max(by_facility, key=lambda name: len(by_facility[name]))
    other = next(
        code for code in counter.prepared().tables["facilities"]["code"].to_pylist() if code != facility
    )
    _, token = add_token(counter.books, facility, BY)
    _, others = add_token(counter.books, other, BY, "another")
    with TestClient(make_app(counter, limits), raise_server_exceptions=False) as client:
        yield Server(client, counter, facility, by_facility[facility], token, others)


@pytest.fixture
def server(counter: Counter, village: Village) -> Iterator[Server]:
    """A server on each engine."""
    yield from served(counter, village)


@pytest.fixture
def one(embedded_folder: Path, village: Village) -> Iterator[Server]:
    """A server on the embedded engine."""
    with open_books(embedded_folder) as books:
        yield from served(Counter(books, "counter"), village)


def valid(resource: dict[str, Any]) -> dict[str, Any]:
    """Make sure that a resource is one of R4, and give it."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource


def issue(answer: Any) -> dict[str, Any]:
    """Give the first issue of a refusal, which is one of R4 in words of the catalogue."""
    assert answer.headers["content-type"].startswith("application/fhir+json")
    first: dict[str, Any] = valid(answer.json())["issue"][0]
    assert first["details"]["text"]
    return first


def key(answer: Any) -> str:
    """Give the key of what is said first."""
    return str(issue(answer)["details"]["coding"][0]["code"])


# Claims.


def test_a_claim_is_decided_and_answered(server: Server) -> None:
    """Sent again it is answered with the same bytes; it is read and found again, by its facility alone."""
    for resource in server.claims[:3]:
        first, again = server.submit(resource), server.submit(resource)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.content == again.content
        answer = valid(first.json())
        assert answer["resourceType"] == "ClaimResponse"
        assert answer["outcome"] in ("complete", "partial", "error")
        assert [item["itemSequence"] for item in answer["item"]] == sorted(
            item["sequence"] for item in resource["item"]
        )
        assert answer["request"]["identifier"] == resource["identifier"][0]
        path = first.headers["content-location"].partition("testserver")[2]
        assert server.get(path).content == first.content
        assert server.get(path).headers["etag"] == 'W/"1"'
        missing = server.get(path, server.other)
        assert (missing.status_code, key(missing)) == (404, "serve.no_answer")
    number = server.claims[0]["identifier"][0]["value"]
    for asked in (f"identifier=|{number}", f"request=Claim/{number}", f"identifier={number}"):
        found = valid(server.get(f"/fhir/ClaimResponse?{asked}").json())
        assert found["total"] == 1, asked
    everything = valid(server.get("/fhir/ClaimResponse?_count=2").json())
    assert (everything["total"], len(everything["entry"])) == (3, 2)
    following = next(link["url"] for link in everything["link"] if link["relation"] == "next")
    assert len(server.get(following).json()["entry"]) == 1
    assert server.get("/fhir/ClaimResponse", server.other).json()["total"] == 0


def test_the_same_number_with_another_content(one: Server) -> None:
    """It is refused, and what was decided stands."""
    assert one.submit(one.claims[0]).status_code == 200
    before = dump(one.counter.books.folder)["claim_decisions"]
    other = json.loads(body(one.claims[0]))
    other["item"][0]["quantity"]["value"] += 1
    refused = one.submit(other)
    assert (refused.status_code, key(refused)) == (409, "serve.differs")
    assert dump(one.counter.books.folder)["claim_decisions"] == before


def test_trying_out(one: Server) -> None:
    """A predetermination says what will be paid, a preauthorization that there is none; neither is booked."""
    for use in ("predetermination", "preauthorization"):
        before = dump(one.counter.books.folder)
        answer = valid(one.submit({**one.claims[0], "use": use}).json())
        after = dump(one.counter.books.folder)
        # The texts of products, and what limits look back on, are put down when they are first needed.
        noted = {"accesses", "product_texts", "remembered"}
        assert {table for table in before if before[table] != after[table]} <= noted
        assert (answer["use"], "id" in answer) == (use, False)
        assert answer["processNote"][-1]["text"] == entries()[f"serve.note.{use}"]["en"]
        tried = answer["total"]
    assert one.submit(one.claims[0]).json()["total"] == tried


def test_a_bundle_and_parameters(one: Server) -> None:
    """A claim may come in a Bundle, alone among what it refers to, or as a parameter."""
    claim = json.loads(body(one.claims[0]))
    plain = one.submit(claim).content
    number = claim["patient"]["identifier"]
    patient = {"resourceType": "Patient", "id": "p1", "identifier": [number]}
    referring = {**claim, "patient": {"reference": "urn:uuid:1"}}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": patient}, {"resource": referring}],
    }
    assert one.submit(bundle).content == plain
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": claim}]}
    assert one.submit(parameters).content == plain
    bundle["entry"].append({"resource": claim})  # type: ignore[attr-defined]
    refused = one.submit(bundle)
    assert (refused.status_code, key(refused)) == (400, "serve.bundle_of_one")


def test_what_cannot_be_received_is_said_with_its_place(one: Server) -> None:
    """Of a claim, where; and another facility's is not taken."""
    claim = json.loads(body(one.claims[0]))
    claim["item"][0]["sequence"] = claim["item"][0]["sequence"] + 100
    claim["item"].append({**claim["item"][0]})
    refused = one.submit(claim)
    assert refused.status_code == 422
    assert any("item[" in place for found in refused.json()["issue"] for place in found.get("expression", []))
    foreign = one.send("/fhir/Claim/$submit", body(one.claims[0]), one.other)
    assert (foreign.status_code, key(foreign)) == (403, "serve.other_facility")
    assert not dump(one.counter.books.folder)["claims"]


def test_answers_in_french(one: Server) -> None:
    """As the reader asks; the amounts are the same."""
    english = one.submit(one.claims[0])
    french = one.submit(one.claims[0], **{"Accept-Language": "de, fr-CA;q=0.8, en;q=0.5"})
    assert french.headers["content-language"] == french.json()["language"] == "fr"
    assert french.json()["total"][0]["amount"] == english.json()["total"][0]["amount"]
    assert french.json()["disposition"] != english.json()["disposition"]
    refused = one.client.get("/fhir/ClaimResponse/x", headers={"Accept-Language": "fr"})
    assert issue(refused)["details"]["text"] == entries()["serve.no_bearer"]["fr"]


def test_languages() -> None:
    """The one that the reader would rather have, of those that there are."""
    for asked, wanted in {
        None: "en",
        "fr": "fr",
        "en;q=0.1, fr;q=0.2": "fr",
        "fr;q=0, en": "en",
        "de, es": "en",
        "fr;q=x": "en",
        "*": "en",
        "FR-sn": "fr",
    }.items():
        assert asked_language(asked, "en") == wanted, asked


# Questions.


def test_eligibility(server: Server) -> None:
    """Whether somebody is covered, and for what; whose number is near to a wrong one is not told."""
    insuree = server.claims[0]["patient"]["identifier"]["value"]
    day = server.claims[0]["created"][:10]
    code = server.claims[0]["item"][0]["productOrService"]["coding"][0]["code"]
    for path in ("/fhir/CoverageEligibilityRequest", "/fhir/CoverageEligibilityRequest/$submit"):
        found = server.send(path, body(question(insuree, day, [code])))
        assert found.status_code == 200
        assert valid(found.json())["resourceType"] == "CoverageEligibilityResponse"
    unknown = server.send("/fhir/CoverageEligibilityRequest", body(question(f"{insuree}x", day)))
    assert (unknown.status_code, unknown.json()["outcome"]) == (200, "error")
    assert f'"{insuree}"' not in unknown.text
    refused = server.send(
        "/fhir/CoverageEligibilityRequest", b'{"resourceType":"CoverageEligibilityRequest"}'
    )
    assert (refused.status_code, key(refused)) == (422, "serve.no_patient")
    odd = question(insuree, day, [code])
    odd["id"], odd["patient"]["display"] = "no id", "a\x00b"
    answer = server.send("/fhir/CoverageEligibilityRequest", json.dumps(odd).encode())
    assert answer.status_code == 200
    assert valid(answer.json())["patient"]["display"] == "a\ufffdb"
    assert "reference" not in answer.json()["request"]
    odd["patient"]["display"] = "half a letter: \ud800"
    assert key(server.send("/fhir/CoverageEligibilityRequest", json.dumps(odd).encode())) == "serve.not_json"
    for moment in ("0001-01-01", "9999-12-31"):
        far = server.send("/fhir/CoverageEligibilityRequest", body(question(insuree, moment, [code])))
        assert far.status_code == 200, moment


def test_odd_searches(one: Server) -> None:
    """Numbers that are none, and forms that are too large, packed or of another kind."""
    for asked in ("_count=%C2%B2", "_count=-1", "_offset=1e3", "_count=9999999999"):
        refused = one.get(f"/fhir/ClaimResponse?{asked}")
        assert (refused.status_code, key(refused)) == (400, "serve.search_number"), asked
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = "/fhir/ClaimResponse/_search"
    assert valid(one.send(path, b"_count=1", **form).json())["type"] == "searchset"
    packed = one.send(path, gzip.compress(b"patient=nobody"), **form, **{"Content-Encoding": "gzip"})
    assert (packed.status_code, packed.json()["total"]) == (200, 0)
    large = one.send(path, b"a" * 70_000, **form)
    assert (large.status_code, key(large)) == (413, "serve.too_large")
    assert one.get("/fhir/ClaimResponse/%00").status_code == 404
    assert "\x00" not in accesses(one.counter.books)[-1].resource
    assert one.get("/fhir/ClaimResponse", Accept="").status_code == 200


def test_validating(one: Server) -> None:
    """All that is wrong with a resource, and nothing done."""
    fine = one.send("/fhir/Claim/$validate", body(one.claims[0]))
    assert fine.status_code == 200
    assert all(found["severity"] == "information" for found in valid(fine.json())["issue"])
    wrong = one.send("/fhir/Patient/$validate", b'{"resourceType":"Patient","birthDate":"soon","foo":1}')
    assert {found["severity"] for found in valid(wrong.json())["issue"]} == {"error"}
    assert not dump(one.counter.books.folder)["claims"]
    unknown = one.send("/fhir/Observation/$validate", b'{"resourceType":"Observation"}')
    assert (unknown.status_code, key(unknown)) == (404, "serve.validates")


# What it says of itself.


def test_the_capability_statement_says_what_is_true(one: Server) -> None:
    """Each interaction and operation that it names is there, and each that is there is named."""
    said = valid(one.client.get("/fhir/metadata").json())
    (rest,) = said["rest"]
    named = set()
    for resource in rest["resource"]:
        kind = resource["type"]
        named |= {(kind, one_["code"]) for one_ in resource.get("interaction", [])}
        named |= {(kind, f"${one_['name']}") for one_ in resource.get("operation", [])}
    named |= {(None, f"${one_['name']}") for one_ in rest["operation"]}
    named |= {(None, one_["code"]) for one_ in rest["interaction"]}
    for kind, what in named:
        path = {
            "read": f"/fhir/{kind}/x",
            "search-type": f"/fhir/{kind}",
            "create": f"/fhir/{kind}",
            "transaction": "/fhir",
            "batch": "/fhir",
        }.get(what, f"/fhir/{kind}/{what}" if kind else f"/fhir/{what}")
        method = "GET" if what in ("read", "search-type", "$export") else "POST"
        answer = one.client.request(method, path, headers=one.bearer())
        assert answer.status_code not in (405, 500), path
        assert answer.status_code != 404 or what == "read", path
    kinds = {kind for kind, what in named if what == "$validate"}
    there = set()
    for operation in OPERATIONS:
        named_ = [f"${operation.name}"] if operation.name else []
        for what in (operation.interaction or "").split() or named_:
            of = kinds if operation.resource == "{type}" else {operation.resource}
            there |= {(kind, what) for kind in of}
    assert named == there
    # A question is answered and not kept: it is no create.
    assert ("CoverageEligibilityRequest", "create") not in named
    searched = next(r for r in rest["resource"] if r["type"] == "ClaimResponse")["searchParam"]
    for parameter in searched:
        assert one.get(f"/fhir/ClaimResponse?{parameter['name']}=x").status_code == 200
    assert key(one.get("/fhir/ClaimResponse?color=red")) == "serve.search_unknown"


def test_health(one: Server) -> None:
    """Whoever watches needs no token."""
    assert one.client.get("/health").json()["status"] == "pass"


# Who asks.


def test_tokens(one: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """None, a wrong one, one that was taken back and one that has run out are told; no secret is kept."""
    monkeypatch.setattr(callers, "TRUSTED", -1.0)
    books = one.counter.books
    nobody = one.client.get("/fhir/ClaimResponse")
    assert (key(nobody), nobody.headers["www-authenticate"]) == (
        "serve.no_bearer",
        'Bearer realm="adjudicator"',
    )
    for wrong in ("x", "adj_x_y", one.token[:-1], f"{one.token}x", "adj_%00_x", "é"):
        refused = one.client.get(
            "/fhir/ClaimResponse", headers={b"Authorization": f"Bearer {wrong}".encode()}
        )
        assert (refused.status_code, key(refused)) == (401, "serve.unknown_bearer")
        assert refused.headers["www-authenticate"].endswith('error="invalid_token"')
    name, short = add_token(books, one.facility, BY, expires=dt.date(2020, 1, 1))
    assert one.get("/fhir/ClaimResponse", short).status_code == 401
    name, given = add_token(books, one.facility, BY)
    assert one.get("/fhir/ClaimResponse", given).status_code == 200
    revoke_token(books, name, BY)
    assert one.get("/fhir/ClaimResponse", given).status_code == 401
    with pytest.raises(Refused):
        revoke_token(books, name, BY)
    with pytest.raises(Refused):
        add_token(books, "nowhere", BY)
    held = repr(dump(books.folder))
    # A secret may have a dash below in it, and what follows on its last one may be a single letter.
    assert given.removeprefix(f"adj_{name}_") not in held
    assert name in held
    assert [one_.revoked_by for one_ in tokens(books, one.facility)] == [None, None, BY]


def test_rates() -> None:
    """A bucket fills at its rate, and is told how long it takes."""
    at = [0.0]
    rates = Rates(2.0, 3.0, lambda: at[0])
    assert [rates.take("a") for _ in range(3)] == [0.0] * 3
    assert rates.take("a") == pytest.approx(0.5)
    assert rates.take("b") == 0.0
    at[0] = 0.5
    assert rates.take("a") == 0.0
    assert rates.left("a") == pytest.approx(0.0)


def test_who_comes_too_often(
    embedded_folder: Path, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token is told to wait, and so is an address that guesses; neither fills the books with it."""
    # Time stands still: nothing flows back into the buckets, however long the test takes.
    monkeypatch.setattr(service, "Rates", partial(Rates, clock=lambda: 0.0))
    limits = replace(QUICK, rate=0.1, burst=2, guesses=3)
    with open_books(embedded_folder) as books:
        for one in served(Counter(books, "counter"), village, limits):
            answers = [one.get("/fhir/ClaimResponse") for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200, 200, 429]
            assert int(answers[-1].headers["retry-after"]) > 0
            guesses = [one.get("/fhir/ClaimResponse", "x") for _ in range(6)]
            assert [answer.status_code for answer in guesses] == [401, 401, 401, 429, 429, 429]
            assert [found.status for found in accesses(books)] == [200, 200, 401, 401, 401]


def test_who_read_what(server: Server) -> None:
    """Every request is written down, with whom it was about."""
    claim = server.claims[0]
    number, insuree = claim["identifier"][0]["value"], claim["patient"]["identifier"]["value"]
    answer = server.submit(claim)
    server.get(f"/fhir/ClaimResponse/{answer.json()['id']}")
    server.send("/fhir/CoverageEligibilityRequest", body(question(insuree, "2026-01-01")))
    server.get("/fhir/ClaimResponse/x", server.other)
    found = accesses(server.counter.books)
    assert [(one.what, one.subject, one.status) for one in found] == [
        ("submit", number, 200),
        ("read", number, 200),
        ("eligibility", insuree, 200),
        ("read", None, 404),
    ]
    assert found[0].request == answer.headers["x-request-id"]
    assert {one.facility for one in found[:3]} == {server.facility} != {found[3].facility}
    assert len(accesses(server.counter.books, subject=insuree)) == 1


# Bounds.


def test_bounds_of_bodies(embedded_folder: Path, village: Village) -> None:
    """Too large, too deep, packed wrongly or without end: each is told, and takes no memory."""
    limits = replace(QUICK, largest=50_000)
    with open_books(embedded_folder) as books:
        for one in served(Counter(books, "counter"), village, limits):
            path = "/fhir/Claim/$submit"
            packed = {"Content-Encoding": "gzip"}
            whole = gzip.compress(body(one.claims[0]))
            assert one.send(path, whole, **packed).status_code == 200
            for content, headers, status, said in (
                (b"x" * 60_000, {}, 413, "serve.too_large"),
                (gzip.compress(b" " * 50_000_000), packed, 413, "serve.too_large"),
                (whole[:-9], packed, 400, "serve.not_gzip"),
                (whole + b"more", packed, 400, "serve.not_gzip"),
                (b"not gzip", packed, 400, "serve.not_gzip"),
                (b"x", {"Content-Encoding": "br"}, 415, "serve.encoding"),
                (b"[" * 20_000, {}, 400, "serve.too_deep"),
                (b'{"a":' * 40_000, {}, 413, "serve.too_large"),
                (b"", {}, 400, "serve.no_body"),
                (b"<Claim/>", {"Content-Type": "application/fhir+xml"}, 415, "serve.content_type"),
                (b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "serve.charset"),
                (b"{}", {"Accept": "application/fhir+xml"}, 406, "serve.accept"),
                (b'{"resourceType":"Patient"}', {}, 400, "serve.other_type"),
                (b'{"resourceType":"Bundle","type":"history"}', {}, 400, "serve.bundle_type"),
                (b'{"resourceType":"Parameters"}', {}, 400, "serve.parameters"),
                (b"[]", {}, 400, "serve.not_json"),
                (b"nonsense", {}, 400, "serve.not_json"),
            ):
                answer = one.send(path, content, **headers)
                assert (answer.status_code, key(answer)) == (status, said), content[:30]
            assert one.client.get("/health").status_code == 200
            for method, address, status in (("PUT", path, 405), ("GET", "/nothing", 404)):
                assert one.client.request(method, address).status_code == status


def test_a_full_queue_sends_away(embedded_folder: Path, village: Village) -> None:
    """Who comes when too much waits is told to come again, and nothing of it is done."""
    with open_books(embedded_folder) as books:
        for one in served(Counter(books, "counter"), village, replace(QUICK, waiting=0)):
            answer = one.submit(one.claims[0])
            assert (answer.status_code, key(answer)) == (503, "serve.busy")
            assert int(answer.headers["retry-after"]) > 0
        assert not dump(embedded_folder)["claims"]


PLACES = ("identifier", "patient", "item", "diagnosis", "created", "use", "provider", "insurance", "type")
ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "\x00",
    0,
    -1,
    1e308,
    True,
    [],
    {},
    [[]],
    [None],
    {"value": None},
    "é" * 300,
    "2026-13-45",
)


@pytest.fixture(scope="module")
def fuzzed(shelf: Any, village: Village, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is sent nonsense."""
    from tests.books.states import REGISTERED
    from tests.databases import Embedded

    folder = shelf.books(Embedded(), village.folder, REGISTERED, tmp_path_factory.mktemp("odd") / "scheme")
    with open_books(folder) as books:
        yield from served(Counter(books, "counter"), village)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nonsense_has_a_clear_answer(fuzzed: Server, data: st.DataObject) -> None:
    """Whatever stands in a claim, or in place of one: an answer of R4, never a fault of the server."""
    claim = json.loads(body(data.draw(st.sampled_from(fuzzed.claims[:5]))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = claim
        name: Any = data.draw(st.sampled_from(PLACES))
        while isinstance(place.get(name) if isinstance(place, dict) else place[name], dict | list):
            inner = place[name]
            if not inner or data.draw(st.booleans()):
                break
            place, names = inner, list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            name = data.draw(st.sampled_from(names))
        if isinstance(place, list) or name in place:
            place[name] = deepcopy(data.draw(st.sampled_from(ODD)))
    content = json.dumps(claim).encode()
    if data.draw(st.integers(0, 4)) == 0:
        content = content[: data.draw(st.integers(0, len(content)))]
    path = data.draw(
        st.sampled_from(("/fhir/Claim/$submit", "/fhir/Claim/$validate", "/fhir/CoverageEligibilityRequest"))
    )
    answer = fuzzed.send(path, content)
    assert answer.status_code < 500, answer.text
    valid(answer.json())


# Much at a time.


def finished(server: Server, started: Any) -> dict[str, Any]:
    """Wait for a job, and give its manifest."""
    assert started.status_code == 202, started.text
    address = started.headers["content-location"]
    until = time.monotonic() + AT_THE_MOST
    while (answer := server.get(address)).status_code == 202 and time.monotonic() < until:
        time.sleep(0.05)
    assert answer.status_code == 200, answer.text
    manifest: dict[str, Any] = answer.json()
    return manifest


def lines_of(server: Server, listed: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Fetch the files of a type."""
    found = []
    for file in listed:
        if file["type"] == kind:
            rows = [json.loads(row) for row in server.get(file["url"]).text.splitlines()]
            assert len(rows) == file["count"]
            found += rows
    return found


def test_an_intake_and_an_export(server: Server) -> None:
    """Many claims are decided beside, and fetched again; what is wrong is said by its line."""
    claims = server.claims[:6]
    who = claims[1]["patient"]["identifier"]["value"]
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"value": who}],
        "photo": [{"data": "AAAA" * 9_000}],
    }
    beside = deepcopy(claims[1])
    beside["patient"], beside["identifier"] = {"reference": "Patient/p1"}, [{"value": "by-reference"}]
    sent = ndjson([claims[0], {"resourceType": "Claim"}, *claims]) + b"\nnonsense\n"
    sent += ndjson([beside, patient])
    headers = {**LINES, "Content-Encoding": "gzip", **server.bearer()}
    started = server.client.post("/fhir/$import", content=gzip.compress(sent), headers=headers)
    manifest = finished(server, started)
    answers = lines_of(server, manifest["output"], "ClaimResponse")
    wrong = lines_of(server, manifest["error"], "OperationOutcome")
    assert len(answers) == 8
    assert answers.pop()["patient"] == beside["patient"]
    assert server.get(f"/fhir/ClaimResponse?patient={who}&identifier=by-reference").json()["total"] == 1
    assert [valid(one)["issue"][0]["details"]["text"].partition(":")[0] for one in wrong] == [
        "line 2",
        "line 10",
    ]
    for answer, claim in zip(answers[1:], claims, strict=True):
        assert answer == server.submit(claim).json()
    file = manifest["output"][0]["url"]
    assert server.get(file, server.other).status_code == 404
    address = started.headers["content-location"]
    assert server.get(address, server.other).status_code == 404
    assert server.client.delete(address, headers=server.bearer(server.other)).status_code == 404
    for name in (
        "intake.ndjson",
        "..%2F..%2Fbooks.db",
        "%2E%2E",
        "ClaimResponse.1.ndjson%00",
        "ClaimResponse.2.ndjson",
    ):
        assert server.get(f"{address}/{name}").status_code == 404, name
    told = server.get(address).headers
    assert told["content-type"] == "application/json"
    kept = parsedate_to_datetime(told["expires"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=6) < kept <= dt.timedelta(days=7)

    refused = server.get("/fhir/$export")
    assert (refused.status_code, key(refused)) == (400, "serve.prefer")
    export = server.get("/fhir/$export?_type=ClaimResponse,ExplanationOfBenefit", Prefer="respond-async")
    manifest = finished(server, export)
    assert manifest["request"].endswith("/fhir/$export?_type=ClaimResponse,ExplanationOfBenefit")
    exported = lines_of(server, manifest["output"], "ClaimResponse")
    key_of = {one["id"]: one for one in answers}
    assert len(exported) == len(key_of) + 1
    assert all(one == key_of[one["id"]] for one in exported if one["id"] in key_of)
    assert len(lines_of(server, manifest["output"], "ExplanationOfBenefit")) == 7
    since = "/fhir/$export?_type=ClaimResponse&_since=2999-01-01T00:00:00%2B01:00"
    assert not lines_of(
        server, finished(server, server.get(since, Prefer="respond-async"))["output"], "ClaimResponse"
    )
    address = export.headers["content-location"]
    assert server.client.delete(address, headers=server.bearer()).status_code == 202
    assert server.get(address).status_code == 404


def test_what_an_export_cannot_be_asked(one: Server) -> None:
    """Types, moments and forms that there are not."""
    for asked, said in (
        ("_type=Patient", "serve.export_type"),
        ("_since=yesterday", "serve.since"),
        ("_since=0001-01-01T00:00:00%2B14:00", "serve.since"),
        ("_outputFormat=csv", "serve.output_format"),
        ("color=red", "serve.search_unknown"),
    ):
        refused = one.get(f"/fhir/$export?{asked}", Prefer="respond-async")
        assert (refused.status_code, key(refused)) == (400, said)
    preferred = [("Prefer", "return=minimal"), ("Prefer", "Respond-Async"), *one.bearer().items()]
    plain = one.client.get("/fhir/$export?_outputFormat=application/fhir+ndjson", headers=preferred)
    assert plain.status_code == 202
    refused = one.client.post("/fhir/$import", content=b"{}", headers={**JSON, **one.bearer()})
    assert (refused.status_code, key(refused)) == (415, "serve.content_type")


def test_no_more_intakes_come_at_once_than_may_wait(embedded_folder: Path, village: Village) -> None:
    """Those that are still coming are counted too: they take room on the disk before they are jobs."""
    with open_books(embedded_folder) as books:
        desk = Desk(Counter(books, "counter"), QUICK)
        with desk.coming("A") as first, desk.coming("A") as second, desk.coming("B") as other:
            assert (first, second, other) == (1, 2, 1)
        with desk.coming("A") as again:
            assert again == 1
        desk.counter.close()
        for one in served(Counter(books, "counter"), village, replace(QUICK, jobs=0)):
            refused = one.client.post("/fhir/$import", content=b"{}", headers={**LINES, **one.bearer()})
            assert (refused.status_code, key(refused)) == (429, "serve.jobs")
            assert not list(books.folder.glob(f"{bulk_files.FOLDER}/*"))


def test_what_a_cut_off_intake_left_is_swept(embedded_folder: Path) -> None:
    """Folders that no job is of are removed a day later; those of jobs, and of what is coming, stay."""
    with open_books(embedded_folder) as books:
        old, coming = bulk_files.folder_of(books, new_name()), bulk_files.folder_of(books, new_name())
        job = add_job(books, new_name(), EXPORT, "H1", "t", {})
        for folder in (old, coming, bulk_files.folder_of(books, job.job)):
            folder.mkdir(parents=True)
            if folder != coming:
                os.utime(folder, (1, 1))
        bulk_files.sweep(books)
        assert {found.name for found in old.parent.iterdir()} == {coming.name, job.job}


def test_another_server_goes_on_with_a_job(new_folder: NewFolder, village: Village) -> None:
    """A job that was under way when the server stopped is done by the next one."""
    folder = new_folder()
    with open_books(folder) as books:
        for one in served(Counter(books, "counter"), village):
            headers = {**LINES, **one.bearer()}
            started = one.client.post("/fhir/$import", content=ndjson(one.claims[:3]), headers=headers)
            kept = one.token
        for again in served(Counter(books, "counter"), village):
            again.token = kept
            assert len(finished(again, started)["output"]) == 1
            assert len(dump(folder)["claims"]) == 3
