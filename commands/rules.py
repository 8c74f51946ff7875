"""Review rules: checking, trying, showing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import click

from adjudicator.words import text
from commands.books import DAY, person_option, scheme_option, threads_option
from commands.shared import EXIT_FINDINGS, FOLDER, SOURCE, fail, language_option, out, progress_shown, told
from commands.shared import t as _t

RULES: Final = click.Path(path_type=Path, exists=True)


@click.group(help=_t("rules.help"))
def rules() -> None:
    """Look after review rules."""


def _decimals(path: Path) -> int:
    """Take the currency of the scheme that the rules are of; two decimals where there is none around."""
    from adjudicator.scheme import SETTINGS, read_settings

    folder = path if path.is_dir() else path.parent
    for around in (folder, *folder.resolve().parents):
        if (around / SETTINGS).is_file():
            return read_settings(around).decimals
    return 2


def _folder(path: Path) -> Path:
    from adjudicator.scheme import SETTINGS, read_settings

    return path / read_settings(path).rules if path.is_dir() and (path / SETTINGS).is_file() else path


@rules.command("check", help=_t("rules.check.help"))
@click.argument("path", type=RULES, default=Path())
@language_option
def check(path: Path, language: str) -> None:
    """Check the rules of a scheme, a folder or a file, and try their examples."""
    from adjudicator.generation.faults import Fault
    from adjudicator.rulebook.examples import try_examples
    from adjudicator.rulebook.measure import unknown_faults
    from adjudicator.rulebook.read import read_rule, read_rules

    with told(language):
        decimals = _decimals(path)
        found = [read_rule(path, decimals)] if path.is_file() else read_rules(_folder(path), decimals)
        tried = [try_examples(rule) for rule in found]
    problems = [
        *unknown_faults(found, Fault.words()),
        *(problem for one in tried for problem in one.problems),
    ]
    if problems:
        fail(problems, language)
    examples = sum(one.examples for one in tried)
    out().print(text("rules.checked", language, rules=len(tried), examples=examples), style="green")
    if not tried:
        raise click.exceptions.Exit(EXIT_FINDINGS)


@rules.command("show", help=_t("rules.show.help"))
@click.argument("name")
@click.argument("path", type=RULES, default=Path())
@language_option
def show(name: str, path: Path, language: str) -> None:
    """Show a rule in words."""
    from difflib import get_close_matches

    from adjudicator.presentation.rules import print_rule
    from adjudicator.problems import refused
    from adjudicator.rulebook.read import read_rules

    with told(language):
        found = {rule.name: rule for rule in read_rules(_folder(path), _decimals(path))}
        if name not in found:
            near = get_close_matches(name, found, 1)
            key = "rules.no_rule.near" if near else "rules.no_rule"
            raise refused(key, name=name, known=near or sorted(found))
    print_rule(out(), found[name], language)


@rules.command("list", help=_t("rules.list.help"))
@click.argument("path", type=RULES, default=Path())
@language_option
def list_rules(path: Path, language: str) -> None:
    """List rules."""
    from adjudicator.presentation.rules import print_rules
    from adjudicator.rulebook.read import read_rules

    with told(language):
        found = read_rules(_folder(path), _decimals(path))
    print_rules(out(), found, language)


@rules.command("fields", help=_t("rules.fields.help"))
@language_option
def fields(language: str) -> None:
    """List the fields that rules can speak of."""
    from adjudicator.presentation.rules import print_fields

    print_fields(out(), language)


@rules.command("measure", help=_t("rules.measure.help"), epilog=_t("rules.measure.example"))
@click.argument("scheme", type=FOLDER)
@click.option("--claims", "sources", type=SOURCE, multiple=True, required=True, help=_t("run.claims"))
@click.option("--rules", "rules_folder", type=FOLDER, help=_t("rules.measure.rules"))
@language_option
def measure(scheme: Path, sources: tuple[Path, ...], rules_folder: Path | None, language: str) -> None:
    """Measure rules against planted faults."""
    from adjudicator.presentation.rules import print_trial
    from adjudicator.trial import try_rules

    with told(language), progress_shown(language) as progress:
        trial = try_rules(scheme, sources, rules_folder, progress=progress)
    print_trial(out(), trial, language)


@rules.command("stats", help=_t("rules.stats.help"))
@scheme_option
@language_option
def stats(scheme: Path, language: str) -> None:
    """Tell what each rule was worth to the officers who looked at what it flagged."""
    from rich.console import Group

    from adjudicator.books.books import open_books
    from adjudicator.books.review.queue_figures import usefulness_of_sources
    from adjudicator.presentation.review import ReviewView

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            sources, total = usefulness_of_sources(connection)
        out().print(Group(*ReviewView(books, language).sources(sources, total)))


@rules.command("test", help=_t("rules.test.help"))
@click.argument("path", type=RULES, default=Path())
@language_option
def test(path: Path, language: str) -> None:
    """Try every example of every rule, and say how each came out."""
    from adjudicator.presentation.rules import print_tried
    from adjudicator.rulebook.examples import try_examples
    from adjudicator.rulebook.read import read_rule, read_rules

    with told(language):
        decimals = _decimals(path)
        found = [read_rule(path, decimals)] if path.is_file() else read_rules(_folder(path), decimals)
        tried = [try_examples(rule) for rule in found]
    print_tried(out(), found, tried, language)
    if any(one.problems for one in tried):
        raise click.exceptions.Exit(EXIT_FINDINGS)


@rules.command("ask", help=_t("rules.ask.help"), epilog=_t("rules.ask.example"))
@click.option("--from", "start", type=DAY, help=_t("rules.ask.from"))
@click.option("--to", "end", type=DAY, help=_t("rules.ask.to"))
@click.option("--dry-run", is_flag=True, help=_t("dry_run.help"))
@scheme_option
@person_option
@threads_option
@language_option
def ask(
    start: dt.datetime | None,
    end: dt.datetime | None,
    dry_run: bool,
    scheme: Path,
    by: str | None,
    threads: int,
    language: str,
) -> None:
    """Ask the rules that were left out about claims that were decided one at a time."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.submission.asking import ask as ask_rules
    from adjudicator.books.submission.unasked import count_unasked
    from adjudicator.presentation.asking import print_asked

    first, last = (day.date() if day else None for day in (start, end))
    if first and last and last < first:
        raise click.UsageError(_t("rules.ask.backwards", start=first, end=last))
    with told(language), open_books(scheme) as books:
        with progress_shown(language) as progress:
            done = ask_rules(books, who(by), first, last, dry_run, threads, progress)
        with books.database.reading() as connection:
            waiting = count_unasked(connection)
        # What is only tried out waits on.
        others = waiting - (done.claims if done and not done.booked else 0)
    print_asked(out(), done, others, dry_run, language)
