"""The server as a process of its own: started by its command, killed in the middle, started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter as Count
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx2
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.submission.counter import Counter
from adjudicator.books.verification import verify
from cli import main
from tests.books.dump import dump
from tests.web.claims_sent import Village, resource_of, taken
from tests.web.fhir_claims import body

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def process(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until the end of the block."""
    command = [sys.executable, "-c", "from cli import main; main()", "serve", "--fhir"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    options = ["--scheme", str(folder), "--port", str(port), "--rate", "10000", "--by", "counter"]
    running = subprocess.Popen([*command, *options], env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            assert running.poll() is None
            try:
                httpx2.get(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) in (0, -signal.SIGTERM)


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_killed_between_receiving_and_answering(embedded_folder: Path, village: Village) -> None:
    """Whatever was in the books when it was killed is answered later, and nothing is decided twice."""
    folder = embedded_folder
    with open_books(folder) as books:
        counter = Counter(books, "counter")
        found = [one.sent for one in taken(counter, village.claims) if one.sent.lines]
        counter.close()
    by_facility = Count(one.claim["facility"] for one in found)
    facility = max(by_facility, key=lambda name: by_facility[name])
    bodies = [body(resource_of(one)) for one in found if one.claim["facility"] == facility][:12]
    runner = CliRunner()
    made = runner.invoke(main, ["serve", "token", "add", facility, "--scheme", str(folder), "--by", "Ama"])
    token = made.stdout.strip().splitlines()[-1]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    port = free_port()
    answered: dict[int, bytes] = {}

    def send(place: int) -> httpx2.Response:
        address = f"http://127.0.0.1:{port}/fhir/Claim/$submit"
        return httpx2.post(address, content=bodies[place], headers=headers, timeout=60)

    def keep_sending() -> None:
        for place in range(len(bodies)):
            try:
                answer = send(place)
            except httpx2.TransportError:
                return
            if answer.status_code == 200:
                answered[place] = answer.content

    with process(folder, port) as running:
        senders = [threading.Thread(target=keep_sending) for _ in range(3)]
        for sender in senders:
            sender.start()
        while len(answered) < 2:
            time.sleep(0.02)
        time.sleep(Random().uniform(0, 0.3))
        running.kill()
        for sender in senders:
            sender.join()
    with process(folder, port):
        for place in range(len(bodies)):
            answer = send(place)
            assert answer.status_code in (200, 422), answer.text
            if place in answered:
                assert answer.content == answered[place]
    held = dump(folder)
    assert len(held["claim_decisions"]) == len(held["claims"]) >= len(answered)
    with open_books(folder) as books:
        assert not verify(books).findings
    listed = runner.invoke(main, ["serve", "audit", "--scheme", str(folder), "--last", "3"])
    assert listed.exit_code == 0
    assert "submit" in listed.stdout
    tokens = runner.invoke(main, ["serve", "token", "list", "--scheme", str(folder), "--lang", "fr"])
    assert facility in tokens.stdout
    assert "valable" in tokens.stdout
    name = token.split("_")[1]
    revoked = runner.invoke(main, ["serve", "token", "revoke", name, "--scheme", str(folder)])
    assert revoked.exit_code == 0


def test_the_command_says_what_is_missing(embedded_folder: Path) -> None:
    """What is to be served, a certificate without its key, a facility that is not there."""
    runner = CliRunner()
    scheme = ["--scheme", str(embedded_folder)]
    assert runner.invoke(main, ["serve", *scheme]).exit_code == 2
    unknown = runner.invoke(main, ["serve", "token", "add", "nowhere", *scheme])
    assert unknown.exit_code == 3
    assert "nowhere" in unknown.output
    profile = runner.invoke(main, ["serve", "--fhir", "--profile", "nobody", *scheme])
    assert profile.exit_code == 3
