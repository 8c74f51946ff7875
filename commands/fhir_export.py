"""Giving out decisions and payments as FHIR R4."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from adjudicator.words import LANGUAGES
from commands.books import DAY, scheme_option
from commands.shared import LANGUAGE, NEW_FOLDER, RUN_FOLDER, out, progress_shown, told
from commands.shared import t as _t

WHAT = ("claim-responses", "eob", "payments")
FORMS = ("bundle", "ndjson")
FLAVOURS = ("standard", "openimis")


@click.command("export", help=_t("fhir.export.help"), epilog=_t("fhir.export.example"))
@click.option("--what", "whats", type=click.Choice(WHAT), multiple=True, required=True, help=_t("fhir.what"))
@click.option("--out", "target", type=NEW_FOLDER, required=True, help=_t("fhir.out"))
@click.option("--month", help=_t("fhir.month"))
@click.option("--from", "first", type=DAY, help=_t("fhir.from"))
@click.option("--to", "last", type=DAY, help=_t("fhir.to"))
@click.option("--facility", "facilities", multiple=True, help=_t("fhir.facility"))
@click.option("--format", "form", type=click.Choice(FORMS), default="bundle", help=_t("fhir.form"))
@click.option(
    "--flavour", type=click.Choice(FLAVOURS), default="standard", show_default=True, help=_t("fhir.flavour")
)
@click.option("--explain", "explained", is_flag=True, help=_t("fhir.explain"))
@click.option("--base", default="", show_default=False, help=_t("fhir.base"))
@click.option("--replace", is_flag=True, help=_t("fhir.replace"))
@scheme_option
@click.option("--run", "run", type=RUN_FOLDER, help=_t("fhir.run"))
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGE,
    show_default=False,
    help=_t("fhir.lang"),
)
def export(
    whats: tuple[str, ...],
    target: Path,
    month: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    facilities: tuple[str, ...],
    form: str,
    flavour: str,
    explained: bool,
    base: str,
    replace: bool,
    scheme: Path,
    run: Path | None,
    language: str,
) -> None:
    """Write decisions or payments as FHIR resources into a folder."""
    from adjudicator.books.books import open_books
    from adjudicator.books.fhir.export import Wanted, export_books, export_run
    from adjudicator.fhir.folder import Form
    from adjudicator.fhir.systems import Flavour
    from adjudicator.presentation.fhir import print_export

    if month is not None and (first or last):
        raise click.UsageError(_t("fhir.month_or_days"))
    if explained and run is None:
        raise click.UsageError(_t("fhir.explain_needs_run"))
    with told(language), progress_shown(language) as progress:
        wanted = Wanted(
            whats,
            *Wanted.days(month, first and first.date(), last and last.date()),
            facilities=facilities or None,
            form=Form(form),
            flavour=Flavour(flavour),
            language=language,
            base=base,
            explained=explained,
        )
        if run is not None:
            done = export_run(run, wanted, target, replace)
        else:
            with open_books(scheme) as books:
                done = export_books(books, wanted, target, replace, progress)
    print_export(out(), done, target, language)
