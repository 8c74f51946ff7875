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

import httpx2
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.submission.counter import Counter
from adjudicator.books.verification import verify
from cli import main
from tests.books.crashes import AT_THE_MOST
from tests.books.dump import dump
from tests.web.claims_sent import Village, resource_of, taken
from tests.web.fhir_claims import body

REPOSITORY = Path(__file__).parents[2]

DATA = 3
"""How a command ends that was refused."""


KILLED_AT = 5
"""The batch of claims that it is killed at: one of three senders has had an answer by then."""

SERVED = "from cli import main; main()"

KILLED = f"""
import os, signal
from itertools import count
from adjudicator.web.fhir.desk import Desk

batches, decide = count(1), Desk.decide

def killed(desk, batch):
    done = decide(desk, batch)
    if next(batches) == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

Desk.decide = killed
{SERVED}
"""
"""Serves until a batch of claims is in the books and nobody has been told."""


@contextmanager
def process(folder: Path, program: str = SERVED) -> Iterator[str]:
    """Run the command until the end of the block; give its address."""
    running, address = started(folder, program)
    try:
        yield address
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        assert running.wait(AT_THE_MOST) in (0, -signal.SIGTERM, -signal.SIGKILL)


def started(folder: Path, program: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the command, and wait until it answers; at another port, where another process took the first."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    until = time.monotonic() + AT_THE_MOST
    while True:
        port = free_port()
        options = ["--scheme", str(folder), "--port", str(port), "--rate", "10000", "--by", "counter"]
        command = [sys.executable, "-c", program, "serve", "--fhir", *options]
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while running.poll() is None and time.monotonic() < until:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/health", timeout=AT_THE_MOST)
                return running, f"http://127.0.0.1:{port}"
            except httpx2.TransportError:
                time.sleep(0.1)
        assert running.poll() == DATA


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
    answered: dict[int, bytes] = {}

    def send(address: str, place: int) -> httpx2.Response:
        until = time.monotonic() + AT_THE_MOST
        while True:
            submit = f"{address}/fhir/Claim/$submit"
            answer = httpx2.post(submit, content=bodies[place], headers=headers, timeout=AT_THE_MOST)
            # Whoever is told that it takes too long comes again.
            if answer.status_code != 503 or time.monotonic() > until:
                return answer
            time.sleep(0.1)

    def keep_sending(address: str) -> None:
        for place in range(len(bodies)):
            try:
                answer = send(address, place)
            except httpx2.TransportError:
                return
            if answer.status_code == 200:
                answered[place] = answer.content

    with process(folder, KILLED) as address:
        senders = [threading.Thread(target=keep_sending, args=(address,)) for _ in range(3)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert 0 < len(answered) < len(bodies)
    with process(folder) as address:
        for place in range(len(bodies)):
            answer = send(address, place)
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
