"""The commands: parse, call, print; no logic.

Exit codes: 0 all well, 1 findings (differences), 2 usage, 3 the data cannot be used, 4 amounts do not add up.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
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
from adjudicator.words import LANGUAGES, text

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


_LANGUAGE = language_of(sys.argv[1:], dict(os.environ))


def _t(key: str, **values: Any) -> str:
    return text(f"cli.{key}", _LANGUAGE, **values)


def language_option(command: Command) -> Command:
    """Add ``--lang`` to a command."""
    option = click.option(
        "--lang", "language", type=click.Choice(LANGUAGES), default=_LANGUAGE, help=_t("lang.help")
    )
    return option(command)


FOLDER: Final = click.Path(path_type=Path, file_okay=False, exists=True)
NEW_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


def out() -> Console:
    """Give the console that results go to."""
    # A file or a pipe has no width of its own; tables need some to be read.
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


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
    except OSError as error:
        what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        err().print(text("run.system", language, what=what), style="red")
        raise click.exceptions.Exit(EXIT_DATA) from None
    except KeyboardInterrupt:
        err().print(text("run.unfinished", language))
        raise click.exceptions.Exit(130) from None


@contextmanager
def progress_shown(language: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show stages and how far they are, on a terminal; nothing elsewhere."""
    console = err()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(text(stage, language), total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield tell


@click.group(help=_t("help"), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="adjudicator")
def main() -> None:
    """Adjudicate claims from declarations."""


# A month.


@main.command(help=_t("run.help"), epilog=_t("run.example"))
@click.argument("scheme", type=FOLDER)
@click.option("--claims", "sources", type=FOLDER, multiple=True, required=True, help=_t("run.claims"))
@click.option("--out", "target", type=NEW_FOLDER, required=True, help=_t("run.out"))
@click.option("--opening", type=FOLDER, help=_t("run.opening"))
@click.option("--name", help=_t("run.name"))
@click.option(
    "--format", "form", type=click.Choice(("parquet", "csv")), default="parquet", help=_t("run.format")
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=min(2, os.cpu_count() or 1), help=_t("run.threads")
)
@click.option("--replace", is_flag=True, help=_t("run.replace"))
@language_option
def run(
    scheme: Path,
    sources: tuple[Path, ...],
    target: Path,
    opening: Path | None,
    name: str | None,
    form: str,
    threads: int,
    replace: bool,
    language: str,
) -> None:
    """Adjudicate a month of claims."""
    from adjudicator.presentation.summary import print_summary
    from adjudicator.run import run_month

    with told(language), progress_shown(language) as progress:
        done = run_month(
            scheme,
            sources,
            target,
            opening_folder=opening,
            name=name,
            form=form,
            threads=threads,
            replace=replace,
            progress=progress,
        )
    print_summary(out(), done, language)


@main.command(help=_t("explain.help"), epilog=_t("explain.example"))
@click.argument("claim")
@click.option("--run", "folder", type=FOLDER, help=_t("explain.run"))
@click.option("--scheme", type=FOLDER, help=_t("explain.scheme"))
@click.option("--claims", "sources", type=FOLDER, multiple=True, help=_t("explain.claims"))
@click.option("--opening", type=FOLDER, help=_t("run.opening"))
@click.option("--facility", help=_t("explain.facility"))
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help=_t("explain.format")
)
@language_option
def explain(
    claim: str,
    folder: Path | None,
    scheme: Path | None,
    sources: tuple[Path, ...],
    opening: Path | None,
    facility: str | None,
    form: str,
    language: str,
) -> None:
    """Explain the decision about a claim."""
    from adjudicator.explain import explain_claim, inputs_of_run
    from adjudicator.presentation.explanation import as_record, print_explanation

    if (folder is None) == (scheme is None or not sources):
        raise click.UsageError(_t("explain.one_of"))
    with told(language):
        if folder is not None:
            scheme, sources, opening = inputs_of_run(folder)
        assert scheme is not None
        explanation = explain_claim(claim, scheme, sources, opening, facility)
    if form == "json":
        click.echo(json.dumps(as_record(explanation, language), indent=2, ensure_ascii=False))
    else:
        print_explanation(out(), explanation, language)


