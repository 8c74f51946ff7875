"""Bringing another system's data into a scheme: openIMIS."""

from __future__ import annotations

from pathlib import Path

import click

from adjudicator.words import text
from commands.books import load, person_option, scheme_option
from commands.shared import FOLDER, NEW_FOLDER, language_option, out, progress_shown, told
from commands.shared import t as _t

import_group = click.Group("import", help=_t("import.help"))


def known_currency(given: str) -> str:
    """Give the code of a currency as it is written.

    Raises:
        click.BadParameter: there is none of that code.
    """
    from babel import Locale

    if given.upper() not in Locale("en").currencies:
        raise click.BadParameter(_t("import.openimis.currency_unknown", given=given), param_hint="--currency")
    return given.upper()


@import_group.command("openimis", help=_t("import.openimis.help"), epilog=_t("import.openimis.example"))
@click.argument("source")
@click.option("--into", "folder", type=NEW_FOLDER, required=True, help=_t("import.openimis.into"))
@click.option("--currency", help=_t("import.openimis.currency"))
@click.option("--scheme", help=_t("import.openimis.scheme"))
@click.option(
    "--adult-age",
    type=click.IntRange(0, 150),
    default=18,
    show_default=True,
    help=_t("import.openimis.adult_age"),
)
@click.option(
    "--policy-dates",
    type=click.Choice(("policy", "covers")),
    default="policy",
    show_default=True,
    help=_t("import.openimis.policy_dates"),
)
@click.option("--without-names", is_flag=True, help=_t("import.openimis.without_names"))
@click.option("--since-entered", is_flag=True, help=_t("import.openimis.since_entered"))
@click.option("--without-comparison", is_flag=True, help=_t("import.openimis.without_comparison"))
@click.option("--replace", is_flag=True, help=_t("import.openimis.replace"))
@language_option
def import_openimis(
    source: str,
    folder: Path,
    currency: str | None,
    scheme: str | None,
    adult_age: int,
    policy_dates: str,
    without_names: bool,
    since_entered: bool,
    without_comparison: bool,
    replace: bool,
    language: str,
) -> None:
    """Bring an openIMIS installation into a new scheme's folder."""
    from adjudicator.openimis.importing import Wishes
    from adjudicator.openimis.importing import import_openimis as bring
    from adjudicator.openimis.report_text import markdown
    from ingest.openimis.registers import Choices

    wishes = Wishes(
        None if currency is None else known_currency(currency),
        scheme,
        adult_age,
        Choices(policy_dates == "covers", not without_names, since_entered),
        not without_comparison,
        replace,
        language,
    )
    with told(language), progress_shown(language) as progress:
        report = bring(source, folder, wishes, progress)
    out().print(markdown(report, language), markup=False, soft_wrap=True)
    brought = sum(count.brought for count in report.counts)
    done = text(
        "cli.import.openimis.done", language, folder=str(folder), brought=brought, aside=report.rows_aside
    )
    out().print(done, soft_wrap=True)


@load.command("opening", help=_t("load.opening.help"), epilog=_t("load.opening.example"))
@click.argument("folder", type=FOLDER)
@scheme_option
@person_option
@language_option
def load_opening(folder: Path, scheme: Path, by: str | None, language: str) -> None:
    """Begin the books with what an earlier system left."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.opening import load_opening as begin

    with told(language), open_books(scheme) as books:
        done = begin(books, folder, who(by))
    said = text(
        "cli.load.opening.done", language, balances=done.balances, claims=done.claims, lines=done.lines
    )
    out().print(said, soft_wrap=True)
