"""Handing decisions to another system, and comparing with it: openIMIS."""

from __future__ import annotations

from pathlib import Path

import click

from adjudicator.words import text
from commands.books import scheme_option
from commands.import_openimis import known_currency
from commands.shared import EXIT_FINDINGS, NEW_FOLDER, RUN_FOLDER, language_option, out, told
from commands.shared import t as _t

export_group = click.Group("export", help=_t("export.help"))
compare_group = click.Group("compare", help=_t("compare.help"))


@export_group.command("openimis", help=_t("export.openimis.help"), epilog=_t("export.openimis.example"))
@click.option("--run", "run", type=RUN_FOLDER, help=_t("export.openimis.run"))
@click.option("--month", help=_t("export.openimis.month"))
@click.option("--out", "folder", type=NEW_FOLDER, required=True, help=_t("export.openimis.out"))
@click.option("--replace", is_flag=True, help=_t("export.openimis.replace"))
@scheme_option
@language_option
def export_openimis(
    run: Path | None, month: str | None, folder: Path, replace: bool, scheme: Path, language: str
) -> None:
    """Write a run or the books as openIMIS's tables."""
    from adjudicator.books.books import open_books
    from adjudicator.openimis.exporting import NOTES
    from adjudicator.openimis.exporting import export_openimis as write
    from adjudicator.openimis.snapshot import of_books, of_run

    if month is not None and run is not None:
        raise click.UsageError(_t("export.openimis.month_of_books"))
    with told(language):
        if run is not None:
            snapshot = of_run(run)
        else:
            with open_books(scheme) as books:
                snapshot = of_books(books, month)
        done = write(snapshot, folder, replace)
    rows = done.rows
    lines = rows["tblClaimItems"] + rows["tblClaimServices"]
    said = text(
        "cli.export.openimis.done",
        language,
        folder=str(folder),
        claims=rows["tblClaim"],
        lines=lines,
        tables=len(rows),
    )
    out().print(said, soft_wrap=True)
    if done.unsaid:
        note = text("cli.export.openimis.unsaid", language, count=len(done.unsaid), file=str(folder / NOTES))
        out().print(note, soft_wrap=True, style="yellow")


@compare_group.command("openimis", help=_t("compare.openimis.help"), epilog=_t("compare.openimis.example"))
@click.argument("theirs")
@click.argument("ours")
@click.option("--currency", default="XTS", show_default=True, help=_t("compare.openimis.currency"))
@click.option(
    "--out", "path", type=click.Path(path_type=Path, dir_okay=False), help=_t("compare.openimis.out")
)
@language_option
def compare_openimis(theirs: str, ours: str, currency: str, path: Path | None, language: str) -> None:
    """Compare two sets of openIMIS's tables."""
    from adjudicator.openimis.comparing import compare_tables
    from adjudicator.openimis.comparison_text import lines_of, write_pairs
    from adjudicator.units import currency_decimals

    decimals = currency_decimals(known_currency(currency))
    with told(language):
        pairing = compare_tables(theirs, ours, decimals)
        if path is not None:
            write_pairs(pairing, path, decimals)
    for line in lines_of(pairing, decimals, language):
        out().print(line, markup=False, soft_wrap=True)
    if not pairing.same:
        raise click.exceptions.Exit(EXIT_FINDINGS)
