"""What commands say to people who mistype: their language, a remedy, and a code that scripts can go by."""

from __future__ import annotations

import errno
import os
import re
import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli
from adjudicator.system import problem
from adjudicator.words import LANGUAGES, entries
from commands.click_words import speak
from commands.shared import LANGUAGE, handing_over, told

DATA, USAGE = 3, 2


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scheme with books and registers, and no claims."""
    folder = tmp_path_factory.mktemp("people") / "country"
    for arguments in (
        ("generate", folder, "--families", 20),
        ("db", "init", "--scheme", folder),
        ("load", "registers", folder / "registers", "--scheme", folder),
    ):
        assert call(*arguments).exit_code == 0
    return folder


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("actuary triangle --product NOPE", "there are: BASIC"),
        ("actuary triangle --from 2030-01", "nothing"),
        ("actuary frequency --from 2026-01-01 --to 2026-01-31 --product NOPE", "there are: BASIC"),
        ("actuary loss-ratio --from 2026-02 --to 2026-01", "the other way round"),
        ("actuary forecast-index --product BASI --year 2026", "did you mean BASIC"),
        ("report claims --from 2026-02-01 --to 2026-01-01", "the other way round"),
        ("report claims --facility NOPE", "there are: HF"),
        ("report month 2026-13", "one of its twelve months"),
        ("policy owed --location NOPE", "there are: R1"),
        ("voucher pay NOPE", "there are: MATERNITY"),
        ("load opening {0}", "name the folder of the run before"),
        ("fhir export --what eob --from 2026-02-01 --to 2026-01-01 --out {0}/x", "the other way round"),
        ("export openimis --month 2026-13 --out {0}/x", "one of its twelve months"),
        ("simulate --scenario {0} --claims {0} --out {0}/x", "add claims.csv"),
    ],
)
def test_the_scheme_is_the_present_folder_and_mistakes_have_remedies(
    command: str, said: str, scheme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scheme)
    done = call(*(word.replace("{0}", str(tmp_path)) for word in command.split()))

    assert done.exit_code in (0, DATA), done.output
    assert said in done.output
    assert done.exit_code == 0 or "→" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("policy owed --date 2026-02-30", "such as 2026-01-31"),
        ("simulate . --from 2026-13-01 --scenario . --out x", "such as 2026-01-31"),
        ("serve --fhir --rate nan", "nan is no number"),
        ("serve --fhir --rate inf", "range"),
        ("serve --fhir --host 300.1.1.1", "no address"),
        ("serve --fhir --certificate scheme.yaml --key scheme.yaml", "PEM"),
        ("serve token add HF0001 --expires 2020-01-01", "is over"),
        ("simulate report . --out report.pdf", "html, xlsx"),
        ("compare openimis . . --currency BEADS", "BEADS"),
    ],
)
def test_options_that_cannot_be_meant(
    command: str, said: str, scheme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scheme)
    done = call(*command.split())

    assert done.exit_code == USAGE, done.output
    assert said in done.output


def test_rubbish_and_emptiness_are_told(tmp_path: Path) -> None:
    rubbish, empty, folder = tmp_path / "rubbish.db", tmp_path / "empty.json", tmp_path / "folder.yaml"
    rubbish.write_bytes(bytes(range(255, 0, -1)) * 8)
    empty.touch()
    folder.mkdir()
    absent = tmp_path / "absent.db"
    for arguments in (
        ("import", "openimis", f"sqlite:///{rubbish}", "--into", tmp_path / "x"),
        ("import", "openimis", f"sqlite:///{absent}", "--into", tmp_path / "x"),
        ("fhir", "check", empty),
        ("fhir", "check", empty, "--profile", folder),
    ):
        done = call(*arguments)
        assert done.exit_code == DATA, done.output
        assert "→" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.json", "folder.yaml", "rubbish.db"]


def test_a_port_that_is_taken(scheme: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = call("serve", "--fhir", "--scheme", scheme, "--port", taken.getsockname()[1])

    assert done.exit_code == DATA
    assert "--port" in done.stderr


@pytest.mark.parametrize("number", [*vars(errno).values()])
@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_system_refuses_has_a_remedy(number: object, language: str) -> None:
    if isinstance(number, int):
        line = problem(OSError(number, os.strerror(number), "place")).told(language)
        assert re.fullmatch(r"place: .+ → .+", line)


def test_nothing_is_booked_for_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    booked = []
    with pytest.raises(click.exceptions.Exit), told("en"), handing_over(tmp_path / "file" / "x", "do"):
        booked.append(1)
    assert booked == []


def test_what_is_booked_and_not_written_is_written_once_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hand_over() -> None:
        with told("en"), handing_over(tmp_path, "adjudicator do") as booked:
            booked(7)
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(click.exceptions.Exit):
        hand_over()
    said = capsys.readouterr().err
    assert "make room" in said
    assert "adjudicator do --copy 7" in said


def test_click_speaks_the_language_of_the_reader() -> None:
    speak("fr")
    try:
        missing = call("payroll", "make").output
        unknown = call("payroll", "mkae").output
        absent = call("payroll", "reconcile", "nowhere.csv").output
    finally:
        speak(LANGUAGE)

    assert "Il manque l’argument 'PLAN'" in missing
    assert "Vouliez-vous dire 'make'\u00a0?" in unknown
    assert "n’existe pas" in absent
    assert not re.search(r"Usage:|Error|Missing|Try", missing + unknown + absent)


def test_the_catalogue_repeats_what_click_says() -> None:
    said = Path(click.__file__).parent
    source = "".join(file.read_text("utf-8") for file in sorted(said.glob("*.py")))
    # Long texts are written in pieces there.
    whole = re.sub(r"\"\s*\n\s*f?\"", "", source).replace("\\n", "\n").replace("\\t", "\t")
    known = [text["en"] for key, text in entries().items() if key.startswith("click.")]
    found = [text for text in known if text in whole]

    # Of another version of click, some may be worded otherwise: those stay English.
    assert len(found) > 0.7 * len(known)
