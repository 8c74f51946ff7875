"""Commands that act in somebody's name prove it, and officers work with their keys in both languages."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from adjudicator.books.books import PERSON, open_books
from adjudicator.books.officers.register import add_officer, renew_key
from adjudicator.officers import keys
from adjudicator.officers.roles import ACTS, Role, roles_for
from adjudicator.words import LANGUAGES
from cli import main
from commands.books import PersonOption
from commands.identity import KEY, KEY_FILE
from tests.books.conftest import NewBooks
from tests.books.dump import dump
from tests.books.grants import GRANTS, write_grants
from tests.books.states import MADE, Shelf
from tests.databases import Embedded

AMA, BOLA = "Ama Boateng", "Bola"

REFUSED = 3


def every_command(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Give all commands with the words by which they are called."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from every_command(below, *path, name)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield " ".join(path), command


COMMANDS = dict(every_command(main))
ACTING = {
    name: command
    for name, command in COMMANDS.items()
    if any(isinstance(option, PersonOption) for option in command.params)
}


@pytest.fixture(autouse=True)
def _nobody_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (KEY, KEY_FILE, PERSON):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("adjudicator.books.officers.proving.sleep", lambda _: None)
    monkeypatch.setattr(keys, "COST", 4)


@pytest.fixture
def folder(new_books: NewBooks, village: Path) -> Path:
    return new_books(village, MADE)


def run(folder: Path, *arguments: str, key: str | None = None, ends: int = 0) -> Result:
    """Give a command, and look how it ends."""
    result = CliRunner().invoke(main, [*arguments, "--scheme", str(folder)], env={KEY: key})
    assert result.exit_code == ends, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def first_key(folder: Path, *roles: str) -> str:
    """Add the first officer, with some roles besides."""
    wanted = [word for role in ("administrator", *roles) for word in ("--role", role)]
    return run(folder, "officer", "add", AMA, *wanted).stdout.strip()


# No command forgets it.


def test_whoever_asks_who_it_is_has_the_option() -> None:
    def asks(command: click.Command) -> bool:
        source = inspect.getsource(inspect.unwrap(command.callback)) if command.callback else ""
        # Figures are given "by" something else than a person: one of a few.
        free = [one for one in command.params if one.name == "by" and not isinstance(one.type, click.Choice)]
        return bool(free) or "who(" in source or "needs_by(" in source

    assert {name for name, command in COMMANDS.items() if asks(command)} == set(ACTING)
    for command in ACTING.values():
        assert {"scheme", "by", "language"} <= {option.name for option in command.params}


def test_what_a_role_may_do_is_said_of_every_command() -> None:
    assert set(ACTS) == set(ACTING)


def typed(parameter: click.Parameter, folder: Path) -> str:
    """Think of a value that a parameter takes."""
    match parameter.type:
        case click.Choice() as choice:
            return str(choice.choices[0])
        case click.IntRange():
            return "1"
        case click.DateTime():
            return "2026-01-31"
        case click.Path() as path:
            return str(folder / "registers" / "insurees.csv" if path.file_okay else folder)
        case _:
            return "2026-01"


def call_of(name: str, folder: Path) -> list[str]:
    """Call a command with what it needs, and no more."""
    given = name.split()
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Argument):
            given += [typed(parameter, folder)] if parameter.required else []
        elif parameter.required:
            given += [parameter.opts[0], typed(parameter, folder)]
    return given


def test_every_command_refuses_a_wrong_key(folder: Path) -> None:
    key = first_key(folder, *(role.value for role in Role if role is not Role.ADMINISTRATOR))
    with open_books(folder) as books:
        add_officer(books, BOLA, [*Role], AMA)
    before = dump(folder)
    journal = before.pop("journal")
    for name in ACTING:
        call = (*call_of(name, folder), "--by")
        assert "not the key of Ama Boateng" in run(folder, *call, AMA, key="WRONG", ends=REFUSED).stderr, name
        assert "Eve is no officer" in run(folder, *call, "Eve", key=key, ends=REFUSED).stderr, name
        assert "gave no key" in run(folder, *call, AMA, ends=REFUSED).stderr, name
    after = dump(folder)
    tried = [row for row in after.pop("journal") if row not in journal]
    assert after == before
    assert [json.loads(content)["command"] for _, _, _, content in sorted(tried)] == [*ACTING]


def test_every_command_wants_a_role(small: Path, shelf: Shelf, tmp_path: Path) -> None:
    folder = shelf.books(Embedded(), small, MADE, tmp_path / "scheme")
    known = {Role.ADMINISTRATOR: (AMA, first_key(folder))}
    with open_books(folder) as books:
        for role in (Role.CLERK, Role.FINANCE, Role.MEDICAL_OFFICER):
            add_officer(books, role.value, [role], AMA)
            known[role] = (role.value, renew_key(books, role.value, role.value)[1])
    before = dump(folder)
    for name in ACTING:
        if others := [role for role in known if role not in roles_for(name)]:
            by, key = known[others[0]]
            said = run(folder, *call_of(name, folder), "--by", by, key=key, ends=REFUSED)
            assert "may not do this" in said.stderr, name
    assert dump(folder) == before


# As officers work.


def test_from_the_first_officer_to_a_list_that_two_have_seen(
    new_books: NewBooks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = new_books(write_grants(tmp_path_factory.mktemp("grants") / "scheme"), GRANTS)
    assert "no officers" in run(folder, "officer", "list").stdout
    assert "sur parole" in run(folder, "officer", "list", "--lang", "fr").stdout
    assert "Names are not proven" in run(folder, "db", "status").stdout
    assert "pas prouvés" in run(folder, "verify", "--lang", "fr").stdout

    ama = first_key(folder, "finance")
    added = run(folder, "officer", "add", BOLA, "--role", "finance", "--by", AMA, "--lang", "fr", key=ama)
    assert "crée d’abord la sienne" in added.stderr
    given = added.stdout.strip()

    make = ("payroll", "make", "GRANT", "2026-01", "--confirm")
    run(folder, *make, "--by", AMA, key=ama)
    # Another name is not another person any more: neither hers, nor his with the key that she saw.
    approve = ("payroll", "approve", "1", "--by", BOLA)
    run(folder, *approve, key=ama, ends=REFUSED)
    assert "officer renew" in run(folder, *approve, key=given, ends=REFUSED).stderr
    run(folder, "payroll", "approve", "1", "--by", AMA, key=ama, ends=REFUSED)
    bola = run(folder, "officer", "renew", "--by", BOLA, key=given).stdout.strip()
    run(folder, *approve, key=given, ends=REFUSED)
    run(folder, *approve, key=bola)

    assert "may act" in run(folder, "officer", "list").stdout
    run(folder, "officer", "close", BOLA, "--by", AMA, key=ama)
    assert "radié" in run(folder, "officer", "list", "--lang", "fr").stdout
    run(folder, "payroll", "make", "GRANT", "2026-02", "--by", BOLA, key=bola, ends=REFUSED)
    assert "1 officer may act" in run(folder, "db", "status").stdout
    assert "before it are not" in run(folder, "verify").stdout


def test_the_name_comes_from_the_environment_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = first_key(folder)
    monkeypatch.setenv(PERSON, AMA.lower())
    run(folder, "load", "registers", str(folder / "registers"), key=key)
    with open_books(folder) as books, books.database.reading() as connection:
        names = connection.exec_driver_sql("SELECT by FROM journal ORDER BY number").scalars().all()
    assert names[-1] == AMA


def test_the_key_comes_from_a_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ama.key"
    path.write_text(f"{first_key(folder)}\nwhatever follows\n", "utf-8")
    path.chmod(stat.S_IRUSR)
    monkeypatch.setenv(KEY_FILE, str(path))
    load = ("load", "registers", str(folder / "registers"), "--by", AMA)
    assert run(folder, *load).stderr == ""
    path.chmod(stat.S_IRUSR | stat.S_IRGRP)
    assert "chmod 600" in run(folder, *load).stderr
    run(folder, *load, key="WRONG", ends=REFUSED)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    path.write_text("", "utf-8")
    assert "no key in" in run(folder, *load, ends=REFUSED).stderr
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "absent"))
    assert "absent" in run(folder, *load, ends=REFUSED).stderr


def test_the_key_goes_to_a_new_file_of_ones_own(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "ama.key"
    add = ("officer", "add", AMA, "--out", str(path), "--role")
    run(folder, *add, "finance", ends=REFUSED)
    assert not path.exists()
    assert run(folder, *add, "administrator").stdout == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_text("utf-8").strip()
    renew = ("officer", "renew", "--by", AMA, "--out")
    assert "somebody" in run(folder, *renew, str(path), key=key, ends=2).stderr
    run(folder, *renew, str(tmp_path / "absent" / "ama.key"), key=key, ends=REFUSED)
    assert path.read_text("utf-8").strip() == key
    run(folder, *renew, str(tmp_path / "own.key"), key=key)
    run(folder, *renew, str(tmp_path / "again.key"), key=key, ends=REFUSED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_key_is_typed_at_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    asked: list[tuple[str, bool]] = []
    key = first_key(folder)

    def prompt(text: str, prompt_suffix: str, hide_input: bool, err: bool) -> str:
        asked.append((text, hide_input and err))
        return key

    monkeypatch.setattr("commands.identity.click.prompt", prompt)
    monkeypatch.setattr("commands.identity._at_a_terminal", lambda: True)
    run(folder, "load", "registers", str(folder / "registers"), "--by", AMA, "--lang", language)
    assert len(asked) == 1
    assert AMA in asked[0][0]
    assert asked[0][1]


def test_a_group_asks_nobody_for_the_command_after_it(folder: Path) -> None:
    first_key(folder)
    run(folder, "serve", "token", "list")
    run(folder, "close", "list")
    run(folder, "review", "stats")


def test_roles_are_listed(folder: Path) -> None:
    for language, said in (("en", "medical officer"), ("fr", "médecin-conseil")):
        result = CliRunner().invoke(main, ["officer", "roles", "--lang", language])
        assert result.exit_code == 0
        assert said in result.output
        assert "payroll" in result.output


def test_days_and_mistakes_are_told(folder: Path) -> None:
    key = first_key(folder)
    # Two days, so that it is not yet today when midnight passes.
    soon = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)).isoformat()
    add = ("officer", "add", BOLA, "--role", "clerk", "--by", AMA)
    run(folder, *add, "--until", "2020-01-01", key=key, ends=REFUSED)
    run(folder, *add, "--since", soon, "--until", soon, key=key)
    assert "pas encore" in run(folder, "officer", "list", "--lang", "fr").stdout
    run(folder, *add, key=key, ends=REFUSED)
    run(folder, "officer", "add", "\u200b", "--role", "clerk", "--by", AMA, key=key, ends=REFUSED)
    run(folder, "officer", "add", "Cheikh", "--role", "king", "--by", AMA, key=key, ends=2)
    run(folder, "officer", "close", AMA, "--by", AMA, key=key, ends=REFUSED)
    run(folder, "officer", "renew", "Nobody", "--by", AMA, key=key, ends=REFUSED)