# Making schemes.


@main.command(help=_t("init.help"))
@click.argument("folder", type=NEW_FOLDER)
@language_option
def init(folder: Path, language: str) -> None:
    """Write a small scheme."""
    from adjudicator.generation.small_scheme import write_small_scheme

    with told(language):
        write_small_scheme(folder)
    out().print(text("cli.init.done", language, folder=str(folder)))


@main.command(help=_t("generate.help"), epilog=_t("generate.example"))
@click.argument("scheme", type=NEW_FOLDER)
@click.option("--families", type=click.IntRange(1), default=2000, help=_t("generate.families"))
@click.option("--months", type=click.IntRange(1, 60), default=1, help=_t("generate.months"))
@click.option("--seed", type=click.IntRange(0), default=1, help=_t("generate.seed"))
@click.option(
    "--format", "form", type=click.Choice(("parquet", "csv")), default="parquet", help=_t("run.format")
)
@click.option("--faults/--no-faults", default=True, help=_t("generate.faults"))
@language_option
def generate(
    scheme: Path, families: int, months: int, seed: int, form: str, faults: bool, language: str
) -> None:
    """Write a made-up country."""
    from adjudicator.generation import generate as write_country

    with told(language), progress_shown(language) as progress:
        made = write_country(scheme, families, months, seed, form=form, faults=faults, progress=progress)
    out().print(text("cli.generate.done", language, folder=str(scheme), claims=made.claims, lines=made.lines))


# Products.


@main.group(help=_t("product.help"))
def product() -> None:
    """Look after products."""


@product.command("check", help=_t("product.check.help"))
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@language_option
def product_check(path: Path, language: str) -> None:
    """Check all products of a scheme, or one file."""
    from adjudicator.inspect import check
    from adjudicator.presentation.problems import problem_lines

    with told(language):
        problems = check(path)
    if any(problem.severity == "error" for problem in problems):
        fail(problems, language)
    for line in problem_lines(problems, language):
        out().print(line)


@product.command("show", help=_t("product.show.help"), epilog=_t("product.show.example"))
@click.argument("scheme", type=FOLDER)
@click.argument("version")
@click.option("--provision", "codes", multiple=True, help=_t("product.show.provision"))
@language_option
def product_show(scheme: Path, version: str, codes: tuple[str, ...], language: str) -> None:
    """Show the compiled terms of a product version."""
    from adjudicator.inspect import find_version, provisions_of, registered
    from adjudicator.presentation.product import product_view
    from adjudicator.scheme import open_scheme

    with told(language):
        opened = open_scheme(scheme)
        source = find_version(opened, version)
        provisions = provisions_of(registered(opened), codes, source)
    for part in product_view(source, provisions, opened.settings.decimals, language, whole=not codes):
        out().print(part)


@product.command("diff", help=_t("product.diff.help"), epilog=_t("product.diff.example"))
@click.argument("scheme", type=FOLDER)
@click.argument("old")
@click.argument("new")
@language_option
def product_diff(scheme: Path, old: str, new: str, language: str) -> None:
    """Say what changed between two versions; ends with 1 where something did."""
    from adjudicator.inspect import find_version, registered
    from adjudicator.presentation.product import difference_table
    from adjudicator.product.difference import difference
    from adjudicator.scheme import open_scheme

    with told(language):
        opened = open_scheme(scheme)
        before, after = (find_version(opened, version).definition for version in (old, new))
        codes = registered(opened)
        provisions = codes.provisions if codes else None
        changes = difference(before, after, opened.settings.decimals, provisions)
    out().print(difference_table(changes, language))
    raise click.exceptions.Exit(EXIT_FINDINGS if changes else 0)


@product.command("schema", help=_t("product.schema.help"))
@language_option
def product_schema(language: str) -> None:
    """Print the JSON Schema of a product file."""
    from adjudicator.product.schema import schema_text

    click.echo(schema_text(), nl=False)
