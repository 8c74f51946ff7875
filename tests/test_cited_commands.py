"""Every command line that a text cites is one that there is: the catalogue's, and the papers'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import cli
from adjudicator.words import LANGUAGES, entries

ROOT = Path(__file__).parents[1]
PAPERS = (
    "README.md",
    "benefits/README.md",
    "ingest/fhir/profiles/README.md",
    "rules/README.md",
    "scenarios/README.md",
    "adjudicator/generation/small_scheme/template/README.md",
)

_CITED = re.compile(r"\badjudicator (?=[a-z])")
"""Where the words of a command begin."""

_WORD = re.compile(r"""(?:[^\s"'`»”]|"[^"\n]*"|'[^'\n]*')+""")
"""A word of a command line, or one in quotation marks; backticks and closing marks belong to the text."""

_STOPS = re.compile(r"[.,;:)?!]+$")
"""Signs that end a part of a sentence, at the end of a word."""


class Cited(NamedTuple):
    """A command line that a text cites."""

    place: str
    words: tuple[str, ...]
    whole: bool
    """Whether it is one to be typed as it stands, not a sentence that names a command and goes on."""


def command_line(text: str) -> tuple[str, ...]:
    """Give the words of a command that begins a text: up to the end of its line, clause or quotation."""
    words = []
    place = 0
    while found := _WORD.match(text, place):
        # The folder where one is, is not the end of a sentence.
        word = found[0] if found[0] == "." else _STOPS.sub("", found[0])
        if word.startswith("#") or not word:
            break
        words.append(word.strip("\"'"))
        place = found.end()
        if word != found[0]:
            break
        place += len(text[place:]) - len(text[place:].lstrip(" "))
        if place == found.end():
            break
    return tuple(words)


def cited() -> Iterator[Cited]:
    """Give all that is cited."""
    for key, texts in entries().items():
        for language in LANGUAGES:
            whole = key.endswith((".example", ".commands"))
            for found in _CITED.finditer(texts[language]):
                yield Cited(f"{key} ({language})", command_line(texts[language][found.end() :]), whole)
                # After the first one of an example there may be words about it.
                whole &= key.endswith(".commands")
    for paper in PAPERS:
        # A line that ends with a backslash goes on.
        text = re.sub(r"\\\n\s*", "", (ROOT / paper).read_text("utf-8"))
        for number, line in enumerate(text.split("\n"), 1):
            for found in _CITED.finditer(line):
                whole = re.fullmatch(r"(    )?(\w+=\S+ )?", line[: found.start()]) is not None
                yield Cited(f"{paper}, line {number}", command_line(line[found.end() :]), whole)


CITED = list(cited())


def named(words: tuple[str, ...]) -> tuple[click.Command, tuple[str, ...]]:
    """Give the command that words name, and the words after its name."""
    command: click.Command = cli.main
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def options(command: click.Command) -> dict[str, click.Option]:
    """Give the options of a command by their names; of a group, those of the commands within it too."""
    found = {
        name: option
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
    within = command.commands.values() if isinstance(command, click.Group) else ()
    return {name: option for one in within for name, option in options(one).items()} | found


def parse(words: list[str]) -> None:
    """Read a command line as the program would, and do nothing.

    Raises:
        click.UsageError: it is not one.
    """
    command: click.Command = cli.main
    name: str | None = "adjudicator"
    parent: click.Context | None = None
    while True:
        context = command.make_context(name, words, parent=parent)
        given = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or not given:
            return
        name, found, words = command.resolve_command(context, given)
        assert found is not None
        command, parent = found, context


def all_commands(command: click.Command) -> Iterator[click.Command]:
    """Give a command and all within it."""
    yield command
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from all_commands(one)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files and folders be named that there are none of."""
    for command in all_commands(cli.main):
        for parameter in command.params:
            if isinstance(parameter.type, click.Path):
                monkeypatch.setattr(parameter, "type", click.STRING)


def test_the_words_of_a_command_end_with_its_clause() -> None:
    assert command_line('select show 3), or "estimate" all the same') == ("select", "show", "3")
    whole = ("run", "x", "--reason", "one, two", "--dry-run")
    assert command_line('run x --reason "one, two" --dry-run   # tried') == whole
    assert command_line("officer roles\u00a0» dit qui") == ("officer", "roles")
    assert command_line('officer list" shows the names') == ("officer", "list")


@pytest.mark.usefixtures("nowhere")
def test_what_cannot_be_typed_is_found() -> None:
    parse(["close", "2026-03", "--confirm"])
    for line in ("close 2026-03 --konfirm", "run x", "report claims --status due", "payroll pay 1"):
        with pytest.raises(click.UsageError):
            parse(line.split())


def test_commands_are_cited_in_every_language_and_paper() -> None:
    for language in LANGUAGES:
        assert sum(one.place.endswith(f"({language})") for one in CITED) > 150
    assert all(
        any(one.place.startswith(paper) for one in CITED) for paper in PAPERS if "CONTRIB" not in paper
    )


def test_what_a_text_names_is_a_command_with_these_options() -> None:
    wrong = []
    for place, words, _ in CITED:
        command, rest = named(words)
        known = options(command) | {"--help": None, "--lang": None}
        if command is cli.main:
            wrong.append(f"{place}: no command {' '.join(words)}")
        for number, word in enumerate(rest):
            name, _, value = word.partition("=")
            if not name.startswith("--"):
                continue
            if name not in known:
                wrong.append(f"{place}: {' '.join(words)}: no option {name}")
            elif (option := known[name]) is not None and isinstance(option.type, click.Choice):
                value = value or next(iter(rest[number + 1 :]), "")
                if value.islower() and not re.search(r"[{}…]", value) and value not in option.type.choices:
                    wrong.append(f"{place}: {' '.join(words)}: {name} cannot be {value}")
    assert wrong == []


@pytest.mark.usefixtures("nowhere")
def test_what_is_to_be_typed_can_be_typed() -> None:
    wrong = []
    for place, words, whole in CITED:
        if whole and "…" not in words:
            try:
                parse(list(words))
            except click.UsageError as error:
                wrong.append(f"{place}: {' '.join(words)}: {error.format_message()}")
    assert wrong == []


@pytest.mark.usefixtures("nowhere")
def test_the_example_of_a_command_is_one_of_it() -> None:
    for key in (key for key in entries() if key.startswith("cli.") and key.endswith(".example")):
        for language in LANGUAGES:
            _, _, told = entries()[key][language].partition(": ")
            lines = [command_line(part.strip()) for part in told.split("·")]
            where = key.split(".")[1:-1]
            cites = [one for one in CITED if one.place == f"{key} ({language})"]
            assert cites or (len(lines) > 1 and len(where) == 2), key
            for line in () if cites else lines:
                parse([*where, *line])
