"""What every command shares: its language, where it prints, and how it tells what went wrong.

Exit codes: 0 all well, 1 findings, 2 usage, 3 the data cannot be used, 4 amounts do not add up.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from adjudicator.problems import DoesNotAddUp, Problem, Refused
from adjudicator.system import problem
from adjudicator.words import LANGUAGES, message, text
from commands.click_words import speak

PIPED_WIDTH: Final = 132

EXIT_FINDINGS: Final = 1
EXIT_DATA: Final = 3
EXIT_DOES_NOT_ADD_UP: Final = 4

Command = TypeVar("Command", bound=Callable[..., Any])


def language_of(arguments: Sequence[str], environment: dict[str, str]) -> str:
    """Find the reader's language: ``--lang``, else ADJUDICATOR_LANG, else the locale, else English."""
    asked = [argument.removeprefix("--lang=") for argument in arguments if argument.startswith("--lang=")]
    asked += [following for argument, following in pairwise(arguments) if argument == "--lang"]
    names = ("ADJUDICATOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    for candidate in (*asked, *(environment.get(name, "") for name in names)):
        if candidate[:2].lower() in LANGUAGES:
            return candidate[:2].lower()
    return LANGUAGES[0]


LANGUAGE = language_of(sys.argv[1:], dict(os.environ))
speak(LANGUAGE)


def t(key: str, **values: Any) -> str:
    """Give a text of the command line."""
    return text(f"cli.{key}", LANGUAGE, **values)


def language_option(command: Command) -> Command:
    """Add ``--lang`` to a command."""
    option = click.option(
        "--lang",
        "language",
        type=click.Choice(LANGUAGES),
        default=LANGUAGE,
        show_default=False,
        help=t("lang.help"),
    )
    return option(command)


def speaking(group: click.Group) -> None:
    """Let a group and those below it take ``--lang`` as well: wherever it stands, it was read (LANGUAGE)."""
    # Those in which a command need not be named hand all that they are given on to it.
    hands_on = type(group).parse_args is not click.Group.parse_args
    if not hands_on and not any("--lang" in option.opts for option in group.params):
        choice = click.Choice(LANGUAGES)
        group.params.append(click.Option(["--lang"], type=choice, expose_value=False, help=t("lang.help")))
    for command in group.commands.values():
        if isinstance(command, click.Group):
            speaking(command)


FOLDER: Final = click.Path(path_type=Path, file_okay=False, exists=True)
READ: Final = (
    ".csv",
    ".csv.gz",
    ".parquet",
    ".ndjson",
    ".ndjson.gz",
    ".jsonl",
    ".jsonl.gz",
    ".json",
    ".json.gz",
    ".xml",
)
"""How the names of files end that are read."""


class Decimals(click.FloatRange):
    """A number of a range; ``nan``, which no comparison keeps out of any, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a number."""
        if math.isnan(number := super().convert(value, param, ctx)):
            self.fail(t("number.none", given=value), param, ctx)
        return number


class _Source(click.Path):
    """A folder, or a file of a kind that is read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a path that is there."""
        path = super().convert(value, param, ctx)
        if Path(str(path)).is_file() and not str(path).lower().endswith(READ):
            self.fail(t("source.other", path=str(path), known=list(READ)), param, ctx)
        return path


SOURCE: Final = _Source(path_type=Path, exists=True)
"""A folder, or a single file."""
RUN_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
"""Of an earlier run. It may have to be put back first (see adjudicator.folders), so it need not be there."""
NEW_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


class _Console(Console):
    """A console that leaves it to :mod:`commands.stopping` what happens where nobody reads."""

    def on_broken_pipe(self) -> None:
        """Let the command end."""
        raise BrokenPipeError


def out() -> Console:
    """Give the console that results go to."""
    # A file or a pipe has no width of its own; tables need some to be read.
    return _Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def err() -> Console:
    """Give the console that progress and problems go to."""
    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def fail(problems: Sequence[Problem], language: str) -> None:
    """Print problems and end with the exit code of data that cannot be used."""
    from adjudicator.presentation.problems import problem_lines

    console = err()
    for line in problem_lines(problems, language):
        console.print(line)
    raise click.exceptions.Exit(EXIT_DATA)


@contextmanager
def told(language: str) -> Iterator[None]:
    """Turn what can go wrong into one clear message and the right exit code."""
    try:
        yield
    except Refused as refused:
        fail(refused.problems, language)
    except DoesNotAddUp as found:
        err().print(text("run.does_not_add_up", language, what=str(found)), style="bold red")
        raise click.exceptions.Exit(EXIT_DOES_NOT_ADD_UP) from None
    except BrokenPipeError:
        # Nobody reads what is printed; see commands.stopping.
        raise
    except OSError as error:
        fail([problem(error)], language)


@contextmanager
def handing_over(folder: Path, command: str) -> Iterator[Callable[[int], None]]:
    """Write files of what is booked first: the folder is tried before, and a failure names the way to a copy.

    Args:
        folder: that files are to be written to; it is made.
        command: that hands over; with ``--copy`` and the number of a file it writes that file once more.

    Yields:
        What is to be told the number of the file, once it is booked.
    """
    booked: list[int] = []
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass
    try:
        yield booked.append
    except OSError as error:
        problems = [problem(error)]
        for number in booked:
            remedy = message("cli.handing_over.remedy", command=f"{command} --copy {number} --out …")
            problems.append(Problem(message("cli.handing_over"), remedy=remedy))
        raise Refused(problems) from None


@contextmanager
def progress_shown(language: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show stages and how far they are, on a terminal; nothing elsewhere."""
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=hidden) as progress:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(text(stage, language), total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield tell
