"""The command line as a whole: the same word means the same everywhere, and every word is explained."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

import cli
from adjudicator.words import LANGUAGES, entries
from commands.books import PersonOption
from commands.click_words import speak
from commands.shared import LANGUAGE


def commands(group: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command with the words before it."""
    yield path, group
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, *path, name)


COMMANDS = list(commands(cli.main))
OPTIONS = [
    (" ".join(path), option)
    for path, command in COMMANDS
    for option in command.params
    if isinstance(option, click.Option)
]


def having(name: str) -> list[tuple[str, click.Option]]:
    return [(path, option) for path, option in OPTIONS if name in option.opts]


def test_by_is_a_person_and_per_a_grouping() -> None:
    assert [path for path, option in having("--by") if not isinstance(option, PersonOption)] == []
    grouped = {path for path, _ in having("--per")}
    assert {
        "report indicators",
        "report process-batch",
        "report contributions",
        "actuary triangle",
    } <= grouped
    assert {"simulate scenarios", "actuary reserve"} <= grouped


def test_what_acts_only_when_it_is_meant_is_confirmed() -> None:
    assert having("--commit") == []
    confirmed = having("--confirm")
    assert all(option.is_flag for _, option in confirmed)
    assert {"close month", "payroll make", "voucher pay", "review decide", "review route"} <= {
        path for path, _ in confirmed
    }


def test_the_language_may_be_said_before_a_command() -> None:
    assert {"", "review", "rules", "select"} <= {path for path, _ in having("--lang")}
    result = CliRunner().invoke(
        cli.main, ["--lang", "fr", "review", "--lang", "fr", "reasons", "--lang", "fr"]
    )
    assert result.exit_code == 0
    assert "doublon d’une autre prestation" in result.output


@pytest.mark.parametrize("path", [" ".join(path) for path, _ in COMMANDS])
def test_every_option_is_explained_in_whole_sentences(path: str) -> None:
    for where, option in OPTIONS:
        if where == path and option.name not in ("help", "version"):
            assert option.help, option.opts
            assert option.help.endswith((".", "?", "…", ")")), option.help


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_whole_in_every_language(language: str) -> None:
    speak(language)
    try:
        for path, _ in COMMANDS:
            said = CliRunner().invoke(cli.main, [*path, "--help"])
            assert said.exit_code == 0
            assert "INTEGER" not in said.output
            assert "required" not in said.output or language == "en"
    finally:
        speak(LANGUAGE)


def test_arguments_keep_their_names() -> None:
    said = CliRunner().invoke(cli.main, ["verify", "--help"]).output
    assert "[RUN]" in said
    assert "--threads N" in said


def test_examples_give_only_options_that_there_are() -> None:
    wrong = []
    known = {option for _, one in OPTIONS for option in (*one.opts, *one.secondary_opts)}
    for key, texts in entries().items():
        for language in LANGUAGES:
            words = texts[language].replace("`", " ").split()
            given = [word.strip("'\"«»,;:.)(").split("=")[0] for word in words if word.startswith("--")]
            wrong += [f"{key}: {word}" for word in given if word != "--help" and word not in known]
    assert wrong == []
