"""Bundles sent to the server: a transaction is done whole or not at all, a batch entry by entry."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.books.books import open_books
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.submitted import State
from adjudicator.books.verification import verify
from adjudicator.web.fhir.bundles import SUBMIT
from tests.books.crashes import _tell_steps, forked
from tests.books.dump import dump
from tests.web.claims_sent import Village, taken
from tests.web.conftest import NewFolder
from tests.web.fhir_claims import body, question
from tests.web.test_server import Server, served, valid

WRITTEN = (
    "claims",
    "claim_lines",
    "submissions",
    "claim_decisions",
    "line_decisions",
    "loads",
    "runs",
    "undecided",
)
"""What a transaction writes."""


@pytest.fixture
def server(counter: Counter, village: Village) -> Iterator[Server]:
    """A server on each engine."""
    yield from served(counter, village)


def entry(resource: Any, url: str = SUBMIT, method: str = "POST") -> dict[str, Any]:
    found: dict[str, Any] = {"request": {"method": method, "url": url}}
    return found | ({"resource": json.loads(body(resource))} if resource else {})


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def send(server: Server, sent: Any) -> Any:
    return server.send("/fhir", body(sent))


def held(server: Server) -> dict[str, Any]:
    everything = dump(server.counter.books.folder)
    return {name: everything[name] for name in WRITTEN}


def another(resource: Any) -> Any:
    """Give a claim of the same number with another content."""
    other = json.loads(body(resource))
    other["item"][0]["quantity"]["value"] += 1
    return other


def unreadable(resource: Any) -> Any:
    other = json.loads(body(resource))
    del other["patient"]
    other["identifier"][0]["value"] += "-unreadable"
    return other


def of_nobody(resource: Any) -> Any:
    other = json.loads(body(resource))
    other["provider"] = {"identifier": {"value": "NOWHERE"}}
    return other


def test_a_transaction_is_answered_entry_by_entry(server: Server) -> None:
    """In the order of the entries, and again with the same bytes; each as if it had been sent alone."""
    claims = server.claims[:4]
    sent = bundle("transaction", *(entry(one) for one in claims))
    first, again = send(server, sent), send(server, sent)
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.content == again.content
    answer = valid(first.json())
    assert answer["type"] == "transaction-response"
    for one, said in zip(claims, answer["entry"], strict=True):
        assert said["resource"]["request"]["identifier"] == one["identifier"][0]
        assert said["response"]["status"] == "200 OK"
        assert said["resource"] == server.submit(one).json()
        assert said["fullUrl"].endswith(f"ClaimResponse/{said['resource']['id']}")
    everything = dump(server.counter.books.folder)
    assert len(everything["claims"]) == 4
    # All of it came as one load, and was decided as one run.
    assert {row[0] for row in everything["claim_decisions"]} == {1}
    assert len([row for row in everything["loads"] if row[2] == "claims"]) == 1


@pytest.mark.parametrize(
    ("spoil", "status", "key"),
    [
        (lambda one: entry(unreadable(one)), 422, None),
        (lambda one: entry(of_nobody(one)), 403, "serve.other_facility"),
        (lambda one: entry(one, "Claim"), 400, "serve.entry_of_transaction"),
        (lambda one: entry({"resourceType": "Patient"}, "Patient"), 400, "serve.entry_of_transaction"),
        (lambda one: entry(None, "ClaimResponse/1", "GET"), 400, "serve.entry_of_transaction"),
        (lambda one: {"resource": json.loads(body(one))}, 400, "serve.entry_of_transaction"),
        (lambda one: entry({**one, "use": "predetermination"}), 422, "serve.entry_use"),
        (lambda one: entry(one) | {"resource": "claim"}, 400, None),
    ],
)
def test_what_stands_in_the_way_of_one_stands_in_the_way_of_all(
    one: Server, spoil: Any, status: int, key: str | None
) -> None:
    before = held(one)
    good = [entry(claim) for claim in one.claims[:2]]
    refused = send(one, bundle("transaction", *good, spoil(one.claims[3])))
    assert refused.status_code == status, refused.text
    issues = valid(refused.json())["issue"]
    assert issues[0]["details"]["coding"][0]["code"] == "serve.transaction_failed"
    assert all(issue["expression"][0].startswith("Bundle.entry[2].resource") for issue in issues[1:])
    assert key is None or issues[1]["details"]["coding"][0]["code"] == key
    assert held(one) == before
    # Without it, the others are taken.
    assert send(one, bundle("transaction", *good)).status_code == 200


@pytest.fixture
def one(embedded_folder: Path, village: Village) -> Iterator[Server]:
    """A server on the embedded engine."""
    with open_books(embedded_folder) as books:
        yield from served(Counter(books, "counter"), village)


def test_a_claim_that_is_there_with_another_content(server: Server) -> None:
    assert server.submit(server.claims[1]).status_code == 200
    before = held(server)
    entries = [entry(server.claims[0]), entry(another(server.claims[1])), entry(server.claims[2])]
    refused = send(server, bundle("transaction", *entries))
    assert refused.status_code == 409
    issues = valid(refused.json())["issue"]
    assert [issue["details"]["coding"][0]["code"] for issue in issues] == [
        "serve.transaction_failed",
        "serve.differs",
    ]
    assert issues[1]["expression"] == ["Bundle.entry[1].resource"]
    assert held(server) == before
    # In a batch, the others are decided.
    answer = valid(send(server, bundle("batch", *entries)).json())
    assert [said["response"]["status"][:3] for said in answer["entry"]] == ["200", "409", "200"]
    assert len(held(server)["claims"]) == 3


def test_the_same_claim_twice_in_a_transaction(one: Server) -> None:
    before = held(one)
    refused = send(one, bundle("transaction", entry(one.claims[0]), entry(one.claims[0])))
    assert refused.status_code == 400
    assert refused.json()["issue"][1]["details"]["coding"][0]["code"] == "serve.entry_twice"
    assert held(one) == before


def test_a_batch_is_answered_resource_by_resource(server: Server) -> None:
    claims = server.claims[:3]
    insuree = claims[0]["patient"]["identifier"]["value"]
    number = claims[0]["identifier"][0]["value"]
    entries = [
        entry(claims[0]),
        entry(unreadable(claims[1])),
        entry(claims[2]),
        entry(of_nobody(claims[1])),
        entry(question(insuree, "2024-06-01"), "CoverageEligibilityRequest"),
        entry(None, f"ClaimResponse?identifier={number}", "GET"),
        entry(None, "ClaimResponse/nothing", "GET"),
        entry(None, "Claim/1", "DELETE"),
        entry({**claims[1], "use": "predetermination"}),
    ]
    answer = valid(send(server, bundle("batch", *entries)).json())
    assert answer["type"] == "batch-response"
    told = [said["response"]["status"][:3] for said in answer["entry"]]
    assert told == ["200", "422", "200", "403", "200", "200", "404", "400", "200"]
    for said, status in zip(answer["entry"], told, strict=True):
        if status == "200":
            valid(said["resource"])
        else:
            assert "resource" not in said
            valid(said["response"]["outcome"])
    assert answer["entry"][5]["resource"]["total"] == 1
    assert answer["entry"][0]["resource"] == server.submit(claims[0]).json()
    assert len(held(server)["claims"]) == 2


def test_bundles_that_ask_for_nothing(one: Server) -> None:
    for kind, status in (("collection", 400), ("history", 400), ("batch", 200), ("transaction", 200)):
        answer = send(one, {"resourceType": "Bundle", "type": kind})
        assert answer.status_code == status
        valid(answer.json())
    assert send(one, one.claims[0]).json()["issue"][0]["details"]["coding"][0]["code"] == "serve.other_type"
    many = bundle("transaction", *([entry(None, "Claim/1", "GET")] * 501))
    assert send(one, many).status_code == 400
    said = valid(one.get("/fhir/metadata").json())
    assert said["rest"][0]["interaction"] == [{"code": "transaction"}, {"code": "batch"}]


def test_any_mixture_is_taken_whole_or_not_at_all(one: Server) -> None:
    """Random transactions of good, spoiled and known claims, on books that fill up."""
    spoils = [lambda claim: claim, lambda claim: claim, another, unreadable, of_nobody]

    @settings(max_examples=15)
    @given(st.lists(st.tuples(st.integers(0, len(one.claims) - 1), st.integers(0, 4)), max_size=5))
    def check(chosen: list[tuple[int, int]]) -> None:
        before = held(one)
        entries = [entry(spoils[how](one.claims[place])) for place, how in chosen]
        answer = send(one, bundle("transaction", *entries))
        valid(answer.json())
        if answer.status_code != 200:
            assert held(one) == before
            return
        answers = [said["resource"]["id"] for said in answer.json().get("entry", [])]
        assert len(answers) == len(entries)
        assert set(answers) <= {row[1] for row in held(one)["submissions"]}

    check()


def test_killed_in_the_middle_all_or_none_are_there(new_folder: NewFolder, village: Village) -> None:
    """Killed (kill -9) at steps of the database's, and sent again: then all are there, and nothing twice."""
    folder = new_folder()
    with open_books(folder) as books:
        counter = Counter(books, "counter")
        batch = taken(counter, village.claims)[:6]
        counter.warm()
        counter.close()

    def submit(where: Path) -> None:
        with open_books(where) as books:
            counter = Counter(books, "counter")
            try:
                counter.prepared()
                counter.submit_whole(batch)
            finally:
                counter.close()

    steps = _steps(lambda: submit(folder))
    meant = _numbers(folder)
    assert len(meant["claims"]) == 6
    assert steps > 10
    for step in sorted({1, *random.Random(steps).sample(range(2, steps), 2), steps}):
        copy = new_folder()
        status = forked(lambda: _killed_at(step, lambda: submit(copy)))  # noqa: B023
        assert status in (0, -signal.SIGKILL)
        assert len(dump(copy)["claims"]) in (0, 6)
        _again(copy, batch)
        assert _numbers(copy) == meant
        with open_books(copy) as books:
            assert not verify(books).findings


def _again(folder: Path, batch: Any) -> None:
    with open_books(folder) as books:
        counter = Counter(books, "counter")
        states = [one.state for one in counter.submit_whole(batch)]
        if State.QUEUED in states:
            # A server has not missed yet who held its lock.
            while counter.decide_waiting() == 0:
                pass
        counter.close()


def _numbers(folder: Path) -> dict[str, Any]:
    everything = dump(folder)
    return {name: everything[name] for name in ("claims", "claim_lines", "claim_decisions", "line_decisions")}


def _steps(do: Any) -> int:
    read, write = os.pipe()

    def counted() -> None:
        steps: list[str] = []
        _tell_steps(steps.append)
        do()
        os.write(write, str(len(steps)).encode())

    assert forked(counted) == 0
    os.close(write)
    with os.fdopen(read) as pipe:
        return int(pipe.read())


def _killed_at(step: int, do: Any) -> None:
    left = step

    def take(_what: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _tell_steps(take)
    do()
